#include "report/page_head.h"

#include <fmt/format.h>

#include "report/style.h"
#include "report/text.h"

namespace chestmap {

namespace {

// The policy is a second lock on what escaping promises: nothing is fetched and no script runs.
constexpr const char* kHead = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<link rel="icon" href="data:,">
)html";

}  // namespace

std::string page_head(std::string_view title) {
  return fmt::format("{}<title>{}</title>\n<style>{}</style>\n</head>\n", kHead, escaped(title),
                     report_style());
}

}  // namespace chestmap
