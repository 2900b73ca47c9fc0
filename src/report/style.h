#pragma once

namespace chestmap {

/// The report's style sheet, for screens from a phone's width on and for paper.
[[nodiscard]] const char* report_style() noexcept;

}  // namespace chestmap
