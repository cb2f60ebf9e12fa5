// SPDX-License-Identifier: Apache-2.0
#include "check/formula_runs.h"

#include <algorithm>

#include "base/utf8.h"

namespace lemma::check {
namespace {

bool IsFormulaChar(std::string_view rest, size_t* bytes) {
  *bytes = DecodeUtf8(rest).length;
  if (*bytes == 1) {
    return std::string_view("0123456789+-*/^(){}[].=|!%$\\ ").find(rest[0]) !=
           std::string_view::npos;
  }
  for (const std::string_view sign :
       {"√", "×", "÷", "−", "·", "²", "³", "＝", "＋", "－", "（", "）", "⁴", "⋅"}) {
    if (rest.starts_with(sign)) return true;
  }
  return false;
}

// Without spaces and stops at the ends, \( \), and brackets that belong to the sentence.
Span Trimmed(std::string_view text, Span span) {
  constexpr std::string_view kEdge = " .$";
  while (span.end > span.begin && kEdge.find(text[span.end - 1]) != kEdge.npos) --span.end;
  while (span.begin < span.end && kEdge.find(text[span.begin]) != kEdge.npos) ++span.begin;
  const std::string_view run = text.substr(span.begin, span.end - span.begin);
  if (run.starts_with("\\(") && run.ends_with("\\)")) span = {span.begin + 2, span.end - 2};
  const auto count = [&](std::string_view sign) {
    size_t n = 0;
    for (size_t at = span.begin; at < span.end; ++at) n += text.substr(at).starts_with(sign);
    return n;
  };
  for (const auto& [open, shut] : {std::pair("(", ")"), std::pair("（", "）")}) {
    const size_t bytes = std::string_view(open).size();
    const std::string_view part = text.substr(span.begin, span.end - span.begin);
    if (count(open) > count(shut) && part.starts_with(open)) span.begin += bytes;
    if (count(open) > count(shut) && part.ends_with(open)) span.end -= bytes;
    if (count(shut) > count(open) && part.ends_with(shut)) span.end -= bytes;
  }
  return span;
}

bool IsCommand(std::string_view word) {
  constexpr std::string_view kCommands[] = {"sqrt",  "frac", "dfrac", "cdot",
                                            "times", "left", "right"};
  return std::find(std::begin(kCommands), std::end(kCommands), word) != std::end(kCommands);
}

}  // namespace

bool IsFormulaLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::vector<Span> FormulaRuns(std::string_view text) {
  std::vector<Span> out;
  size_t begin = 0;
  const auto close = [&](size_t end) {
    const Span span = Trimmed(text, {begin, end});
    if (span.begin < span.end) out.push_back(span);
  };
  for (size_t at = 0; at < text.size();) {
    size_t bytes = 0;
    if (IsFormulaLetter(text[at])) {
      while (at + bytes < text.size() && IsFormulaLetter(text[at + bytes])) ++bytes;
      const std::string_view word = text.substr(at, bytes);
      if (bytes > 1 && !IsCommand(word)) {
        close(at);
        begin = at + bytes;
      }
    } else if (!IsFormulaChar(text.substr(at), &bytes)) {
      close(at);
      begin = at + bytes;
    }
    at += bytes;
  }
  close(text.size());
  return out;
}

Span SpanOf(std::string_view whole, std::string_view part) {
  const auto begin = static_cast<size_t>(part.data() - whole.data());
  return {begin, begin + part.size()};
}

std::vector<std::string_view> WithMarks(std::vector<std::string_view> phrases) {
  phrases.insert(phrases.end(),
                 {" ", "\n", "，", "。", "：", "？", "；", ",", ".", ":", "?", ";", "$"});
  return phrases;
}

}  // namespace lemma::check
