#include <fmt/format.h>

#include "report/html.h"
#include "report/sections.h"
#include "report/text.h"

namespace chestmap {

std::string gallery_section(std::span<const ParsedRun> runs) {
  std::string html;
  for (const ParsedRun& run : runs) {
    if (run.run->gallery.empty()) continue;
    html += run_heading(runs, run) + "<div class=\"gallery\">\n";
    for (const GalleryItem& item : run.run->gallery)
      html += fmt::format(
          "<figure class=\"card\"><img alt=\"{0}\" src=\"data:image/png;base64,{1}\">"
          "<figcaption>{2}<small>{0}</small></figcaption></figure>\n",
          escaped(item.image), base64(item.png), escaped(item.caption));
    html += "</div>\n";
  }
  return html;
}

}  // namespace chestmap
