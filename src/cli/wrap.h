// SPDX-License-Identifier: Apache-2.0
// Text for a terminal, broken into lines by the columns it takes: a Chinese character takes two,
// and lines may break on both sides of one; other words stay whole where they fit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lemma::cli {

size_t Columns(std::string_view text);

// Each line begins with `indent` spaces and ends with a line feed; at most `width` columns unless a
// word alone is wider. Line feeds in the text stay. REQUIRES: indent < width.
std::string Wrap(std::string_view text, size_t indent, size_t width = 80);

// Which end of a text is kept.
enum class Keep { kHead, kTail };
// `text` as one line (line feeds become spaces) of at most `width` columns, with "…" where it was
// cut.
std::string OneLine(std::string_view text, size_t width, Keep keep = Keep::kHead);

}  // namespace lemma::cli
