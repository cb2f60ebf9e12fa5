// SPDX-License-Identifier: Apache-2.0
#include "check/divides_statement.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/formula_runs.h"

namespace lemma::check {
namespace {

// "n n^2+n": words and formula run together.
bool RunsTogether(std::string_view run) {
  const auto joins = [](char c) { return IsFormulaLetter(c) || (c >= '0' && c <= '9'); };
  for (size_t at = run.find(' '); at != std::string_view::npos; at = run.find(' ', at + 1)) {
    const size_t next = run.find_first_not_of(' ', at);
    if (next == std::string_view::npos || at == 0) continue;
    if ((joins(run[at - 1]) || run[at - 1] == ')') && (joins(run[next]) || run[next] == '(')) {
      return true;
    }
  }
  return false;
}

ExprPtr Renamed(const ExprPtr& e, const std::string& from) {
  if (e->op == Op::kVariable) return e->name == from ? Var("n") : e;
  if (e->args.empty()) return e;
  std::vector<ExprPtr> args;
  for (const ExprPtr& arg : e->args) args.push_back(Renamed(arg, from));
  return Make(e->op, std::move(args));
}

// The residues that meet the property, as "modulus:r,r".
std::optional<std::string> ResidueText(const ResidueProperty& p) {
  const auto m = p.modulus.IsInteger() ? p.modulus.num().ToInt64() : std::nullopt;
  const auto r = p.remainder.IsInteger() ? p.remainder.num().ToInt64() : std::nullopt;
  if (!m || !r || *m < 2 || *m > 1000 || *r < 0 || *r >= *m) return std::nullopt;
  std::string out;
  for (int64_t i = 0; i < *m; ++i) {
    if ((i == *r) != p.negated) out += (out.empty() ? "" : ",") + std::to_string(i);
  }
  return fmt::format("{}:{}", *m, out);
}

}  // namespace

std::optional<LetterFormulas> FindFormulas(std::string_view text) {
  LetterFormulas out;
  std::vector<std::pair<Span, std::string>> alone;
  for (const Span& run : FormulaRuns(text)) {
    const std::string_view part = text.substr(run.begin, run.end - run.begin);
    const auto e = ParseExpr(part);
    if (!e.ok() || RunsTogether(part)) continue;
    const std::vector<std::string> names = VariablesOf(**e);
    if (names.size() != 1 || names[0].size() != 1) continue;
    if (part == names[0]) {
      alone.emplace_back(run, names[0]);
      continue;
    }
    if (!out.letter.empty() && out.letter != names[0]) return std::nullopt;
    out.letter = names[0];
    out.spans.push_back(run);
  }
  for (const auto& [span, letter] : alone) {
    if (letter == out.letter) out.spans.push_back(span);
  }
  std::sort(out.spans.begin(), out.spans.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
  return out;
}

std::optional<Slots> DividesSlots(std::string_view text, const DividesStatement& s,
                                  const std::string& letter) {
  if (!s.claim || !s.polynomial || s.claim->negated) return std::nullopt;
  const auto e =
      ParseExpr(text.substr(s.polynomial->begin, s.polynomial->end - s.polynomial->begin));
  const Rational& m = s.claim->modulus;
  const Rational& r = s.claim->remainder;
  if (!e.ok() || !m.IsInteger() || m.Sign() <= 0 || r.Sign() < 0 || !(r < m)) return std::nullopt;
  ExprPtr polynomial = Renamed(*e, letter);
  if (r.Sign() > 0) polynomial = Make(Op::kSub, {polynomial, Num(r)});
  Slots out;
  out.values["polynomial"] = ToText(*polynomial);
  out.values["modulus"] = m.ToString();
  out.spans["polynomial"] = *s.polynomial;
  if (s.condition) {
    const auto residues = ResidueText(*s.condition);
    if (!residues) return std::nullopt;
    out.values["condition"] = *residues;
  }
  for (const auto* property : {&s.claim, &s.condition}) {
    if (!*property) continue;
    for (const Span& span : (*property)->numbers) {
      out.spans[fmt::format("number at {}", span.begin)] = span;
    }
  }
  return out;
}

std::optional<Problem> DividesProblem(const Slots& slots) {
  const auto e = ParseExpr(slots.values.at("polynomial"));
  const auto m = BigInt::Parse(slots.values.at("modulus"))->ToInt64();
  if (!e.ok() || !m) return std::nullopt;
  Divisibility divisibility = {*e, *m, {}};
  if (const auto found = slots.values.find("condition"); found != slots.values.end()) {
    const size_t colon = found->second.find(':');
    divisibility.when.modulus = *BigInt::Parse(found->second.substr(0, colon))->ToInt64();
    divisibility.when.residues.clear();
    for (size_t at = colon + 1; at <= found->second.size();) {
      const size_t end = std::min(found->second.find(',', at), found->second.size());
      const auto residue = BigInt::Parse(found->second.substr(at, end - at));
      if (residue) divisibility.when.residues.push_back(*residue->ToInt64());
      at = end + 1;
    }
  }
  Problem p;
  p.family = Family::kDivisibility;
  p.divisibility = std::move(divisibility);
  p.query.kind = QueryKind::kClaim;
  return p;
}

}  // namespace lemma::check
