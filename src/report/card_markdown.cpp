#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "report/card_document.h"
#include "report/text.h"

namespace chestmap {

namespace {

/// Text that Markdown takes as it is: no emphasis, link, code, table cell, list or HTML begins in
/// it.
std::string plain(std::string_view text) {
  constexpr std::string_view kSpecial = "\\`*_[]|~#";
  std::string out;
  for (const char c : text) {
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  // At its beginning these would start a list, where a space or nothing follows.
  if (!out.empty() && (out[0] == '-' || out[0] == '+')) out.insert(0, 1, '\\');
  const std::size_t digits = out.find_first_not_of("0123456789");
  const bool numbered = digits != std::string::npos && digits > 0 &&
                        (out[digits] == '.' || out[digits] == ')') &&
                        (digits + 1 == out.size() || out[digits + 1] == ' ');
  if (numbered) out.insert(digits, 1, '\\');
  return escaped(out);  // HTML may stand in Markdown
}

std::string row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += fmt::format(" {} |", plain(cell));
  return line + "\n";
}

struct Block {
  std::string operator()(const CardParagraph& paragraph) const {
    const std::string_view mark = paragraph.strong ? "**" : "";
    return fmt::format("{0}{1}{0}\n", mark, plain(paragraph.text));
  }
  std::string operator()(const CardList& list) const {
    std::string text;
    for (const std::string& item : list.items) text += fmt::format("- {}\n", plain(item));
    return text;
  }
  std::string operator()(const CardTable& table) const {
    std::size_t columns = table.header.size();
    for (const auto& cells : table.rows) columns = std::max(columns, cells.size());
    std::vector<std::string> header = table.header;
    header.resize(columns);
    std::string text = row(header) + "|";
    for (std::size_t c = 0; c < columns; ++c) text += c == 0 ? " --- |" : " :--- |";
    text += "\n";
    for (const auto& cells : table.rows) text += row(cells);
    return text;
  }
};

}  // namespace

std::string card_markdown(const CardDocument& card) {
  std::string text = fmt::format("# {}\n\n**{}**\n", plain(card.title), plain(card.notice));
  for (const CardSection& section : card.sections) {
    text += fmt::format("\n## {}\n", plain(section.title));
    for (const CardBlock& block : section.blocks)
      text += fmt::format("\n{}", std::visit(Block{}, block));
  }
  return text + fmt::format("\n---\n\n{}\n", plain(card.footer));
}

}  // namespace chestmap
