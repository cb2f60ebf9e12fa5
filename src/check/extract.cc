// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "check/answer.h"

namespace lemma::check {
namespace {

constexpr std::string_view kThinkEnd = "</think>";

std::optional<Span> LastBoxed(std::string_view text) {
  for (size_t at = text.rfind("\\boxed"); at != std::string_view::npos;
       at = at == 0 ? std::string_view::npos : text.rfind("\\boxed", at - 1)) {
    size_t open = at + std::string_view("\\boxed").size();
    while (open < text.size() && text[open] == ' ') ++open;
    if (open == text.size() || text[open] != '{') continue;
    int depth = 0;
    for (size_t i = open; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;  // \{ and \} do not count
        continue;
      }
      depth += (text[i] == '{') - (text[i] == '}');
      if (depth == 0) return Span{open + 1, i};
    }
  }
  return std::nullopt;
}

// Cuts at the end of the line, or of the sentence in it.
Span Sentence(std::string_view text, size_t begin) {
  size_t end = std::min(text.find('\n', begin), text.size());
  const size_t stop = text.substr(0, end).find("。", begin);
  if (stop != std::string_view::npos) end = stop;
  for (size_t dot = text.substr(0, end).find(". ", begin); dot != std::string_view::npos;
       dot = std::string_view::npos) {
    end = dot;
  }
  return {begin, end};
}

std::optional<Span> FinalLine(std::string_view text) {
  constexpr std::array<std::string_view, 15> kAnswerMarks = {
      "####",      "最终答案是", "最终答案为",    "最终答案", "答案是",
      "答案为",    "答案：",     "答案:",         "答：",     "The answer is",
      "answer is", "Answer:",    "Final answer:", "answer:",  "答:"};
  size_t best = std::string_view::npos;
  size_t after = 0;
  for (const std::string_view mark : kAnswerMarks) {
    const size_t at = text.rfind(mark);
    if (at == std::string_view::npos) continue;
    const size_t end = at + mark.size();
    if (best != std::string_view::npos && end <= after) continue;
    best = at;
    after = end;
  }
  if (best == std::string_view::npos) return std::nullopt;
  const auto skip = [&](std::string_view what) {
    if (!text.substr(after).starts_with(what)) return false;
    after += what.size();
    return true;
  };
  while (skip(" ") || skip("：") || skip(":") || skip("**") || skip("\n") || skip("是")) {
  }
  const Span span = Sentence(text, after);
  return span.begin < span.end ? std::optional(span) : std::nullopt;
}

std::optional<Span> LastFence(std::string_view text) {
  const size_t close = text.rfind("```");
  if (close == std::string_view::npos || close == 0) return std::nullopt;
  const size_t open = text.rfind("```", close - 1);
  if (open == std::string_view::npos) return std::nullopt;
  const size_t line = text.find('\n', open);
  if (line == std::string_view::npos || line >= close) return std::nullopt;
  return Span{line + 1, close};
}

// The value of the last key "answer" of a JSON object.
std::optional<Span> JsonAnswer(std::string_view text) {
  const std::string_view key = "\"answer\"";
  size_t at = text.rfind(key);
  if (at == std::string_view::npos) return std::nullopt;
  at += key.size();
  const auto space = [&] {
    while (at < text.size() && std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos)
      ++at;
  };
  space();
  if (at == text.size() || text[at] != ':') return std::nullopt;
  ++at;
  space();
  if (at == text.size()) return std::nullopt;
  if (text[at] == '"') {
    for (size_t i = at + 1; i < text.size(); ++i) {
      if (text[i] == '\\') return std::nullopt;  // escapes: not read here, so not guessed
      if (text[i] == '"') return Span{at + 1, i};
    }
    return std::nullopt;
  }
  const bool list = text[at] == '[';
  const size_t end = text.find_first_of(list ? "]" : ",}\n", at);
  if (end == std::string_view::npos) return std::nullopt;
  return Span{at, list ? end + 1 : end};
}

std::optional<Span> LastNumber(std::string_view text) {
  std::optional<Span> last;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    const bool digit = c >= '0' && c <= '9';
    const auto numeral = digit ? ReadNumeral(text.substr(at)) : std::nullopt;
    if (!numeral) {
      at += DecodeUtf8(text.substr(at)).length;
      continue;
    }
    const bool negative =
        at > 0 && text[at - 1] == '-' && (at == 1 || text[at - 2] == ' ' || text[at - 2] == '=');
    last = Span{negative ? at - 1 : at, at + numeral->bytes};
    at += numeral->bytes;
  }
  return last;
}

Extracted At(std::string_view text, Span span, AnswerRule rule) {
  Extracted out;
  out.answer = ParseAnswer(text.substr(span.begin, span.end - span.begin));
  out.rule = rule;
  const size_t at = text.substr(span.begin).find(out.answer.text);
  out.span = {span.begin + at, span.begin + at + out.answer.text.size()};
  return out;
}

}  // namespace

std::string_view AnswerRuleName(AnswerRule rule) {
  constexpr std::string_view kNames[] = {"boxed", "boxed in thinking", "final line", "code fence",
                                         "json",  "last number"};
  return kNames[static_cast<size_t>(rule)];
}

std::optional<Extracted> ExtractAnswer(std::string_view text) {
  const size_t think = text.rfind(kThinkEnd);
  const size_t begin = think == std::string_view::npos ? 0 : think + kThinkEnd.size();
  const std::string_view region = text.substr(begin);
  const auto shifted = [&](Span s) { return Span{s.begin + begin, s.end + begin}; };
  if (const auto s = LastBoxed(region)) return At(text, shifted(*s), AnswerRule::kBoxed);
  if (begin > 0) {
    if (const auto s = LastBoxed(text)) return At(text, *s, AnswerRule::kBoxedInThinking);
  }
  if (const auto s = FinalLine(region)) return At(text, shifted(*s), AnswerRule::kFinalLine);
  const auto json = JsonAnswer(region);
  if (const auto s = LastFence(region)) {
    const bool holds_json = json && json->begin > s->begin && json->end < s->end;
    if (!holds_json) return At(text, shifted(*s), AnswerRule::kCodeFence);
  }
  if (json) return At(text, shifted(*json), AnswerRule::kJson);
  if (const auto s = LastNumber(region)) return At(text, shifted(*s), AnswerRule::kLastNumber);
  return std::nullopt;
}

}  // namespace lemma::check
