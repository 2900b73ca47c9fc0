#include "data/record_image.h"

#include "data/prepared/image_pack.h"
#include "data/skipped.h"

namespace chestmap {

namespace {

void check_there(const Record& record) {
  if (record.file.empty()) throw ImageError(std::string(kImageNotInFolder));
}

}  // namespace

GreyImage read_record_image(const Record& record) {
  check_there(record);
  if (record.pack) return record.pack->image(record.pack_index);
  return read_grey(record.file);
}

ImageF read_record_square(const Record& record, std::size_t side) {
  return resized(read_record_image(record), side, side);
}

ImageSize read_record_image_size(const Record& record) {
  check_there(record);
  return record.pack ? record.pack->original_size(record.pack_index) : read_image_size(record.file);
}

}  // namespace chestmap
