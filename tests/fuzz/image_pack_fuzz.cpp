#include <cstring>

#include "base/hash.h"
#include "data/prepared/image_pack.h"
#include "fuzz_folder.h"

using namespace chestmap;

namespace {

/// One image of the pack, if its entry is what it claims to be.
void look_at(const ImagePack& pack, std::size_t index) {
  if (!pack.holds(index)) return;
  try {
    fuzz::must(pack.image(index).pixels().size() == pack.settings().side * pack.settings().side);
  } catch (const ImageError&) {
    return;  // damaged pixels
  }
}

}  // namespace

// The first byte says how the pack is stored, what follows are the index's entries of 40 bytes, and
// what is left is the shard. Checksums are made to fit: an attacker's would.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const PackSettings settings{4, (data[0] & 1U) != 0 ? 16U : 8U, (data[0] & 2U) != 0 ? 3 : 0};
  const std::size_t images = std::min<std::size_t>(data[0] >> 2U, (size - 1) / sizeof(PackEntry));
  const std::string fingerprint(32, 'f');
  const PackHeader header = make_pack_header(settings, images, fingerprint);
  std::string index(sizeof header, '\0');
  std::memcpy(index.data(), &header, sizeof header);
  const std::string_view rest = fuzz::text_of(data, size).substr(1);
  index += rest.substr(0, images * sizeof(PackEntry));
  fuzz::run_parser([&] {
    fuzz::put("index.bin", index);
    fuzz::put("shard-00000.bin", rest.substr(images * sizeof(PackEntry)));
    const ImagePack pack(fuzz::folder(), settings, images, fingerprint,
                         hash64(std::as_bytes(std::span(index))));
    for (std::size_t i = 0; i < pack.size(); ++i) look_at(pack, i);
  });
  return 0;
}
