// SPDX-License-Identifier: Apache-2.0
#include "check/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace lemma::check {
namespace {

struct ReasonRow {
  Reason reason;
  std::string_view zh;
  std::string_view en;
};
constexpr ReasonRow kReasons[] = {
    {Reason::kUniqueSolution, "唯一解", "the only solution"},
    {Reason::kAllSolutions, "全部解", "all solutions"},
    {Reason::kNoSolutionProven, "已证无解", "no solution, proven"},
    {Reason::kCountAgrees, "穷举一致", "agrees with full enumeration"},
    {Reason::kValueAgrees, "精确计算一致", "agrees with exact computation"},
    {Reason::kProvenByResidues, "按余数逐一证明", "proven by residues"},
    {Reason::kConstraintFails, "有条件不成立", "a condition fails"},
    {Reason::kOutsideDomain, "取值超出允许范围", "a value is not allowed"},
    {Reason::kNotASolution, "没有满足全部条件的取值能得到这个答案",
     "no values that meet all conditions give this answer"},
    {Reason::kSolutionsMissing, "所给的解成立，但不全", "what is given holds, but it is not all"},
    {Reason::kSolutionExists, "解是存在的", "a solution exists"},
    {Reason::kCountDiffers, "与穷举的结果不同", "differs from full enumeration"},
    {Reason::kValueDiffers, "与精确计算不同", "differs from exact computation"},
    {Reason::kCounterexample, "有反例", "there is a counterexample"},
    {Reason::kNotUnique, "代回成立，未证唯一", "holds, not shown to be the only one"},
    {Reason::kIncomplete, "题目没有完全读懂", "the problem was not read in full"},
    {Reason::kWeakAnswer, "答案的位置不确定", "the place of the answer is uncertain"},
    {Reason::kRounded, "只差舍入", "differs by rounding only"},
    {Reason::kNotBound, "答案没有说明所问", "the answer does not say what was asked"},
    {Reason::kCannotDecide, "超出可判定的范围", "outside what can be decided"},
    {Reason::kTooManyCases, "情况太多", "too many cases"},
};

struct FamilyRow {
  Family family;
  std::string_view zh;
  std::string_view en;
};
constexpr FamilyRow kFamilies[] = {
    {Family::kLinear, "线性方程组", "linear system"},
    {Family::kEquation, "方程", "equation"},
    {Family::kPuzzle, "整数穷举", "whole numbers by exhaustion"},
    {Family::kCounting, "计数穷举", "counting by exhaustion"},
    {Family::kProbability, "概率穷举", "probability by exhaustion"},
    {Family::kRecurrence, "递推", "recurrence"},
    {Family::kDivisibility, "整除", "divisibility"},
};

std::string_view ReasonText(Reason reason, Language language) {
  for (const ReasonRow& row : kReasons) {
    if (row.reason == reason) return language == Language::kChinese ? row.zh : row.en;
  }
  return "";
}

std::string_view FamilyText(Family family, Language language) {
  for (const FamilyRow& row : kFamilies) {
    if (row.family == family) return language == Language::kChinese ? row.zh : row.en;
  }
  return "";
}

// Both sides of a line that does not hold.
std::string LineText(const CheckLine& line, Language language) {
  const bool zh = language == Language::kChinese;
  if (line.result == LineResult::kPass) {
    return fmt::format(fmt::runtime(zh ? "{} 成立（{}）" : "{} holds ({})"), line.relation,
                       line.at);
  }
  if (line.result == LineResult::kUndefined) {
    return fmt::format(fmt::runtime(zh ? "{} 在 {} 处没有意义" : "{} has no value at {}"),
                       line.relation, line.at);
  }
  return fmt::format(fmt::runtime(zh ? "{} 不成立：{} 时左边 {}，右边 {}"
                                     : "{} fails: at {} the left side is {}, the right side {}"),
                     line.relation, line.at, line.left, line.right);
}

std::string SpanJson(Span span) { return fmt::format("[{},{}]", span.begin, span.end); }

template <typename List, typename F>
std::string Array(const List& list, F&& item) {
  std::string out = "[";
  for (const auto& x : list) {
    if (out.size() > 1) out += ',';
    out += item(x);
  }
  return out + "]";
}

std::string RelationText(const Relation& r) {
  return ToText(*r.left) + std::string(RelOpText(r.op)) + ToText(*r.right);
}

std::string VariableJson(const Variable& v) {
  std::string out = fmt::format("{{\"name\":{},\"domain\":{}", JsonString(v.name),
                                JsonString(DomainName(v.domain)));
  if (v.range) out += fmt::format(",\"low\":{},\"high\":{}", v.range->low, v.range->high);
  return out + fmt::format(",\"unit\":{},\"labels\":{}}}", JsonString(v.unit),
                           Array(v.labels, [](const auto& l) { return JsonString(l); }));
}

std::string ChoiceJson(const Choice& choice) {
  constexpr std::string_view kRules[] = {"not_both", "both_or_neither", "includes", "excludes"};
  return fmt::format("{{\"n\":{},\"k\":{},\"conditions\":{}}}", choice.n, choice.k,
                     Array(choice.conditions, [&](const ChoiceCondition& c) {
                       return fmt::format("{{\"rule\":\"{}\",\"a\":{},\"b\":{},\"span\":{}}}",
                                          kRules[static_cast<size_t>(c.rule)], c.a, c.b,
                                          SpanJson(c.span));
                     }));
}

std::string ProblemJson(const Problem& p) {
  std::string out =
      fmt::format("{{\"family\":{},\"complete\":{},\"text\":{},\"variables\":{},\"constraints\":{}",
                  JsonString(FamilyName(p.family)), CheckComplete(p).ok(), JsonString(p.text),
                  Array(p.variables, VariableJson), Array(p.constraints, [](const Constraint& c) {
                    return fmt::format("{{\"relation\":{},\"span\":{}}}",
                                       JsonString(RelationText(c.relation)), SpanJson(c.span));
                  }));
  if (p.choice) out += ",\"choice\":" + ChoiceJson(*p.choice);
  if (p.recurrence && p.recurrence->step) {
    const Recurrence& r = *p.recurrence;
    out += fmt::format(
        ",\"recurrence\":{{\"first\":{},\"first_index\":{},\"step\":{},\"index\":{}}}",
        JsonString(r.first.ToString()), r.first_index, JsonString(ToText(*r.step)), r.index);
  }
  if (p.divisibility && p.divisibility->polynomial) {
    out += fmt::format(",\"divisibility\":{{\"polynomial\":{},\"modulus\":{}}}",
                       JsonString(ToText(*p.divisibility->polynomial)), p.divisibility->modulus);
  }
  out += fmt::format(",\"query\":{{\"kind\":{}", JsonString(QueryKindName(p.query.kind)));
  if (p.query.expr) out += ",\"expr\":" + JsonString(ToText(*p.query.expr));
  out += fmt::format(
      ",\"names\":{},\"unit\":{}}},\"numerals\":{},\"readings\":{}}}",
      Array(p.query.names, [](const auto& n) { return JsonString(n); }), JsonString(p.query.unit),
      Array(p.numerals,
            [](const NumeralNote& n) {
              return fmt::format("{{\"span\":{},\"value\":{},\"used\":{},\"reason\":{}}}",
                                 SpanJson(n.span), JsonString(n.value.ToString()), n.used,
                                 JsonString(n.reason));
            }),
      p.readings);
  return out;
}

std::string AnswerJson(const Answer& a) {
  constexpr std::string_view kKinds[] = {"number",   "tuple",       "set", "named",
                                         "interval", "no_solution", "text"};
  return fmt::format("{{\"kind\":\"{}\",\"text\":{},\"numbers\":{},\"named\":{},\"unit\":{}}}",
                     kKinds[static_cast<size_t>(a.kind)], JsonString(a.text),
                     Array(a.numbers, [](const Surd& x) { return JsonString(x.ToString()); }),
                     Array(a.named,
                           [](const NamedValue& v) {
                             return fmt::format("{{\"name\":{},\"value\":{},\"unit\":{}}}",
                                                JsonString(v.name), JsonString(v.value.ToString()),
                                                JsonString(v.unit));
                           }),
                     JsonString(a.unit));
}

}  // namespace

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  for (const char c : SanitizeUtf8(text)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string CertificateJson(const Problem& problem, const Answer& answer, const Report& report) {
  constexpr std::string_view kResults[] = {"pass", "fail", "undefined"};
  const std::string checks = Array(report.lines, [&](const CheckLine& line) {
    return fmt::format(
        "{{\"relation\":{},\"at\":{},\"left\":{},\"right\":{},\"result\":\"{}\",\"span\":{}}}",
        JsonString(line.relation), JsonString(line.at), JsonString(line.left),
        JsonString(line.right), kResults[static_cast<size_t>(line.result)], SpanJson(line.span));
  });
  std::string proof;
  for (const auto& [name, value] : report.proof) {
    proof += (proof.empty() ? "" : ",") + JsonString(name) + ":" + JsonString(value);
  }
  return fmt::format(
      "{{\"format\":\"lemma-certificate\",\"version\":1,\"verdict\":{},\"reason\":{},"
      "\"detail\":{},\"problem\":{},\"answer\":{},\"checks\":{},\"proof\":{{{}}}}}",
      JsonString(VerdictName(report.verdict)), JsonString(ReasonName(report.reason)),
      JsonString(report.detail), ProblemJson(problem), AnswerJson(answer), checks, proof);
}

std::string SummaryLine(const Problem& problem, const Report& report, Language language) {
  const bool zh = language == Language::kChinese;
  const std::string_view reason = ReasonText(report.reason, language);
  switch (report.verdict) {
    case Verdict::kRefuted: {
      const auto failed =
          std::find_if(report.lines.begin(), report.lines.end(),
                       [](const CheckLine& line) { return line.result != LineResult::kPass; });
      const std::string what =
          failed == report.lines.end() ? std::string(reason) : LineText(*failed, language);
      return fmt::format(fmt::runtime(zh ? "✗ 已反驳：{}" : "✗ refuted: {}"), what);
    }
    case Verdict::kVerified:
      return fmt::format(fmt::runtime(zh ? "✓ 已验证（{}，{}）" : "✓ verified ({}, {})"),
                         FamilyText(problem.family, language), reason);
    case Verdict::kChecked:
      return fmt::format(fmt::runtime(zh ? "◐ 已核对（{}）" : "◐ checked ({})"), reason);
    case Verdict::kSelfOk:
      return zh ? "· 自洽" : "· consistent with itself";
    case Verdict::kUnverified:
      return fmt::format(fmt::runtime(zh ? "? 未验证（{}）" : "? not verified ({})"), reason);
  }
  return "";
}

std::string Feedback(const Answer& answer, const Report& report, Language language) {
  if (report.verdict != Verdict::kRefuted) return "";
  const bool zh = language == Language::kChinese;
  std::string facts;
  for (const CheckLine& line : report.lines) {
    facts += (facts.empty() ? "" : (zh ? "；" : "; ")) + LineText(line, language);
  }
  const bool failed = std::any_of(report.lines.begin(), report.lines.end(), [](const auto& line) {
    return line.result != LineResult::kPass;
  });
  if (!failed) {
    facts += facts.empty() ? "" : (zh ? "；" : "; ");
    facts += ReasonText(report.reason, language);
  }
  return fmt::format(
      fmt::runtime(zh ? "你上次的结论是 {}。{}。请从列出条件处重新推导。"
                      : "Your last conclusion was {}. {}. Derive it again from the conditions."),
      answer.text, facts);
}

}  // namespace lemma::check
