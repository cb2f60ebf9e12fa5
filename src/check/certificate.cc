// SPDX-License-Identifier: Apache-2.0
#include "check/certificate.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace lemma::check {
namespace {

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

}  // namespace

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
    const ResidueCondition& when = p.divisibility->when;
    const std::string condition =
        when.modulus == 1
            ? ""
            : fmt::format(",\"condition\":{{\"modulus\":{},\"residues\":{}}}", when.modulus,
                          Array(when.residues, [](int64_t r) { return std::to_string(r); }));
    out += fmt::format(",\"divisibility\":{{\"polynomial\":{},\"modulus\":{}{}}}",
                       JsonString(ToText(*p.divisibility->polynomial)), p.divisibility->modulus,
                       condition);
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

std::string SpanJson(Span span) { return fmt::format("[{},{}]", span.begin, span.end); }

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

std::string CertificateJson(const Problem& problem, const Answer& answer, const Report& report,
                            AnswerRule rule) {
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
  Answer converted = answer;  // "numbers" are in the unit asked for, "text" is as written
  ConvertUnits(problem, converted);
  return fmt::format(
      "{{\"format\":\"lemma-certificate\",\"version\":1,\"verdict\":{},\"reason\":{},"
      "\"detail\":{},\"rule\":{},\"problem\":{},\"answer\":{},\"checks\":{},\"proof\":{{{}}}}}",
      JsonString(VerdictName(report.verdict)), JsonString(ReasonName(report.reason)),
      JsonString(report.detail), JsonString(AnswerRuleName(rule)), ProblemJson(problem),
      AnswerJson(converted), checks, proof);
}

}  // namespace lemma::check
