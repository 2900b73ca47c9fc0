# libtorch 1.13 (Debian) to PyTorch 2.11: their headers are taken as system headers, since they do not build under this
# project's warnings.
find_package(Torch REQUIRED)
add_library(chestmap_libtorch INTERFACE)
target_include_directories(chestmap_libtorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
if(EXISTS /usr/include/torch/csrc/api/include/torch/torch.h)
  target_include_directories(chestmap_libtorch SYSTEM INTERFACE
                             /usr/include/torch/csrc/api/include)
endif()
target_link_libraries(chestmap_libtorch INTERFACE ${TORCH_LIBRARIES})
separate_arguments(torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(chestmap_libtorch INTERFACE ${torch_flags})
