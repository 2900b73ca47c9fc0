#pragma once

#include <filesystem>

#include "data/record.h"

namespace chestmap {

/// The 14 findings of NIH ChestX-ray14, in the order of Wang et al., CVPR 2017.
[[nodiscard]] const FindingList& chestxray14_findings();

/// Side of the square frame of the boxes, in pixels, whatever the size of the copies on disk.
inline constexpr std::size_t kChestXray14Frame = 1024;

/// Reads a folder in the layout of NIH ChestX-ray14:
/// - `Data_Entry_2017_v2020.csv` or `Data_Entry_2017.csv` (the former where both are there);
/// - `BBox_List_2017.csv`, `train_val_list.txt`, `test_list.txt`, each optional;
/// - images in `images/`, in `images_001/`, `images_002/`, ... (with or without another `images/`
///   inside) or in the folder itself; none at all is legal and leaves every `Record::file` empty.
///   Where some images are there, the rows of the others are left out into `Dataset::skipped`, with
///   their boxes and places in the lists.
/// Records keep the table's order. A box that leaves the frame by less than a pixel is clipped.
/// Throws UserError with file and row for everything in the tables that contradicts this.
[[nodiscard]] Dataset read_chestxray14(const std::filesystem::path& folder);

}  // namespace chestmap
