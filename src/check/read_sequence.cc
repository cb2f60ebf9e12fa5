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

// ₙ₊₁ as "n+1"; "" where no subscript starts at `at`, which moves behind it.
std::string ReadSubscript(std::string_view text, size_t& at) {
  std::string out;
  while (true) {
    const auto* const sign =
        std::find_if(std::begin(kSubscripts), std::end(kSubscripts),
                     [&](const auto& row) { return text.substr(at).starts_with(row.first); });
    if (sign == std::end(kSubscripts)) return out;
    out += sign->second;
    at += sign->first.size();
  }
}

// _{n+1}, (10), _10, n; "" for anything else.
std::string ReadPlainIndex(std::string_view text, size_t& at) {
  std::string out;
  if (text.substr(at).starts_with('_')) ++at;
  const char open = at < text.size() ? text[at] : '\0';
  if (open == '{' || open == '(') {
    const size_t close = text.find(open == '{' ? '}' : ')', at);
    if (close == std::string_view::npos) return "";
    out = text.substr(at + 1, close - at - 1);
    std::erase(out, ' ');
    at = close + 1;
  } else if (open == 'n') {
    const char next = ++at < text.size() ? text[at] : '\0';
    return (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') ? "" : "n";  // and
  } else {
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') out += text[at++];
  }
  return out;
}

std::optional<Term> ReadTerm(std::string_view text) {
  if (!text.starts_with('a')) return std::nullopt;
  size_t at = 1;
  std::string index = ReadSubscript(text, at);
  if (index.empty()) index = ReadPlainIndex(text, at);
  return IsIndex(index) ? std::optional(Term{index, at}) : std::nullopt;
}

std::string_view TrimTerm(std::string_view text) { return StripEnds(text, {" ", "$", "."}); }

// a_1 = 3, a_(n+1) = 2a_n+1 or a_10 alone, put into the slots. `part` lies in `whole`.
bool PutFormula(std::string_view whole, std::string_view part, Slots& slots) {
  part = TrimTerm(part);
  const auto begin = static_cast<size_t>(part.data() - whole.data());
  const Span span = {begin, begin + part.size()};
  const auto term = ReadTerm(part);
  if (!term) return false;
  const auto put = [&](const std::string& name, std::string value) {
    slots.values[name] = slots.values.count(name) != 0 ? "" : std::move(value);
    slots.spans[name] = span;
    return true;
  };
  std::string_view rest = TrimTerm(part.substr(term->bytes));
  if (rest.empty() || rest == "=") return term->index[0] != 'n' && put("index", term->index);
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

bool IsSequenceProblem(const Slots& s) {
  return s.values.size() == 4 && Filled(s, {"first", "first_index", "step", "index"});
}

const std::vector<std::string_view>& SequencePhrases() {
  static const std::vector<std::string_view> phrases = BetweenBars(
      " |$|.|\n|！|（|）|数列{a_n}|数列 {a_n}|数列{an}|数列 {an}|数列{aₙ}|数列 {aₙ}|数列a_n|"
      "数列\\{a_n\\}|数列|{a_n}|\\{a_n\\}|递推数列|递推关系|递推公式|满足|中|在|已知|求|则|若|设|"
      "如果|"
      "对任意|等于多少|是多少|等于几|是几|等于|的值|且|计算|那么|试求|求出|问|请问|请求出|首项|"
      "的首项|第一项|首项为|其中|"
      "定义为|由|给出|确定|定义|并且|有|的|值|是|为|多少|（n≥1）|n≥1|n≥1时|n为正整数|n∈n*|n∈n^*|"
      "n是正整数|"
      "（n∈n*）|（n为正整数）|对一切n|对所有n|a sequence|the sequence|sequence|"
      "sequence {a_n}|sequence a_n|sequence \\{a_n\\}|{a_n}|"
      "the sequence {a_n}|a sequence {a_n}|the sequence a_n|sequence (a_n)|"
      "satisfies|satisfying|is defined by|defined|defined by|is given by|given by|"
      "starts with|starts|starting|begins|starting with|begins with|with|and|find|what is|given|if|"
      "let|where|then|compute|calculate|has|the value of|value of|determine|"
      "suppose|that|define|each term satisfies|the recurrence|recurrence|"
      "recurrence relation|the recurrence relation|for n ≥ 1|for n >= 1|"
      "for all n ≥ 1|for all n >= 1|for n≥1|for every n ≥ 1|for n = 1|"
      "for all positive integers n|for every positive integer n|n ≥ 1|for|"
      "the|first term|the first term|its first term|whose first term|is|"
      "equals|by|it|we have|please|us|what|of|follows the rule|rule|the rule|"
      "every|satisfy|defined as|as|recursively|recursively by|(n≥1)|(n ≥ 1)|"
      "(n >= 1)|(n≥1，n∈n*)|n>=1|the|(n=1,2,3,...)|n=1,2,3,…");
  return phrases;
}

// 第10项, the tenth term, the 10th term: the index of a term, in the whole text part.
std::optional<std::pair<Rational, Span>> TermByNumber(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (const size_t at = lower.rfind("第"); at != lower.npos) {
    const std::string_view rest = text.substr(at + 3);
    const auto number = ReadNumeral(rest);
    if (!number || !rest.substr(number->bytes).starts_with("项")) return std::nullopt;
    return std::pair(number->value, Span{at, at + 3 + number->bytes + 3});
  }
  constexpr std::pair<std::string_view, int> kOrdinals[] = {
      {"third term", 3},   {"fourth term", 4}, {"fifth term", 5}, {"sixth term", 6},
      {"seventh term", 7}, {"eighth term", 8}, {"ninth term", 9}, {"tenth term", 10}};
  for (const auto& [word, index] : kOrdinals) {
    if (const size_t at = lower.find(word); at != lower.npos) {
      return std::pair(Rational(index), Span{at, at + word.size()});
    }
  }
  const size_t at = std::min(lower.find("th term"), lower.find("rd term"));
  size_t begin = at == lower.npos ? 0 : at;
  while (begin > 0 && lower[begin - 1] >= '0' && lower[begin - 1] <= '9') --begin;
  if (at == lower.npos || begin == at || at - begin > 4) return std::nullopt;
  return std::pair(ReadNumeral(lower.substr(begin))->value, Span{begin, at + 7});
}

// The number in "for n ≥ 1" only says where the rule holds.
void PutDomain(std::string_view text, Slots& slots) {
  for (const std::string_view sign : {"n≥1", "n ≥ 1", "n>=1", "n >= 1"}) {
    const size_t at = text.find(sign);
    if (at == std::string_view::npos || slots.values["first_index"] != "1") continue;
    slots.spans["domain"] = {at, at + sign.size()};
    slots.reasons["domain"] = "where the rule holds";
  }
}

// The first term in words: 第一项是1, 首项为1, its first term is 1.
bool PutFirst(std::string_view whole, std::string_view part, Slots& slots) {
  const std::string lower = LowerAscii(part);
  for (const std::string_view name : {"第一项", "首项", "first term"}) {
    const size_t at = lower.find(name);
    if (at == lower.npos) continue;
    const std::string_view rest = StripEnds(part.substr(at + name.size()),
                                            {" ", "是", "为", "=", "is", "of", "equals", ".",
                                             "a sequence", "the sequence", "this sequence", "it"});
    const auto number = ReadNumeral(rest);
    if (!number || number->bytes != rest.size() || slots.values.count("first") != 0) return false;
    const auto begin = static_cast<size_t>(rest.data() - whole.data());
    slots.values["first"] = number->value.ToString();
    slots.values["first_index"] = "1";
    slots.spans["first"] = {begin, begin + rest.size()};
    return StripEnds(part.substr(0, at), SequencePhrases()).empty();
  }
  return false;
}

// A part that only asks for a term by its number. What is asked twice must be the same.
bool PutIndex(std::string_view whole, std::string_view part, Slots& slots) {
  const auto term = TermByNumber(part);
  if (!term) return false;
  const auto offset = static_cast<size_t>(part.data() - whole.data());
  const std::string_view before = StripEnds(part.substr(0, term->second.begin), SequencePhrases());
  const std::string_view after = StripEnds(part.substr(term->second.end), SequencePhrases());
  const std::string index = term->first.ToString();
  if (!before.empty() ||
      (!after.empty() && !(ReadTerm(after) && ReadTerm(after)->index == index))) {
    return false;
  }
  if (slots.values.count("index") != 0) return false;
  slots.values["index"] = index;
  slots.spans["index"] = {offset + term->second.begin, offset + term->second.end};
  if (!after.empty()) {
    const auto at = static_cast<size_t>(after.data() - whole.data());
    slots.spans["index again"] = {at, at + after.size()};
  }
  return true;
}

std::optional<Slots> SequenceStrict(std::string_view text) {
  Slots out;
  size_t begin = 0;
  for (size_t at = 0; at <= text.size();) {
    size_t cut = at == text.size() ? 1 : 0;
    for (const std::string_view mark : {"，", "。", "；", "？", "：", ",", ";", "?", ":", ". ",
                                        " and ", " with ", " where ", " for ", " by "}) {
      if (cut == 0 && text.substr(at).starts_with(mark)) cut = mark.size();
    }
    if (cut == 0) {
      at += DecodeUtf8(text.substr(at)).length;
      continue;
    }
    const std::string_view part = text.substr(begin, at - begin);
    const std::string_view core = StripEnds(part, SequencePhrases());
    if (!core.empty() && !PutFirst(text, part, out) && !PutIndex(text, core, out) &&
        !PutFormula(text, core, out)) {
      return std::nullopt;
    }
    at += cut;
    begin = std::min(at, text.size());
  }
  PutDomain(text, out);
  return IsSequenceProblem(out) ? std::optional(out) : std::nullopt;
}

// The number behind 首项 or "first term", if no formula gave the first term.
void PutFirstLoose(std::string_view text, Slots& slots) {
  const std::string lower = LowerAscii(text);
  for (const std::string_view name : {"首项", "第一项", "first term"}) {
    const size_t at = lower.find(name);
    if (at == lower.npos || slots.values.count("first") != 0) continue;
    for (const NumeralNote& n : FindNumerals(text)) {
      if (!n.reason.empty() || n.span.begin < at + name.size()) continue;
      const std::string_view gap =
          std::string_view(lower).substr(at + name.size(), n.span.begin - at - name.size());
      if (gap.size() > 24 || HasAny(gap, {"，", ",", "。", "."})) return;
      slots.values["first"] = n.value.ToString();
      slots.values["first_index"] = "1";
      slots.spans["first"] = n.span;
      return;
    }
  }
}

// The first character from `at` on that cannot stand in a formula.
size_t FormulaEnd(std::string_view text, size_t at) {
  constexpr std::string_view kPlain = "0123456789+-*/=()^n ";
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    const bool domain =
        rest.starts_with("(n≥") || rest.starts_with("(n ≥") || rest.starts_with("(n >");
    const bool sign = rest.starts_with("×") || rest.starts_with("·") || rest.starts_with("−");
    if (domain) break;
    if (const auto inner = ReadTerm(rest)) {
      at += inner->bytes;
    } else if (sign || kPlain.find(rest[0]) != kPlain.npos) {
      at += DecodeUtf8(rest).length;
    } else {
      break;
    }
  }
  return at;
}

// Looks for terms from left to right and takes what formula follows each.
std::optional<Slots> SequenceLoose(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (!HasAny(lower, {"求", "多少", "计算", "find", "what is", "compute", "determine", "则", "几",
                      "calculate", "?", "？", "那么"}) ||
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
    const size_t end = FormulaEnd(text, at + term->bytes);
    std::string_view formula = text.substr(at, end - at);
    const bool name_only = term->index == "n" && formula.find('=') == std::string_view::npos;
    if (!name_only && !PutFormula(text, formula, out)) return std::nullopt;
    at = end;
  }
  PutFirstLoose(text, out);
  if (const auto term = TermByNumber(text)) {
    const std::string index = term->first.ToString();
    if (out.values.count("index") != 0 && out.values["index"] != index) return std::nullopt;
    out.values["index"] = index;
    out.spans["index"] = term->second;
  }
  return IsSequenceProblem(out) ? std::optional(out) : std::nullopt;
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
