#pragma once

#include "image/dicom/dicom_file.h"
#include "image/dicom/grey_rendering.h"

namespace chestmap {

/// How a grey image (one sample a pixel) is to be shown, by the attributes of its data set; its
/// depth and whether it is inverted included. The first item of a sequence and the first window
/// count; a table of the values of interest counts before a window. A window that is incomplete or
/// of no width counts as none. Presentation LUT Shape tells whether the image is inverted, and
/// where it is missing, Photometric Interpretation. Throws ImageError where attributes contradict
/// each other or are no numbers.
[[nodiscard]] GreyRendering read_rendering(DcmItem& data_set, unsigned allocated_bits);

}  // namespace chestmap
