// SPDX-License-Identifier: Apache-2.0
#include "chat/jinja/text_ops.h"

#include <utf8proc.h>

#include <algorithm>
#include <string>

#include "base/utf8.h"

namespace lemma::chat::jinja {
namespace {

constexpr uint32_t kSharpS = 0xDF;  // its upper case is two letters

struct Extent {
  size_t begin;
  size_t length;
};

std::vector<Extent> Extents(std::string_view text) {
  std::vector<Extent> out;
  ForEachCodePoint(text, [&](size_t begin, size_t length, uint32_t) {
    out.push_back({begin, length});
  });
  return out;
}

// The maximal runs of non-space, in order.
std::vector<Extent> Words(std::string_view text) {
  std::vector<Extent> words;
  bool inside = false;
  ForEachCodePoint(text, [&](size_t begin, size_t length, uint32_t code_point) {
    const bool space = IsSpace(code_point);
    if (!space && !inside) words.push_back({begin, 0});
    if (!space) words.back().length = begin + length - words.back().begin;
    inside = !space;
  });
  return words;
}

std::vector<MarkedText> SplitWords(const MarkedText& text, int64_t max_splits, Side side) {
  const std::vector<Extent> words = Words(text.bytes());
  const size_t count = words.size();
  const bool limited = max_splits >= 0 && static_cast<uint64_t>(max_splits) < count;
  const size_t singles = limited ? static_cast<size_t>(max_splits) : count;
  std::vector<MarkedText> out;
  if (limited && side == Side::kRight) {
    const Extent& last = words[count - singles - 1];
    out.push_back(text.Slice(0, last.begin + last.length));
    for (size_t i = count - singles; i < count; ++i) {
      out.push_back(text.Slice(words[i].begin, words[i].length));
    }

    return out;
  }
  for (size_t i = 0; i < singles; ++i) out.push_back(text.Slice(words[i].begin, words[i].length));
  if (limited) out.push_back(text.Slice(words[singles].begin, text.size()));
  return out;
}

std::vector<MarkedText> SplitFromRight(const MarkedText& text, std::string_view separator,
                                       int64_t max_splits) {
  std::vector<MarkedText> out;
  size_t end = text.size();
  while (max_splits < 0 || static_cast<int64_t>(out.size()) < max_splits) {
    const size_t found = end < separator.size()
                             ? std::string::npos
                             : text.bytes().rfind(separator, end - separator.size());
    if (found == std::string::npos) break;
    out.push_back(text.Slice(found + separator.size(), end - found - separator.size()));
    end = found;
  }
  out.push_back(text.Slice(0, end));
  std::reverse(out.begin(), out.end());
  return out;
}

bool PartsWords(uint32_t c) {
  return IsSpace(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
}

bool IsCased(uint32_t code_point) {
  if (code_point == kInvalidUtf8) return false;
  const auto point = static_cast<utf8proc_int32_t>(code_point);
  return utf8proc_tolower(point) != point || utf8proc_toupper(point) != point;
}

uint32_t MapCodePoint(uint32_t code_point, bool upper) {
  const auto point = static_cast<utf8proc_int32_t>(code_point);
  return static_cast<uint32_t>(upper ? utf8proc_toupper(point) : utf8proc_tolower(point));
}

}  // namespace

bool IsSpace(uint32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

void ForEachCodePoint(std::string_view text, FunctionRef<void(size_t, size_t, uint32_t)> visit) {
  for (size_t at = 0; at < text.size();) {
    const Utf8Char next = DecodeUtf8(text.substr(at));
    visit(at, next.length, next.code_point);
    at += next.length;
  }
}

int64_t CountCodePoints(std::string_view text) {
  int64_t count = 0;
  ForEachCodePoint(text, [&](size_t, size_t, uint32_t) { ++count; });
  return count;
}

MarkedText Strip(const MarkedText& text, Side side, std::optional<std::string_view> chars) {
  std::vector<uint32_t> listed;
  if (chars) {
    ForEachCodePoint(*chars, [&](size_t, size_t, uint32_t c) { listed.push_back(c); });
  }
  std::sort(listed.begin(), listed.end());
  const auto drop = [&](uint32_t c) {
    return chars ? std::binary_search(listed.begin(), listed.end(), c) : IsSpace(c);
  };
  const std::string_view bytes = text.bytes();
  size_t begin = 0;
  size_t end = bytes.size();
  while (side != Side::kRight && begin < end) {
    const Utf8Char next = DecodeUtf8(bytes.substr(begin));
    if (!drop(next.code_point)) break;
    begin += next.length;
  }
  while (side != Side::kLeft && end > begin) {
    size_t start = end - 1;  // the start of the last code point, or of a stray byte
    while (start > begin && end - start < 4 && (bytes[start] & 0xC0) == 0x80) --start;
    Utf8Char last = DecodeUtf8(bytes.substr(start, end - start));
    if (start + last.length != end) {
      start = end - 1;
      last = DecodeUtf8(bytes.substr(start, 1));
    }
    if (!drop(last.code_point)) break;
    end = start;
  }
  return text.Slice(begin, end - begin);
}

std::vector<MarkedText> Split(const MarkedText& text, std::optional<std::string_view> separator,
                              int64_t max_splits, Side side) {
  if (!separator) return SplitWords(text, max_splits, side);
  if (side == Side::kRight) return SplitFromRight(text, *separator, max_splits);
  std::vector<MarkedText> out;
  size_t begin = 0;
  while (max_splits < 0 || static_cast<int64_t>(out.size()) < max_splits) {
    const size_t found = text.bytes().find(*separator, begin);
    if (found == std::string::npos) break;
    out.push_back(text.Slice(begin, found - begin));
    begin = found + separator->size();
  }
  out.push_back(text.Slice(begin, text.size()));
  return out;
}

std::vector<MarkedText> SplitLines(const MarkedText& text) {
  std::vector<MarkedText> out;
  const std::string& bytes = text.bytes();
  for (size_t begin = 0; begin < bytes.size();) {
    const size_t end = std::min(bytes.find_first_of("\n\r\v\f", begin), bytes.size());
    out.push_back(text.Slice(begin, end - begin));
    begin = end + (bytes.compare(end, 2, "\r\n") == 0 ? 2 : 1);
  }
  return out;
}

MarkedText Replace(const MarkedText& text, std::string_view old, const MarkedText& replacement,
                   int64_t count, size_t max_bytes) {
  MarkedText out;
  size_t begin = 0;  // of what is not yet copied
  const auto may_replace = [&] { return count != 0 && out.size() <= max_bytes; };
  if (old.empty()) {
    ForEachCodePoint(text.bytes(), [&](size_t at, size_t length, uint32_t) {
      if (!may_replace()) return;
      out.Append(replacement);
      out.Append(text, at, length);
      begin = at + length;
      --count;
    });
    if (may_replace() && begin == text.size()) out.Append(replacement);
  }
  while (!old.empty() && may_replace()) {
    const size_t found = text.bytes().find(old, begin);
    if (found == std::string::npos) break;
    out.Append(text, begin, found - begin);
    out.Append(replacement);
    begin = found + old.size();
    --count;
  }
  out.Append(text, begin, text.size());
  return out;
}

MarkedText ChangeCase(const MarkedText& text, LetterCase to) {
  MarkedText out;
  bool word_start = true;
  ForEachCodePoint(text.bytes(), [&](size_t begin, size_t length, uint32_t code_point) {
    const bool words = to == LetterCase::kTitle || to == LetterCase::kWords;
    const bool upper = to == LetterCase::kUpper || (words && word_start) ||
                       (to == LetterCase::kCapitalize && begin == 0);
    word_start = to == LetterCase::kTitle ? !IsCased(code_point) : PartsWords(code_point);
    const uint32_t mapped =
        code_point == kInvalidUtf8 ? code_point : MapCodePoint(code_point, upper);
    if (mapped == code_point) {
      out.Append(text, begin, length);
      return;
    }
    std::string encoded;
    AppendUtf8(mapped, encoded);
    std::string_view bytes = encoded;
    if (upper && code_point == kSharpS) bytes = to == LetterCase::kUpper ? "SS" : "Ss";
    out.Append(bytes, text.HasInput(begin, length) ? Provenance::kInput : Provenance::kTrusted);
  });
  return out;
}

std::vector<MarkedText> CodePoints(const MarkedText& text) {
  std::vector<MarkedText> out;
  for (const Extent& extent : Extents(text.bytes())) {
    out.push_back(text.Slice(extent.begin, extent.length));
  }
  return out;
}

std::vector<int64_t> SliceIndices(int64_t size, const SliceBounds& bounds) {
  const int64_t step = bounds.step;
  const int64_t lowest = step > 0 ? 0 : -1;
  const int64_t highest = step > 0 ? size : size - 1;
  const auto clamp = [&](std::optional<int64_t> bound, int64_t absent) {
    if (!bound) return absent;
    const int64_t shifted = *bound < 0 ? std::max<int64_t>(*bound, -size - 1) + size : *bound;
    return std::clamp(shifted, lowest, highest);
  };
  const int64_t start = clamp(bounds.start, step > 0 ? lowest : highest);
  const int64_t stop = clamp(bounds.stop, step > 0 ? highest : lowest);
  std::vector<int64_t> indices;
  // A step longer than the sequence visits one item, whatever its size: no overflow below.
  const int64_t stride = std::clamp(step, -size - 1, size + 1);
  for (int64_t i = start; step > 0 ? i < stop : i > stop; i += stride) indices.push_back(i);
  return indices;
}

MarkedText SliceCodePoints(const MarkedText& text, const SliceBounds& bounds) {
  const std::vector<Extent> extents = Extents(text.bytes());
  MarkedText out;
  for (const int64_t i : SliceIndices(static_cast<int64_t>(extents.size()), bounds)) {
    const Extent& extent = extents[static_cast<size_t>(i)];
    out.Append(text, extent.begin, extent.length);
  }
  return out;
}

}  // namespace lemma::chat::jinja
