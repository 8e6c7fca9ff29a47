# libs7client, shared and static: the objects of the rooms that a client needs, compiled once for everybody. libc and pthreads only.
set(client_rooms protocol loop client)
set(client_version ${PROJECT_VERSION_MAJOR})
if(PROJECT_VERSION_MAJOR EQUAL 0) # until 1.0 a MINOR may break things
  string(APPEND client_version ".${PROJECT_VERSION_MINOR}")
endif()

# What the installed headers declare is exported, and nothing else: the linker's version script is made from them, so that a function
# that is added to a header needs no other line. libev.h declares nothing: its functions become part of the programs that include it.
file(GLOB public_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/s7rig/*.h")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${public_headers})
list(FILTER public_headers EXCLUDE REGEX "/libev\\.h$")
set(exported "")
foreach(header ${public_headers})
  file(READ "${header}" text)
  string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" "" text "${text}") # comments name functions as well
  string(REGEX MATCHALL "s7_[a-z0-9_]+\\(" names "${text}")
  list(APPEND exported ${names})
endforeach()
list(REMOVE_DUPLICATES exported)
list(JOIN exported " " exported)
string(REPLACE "(" ";" exported "${exported}")
set(client_map "${PROJECT_BINARY_DIR}/libs7client.map")
file(CONFIGURE OUTPUT "${client_map}" @ONLY
  CONTENT "S7CLIENT_@client_version@ {\n  global: @exported@\n  local: *;\n};\n")

foreach(kind SHARED STATIC)
  string(TOLOWER "s7client_${kind}" target)
  add_library(${target} ${kind})
  foreach(room ${client_rooms})
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:s7rig_${room}>)
  endforeach()
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:s7rig_flags> Threads::Threads m)
  target_include_directories(${target} INTERFACE
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  set_target_properties(${target} PROPERTIES OUTPUT_NAME s7client LINKER_LANGUAGE C)
endforeach()
set_target_properties(s7client_shared PROPERTIES EXPORT_NAME client VERSION ${PROJECT_VERSION} SOVERSION ${client_version}
  LINK_DEPENDS "${client_map}")
set_target_properties(s7client_static PROPERTIES EXPORT_NAME client_static)

# Calls among the library's own functions are bound at once; files that no exported function reaches stay out.
target_link_options(s7client_shared PRIVATE
  "LINKER:--version-script=${client_map},-Bsymbolic-functions,--gc-sections,--as-needed")
