// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "check/certificate.h"
#include "check/json_value.h"

namespace lemma::check {
namespace {

// Members of one object, with errors that name them.
class CertificateReader {
 public:
  CertificateReader(const JsonValue& object, std::string path)
      : object_(object), path_(std::move(path)) {}

  Result<const JsonValue*> Get(std::string_view name, JsonKind kind) const {
    const JsonValue* value = object_.Find(name);
    if (value == nullptr || value->kind != kind) {
      const std::string_view shown = JsonKindName(kind);
      const bool vowel = shown.starts_with('a') || shown.starts_with('o');
      return InvalidArgument(
          fmt::format("{}{}: expected {} {}", path_, name, vowel ? "an" : "a", shown));
    }
    return value;
  }
  Result<std::string> Text(std::string_view name) const {
    LEMMA_ASSIGN_OR_RETURN(const JsonValue* value, Get(name, JsonKind::kString));
    return value->text;
  }
  Result<int64_t> Whole(std::string_view name) const {
    LEMMA_ASSIGN_OR_RETURN(const JsonValue* value, Get(name, JsonKind::kNumber));
    const auto whole = value->number.ToInt64();
    if (!whole) return InvalidArgument(fmt::format("{}{}: expected a whole number", path_, name));
    return *whole;
  }
  Result<int> Small(std::string_view name) const {
    LEMMA_ASSIGN_OR_RETURN(const int64_t value, Whole(name));
    if (value < -1'000'000 || value > 1'000'000) {
      return InvalidArgument(fmt::format("{}{}: expected a small number", path_, name));
    }
    return static_cast<int>(value);
  }
  Result<std::vector<std::string>> Texts(std::string_view name) const {
    LEMMA_ASSIGN_OR_RETURN(const JsonValue* value, Get(name, JsonKind::kArray));
    std::vector<std::string> out;
    for (const JsonValue& item : value->items) {
      if (item.kind != JsonKind::kString) {
        return InvalidArgument(fmt::format("{}{}: expected texts", path_, name));
      }
      out.push_back(item.text);
    }
    return out;
  }
  Result<Span> ReadSpan() const {
    LEMMA_ASSIGN_OR_RETURN(const JsonValue* value, Get("span", JsonKind::kArray));
    std::array<size_t, 2> ends{};
    for (size_t i = 0; i < 2; ++i) {
      const auto end = value->items.size() == 2 ? value->items[i].number.ToInt64() : std::nullopt;
      if (!end || *end < 0) return InvalidArgument(path_ + "span: expected two byte positions");
      ends[i] = static_cast<size_t>(*end);
    }
    return Span{ends[0], ends[1]};
  }
  // Calls `read` with a CertificateReader for each object of a list.
  template <typename F>
  Status Each(std::string_view name, F&& read) const {
    LEMMA_ASSIGN_OR_RETURN(const JsonValue* value, Get(name, JsonKind::kArray));
    for (size_t i = 0; i < value->items.size(); ++i) {
      const std::string path = fmt::format("{}{}[{}].", path_, name, i);
      LEMMA_RETURN_IF_ERROR(read(CertificateReader(value->items[i], path)));
    }
    return OkStatus();
  }
  [[nodiscard]] bool Has(std::string_view name) const { return object_.Find(name) != nullptr; }
  Result<CertificateReader> Object(std::string_view name) const {
    LEMMA_ASSIGN_OR_RETURN(const JsonValue* value, Get(name, JsonKind::kObject));
    return CertificateReader(*value, fmt::format("{}{}.", path_, name));
  }

  // The value of an enum by its name: `name_of` for 0..count-1.
  template <typename E, typename F>
  Result<E> Enum(std::string_view name, int count, F&& name_of) const {
    LEMMA_ASSIGN_OR_RETURN(const std::string text, Text(name));
    for (int i = 0; i < count; ++i) {
      if (name_of(static_cast<E>(i)) == text) return static_cast<E>(i);
    }
    return InvalidArgument(
        fmt::format("{}{}: \"{}\" is not known", path_, name, text.substr(0, 64)));
  }

 private:
  const JsonValue& object_;
  std::string path_;
};

Result<ExprPtr> ReadExpr(const CertificateReader& in, std::string_view name,
                         const std::vector<std::string>& variables) {
  LEMMA_ASSIGN_OR_RETURN(const std::string text, in.Text(name));
  ExprOptions options;
  options.variables = variables;
  auto expr = ParseExpr(text, options);
  return expr.ok() ? expr : expr.status().WithContext(name);
}

Status ReadVariables(const CertificateReader& in, Problem& out) {
  return in.Each("variables", [&](const CertificateReader& r) -> Status {
    Variable v;
    LEMMA_ASSIGN_OR_RETURN(v.name, r.Text("name"));
    LEMMA_ASSIGN_OR_RETURN(v.domain, r.Enum<Domain>("domain", 3, DomainName));
    LEMMA_ASSIGN_OR_RETURN(v.unit, r.Text("unit"));
    LEMMA_ASSIGN_OR_RETURN(v.labels, r.Texts("labels"));
    if (r.Has("low")) {
      Range range{};
      LEMMA_ASSIGN_OR_RETURN(range.low, r.Whole("low"));
      LEMMA_ASSIGN_OR_RETURN(range.high, r.Whole("high"));
      v.range = range;
    }
    out.variables.push_back(std::move(v));
    return OkStatus();
  });
}

Status ReadConstraints(const CertificateReader& in, const std::vector<std::string>& names,
                       Problem& out) {
  return in.Each("constraints", [&](const CertificateReader& r) -> Status {
    LEMMA_ASSIGN_OR_RETURN(const std::string text, r.Text("relation"));
    LEMMA_ASSIGN_OR_RETURN(const Span span, r.ReadSpan());
    ExprOptions options;
    options.variables = names;
    LEMMA_ASSIGN_OR_RETURN(const std::vector<Relation> relations, ParseRelations(text, options));
    if (relations.size() != 1) return InvalidArgument("relation: expected one sign");
    out.constraints.push_back({relations[0], span});
    return OkStatus();
  });
}

Status ReadChoice(const CertificateReader& in, Choice& out) {
  LEMMA_ASSIGN_OR_RETURN(out.n, in.Small("n"));
  LEMMA_ASSIGN_OR_RETURN(out.k, in.Small("k"));
  return in.Each("conditions", [&](const CertificateReader& r) -> Status {
    ChoiceCondition c;
    constexpr std::array<std::string_view, 4> kRules = {"not_both", "both_or_neither", "includes",
                                                        "excludes"};
    LEMMA_ASSIGN_OR_RETURN(c.rule, r.Enum<ChoiceRule>("rule", 4, [&](ChoiceRule rule) {
      return kRules[static_cast<size_t>(rule)];
    }));
    LEMMA_ASSIGN_OR_RETURN(c.a, r.Small("a"));
    LEMMA_ASSIGN_OR_RETURN(c.b, r.Small("b"));
    LEMMA_ASSIGN_OR_RETURN(c.span, r.ReadSpan());
    out.conditions.push_back(c);
    return OkStatus();
  });
}

Result<Rational> ReadRational(const CertificateReader& in, std::string_view name) {
  LEMMA_ASSIGN_OR_RETURN(const ExprPtr expr, ReadExpr(in, name, {"\x01"}));
  LEMMA_ASSIGN_OR_RETURN(const Surd value, Evaluate(*expr, {}));
  if (!value.IsRational()) return InvalidArgument(std::string(name) + ": expected a fraction");
  return value.a();
}

Status ReadRecurrence(const CertificateReader& in, Recurrence& out) {
  LEMMA_ASSIGN_OR_RETURN(out.first, ReadRational(in, "first"));
  LEMMA_ASSIGN_OR_RETURN(out.first_index, in.Whole("first_index"));
  LEMMA_ASSIGN_OR_RETURN(out.step, ReadExpr(in, "step", {"a", "n"}));
  LEMMA_ASSIGN_OR_RETURN(out.index, in.Whole("index"));
  return OkStatus();
}

// Residues in ascending order, of 0..modulus-1.
Result<ResidueCondition> ReadCondition(const CertificateReader& in) {
  ResidueCondition out;
  LEMMA_ASSIGN_OR_RETURN(out.modulus, in.Whole("modulus"));
  LEMMA_ASSIGN_OR_RETURN(const JsonValue* residues, in.Get("residues", JsonKind::kArray));
  out.residues.clear();
  for (const JsonValue& item : residues->items) {
    const auto r = item.kind == JsonKind::kNumber ? item.number.ToInt64() : std::nullopt;
    const bool fits =
        r && *r >= 0 && *r < out.modulus && (out.residues.empty() || *r > out.residues.back());
    if (!fits) return InvalidArgument("residues: expected remainders in ascending order");
    out.residues.push_back(*r);
  }
  return out;
}

Status ReadQuery(const CertificateReader& in, const std::vector<std::string>& names, Query& out) {
  LEMMA_ASSIGN_OR_RETURN(out.kind, in.Enum<QueryKind>("kind", 6, QueryKindName));
  LEMMA_ASSIGN_OR_RETURN(out.names, in.Texts("names"));
  LEMMA_ASSIGN_OR_RETURN(out.unit, in.Text("unit"));
  if (in.Has("expr")) {
    LEMMA_ASSIGN_OR_RETURN(out.expr, ReadExpr(in, "expr", names));
  }
  return OkStatus();
}

Status ReadNumerals(const CertificateReader& in, Problem& out) {
  return in.Each("numerals", [&](const CertificateReader& r) -> Status {
    NumeralNote note;
    LEMMA_ASSIGN_OR_RETURN(note.span, r.ReadSpan());
    LEMMA_ASSIGN_OR_RETURN(note.value, ReadRational(r, "value"));
    LEMMA_ASSIGN_OR_RETURN(const JsonValue* used, r.Get("used", JsonKind::kBool));
    note.used = used->boolean;
    LEMMA_ASSIGN_OR_RETURN(note.reason, r.Text("reason"));
    out.numerals.push_back(std::move(note));
    return OkStatus();
  });
}

Result<Problem> ReadProblem(const CertificateReader& in) {
  Problem out;
  LEMMA_ASSIGN_OR_RETURN(out.family, in.Enum<Family>("family", 7, FamilyName));
  LEMMA_ASSIGN_OR_RETURN(out.text, in.Text("text"));
  LEMMA_ASSIGN_OR_RETURN(out.readings, in.Small("readings"));
  LEMMA_RETURN_IF_ERROR(ReadVariables(in, out));
  std::vector<std::string> names;
  for (const Variable& v : out.variables) names.push_back(v.name);
  if (names.empty()) names = {"\x01"};  // none, and not any letter
  LEMMA_RETURN_IF_ERROR(ReadConstraints(in, names, out));
  if (in.Has("choice")) {
    LEMMA_ASSIGN_OR_RETURN(const CertificateReader choice, in.Object("choice"));
    LEMMA_RETURN_IF_ERROR(ReadChoice(choice, out.choice.emplace()));
  }
  if (in.Has("recurrence")) {
    LEMMA_ASSIGN_OR_RETURN(const CertificateReader recurrence, in.Object("recurrence"));
    LEMMA_RETURN_IF_ERROR(ReadRecurrence(recurrence, out.recurrence.emplace()));
  }
  if (in.Has("divisibility")) {
    LEMMA_ASSIGN_OR_RETURN(const CertificateReader divisibility, in.Object("divisibility"));
    Divisibility& d = out.divisibility.emplace();
    LEMMA_ASSIGN_OR_RETURN(d.polynomial, ReadExpr(divisibility, "polynomial", {"n"}));
    LEMMA_ASSIGN_OR_RETURN(d.modulus, divisibility.Whole("modulus"));
    if (divisibility.Has("condition")) {
      LEMMA_ASSIGN_OR_RETURN(const CertificateReader condition, divisibility.Object("condition"));
      LEMMA_ASSIGN_OR_RETURN(d.when, ReadCondition(condition));
    }
  }
  LEMMA_ASSIGN_OR_RETURN(const CertificateReader query, in.Object("query"));
  LEMMA_RETURN_IF_ERROR(ReadQuery(query, names, out.query));
  LEMMA_RETURN_IF_ERROR(ReadNumerals(in, out));
  return out;
}

}  // namespace

Status RecheckCertificate(std::string_view json) {
  LEMMA_ASSIGN_OR_RETURN(const JsonValue given, ParseJson(json));
  const CertificateReader in(given, "");
  LEMMA_ASSIGN_OR_RETURN(const std::string format, in.Text("format"));
  LEMMA_ASSIGN_OR_RETURN(const int version, in.Small("version"));
  if (format != "lemma-certificate" || version != 1) {
    return InvalidArgument("expected \"lemma-certificate\", version 1");
  }
  LEMMA_ASSIGN_OR_RETURN(const CertificateReader problem_in, in.Object("problem"));
  LEMMA_ASSIGN_OR_RETURN(const Problem problem, ReadProblem(problem_in));
  LEMMA_ASSIGN_OR_RETURN(const CertificateReader answer_in, in.Object("answer"));
  LEMMA_ASSIGN_OR_RETURN(const std::string answer_text, answer_in.Text("text"));
  LEMMA_ASSIGN_OR_RETURN(const AnswerRule rule, in.Enum<AnswerRule>("rule", 6, AnswerRuleName));
  const Answer answer = ParseAnswer(answer_text);
  const Report report = CheckAnswer(problem, answer, rule);
  const auto own = ParseJson(CertificateJson(problem, answer, report, rule));
  if (!own.ok()) return own.status().WithContext("own certificate");
  for (const auto& [name, value] : own->members) {
    const JsonValue* said = given.Find(name);
    if (said == nullptr || !(*said == value)) {
      return FailedPrecondition(fmt::format("{}: not what the check gives", name));
    }
  }
  if (given.members.size() != own->members.size()) {
    return FailedPrecondition("a member that no certificate has");
  }
  return OkStatus();
}

}  // namespace lemma::check
