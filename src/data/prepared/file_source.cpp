#include <utility>

#include "data/prepared/image_source.h"

namespace chestmap {

namespace {

class FileSource final : public ImageSource {
 public:
  FileSource(std::vector<RecordFile> files, WantedImages& wanted)
      : files_(std::move(files)), wanted_(wanted) {}

  std::optional<SourceImage> next() override {
    for (std::size_t i = next_++; i < files_.size(); i = next_++)
      if (wanted_.take(files_[i].record)) return SourceImage{files_[i].record, files_[i].file, {}};
    return std::nullopt;
  }

 private:
  const std::vector<RecordFile> files_;
  WantedImages& wanted_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace

std::unique_ptr<ImageSource> make_file_source(std::vector<RecordFile> files, WantedImages& wanted) {
  return std::make_unique<FileSource>(std::move(files), wanted);
}

}  // namespace chestmap
