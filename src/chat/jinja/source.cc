// SPDX-License-Identifier: Apache-2.0
#include "chat/jinja/source.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "chat/jinja/text_ops.h"

namespace lemma::chat::jinja {
namespace {

constexpr size_t kBefore = 24;  // bytes of the excerpt before and after the place
constexpr size_t kAfter = 40;

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

std::string Locate(std::string_view source, size_t offset) {
  offset = std::min(offset, source.size());
  const std::string_view before = source.substr(0, offset);
  const size_t newline = before.rfind('\n');
  const size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto column = CountCodePoints(before.substr(line_start)) + 1;
  size_t begin = std::max(line_start, offset > kBefore ? offset - kBefore : 0);
  while (begin < offset && IsContinuation(source[begin])) ++begin;
  size_t end = std::min(source.find('\n', offset), std::min(source.size(), offset + kAfter));
  while (end > offset && end < source.size() && IsContinuation(source[end])) --end;
  return fmt::format("{}:{} near `{}`", line, column,
                     SanitizeUtf8(source.substr(begin, end - begin)));
}

Status WithLocation(const Status& status, std::string_view source, size_t offset) {
  return {status.code(), fmt::format("{} (at {})", status.message(), Locate(source, offset))};
}

}  // namespace lemma::chat::jinja
