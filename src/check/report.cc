// SPDX-License-Identifier: Apache-2.0
#include "check/report.h"

#include <fmt/format.h>

#include <algorithm>

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

struct FamilyName {
  Family family;
  std::string_view zh;
  std::string_view en;
};
constexpr FamilyName kFamilies[] = {
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
  for (const FamilyName& row : kFamilies) {
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

struct ProofRow {
  std::string_view name;
  std::string_view zh;
  std::string_view en;
};
constexpr ProofRow kProofNames[] = {
    {"solutions", "解", "solutions"},
    {"only_point", "唯一的有理数解", "only point over the fractions"},
    {"computed", "算得", "computed"},
    {"cases", "逐一检查的情况", "cases looked at"},
    {"hits", "其中符合的", "of which hold"},
    {"values", "可能的值", "possible values"},
    {"necessary_polynomial", "必要条件多项式", "necessary polynomial"},
    {"real_roots", "实根个数", "real roots"},
    {"extraneous", "增根", "extraneous roots"},
    {"steps", "递推步数", "steps"},
    {"polynomial", "多项式", "polynomial"},
    {"modulus", "模", "modulus"},
    {"condition", "条件", "condition"},
    {"residues", "各余数类的值", "values by residue"},
    {"counterexample", "反例", "counterexample"},
    {"value", "其值", "its value"},
};

}  // namespace

std::vector<std::string> FactLines(const Report& report, Language language) {
  const bool zh = language == Language::kChinese;
  std::vector<std::string> out;
  for (const CheckLine& line : report.lines) {
    if (line.result == LineResult::kUndefined) {
      out.push_back("✗ " + LineText(line, language));
      continue;
    }
    out.push_back(fmt::format(
        fmt::runtime(zh ? "{} {}：左 {}，右 {}（{}）" : "{} {}: left {}, right {} ({})"),
        line.result == LineResult::kPass ? "✓" : "✗", line.relation, line.left, line.right,
        line.at));
  }
  for (const auto& entry : report.proof) {
    const std::string& name = entry.first;
    const std::string& value = entry.second;
    const auto* const row = std::find_if(std::begin(kProofNames), std::end(kProofNames),
                                         [&](const ProofRow& r) { return r.name == name; });
    if (row == std::end(kProofNames) || value.empty()) continue;
    if (report.verdict == Verdict::kVerified && name == "only_point") continue;  // in the lines
    out.push_back(std::string(zh ? row->zh : row->en) + (zh ? "：" : ": ") + value);
  }
  return out;
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
