// SPDX-License-Identifier: Apache-2.0
#include "check/citations.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace lemma::check {
namespace {

constexpr size_t kMaxQuotes = 256;

// A text in the one form: characters and the bytes they came from.
struct Folded {
  std::u32string chars;
  std::vector<Span> spans;
};

bool IsSpace(char32_t c) {
  return c == U' ' || (c >= 9 && c <= 13) || c == 0xA0 || c == 0x3000 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F;
}
bool IsInvisible(char32_t c) {
  return c == 0xAD || (c >= 0x200B && c <= 0x200D) || c == 0x2060 || c == 0xFEFF;
}
// Beside these a space says nothing: Chinese characters, ° ℃ ℉ %.
bool IsWide(char32_t c) {
  return c >= 0x2E80 || c == 0xB0 || c == 0x2103 || c == 0x2109 || c == U'%';
}

char32_t FoldChar(char32_t c) {
  if (IsSpace(c)) return U' ';
  constexpr std::u32string_view kDouble = U"“”„‟「」『』«»＂";
  constexpr std::u32string_view kSingle = U"‘’‚‛＇";
  constexpr std::u32string_view kDash = U"‐‑‒–—―−－";
  if (kDouble.find(c) != std::u32string_view::npos) return U'"';
  if (kSingle.find(c) != std::u32string_view::npos) return U'\'';
  if (kDash.find(c) != std::u32string_view::npos) return U'-';
  return NarrowForm(c);
}

// The canonical composition of a starter and its marks; the pieces as they are if there is none.
std::u32string Compose(std::u32string_view piece) {
  std::vector<utf8proc_int32_t> buffer(piece.begin(), piece.end());
  const utf8proc_ssize_t size =
      utf8proc_normalize_utf32(buffer.data(), static_cast<utf8proc_ssize_t>(buffer.size()),
                               static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  if (size <= 0) return std::u32string(piece);
  return {buffer.begin(), buffer.begin() + size};
}

void Append(char32_t c, Span span, Folded& out) {
  if (c == U' ' && (out.chars.empty() || out.chars.back() == U' ' || IsWide(out.chars.back()))) {
    return;
  }
  if (IsWide(c) && !out.chars.empty() && out.chars.back() == U' ') {
    out.chars.pop_back();
    out.spans.pop_back();
  }
  out.chars += c;
  out.spans.push_back(span);
}

Folded Fold(std::string_view text) {
  Folded out;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    std::u32string piece;
    while (at < text.size()) {
      const Utf8Char c = DecodeUtf8(text.substr(at));
      const char32_t code = c.code_point == kInvalidUtf8 ? 0xFFFD : c.code_point;
      const bool mark = utf8proc_get_property(static_cast<utf8proc_int32_t>(code))->combining_class;
      if (!piece.empty() && !mark) break;
      piece += code;
      at += c.length;
      if (piece.size() == 32) break;  // no word has so many marks
    }
    const Span span = {begin, at};
    if (piece.size() == 1 && IsInvisible(piece[0])) continue;
    if (piece == U"…") {
      for (int i = 0; i < 3; ++i) Append(U'.', span, out);
      continue;
    }
    for (const char32_t c : piece.size() == 1 ? piece : Compose(piece)) {
      Append(FoldChar(c), span, out);
    }
  }
  while (!out.chars.empty() && out.chars.back() == U' ') {
    out.chars.pop_back();
    out.spans.pop_back();
  }
  return out;
}

// Where a part first stands at or after `from`, by the algorithm of Knuth, Morris and Pratt; and
// how much of its beginning stands anywhere.
struct Match {
  std::optional<size_t> at;
  size_t longest = 0;
};
Match Find(std::u32string_view part, std::u32string_view where, size_t from) {
  std::vector<size_t> border(part.size() + 1, 0);
  for (size_t i = 1, k = 0; i < part.size(); ++i) {
    while (k > 0 && part[i] != part[k]) k = border[k];
    if (part[i] == part[k]) ++k;
    border[i + 1] = k;
  }
  Match out;
  for (size_t i = from, k = 0; i < where.size(); ++i) {
    while (k > 0 && where[i] != part[k]) k = border[k];
    if (where[i] == part[k]) ++k;
    out.longest = std::max(out.longest, k);
    if (k == part.size()) {
      out.at = i + 1 - k;
      return out;
    }
  }
  return out;
}

// The parts between the dots of an omission, without spaces and marks at their ends.
std::vector<std::u32string> PartsOf(const std::u32string& chars) {
  std::vector<std::u32string> out;
  const auto add = [&](size_t begin, size_t end) {
    constexpr std::u32string_view kEnds = U" ,.;:!?。；、";
    while (begin < end && kEnds.find(chars[begin]) != std::u32string_view::npos) ++begin;
    while (end > begin && kEnds.find(chars[end - 1]) != std::u32string_view::npos) --end;
    if (begin < end) out.push_back(chars.substr(begin, end - begin));
  };
  size_t begin = 0;
  for (size_t dots = chars.find(U"..."); dots != std::u32string::npos;
       dots = chars.find(U"...", begin)) {
    add(begin, dots);
    begin = dots;
    while (begin < chars.size() && chars[begin] == U'.') ++begin;
  }
  add(begin, chars.size());
  return out;
}

// What a source makes of a quote.
struct Located {
  std::optional<Span> span;
  size_t matched = 0;  // characters of the first part that is missing
};
Located Locate(const std::vector<std::u32string>& parts, const Folded& source) {
  Located out;
  size_t from = 0;
  std::optional<size_t> first;
  for (const std::u32string& part : parts) {
    const Match match = Find(part, source.chars, from);
    if (!match.at) {
      out.matched = match.longest;
      return out;
    }
    if (!first) first = match.at;
    from = *match.at + part.size();
  }
  if (first) out.span = Span{source.spans[*first].begin, source.spans[from - 1].end};
  return out;
}

struct Marks {
  std::string_view open;
  std::string_view close;
};
constexpr Marks kQuoteMarks[] = {{"“", "”"}, {"「", "」"}, {"『", "』"}, {"«", "»"}, {"\"", "\""}};

// "[citation:12]", "[12]", "【12】" at the start of a text, and its bytes.
std::optional<std::pair<size_t, size_t>> MarkerAt(std::string_view text) {
  size_t at = 0;
  const bool wide = text.starts_with("【");
  if (!wide && !text.starts_with('[')) return std::nullopt;
  at += wide ? 3 : 1;
  if (text.substr(at).starts_with("citation:")) at += 9;
  size_t number = 0;
  const size_t digits = at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - digits < 6) {
    number = number * 10 + static_cast<size_t>(text[at++] - '0');
  }
  const std::string_view close = wide ? "】" : "]";
  if (at == digits || number == 0 || !text.substr(at).starts_with(close)) return std::nullopt;
  return std::pair(number - 1, at + close.size());
}

// The sources named right behind a quote.
std::vector<size_t> SourcesBehind(std::string_view text) {
  std::vector<size_t> out;
  int between = 0;
  while (!text.empty() && between < 4) {
    if (const auto marker = MarkerAt(text)) {
      out.push_back(marker->first);
      text.remove_prefix(marker->second);
      continue;
    }
    constexpr std::array<std::string_view, 10> kSkip = {" ", ",", ".",  "，", "。",
                                                        "(", ")", "（", "）", "："};
    const auto* const skip = std::find_if(kSkip.begin(), kSkip.end(),
                                          [&](std::string_view s) { return text.starts_with(s); });
    if (skip == kSkip.end()) break;
    text.remove_prefix(skip->size());
    ++between;
  }
  return out;
}

void Judge(const std::vector<std::u32string>& parts, const std::vector<Folded>& sources,
           Quote& quote) {
  for (size_t i = 0; i < sources.size(); ++i) {
    const bool named =
        std::find(quote.sources.begin(), quote.sources.end(), i) != quote.sources.end();
    if (!quote.sources.empty() && !named) continue;
    const Located located = Locate(parts, sources[i]);
    quote.matched = std::max(quote.matched, located.matched);
    if (!located.span) continue;
    quote.result = QuoteResult::kFound;
    quote.found_in = i;
    quote.found = *located.span;
    return;
  }
  if (quote.sources.empty()) return;
  const bool exists = std::any_of(quote.sources.begin(), quote.sources.end(),
                                  [&](size_t i) { return i < sources.size(); });
  quote.result = exists ? QuoteResult::kMissing : QuoteResult::kNoSource;
}

bool HasWord(const std::vector<std::u32string>& parts) {
  for (const std::u32string& part : parts) {
    for (const char32_t c : part) {
      const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
      const bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
      if (letter || category == UTF8PROC_CATEGORY_ND) return true;
    }
  }
  return false;
}

}  // namespace

std::string_view QuoteResultName(QuoteResult result) {
  constexpr std::string_view kNames[] = {"found", "missing", "no_source", "unmatched"};
  return kNames[static_cast<size_t>(result)];
}

std::optional<Span> FindQuote(std::string_view quote, std::string_view source) {
  return Locate(PartsOf(Fold(quote).chars), Fold(source)).span;
}

std::vector<Quote> CheckQuotes(std::string_view text, const std::vector<Source>& sources,
                               size_t min_characters) {
  std::vector<Folded> folded;
  folded.reserve(sources.size());
  for (const Source& source : sources) folded.push_back(Fold(source.text));
  std::vector<Quote> out;
  for (size_t at = 0; at < text.size() && out.size() < kMaxQuotes;) {
    const auto* const marks =
        std::find_if(std::begin(kQuoteMarks), std::end(kQuoteMarks),
                     [&](const Marks& m) { return text.substr(at).starts_with(m.open); });
    if (marks == std::end(kQuoteMarks)) {
      at += DecodeUtf8(text.substr(at)).length;
      continue;
    }
    const size_t begin = at + marks->open.size();
    const size_t end = text.find(marks->close, begin);
    const size_t line = text.find('\n', begin);
    at = begin;
    if (end == std::string_view::npos || line < end) continue;
    Quote quote;
    quote.span = {begin, end};
    quote.text = std::string(text.substr(begin, end - begin));
    quote.sources = SourcesBehind(text.substr(end + marks->close.size()));
    at = end + marks->close.size();
    const Folded chars = Fold(quote.text);
    const auto parts = PartsOf(chars.chars);
    if (!HasWord(parts) || (quote.sources.empty() && chars.chars.size() < min_characters)) continue;
    Judge(parts, folded, quote);
    out.push_back(std::move(quote));
  }
  return out;
}

}  // namespace lemma::check
