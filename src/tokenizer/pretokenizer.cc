// SPDX-License-Identifier: Apache-2.0
// The patterns are quoted as the model publishers' tokenizer.json files write them; llama.cpp reads
// the rules by the same names, and the reference outputs in tests/data/vocab pin them down.
#include "tokenizer/pretokenizer.h"

#include <cstdint>
#include <iterator>

#include "tokenizer/char_ranges.h"
#include "tokenizer/unicode_class.h"

namespace lemma::tokenizer {
namespace {

constexpr ClassMask kNotWord = static_cast<ClassMask>(~(kAnySpace | kLetter | kNumber));

// A matcher returns the end of its match at `at`, or `at` when it does not match. Split calls
// `sink` for matches and for the text between them.
template <typename Match, typename Sink>
void Split(std::string_view text, const Match& match, const Sink& sink) {
  const CharReader reader(text);
  size_t gap = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = match(reader, at);
    if (end == at) {
      at += reader.At(at).length;
      continue;
    }
    if (gap < at) sink(text.substr(gap, at - gap));
    sink(text.substr(at, end - at));
    at = gap = end;
  }
  if (gap < text.size()) sink(text.substr(gap));
}

// Length of 's 't 'm 'd 're 've 'll at `at`, else 0. REQUIRES: an apostrophe is there.
template <bool kIgnoreCase>
size_t Contraction(std::string_view text, size_t at) {
  const auto letter = [&](size_t i) -> char {
    const char c = at + i < text.size() ? text[at + i] : '\0';
    return kIgnoreCase && c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  };
  const char a = letter(1);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
  const char b = letter(2);
  return (b == 'e' && (a == 'r' || a == 'v')) || (a == 'l' && b == 'l') ? 3 : 0;
}

// \s+(?!\S)|\s+ : a run of spaces, but its last one belongs to the word behind it.
size_t MatchSpaces(const CharReader& r, size_t at) {
  size_t last = at;  // start of the last space
  size_t end = at;
  for (Char c = r.At(at); (c.cls & kAnySpace) != 0; c = r.At(end)) {
    last = end;
    end += c.length;
  }
  return end == r.size() || last == at ? end : last;
}

// \s*[\r\n]+|\s+(?!\S)|\s+
size_t MatchSpacesOrLines(const CharReader& r, size_t at) {
  size_t line_end = at;  // behind the last \r or \n of the run
  size_t last = at;
  size_t end = at;
  for (Char c = r.At(at); (c.cls & kAnySpace) != 0; c = r.At(end)) {
    last = end;
    end += c.length;
    if (c.cls == kNewline) line_end = end;
  }
  if (line_end > at) return line_end;
  return end == r.size() || last == at ? end : last;
}

// ` ?[mask]+`
size_t MatchSpaced(const CharReader& r, size_t at, ClassMask mask) {
  const size_t start = at + (r.text()[at] == ' ' ? 1 : 0);
  const size_t end = r.SkipClass(start, mask);
  return end > start ? end : at;
}

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
size_t MatchGpt2(const CharReader& r, size_t at) {
  if (r.text()[at] == '\'') {
    if (const size_t n = Contraction</*kIgnoreCase=*/false>(r.text(), at)) return at + n;
  }
  for (const ClassMask mask : {ClassMask{kLetter}, ClassMask{kNumber}, kNotWord}) {
    if (const size_t end = MatchSpaced(r, at, mask); end > at) return end;
  }
  return MatchSpaces(r, at);
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?W+|\p{N}{1,kDigits}| ?[^\s\p{N}W]+[\r\n]*|
// \s*[\r\n]+|\s+(?!\S)|\s+     where W is \p{L}, or [\p{L}\p{M}] for kWord = kLetter | kMark
template <ClassMask kWord, int kDigits>
size_t MatchCl100k(const CharReader& r, size_t at) {
  const Char first = r.At(at);
  if (first.code == '\'') {
    if (const size_t n = Contraction</*kIgnoreCase=*/true>(r.text(), at)) return at + n;
  }
  const size_t next = at + first.length;
  if ((first.cls & (kNewline | kLetter | kNumber)) == 0) {  // may lead a word
    if (const size_t end = r.SkipClass(next, kWord); end > next) return end;
  }
  if ((first.cls & kWord) != 0) return r.SkipClass(next, kWord);
  if (first.cls == kNumber) {
    size_t end = next;
    for (int i = 1; i < kDigits; ++i) {
      const Char c = r.At(end);
      if (c.cls != kNumber) break;
      end += c.length;
    }
    return end;
  }
  constexpr ClassMask kRest = kNotWord & static_cast<ClassMask>(~kWord);
  if (const size_t end = MatchSpaced(r, at, kRest); end > at) return r.SkipClass(end, kNewline);
  return MatchSpacesOrLines(r, at);
}

// [!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|
// \s*[\r\n]+|\s+(?!\S)|\s+
size_t MatchDeepseekV3(const CharReader& r, size_t at) {
  const auto is_ascii_letter = [](const Char& c) { return c.code < 0x80 && c.cls == kLetter; };
  const Char first = r.At(at);
  const size_t next = at + first.length;
  if (first.code < 0x80 && (first.cls & (kPunctuation | kSymbol)) != 0) {
    size_t end = next;
    while (is_ascii_letter(r.At(end))) ++end;
    if (end > next) return end;
  }
  constexpr ClassMask kWord = kLetter | kMark;
  if ((first.cls & (kNewline | kLetter | kPunctuation | kSymbol)) == 0) {
    if (const size_t end = r.SkipClass(next, kWord); end > next) return end;
  }
  if ((first.cls & kWord) != 0) return r.SkipClass(next, kWord);
  if (const size_t end = MatchSpaced(r, at, kPunctuation | kSymbol); end > at) {
    return r.SkipClass(end, kNewline);
  }
  return MatchSpacesOrLines(r, at);
}

// [mask]+
template <ClassMask kMask>
size_t MatchRun(const CharReader& r, size_t at) {
  return r.SkipClass(at, kMask);
}

// One character of the mask.
template <ClassMask kMask>
size_t MatchOne(const CharReader& r, size_t at) {
  const Char c = r.At(at);
  return (c.cls & kMask) != 0 ? at + c.length : at;
}

// \p{N}{1,3}
size_t MatchNumbersByThree(const CharReader& r, size_t at) {
  for (int i = 0; i < 3; ++i) at = MatchOne<kNumber>(r, at);
  return at;
}

// [0-9][0-9][0-9]
size_t MatchThreeDigits(const CharReader& r, size_t at) {
  for (size_t i = at; i < at + 3; ++i) {
    if (i >= r.size() || r.text()[i] < '0' || r.text()[i] > '9') return at;
  }
  return at + 3;
}

// [\p{P}$+<=>^~|]+, and ` for Falcon
template <bool kBacktick>
size_t MatchPunctuation(const CharReader& r, size_t at) {
  constexpr std::string_view kExtra = "$+<=>^~|";
  for (Char c = r.At(at); c.length > 0; c = r.At(at)) {
    const bool extra = c.code < 0x80 && (kExtra.find(static_cast<char>(c.code)) != kExtra.npos ||
                                         (kBacktick && c.code == '`'));
    if (c.cls != kPunctuation && !extra) break;
    at += c.length;
  }
  return at;
}

// [ranges]+
size_t SkipRanges(const CharReader& r, size_t at, std::span<const CodeRange> ranges) {
  for (Char c = r.At(at); c.length > 0 && InRanges(c.code, ranges); c = r.At(at)) at += c.length;
  return at;
}

// \s?[ranges]+
size_t MatchSpaceAndRanges(const CharReader& r, size_t at, std::span<const CodeRange> ranges) {
  const size_t start = MatchOne<kAnySpace>(r, at);
  size_t end = SkipRanges(r, start, ranges);
  if (end > start) return end;
  return start > at ? SkipRanges(r, at, ranges) : at;  // the space itself may be in the ranges
}

// \s?[mask]+
template <ClassMask kMask>
size_t MatchSpaceAndClass(const CharReader& r, size_t at) {
  const size_t start = MatchOne<kAnySpace>(r, at);
  const size_t end = r.SkipClass(start, kMask);
  return end > start ? end : at;
}

// \s+$ : cuts the spaces off the end.
template <typename Sink>
void SplitTrailingSpaces(std::string_view text, const Sink& sink) {
  const CharReader r(text);
  size_t tail = 0;
  for (size_t at = 0; at < text.size();) {
    const Char c = r.At(at);
    at += c.length;
    if ((c.cls & kAnySpace) == 0) tail = at;
  }
  if (tail > 0) sink(text.substr(0, tail));
  if (tail < text.size()) sink(text.substr(tail));
}

template <typename Sink>
void SplitDefault(std::string_view text, const Sink& sink) {
  Split(text, MatchPunctuation</*kBacktick=*/false>, [&](std::string_view a) {
    Split(a, MatchGpt2, [&](std::string_view b) {
      Split(b, MatchRun<kNumber>, [&](std::string_view c) { Split(c, MatchThreeDigits, sink); });
    });
  });
}

template <typename Sink>
void SplitFalcon(std::string_view text, const Sink& sink) {
  Split(text, MatchPunctuation</*kBacktick=*/true>, [&](std::string_view a) {
    Split(a, MatchGpt2, [&](std::string_view b) { Split(b, MatchThreeDigits, sink); });
  });
}

// [\r\n] | \s?[cased letters]+ | \s?[!-/:-~ and wide forms]+ | \s+$ | [CJK and Hangul]+ | \p{N}+
template <typename Sink>
void SplitDeepseekLlm(std::string_view text, const Sink& sink) {
  const auto numbers = [&](std::string_view s) { Split(s, MatchRun<kNumber>, sink); };
  const auto cjk = [&](std::string_view s) {
    Split(
        s, [](const CharReader& r, size_t at) { return SkipRanges(r, at, kCjkAndHangul); },
        numbers);
  };
  const auto tail = [&](std::string_view s) { SplitTrailingSpaces(s, cjk); };
  const auto signs = [&](std::string_view s) {
    Split(
        s,
        [](const CharReader& r, size_t at) { return MatchSpaceAndRanges(r, at, kDeepseekSigns); },
        tail);
  };
  const auto letters = [&](std::string_view s) {
    Split(
        s, [](const CharReader& r, size_t at) { return MatchSpaceAndRanges(r, at, kCasedLetters); },
        signs);
  };
  Split(text, MatchOne<kNewline>, letters);
}

// [\r\n] | \s?\p{L}+ | \s?\p{P}+ | [CJK and Hangul]+ | \p{N}
template <typename Sink>
void SplitDeepseekCoder(std::string_view text, const Sink& sink) {
  const auto numbers = [&](std::string_view s) { Split(s, MatchOne<kNumber>, sink); };
  const auto cjk = [&](std::string_view s) {
    Split(
        s, [](const CharReader& r, size_t at) { return SkipRanges(r, at, kCjkAndHangul); },
        numbers);
  };
  const auto signs = [&](std::string_view s) { Split(s, MatchSpaceAndClass<kPunctuation>, cjk); };
  const auto letters = [&](std::string_view s) { Split(s, MatchSpaceAndClass<kLetter>, signs); };
  Split(text, MatchOne<kNewline>, letters);
}

// \p{N}{1,3} | [Han, Hiragana, Katakana]+ | MatchDeepseekV3
template <typename Sink>
void SplitDeepseekV3(std::string_view text, const Sink& sink) {
  const auto rest = [&](std::string_view s) { Split(s, MatchDeepseekV3, sink); };
  const auto cjk = [&](std::string_view s) {
    Split(
        s, [](const CharReader& r, size_t at) { return SkipRanges(r, at, kHanAndKana); }, rest);
  };
  Split(text, MatchNumbersByThree, cjk);
}

struct NamedRule {
  std::string_view name;
  PreTokenizer value;
};
constexpr PreTokenizer Plain(PreRule rule) { return {.rule = rule}; }
constexpr PreTokenizer kLlama3Rule{.rule = PreRule::kLlama3, .whole_words = true, .add_bos = true};

constexpr NamedRule kRules[] = {
    {"", Plain(PreRule::kDefault)},
    {"default", Plain(PreRule::kDefault)},
    {"deepseek-r1-qwen", Plain(PreRule::kQwen2)},
    {"qwen2", Plain(PreRule::kQwen2)},
    {"megrez", Plain(PreRule::kQwen2)},
    {"hunyuan", Plain(PreRule::kQwen2)},
    {"stablelm2", Plain(PreRule::kQwen2)},
    {"grok-2", Plain(PreRule::kQwen2)},
    {"solar-open", Plain(PreRule::kQwen2)},
    {"qwen35", Plain(PreRule::kQwen35)},
    {"llama-bpe", kLlama3Rule},
    {"llama3", kLlama3Rule},
    {"llama-v3", kLlama3Rule},
    {"falcon3", kLlama3Rule},
    {"falcon-h1", kLlama3Rule},
    {"pixtral", kLlama3Rule},
    {"lfm2", kLlama3Rule},
    {"dbrx", Plain(PreRule::kLlama3)},
    {"smaug-bpe", Plain(PreRule::kLlama3)},
    {"glm4", Plain(PreRule::kLlama3)},
    {"chatglm-bpe", Plain(PreRule::kLlama3)},
    {"deepseek-llm", Plain(PreRule::kDeepseekLlm)},
    {"deepseek-coder", Plain(PreRule::kDeepseekCoder)},
    {"deepseek-v3", Plain(PreRule::kDeepseekV3)},
    {"hunyuan-dense", Plain(PreRule::kDeepseekV3)},
    {"gpt-2", Plain(PreRule::kGpt2)},
    {"phi-2", Plain(PreRule::kGpt2)},
    {"olmo", Plain(PreRule::kGpt2)},
    {"mpt", Plain(PreRule::kGpt2)},
    {"exaone4", Plain(PreRule::kGpt2)},
    {"trillion", Plain(PreRule::kGpt2)},
    {"starcoder", Plain(PreRule::kGpt2Digits)},
    {"refact", Plain(PreRule::kGpt2Digits)},
    {"command-r", Plain(PreRule::kGpt2Digits)},
    {"smollm", Plain(PreRule::kGpt2Digits)},
    {"codeshell", Plain(PreRule::kGpt2Digits)},
    {"exaone", Plain(PreRule::kGpt2Digits)},
    {"minerva-7b", Plain(PreRule::kGpt2Digits)},
    {"falcon", Plain(PreRule::kFalcon)},
};

}  // namespace

std::optional<PreTokenizer> FindPreTokenizer(std::string_view name) {
  for (const NamedRule& rule : kRules) {
    if (rule.name == name) return rule.value;
  }
  return std::nullopt;
}

void SplitWords(PreRule rule, std::string_view text, FunctionRef<void(std::string_view)> word) {
  switch (rule) {
    case PreRule::kDefault:
      return SplitDefault(text, word);
    case PreRule::kGpt2:
      return Split(text, MatchGpt2, word);
    case PreRule::kGpt2Digits:
      return Split(text, MatchOne<kNumber>, [&](std::string_view s) { Split(s, MatchGpt2, word); });
    case PreRule::kFalcon:
      return SplitFalcon(text, word);
    case PreRule::kQwen2:
      return Split(text, MatchCl100k<kLetter, 1>, word);
    case PreRule::kQwen35:
      return Split(text, MatchCl100k<kLetter | kMark, 1>, word);
    case PreRule::kLlama3:
      return Split(text, MatchCl100k<kLetter, 3>, word);
    case PreRule::kDeepseekLlm:
      return SplitDeepseekLlm(text, word);
    case PreRule::kDeepseekCoder:
      return SplitDeepseekCoder(text, word);
    case PreRule::kDeepseekV3:
      return SplitDeepseekV3(text, word);
  }
}

}  // namespace lemma::tokenizer
