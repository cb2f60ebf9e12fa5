// SPDX-License-Identifier: Apache-2.0
#include "cli/wrap.h"

#include <utf8proc.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace lemma::cli {
namespace {

size_t CharColumns(uint32_t c) {
  if (c == kInvalidUtf8) return 1;
  return static_cast<size_t>(std::max(0, utf8proc_charwidth(static_cast<utf8proc_int32_t>(c))));
}

// Bytes of the next piece that must not be broken: spaces, one wide character with the closing
// marks behind it, or a word.
size_t PieceAt(std::string_view text) {
  const auto wide = [](const Utf8Char& c) { return CharColumns(c.code_point) == 2; };
  const auto closing = [](const Utf8Char& c) {
    constexpr std::u32string_view kClosing = U"，。；：？！、）】》”’」』";
    return kClosing.find(static_cast<char32_t>(c.code_point)) != std::u32string_view::npos;
  };
  size_t at = 0;
  if (text[0] == ' ')
    return text.find_first_not_of(' ') == text.npos ? text.size() : text.find_first_not_of(' ');
  const Utf8Char first = DecodeUtf8(text);
  at = first.length;
  while (at < text.size() && text[at] != ' ') {
    const Utf8Char next = DecodeUtf8(text.substr(at));
    if (!closing(next) && (wide(first) || wide(next))) break;
    at += next.length;
  }
  return at;
}

}  // namespace

std::string OneLine(std::string_view text, size_t width, Keep keep) {
  std::string line(text);
  for (char& c : line) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  if (Columns(line) <= width) return line;
  std::vector<std::pair<size_t, size_t>> characters;  // begin, columns
  for (size_t at = 0; at < line.size();) {
    const Utf8Char c = DecodeUtf8(std::string_view(line).substr(at));
    characters.emplace_back(at, CharColumns(c.code_point));
    at += c.length;
  }
  size_t used = 1;
  if (keep == Keep::kHead) {
    size_t end = 0;
    while (used + characters[end].second <= width) used += characters[end++].second;
    return line.substr(0, characters[end].first) + "…";
  }
  size_t begin = characters.size();
  while (used + characters[begin - 1].second <= width) used += characters[--begin].second;
  return "…" + line.substr(begin < characters.size() ? characters[begin].first : line.size());
}

size_t Columns(std::string_view text) {
  size_t out = 0;
  while (!text.empty()) {
    const Utf8Char c = DecodeUtf8(text);
    out += CharColumns(c.code_point);
    text.remove_prefix(c.length);
  }
  return out;
}

std::string Wrap(std::string_view text, size_t indent, size_t width) {
  const std::string margin(indent, ' ');
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    out += margin;
    size_t used = indent;
    for (std::string_view rest = line; !rest.empty();) {
      const std::string_view piece = rest.substr(0, PieceAt(rest));
      rest.remove_prefix(piece.size());
      const size_t columns = Columns(piece);
      if (used + columns > width && used > indent) {
        while (out.ends_with(' ')) out.pop_back();
        out += "\n" + margin;
        used = indent;
        if (piece[0] == ' ') continue;
      }
      out += piece;
      used += columns;
    }
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
  }
  return out;
}

}  // namespace lemma::cli
