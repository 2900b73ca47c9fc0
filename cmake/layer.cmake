# chestmap_layer(NAME [LAYERS LOWER...] [LINK LIB...] [PRIVATE_LINK LIB...])
#
# Declares the static library chestmap_NAME from src/NAME. Each layer's headers are reached through an include folder
# of its own that holds nothing else (a link named after the layer), so that `#include "data/record.h"` builds only in
# layers that list `data`, directly or through another layer.
add_library(chestmap_warnings INTERFACE)
target_compile_options(chestmap_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
if(CHESTMAP_SANITIZE)
  add_compile_options(-fsanitize=${CHESTMAP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CHESTMAP_SANITIZE})
endif()
if(CHESTMAP_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

function(chestmap_layer name)
  cmake_parse_arguments(arg "" "" "LAYERS;LINK;PRIVATE_LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  set(include_folder ${PROJECT_BINARY_DIR}/layers/${name})
  file(MAKE_DIRECTORY ${include_folder})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${name} ${include_folder}/${name} SYMBOLIC)
  if(NOT sources)
    add_library(chestmap_${name} INTERFACE)
    return()
  endif()
  add_library(chestmap_${name} STATIC ${sources})
  target_include_directories(chestmap_${name} PUBLIC ${include_folder})
  list(TRANSFORM arg_LAYERS PREPEND chestmap_)
  target_link_libraries(chestmap_${name} PUBLIC ${arg_LAYERS} ${arg_LINK}
                                         PRIVATE chestmap_warnings ${arg_PRIVATE_LINK})
endfunction()

add_compile_definitions(CHESTMAP_VERSION="${PROJECT_VERSION}")
