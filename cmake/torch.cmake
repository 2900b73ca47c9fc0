# libtorch 1.13 (Debian) to PyTorch 2.11: their headers are taken as system headers, since they do not build under this
# project's warnings. PyTorch 2 ships its own version of fmt among them, without the library: where it does, the layers
# that see libtorch take fmt from there, from its headers alone.
include(${CMAKE_CURRENT_LIST_DIR}/torch_wheel.cmake)
find_package(Torch REQUIRED)
set_target_properties(torch PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "")
add_library(chestmap_libtorch INTERFACE)
set(torch_folders ${TORCH_INCLUDE_DIRS})
if(TORCH_LIBRARY MATCHES "^/usr/lib")  # half of its headers lie where Debian's package does not say
  list(APPEND torch_folders /usr/include/torch/csrc/api/include)
endif()
foreach(folder ${torch_folders})
  if(EXISTS ${folder} AND NOT folder STREQUAL "/usr/include")
    target_compile_options(chestmap_libtorch INTERFACE "SHELL:-isystem ${folder}")
  endif()
  if(NOT folder STREQUAL "/usr/include" AND EXISTS ${folder}/fmt/format.h)
    target_compile_definitions(chestmap_libtorch INTERFACE FMT_HEADER_ONLY)
  endif()
endforeach()
# The wheel's libtorch.so exports parts of its own std::filesystem, which fail in other programs: the system's goes before.
target_link_libraries(chestmap_libtorch INTERFACE stdc++ ${TORCH_LIBRARIES})
# NCCL's header, which c10d's includes; PyTorch's wheel depends on a package that lies beside it.
find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${TORCH_INSTALL_PREFIX}/../nvidia/nccl/include)
if(NCCL_INCLUDE_DIR AND NOT NCCL_INCLUDE_DIR STREQUAL "/usr/include")
  target_compile_options(chestmap_libtorch INTERFACE "SHELL:-isystem ${NCCL_INCLUDE_DIR}")
endif()
separate_arguments(torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(chestmap_libtorch INTERFACE ${torch_flags})
# Kernels of our own, where this libtorch has CUDA.
if(TARGET torch_cuda)
  set(CMAKE_CUDA_STANDARD 17)  # CMake 3.25 knows no later one of CUDA 13
  enable_language(CUDA)
  set(CHESTMAP_CUDA ON)
  target_compile_definitions(chestmap_libtorch INTERFACE CHESTMAP_CUDA)
endif()
