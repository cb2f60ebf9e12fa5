// SPDX-License-Identifier: Apache-2.0
// Python's string operations on MarkedText. Positions count bytes, indices count code points (a
// byte that is no UTF-8 counts as one). Whitespace is Python's str.isspace. Internal.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "chat/jinja/marked_text.h"

namespace lemma::chat::jinja {

enum class Side { kLeft, kRight, kBoth };
enum class LetterCase {
  kUpper,
  kLower,
  kTitle,  // Python's str.title(): every run of letters is a word
  kWords,  // Jinja2's title filter: words are parted by spaces and - ( { [ <
  kCapitalize,
};

struct SliceBounds {
  std::optional<int64_t> start;
  std::optional<int64_t> stop;
  int64_t step = 1;  // not 0
};

bool IsSpace(uint32_t code_point);
int64_t CountCodePoints(std::string_view text);
// Calls `visit(begin, length, code_point)` for every code point; kInvalidUtf8 for a stray byte.
void ForEachCodePoint(std::string_view text,
                      FunctionRef<void(size_t begin, size_t length, uint32_t code_point)> visit);

// Without whitespace, or without the code points in `chars`, at the ends.
MarkedText Strip(const MarkedText& text, Side side, std::optional<std::string_view> chars);
// str.split / str.rsplit (from the right when side is kRight). Without a separator: runs of
// whitespace. `max_splits` < 0: no limit. REQUIRES: separator is absent or not empty.
std::vector<MarkedText> Split(const MarkedText& text, std::optional<std::string_view> separator,
                              int64_t max_splits, Side side);
std::vector<MarkedText> SplitLines(const MarkedText& text);
// At most `count` times when it is >= 0. An empty `old` matches before every code point and at the
// end. `max_bytes` stops early: a result longer than that is incomplete.
MarkedText Replace(const MarkedText& text, std::string_view old, const MarkedText& replacement,
                   int64_t count, size_t max_bytes);
MarkedText ChangeCase(const MarkedText& text, LetterCase to);
std::vector<MarkedText> CodePoints(const MarkedText& text);
MarkedText SliceCodePoints(const MarkedText& text, const SliceBounds& bounds);
// The indices that Python's slice visits in a sequence of `size` items.
std::vector<int64_t> SliceIndices(int64_t size, const SliceBounds& bounds);

}  // namespace lemma::chat::jinja
