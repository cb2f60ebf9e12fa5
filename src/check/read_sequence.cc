// SPDX-License-Identifier: Apache-2.0
// Readers: a sequence by its first term and its step, a_(n+1) from a_n; one term is asked.
#include <algorithm>

#include "base/utf8.h"
#include "check/reading.h"

namespace lemma::check {
namespace {

// A term of the sequence at the start of a text: a_10, a10, a(10), a_{n+1}, aₙ₊₁.
struct Term {
  std::string index;  // "10", "n", "n+1"
  size_t bytes = 0;
};

constexpr std::pair<std::string_view, std::string_view> kSubscripts[] = {
    {"₀", "0"}, {"₁", "1"}, {"₂", "2"}, {"₃", "3"}, {"₄", "4"}, {"₅", "5"},
    {"₆", "6"}, {"₇", "7"}, {"₈", "8"}, {"₉", "9"}, {"ₙ", "n"}, {"₊", "+"}};

bool IsIndex(const std::string& index) {
  if (index == "n" || index == "n+1") return true;
  return !index.empty() && index.size() <= 4 &&
         std::all_of(index.begin(), index.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<Term> ReadTerm(std::string_view text) {
  if (!text.starts_with('a')) return std::nullopt;
  Term out;
  size_t at = 1;
  for (bool more = true; more;) {
    more = false;
    for (const auto& [sign, ascii] : kSubscripts) {
      if (!text.substr(at).starts_with(sign)) continue;
      out.index += ascii;
      at += sign.size();
      more = true;
    }
  }
  if (out.index.empty()) {
    if (text.substr(at).starts_with('_')) ++at;
    const char open = at < text.size() ? text[at] : '\0';
    if (open == '{' || open == '(') {
      const size_t close = text.find(open == '{' ? '}' : ')', at);
      if (close == std::string_view::npos) return std::nullopt;
      out.index = text.substr(at + 1, close - at - 1);
      std::erase(out.index, ' ');
      at = close + 1;
    } else if (open == 'n') {
      out.index = "n";
      ++at;
      const char next = at < text.size() ? text[at] : '\0';
      if ((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z')) return std::nullopt;  // and
    } else {
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') out.index += text[at++];
    }
  }
  out.bytes = at;
  return IsIndex(out.index) ? std::optional(out) : std::nullopt;
}

std::string_view Trim(std::string_view text) { return StripEnds(text, {" ", "$", "."}); }

// a_1 = 3, a_(n+1) = 2a_n+1 or a_10 alone, put into the slots. `part` lies in `whole`.
bool PutFormula(std::string_view whole, std::string_view part, Slots& slots) {
  part = Trim(part);
  const auto begin = static_cast<size_t>(part.data() - whole.data());
  const Span span = {begin, begin + part.size()};
  const auto term = ReadTerm(part);
  if (!term) return false;
  const auto put = [&](const std::string& name, std::string value) {
    slots.values[name] = slots.values.count(name) != 0 ? "" : std::move(value);
    slots.spans[name] = span;
    return true;
  };
  std::string_view rest = Trim(part.substr(term->bytes));
  if (rest.empty()) return term->index[0] != 'n' && put("index", term->index);
  if (!rest.starts_with('=') || term->index == "n") return false;
  rest.remove_prefix(1);
  std::string right;
  for (size_t at = 0; at < rest.size();) {
    const auto inner = ReadTerm(rest.substr(at));
    if (inner && inner->index != "n") return false;
    if (inner) right += 'a';
    const size_t bytes = inner ? inner->bytes : DecodeUtf8(rest.substr(at)).length;
    if (!inner) right += rest.substr(at, bytes);
    at += bytes;
  }
  const auto e = ParseExpr(right);
  if (!e.ok()) return false;
  if (term->index == "n+1") return put("step", ToText(**e));
  const auto value = Evaluate(**e, {});
  if (!value.ok() || !value->IsRational()) return false;
  return put("first_index", term->index) && put("first", value->a().ToString());
}

bool IsWhole(const Slots& s) {
  return s.values.size() == 4 && Filled(s, {"first", "first_index", "step", "index"});
}

const std::vector<std::string_view>& Phrases() {
  static const std::vector<std::string_view> phrases = BetweenBars(
      " |$|.|\n|数列{a_n}满足|数列{an}满足|数列{aₙ}满足|数列a_n满足|数列满足|"
      "已知数列{a_n}满足|已知数列{an}满足|已知数列{aₙ}满足|已知数列满足|数列{a_n}中|"
      "数列{an}中|在数列{a_n}中|在数列{an}中|数列|设数列{a_n}满足|设数列满足|已知|求|则|若|"
      "等于多少|是多少|的值|且|计算|那么|试求|设|a sequence|the sequence|sequence|satisfies|"
      "is defined by|defined by|with|and|find|what is|given|if|let|where|then|compute|has|"
      "the sequence {a_n}|a sequence {a_n}|the value of|determine|starts with");
  return phrases;
}

std::optional<Slots> SequenceStrict(std::string_view text) {
  Slots out;
  size_t begin = 0;
  for (size_t at = 0; at <= text.size();) {
    size_t cut = at == text.size() ? 1 : 0;
    for (const std::string_view mark :
         {"，", "。", "；", "？", "：", ",", ";", "?", ":", ". ", " and "}) {
      if (cut == 0 && text.substr(at).starts_with(mark)) cut = mark.size();
    }
    if (cut == 0) {
      at += DecodeUtf8(text.substr(at)).length;
      continue;
    }
    const std::string_view core = StripEnds(text.substr(begin, at - begin), Phrases());
    if (!core.empty() && !PutFormula(text, core, out)) return std::nullopt;
    at += cut;
    begin = std::min(at, text.size());
  }
  return IsWhole(out) ? std::optional(out) : std::nullopt;
}

// Looks for terms from left to right and takes what formula follows each.
std::optional<Slots> SequenceLoose(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (!HasAny(lower, {"求", "多少", "计算", "find", "what is", "compute", "determine", "则"}) ||
      HasAny(lower, {"和",     "前", "sum",  "s_",      "sn",    "积",         "product",
                     "mod",    "余", "通项", "general", "不",    "b_",         "b1",
                     "when n", "偶", "奇",   "odd",     " even", "last digit", "个位"})) {
    return std::nullopt;
  }
  Slots out;
  for (size_t at = 0; at < text.size();) {
    const bool in_word = at > 0 && ((text[at - 1] >= 'a' && text[at - 1] <= 'z') ||
                                    (text[at - 1] >= 'A' && text[at - 1] <= 'Z'));
    const auto term = in_word ? std::nullopt : ReadTerm(text.substr(at));
    if (!term) {
      at += DecodeUtf8(text.substr(at)).length;
      continue;
    }
    // The formula ends before the first character that cannot stand in one.
    size_t end = at + term->bytes;
    while (end < text.size()) {
      const std::string_view rest = text.substr(end);
      const auto inner = ReadTerm(rest);
      if (inner) {
        end += inner->bytes;
      } else if (std::string_view("0123456789+-*/=()^n ").find(rest[0]) != std::string_view::npos) {
        ++end;
      } else if (rest.starts_with("×") || rest.starts_with("·") || rest.starts_with("−")) {
        end += DecodeUtf8(rest).length;
      } else {
        break;
      }
    }
    std::string_view formula = text.substr(at, end - at);
    const bool name_only = term->index == "n" && formula.find('=') == std::string_view::npos;
    if (!name_only && !PutFormula(text, formula, out)) return std::nullopt;
    at = end;
  }
  return IsWhole(out) ? std::optional(out) : std::nullopt;
}

std::optional<Problem> SequenceProblem(const Slots& slots) {
  const auto first = Rational::ParseDecimal(slots.values.at("first"));
  const auto from = BigInt::Parse(slots.values.at("first_index"));
  const auto index = BigInt::Parse(slots.values.at("index"));
  const auto step = ParseExpr(slots.values.at("step"));
  if (!first || !from || !index || !step.ok()) return std::nullopt;
  for (const std::string& name : VariablesOf(**step)) {
    if (name != "a" && name != "n") return std::nullopt;
  }
  Problem p;
  p.family = Family::kRecurrence;
  p.recurrence = Recurrence{*first, *from->ToInt64(), *step, *index->ToInt64()};
  p.query.kind = QueryKind::kValue;
  return p;
}

}  // namespace

FamilyReaders SequenceReaders() { return {SequenceStrict, SequenceLoose, SequenceProblem}; }

}  // namespace lemma::check
