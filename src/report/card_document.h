#pragma once

#include <string>
#include <variant>
#include <vector>

namespace chestmap {

// A model card without a form: texts as they are, escaped where they are written out.

struct CardParagraph {
  std::string text;
  bool strong = false;  ///< a notice or a warning
};

struct CardList {
  std::vector<std::string> items;
};

struct CardTable {
  std::vector<std::string> header;  ///< empty: the first column names what the second says
  std::vector<std::vector<std::string>> rows;
};

using CardBlock = std::variant<CardParagraph, CardList, CardTable>;

struct CardSection {
  std::string title;
  std::vector<CardBlock> blocks;
};

struct CardDocument {
  std::string title;
  std::string notice;
  std::vector<CardSection> sections;
  std::string footer;
};

/// CommonMark with the tables of GitHub's dialect.
[[nodiscard]] std::string card_markdown(const CardDocument& card);
/// One HTML document that needs no other file and no network, and runs no script.
[[nodiscard]] std::string card_html(const CardDocument& card);

}  // namespace chestmap
