# libtorch 1.13 (Debian) to PyTorch 2.11: their headers are taken as system headers, since they do not build under this
# project's warnings, and behind the system's own, since PyTorch 2 ships another version of fmt among them.
find_package(Torch REQUIRED)
set_target_properties(torch PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "")
add_library(chestmap_libtorch INTERFACE)
set(torch_include_dirs ${TORCH_INCLUDE_DIRS} /usr/include/torch/csrc/api/include)
foreach(folder ${torch_include_dirs})
  if(EXISTS ${folder} AND NOT folder STREQUAL "/usr/include")
    target_compile_options(chestmap_libtorch INTERFACE "SHELL:-idirafter ${folder}")
  endif()
endforeach()
target_link_libraries(chestmap_libtorch INTERFACE ${TORCH_LIBRARIES})
separate_arguments(torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(chestmap_libtorch INTERFACE ${torch_flags})
