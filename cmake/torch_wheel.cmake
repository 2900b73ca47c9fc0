# What PyTorch's wheel (pip install torch nvidia-cuda-nvcc) needs before find_package(Torch).
find_path(torch_wheel TorchConfig.cmake PATH_SUFFIXES Torch NO_CACHE)
get_filename_component(torch_wheel "${torch_wheel}/../../.." ABSOLUTE)
if(EXISTS "${torch_wheel}/lib/libtorch.so")
  # Its libraries, and not those of a Debian package that may be there too.
  list(PREPEND CMAKE_PREFIX_PATH "${torch_wheel}")
endif()

# Its CUDA toolkit: the packages lie in one folder beside torch, their libraries under their versions' names alone, which
# CMake does not look for. A folder of links gives them the others. A toolkit named by CUDA_TOOLKIT_ROOT_DIR goes before.
file(GLOB wheel_nvcc "${torch_wheel}/../nvidia/cu*/bin/nvcc")
set(toolkit_links "${PROJECT_BINARY_DIR}/cuda")
if(wheel_nvcc AND (NOT DEFINED CUDA_TOOLKIT_ROOT_DIR OR CUDA_TOOLKIT_ROOT_DIR STREQUAL toolkit_links))
  list(GET wheel_nvcc 0 wheel_nvcc)
  get_filename_component(wheel_toolkit "${wheel_nvcc}/../.." ABSOLUTE)
  # nvcc looks for the rest beside the folder that it was called in: that one must be no link.
  file(MAKE_DIRECTORY "${toolkit_links}/bin" "${toolkit_links}/lib64")
  file(GLOB parts RELATIVE "${wheel_toolkit}" "${wheel_toolkit}/bin/*")
  foreach(part include nvvm ${parts})
    file(CREATE_LINK "${wheel_toolkit}/${part}" "${toolkit_links}/${part}" SYMBOLIC)
  endforeach()
  file(GLOB wheel_libraries "${wheel_toolkit}/lib/*")
  foreach(library ${wheel_libraries})
    get_filename_component(name "${library}" NAME)
    string(REGEX REPLACE "\\.so\\.[0-9.]+$" ".so" plain "${name}")
    foreach(link ${name} ${plain})
      file(CREATE_LINK "${library}" "${toolkit_links}/lib64/${link}" SYMBOLIC)
    endforeach()
  endforeach()
  set(CUDA_TOOLKIT_ROOT_DIR "${toolkit_links}" CACHE PATH "CUDA toolkit")
  set(CUDAToolkit_ROOT "${toolkit_links}" CACHE PATH "CUDA toolkit")
  set(CMAKE_CUDA_COMPILER "${toolkit_links}/bin/nvcc" CACHE FILEPATH "CUDA compiler")
  # GPUs that kernels are compiled for, the last for later ones too; without it torch looks for one that is here.
  set(TORCH_CUDA_ARCH_LIST "8.0 9.0+PTX" CACHE STRING "GPU architectures")
endif()
