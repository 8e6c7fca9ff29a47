# Removes what the last `cmake --install` of this build put down, and the folders of s7rig's own that are empty then.
#
#   cmake -DMANIFEST=BUILD/install_manifest.txt -P cmake/uninstall.cmake       DESTDIR as when it was installed
if(NOT EXISTS "${MANIFEST}")
  message(FATAL_ERROR "nothing was installed from this build: there is no ${MANIFEST}")
endif()

file(STRINGS "${MANIFEST}" files)
foreach(file ${files})
  set(file "$ENV{DESTDIR}${file}")
  if(EXISTS "${file}" OR IS_SYMLINK "${file}")
    file(REMOVE "${file}")
    message(STATUS "removed ${file}")
  endif()
endforeach()

# Folders that other packages share end the way up.
function(remove_empty folder)
  file(GLOB left LIST_DIRECTORIES true "${folder}/*" "${folder}/.*")
  if(NOT left AND IS_DIRECTORY "${folder}" AND "${folder}" MATCHES "/(s7rig|s7rig/[a-z]+)$")
    file(REMOVE_RECURSE "${folder}")
    cmake_path(GET folder PARENT_PATH above)
    remove_empty("${above}")
  endif()
endfunction()
foreach(file ${files})
  cmake_path(GET file PARENT_PATH folder)
  remove_empty("$ENV{DESTDIR}${folder}")
endforeach()
