#include "data/prepared/manifest.h"
#include "fuzz_folder.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    fuzz::put(kManifestFile, fuzz::text_of(data, size));
    const Manifest manifest = read_manifest(fuzz::folder());
    // Written and read again it is the same.
    const std::string text = manifest_text(manifest);
    fuzz::put(kManifestFile, text);
    fuzz::must(manifest_text(read_manifest(fuzz::folder())) == text);
  });
  return 0;
}
