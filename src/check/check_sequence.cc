// SPDX-License-Identifier: Apache-2.0
#include "check/checker_parts.h"

namespace lemma::check {
namespace {

// What an answer says about a claim. Unset: neither, or both.
std::optional<bool> ClaimOf(const Answer& answer) {
  std::string text = answer.text;
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  constexpr std::string_view kNo[] = {"不成立", "不正确", "不对", "不是", "不能", "错误", "不一定",
                                      "false",  "not",    "no",   "假",   "否",   "反例"};
  constexpr std::string_view kYes[] = {"成立", "正确", "对",   "是",     "能",     "true",
                                       "yes",  "真",   "得证", "proved", "proven", "always"};
  const auto has = [&](auto& words) {
    for (const std::string_view word : words) {
      if (text.find(word) != std::string::npos) return true;
    }
    return false;
  };
  if (text.size() > 64) return std::nullopt;  // a sentence may say anything
  if (has(kNo)) {
    // "no counterexample", "没有反例", "not false": two negations are not read.
    int negations = 0;
    for (const std::string_view word : {"不", "没", "no", "false", "错", "反例", "假", "counter"}) {
      negations += text.find(word) != std::string::npos;
    }
    return negations > 1 ? std::nullopt : std::optional(false);
  }
  return has(kYes) ? std::optional(true) : std::nullopt;
}

}  // namespace

Report CheckRecurrence(const Problem& p, const Answer& answer) {
  if (!p.recurrence || !p.recurrence->step || p.query.kind != QueryKind::kValue) {
    return Unverified(Reason::kCannotDecide, "expected a recurrence and a query for a value");
  }
  const Recurrence& r = *p.recurrence;
  if (r.index < r.first_index || r.first_index < -10'000 || r.index > 10'000) {
    return Unverified(Reason::kTooManyCases, "expected an index up to 10,000");
  }
  const auto given = SingleNumber(answer, p.query);
  if (!given) return Unverified(Reason::kNotBound, "expected one number");
  Surd value = r.first;
  for (int64_t n = r.first_index; n < r.index; ++n) {
    const auto next = Evaluate(*r.step, {{"a", value}, {"n", Surd(n)}});
    if (!next.ok()) return Unverified(Reason::kCannotDecide, next.status().message());
    value = *next;
  }
  Report out;
  if (IsRounded(answer, value, *given)) return Unverified(Reason::kRounded, "a rounded decimal");
  const bool same = value == *given;
  out.verdict = same ? Verdict::kVerified : Verdict::kRefuted;
  out.reason = same ? Reason::kValueAgrees : Reason::kValueDiffers;
  out.proof.emplace_back("steps", std::to_string(r.index - r.first_index));
  out.proof.emplace_back("computed", value.ToString());
  return out;
}

Report CheckDivisibility(const Problem& p, const Answer& answer) {
  if (!p.divisibility || !p.divisibility->polynomial || p.query.kind != QueryKind::kClaim) {
    return Unverified(Reason::kCannotDecide, "expected a statement on divisibility");
  }
  const auto polynomial = ToPolynomial(*p.divisibility->polynomial, "n");
  if (!polynomial.ok()) return Unverified(Reason::kCannotDecide, polynomial.status().message());
  const auto proof = DividesAlways(*polynomial, p.divisibility->modulus, p.divisibility->when);
  if (!proof)
    return Unverified(Reason::kCannotDecide,
                      "expected whole coefficients and a modulus up to 100,000");
  const auto claim = ClaimOf(answer);
  if (!claim) return Unverified(Reason::kNotBound, "the answer says neither yes nor no");
  Report out;
  out.proof.emplace_back("claim", *claim ? "true" : "false");
  out.proof.emplace_back("polynomial", polynomial->ToString("n"));
  out.proof.emplace_back("modulus", std::to_string(p.divisibility->modulus));
  const std::string condition = ToText(p.divisibility->when);
  if (!condition.empty()) out.proof.emplace_back("condition", condition);
  std::string residues;
  for (size_t i = 0; i < proof->residues.size() && i < 64; ++i) {
    residues += (i == 0 ? "" : ",") + std::to_string(proof->residues[i]);
  }
  out.proof.emplace_back("residues", residues);
  if (proof->counterexample) {
    const Rational n(*proof->counterexample);
    out.proof.emplace_back("counterexample", "n=" + n.ToString());
    out.proof.emplace_back("value", polynomial->Eval(n).ToString());
  }
  const bool same = *claim == proof->holds;
  out.verdict = same ? Verdict::kVerified : Verdict::kRefuted;
  out.reason = same && proof->holds ? Reason::kProvenByResidues : Reason::kCounterexample;
  if (!same && proof->holds) out.reason = Reason::kValueDiffers;
  return out;
}

}  // namespace lemma::check
