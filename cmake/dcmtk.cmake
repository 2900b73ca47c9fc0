# chestmap_dcmtk: the parts of DCMTK that read data sets and decode pixels. Its CMake package and its .pc file name all of
# its libraries, networking and what that depends on included; each linked one costs time whenever a program starts.
add_library(chestmap_dcmtk INTERFACE)
find_path(DCMTK_INCLUDE dcmtk/dcmdata/dctk.h REQUIRED)
target_include_directories(chestmap_dcmtk SYSTEM INTERFACE ${DCMTK_INCLUDE})
target_compile_definitions(chestmap_dcmtk INTERFACE HAVE_CONFIG_H)
foreach(part dcmjpeg dcmdata oflog ofstd)
  find_library(DCMTK_${part} ${part} REQUIRED)
  target_link_libraries(chestmap_dcmtk INTERFACE ${DCMTK_${part}})
endforeach()
