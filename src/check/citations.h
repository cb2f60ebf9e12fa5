// SPDX-License-Identifier: Apache-2.0
// Whether a quote is really in its source. Quotes are the parts of a text in “ ”, " ", 「 」, 『 』
// or « »; the source is named by [citation:2] or [2] behind the quote (numbers from 1). A quote is
// found where its characters stand in the source in the same order, after both were brought to one
// form: full-width to ASCII, all quotation marks, dashes and dots alike, spaces folded, and dropped
// beside Chinese characters, % and °. Letters keep their case. "…" and "..." inside a quote stand
// for any text. Soundness: "missing" is exact for these rules, and decided only for quotes that
// name a source; a quote without one may be no quotation at all. Completeness: a quote found says
// that the words are there, not that they mean what the answer claims: never more than CHECKED.
// Cost: linear in text and sources; at most 256 quotes. No thread rule.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/numeral.h"

namespace lemma::check {

struct Source {
  std::string name;
  std::string text;
};

enum class QuoteResult {
  kFound,
  kMissing,    // it names a source that does not hold it
  kNoSource,   // it names a source that does not exist
  kUnmatched,  // it names none, and no source holds it
};
std::string_view QuoteResultName(QuoteResult result);

struct Quote {
  Span span;                    // of the quote in the text, without its marks
  std::string text;             // as written
  std::vector<size_t> sources;  // that it names, from 0; may be beyond the list
  QuoteResult result = QuoteResult::kUnmatched;
  size_t found_in = 0;  // kFound: the source
  Span found;           // kFound: in that source, of the first part to the last
  size_t matched =
      0;  // kMissing: characters of the quote (of its first missing part) that are there
};

// Quotes in the order of the text. Quotes without a letter or digit are left out, and so are those
// without a source of fewer than `min_characters` characters.
std::vector<Quote> CheckQuotes(std::string_view text, const std::vector<Source>& sources,
                               size_t min_characters = 4);

// Where `quote` stands in `source`, by the rules above.
std::optional<Span> FindQuote(std::string_view quote, std::string_view source);

}  // namespace lemma::check
