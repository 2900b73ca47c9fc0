#include "example_data.h"
#include "fuzz_folder.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    fuzz::put("PADCHEST_chest_x_ray_images_labels.csv", fuzz::text_of(data, size));
    fuzz::check(fuzz::read_with("padchest"));
  });
  return 0;
}
