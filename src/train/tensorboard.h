#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace chestmap {

/// Scalars for TensorBoard: an event file is a sequence of TFRecords, each an `Event` message of
/// TensorFlow's event.proto.
class TensorBoardWriter {
 public:
  /// Opens a new `events.out.tfevents.*` file in `folder`.
  explicit TensorBoardWriter(const std::filesystem::path& folder);

  void scalar(const std::string& tag, double value, std::int64_t step);

 private:
  void record(const std::string& message);

  std::ofstream out_;
};

}  // namespace chestmap
