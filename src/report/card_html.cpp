#include <fmt/format.h>

#include "report/card_document.h"
#include "report/html.h"
#include "report/page_head.h"
#include "report/text.h"

namespace chestmap {

namespace {

std::string row(const std::vector<std::string>& cells) {
  std::string html = "<tr>";
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const char* tag = c == 0 ? "th" : "td";
    html += fmt::format("<{0}>{1}</{0}>", tag, escaped(cells[c]));
  }
  return html + "</tr>\n";
}

struct Block {
  std::string operator()(const CardParagraph& paragraph) const {
    return fmt::format("<p{}>{}</p>\n", paragraph.strong ? " class=\"notice\"" : "",
                       escaped(paragraph.text));
  }
  std::string operator()(const CardList& list) const {
    std::string html = "<ul>\n";
    for (const std::string& item : list.items) html += "<li>" + escaped(item) + "</li>\n";
    return html + "</ul>\n";
  }
  std::string operator()(const CardTable& table) const {
    std::string html =
        fmt::format("<table class=\"{}\">\n", table.header.empty() ? "facts-table" : "figures");
    if (!table.header.empty()) {
      html += "<thead><tr>";
      for (const std::string& cell : table.header) html += "<th>" + escaped(cell) + "</th>";
      html += "</tr></thead>\n";
    }
    html += "<tbody>\n";
    for (const auto& cells : table.rows) html += row(cells);
    return scrolling(html + "</tbody></table>\n");
  }
};

}  // namespace

std::string card_html(const CardDocument& card) {
  std::string html = fmt::format(
      "{}<body>\n<header><div class=\"page\">\n"
      "<div class=\"brand\"><b>chestmap</b><span class=\"ruo\">Research use only</span></div>\n"
      "<h1>{}</h1>\n<p class=\"notice\">{}</p>\n</div></header>\n<main class=\"page\">\n",
      page_head(card.title), escaped(card.title), escaped(card.notice));
  for (const CardSection& section : card.sections) {
    html += "<section>\n<h2>" + escaped(section.title) + "</h2>\n";
    for (const CardBlock& block : section.blocks) html += std::visit(Block{}, block);
    html += "</section>\n";
  }
  return html + "</main>\n<footer><div class=\"page\">" + escaped(card.footer) +
         "</div></footer>\n</body>\n</html>\n";
}

}  // namespace chestmap
