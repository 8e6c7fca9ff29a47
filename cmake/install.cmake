# What `cmake --install` puts where, and how others find it. Nothing in it names the prefix, so the installed tree may be moved.
include(CMakePackageConfigHelpers)

install(TARGETS s7rig s7client_shared s7client_static EXPORT s7rig_targets)
install(DIRECTORY include/s7rig TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(FILES docs/s7rig.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES docs/s7client.3 docs/s7pool.3 docs/s7async.3 DESTINATION "${CMAKE_INSTALL_MANDIR}/man3")
install(FILES LICENSE CHANGELOG.md docs/scenarios.md docs/plant-file.md docs/personalities.md docs/audit.md
        TYPE DOC)
install(DIRECTORY examples scenarios TYPE DOC FILES_MATCHING PATTERN "examples/*.[ch]" PATTERN "*.sql" PATTERN "*.lua")

# find_package(s7rig): s7rig::client, s7rig::client_static, and the command s7rig::s7rig
set(package "${CMAKE_INSTALL_LIBDIR}/cmake/s7rig")
configure_package_config_file(cmake/s7rig-config.cmake.in s7rig-config.cmake INSTALL_DESTINATION "${package}")
if(PROJECT_VERSION_MAJOR EQUAL 0)
  write_basic_package_version_file(s7rig-config-version.cmake COMPATIBILITY SameMinorVersion)
else()
  write_basic_package_version_file(s7rig-config-version.cmake COMPATIBILITY SameMajorVersion)
endif()
install(EXPORT s7rig_targets FILE s7rig-targets.cmake NAMESPACE s7rig:: DESTINATION "${package}")
install(FILES "${PROJECT_BINARY_DIR}/s7rig-config.cmake" "${PROJECT_BINARY_DIR}/s7rig-config-version.cmake"
  DESTINATION "${package}")

# pkg-config s7client
set(pc_folder "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH pc_prefix "${pc_folder}" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
file(RELATIVE_PATH pc_libdir "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_LIBDIR}")
file(RELATIVE_PATH pc_includedir "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
configure_file(cmake/s7client.pc.in s7client.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/s7client.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

if(PROJECT_IS_TOP_LEVEL)
  add_custom_target(uninstall USES_TERMINAL
    COMMAND "${CMAKE_COMMAND}" "-DMANIFEST=${PROJECT_BINARY_DIR}/install_manifest.txt"
      -P "${PROJECT_SOURCE_DIR}/cmake/uninstall.cmake")
endif()
