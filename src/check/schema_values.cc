// SPDX-License-Identifier: Apache-2.0
#include "check/schema_values.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/certificate.h"

namespace lemma::check {
namespace {

using Maybe = std::optional<SchemaVerdict>;  // unset: not a keyword of this part

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

SchemaVerdict Type(SchemaRecord& record, const SchemaSite& site) {
  std::vector<std::string> names;
  if (site.operand.kind == JsonKind::kString) names.push_back(site.operand.text);
  for (const JsonValue& item : site.operand.items) names.push_back(item.text);
  bool holds = false;
  std::string shown;
  for (const std::string& name : names) {
    const bool whole =
        name == "integer" && site.value.kind == JsonKind::kNumber && site.value.number.IsInteger();
    constexpr std::string_view kTypes[] = {"null",  "boolean", "number", "string",
                                           "array", "object",  "integer"};
    if (std::find(std::begin(kTypes), std::end(kTypes), name) == std::end(kTypes)) {
      return record.Unknown("type \"" + name + "\"");
    }
    holds = holds || whole || name == JsonKindName(site.value.kind);
    shown += (shown.empty() ? "" : " | ") + name;
  }
  return names.empty() ? record.Unknown("type") : record.Expect(holds, site, shown);
}

SchemaVerdict Enum(SchemaRecord& record, const SchemaSite& site) {
  if (site.operand.kind != JsonKind::kArray) return record.Unknown("enum");
  bool holds = false;
  std::string shown;
  for (const JsonValue& item : site.operand.items) {
    if (!record.Step()) return record.Unknown("too many steps");
    holds = holds || item == site.value;
    if (shown.size() < 160) shown += (shown.empty() ? "" : " | ") + ShortJson(item);
  }
  return record.Expect(holds, site, shown);
}

Maybe Limit(SchemaRecord& record, const SchemaSite& site) {
  constexpr std::string_view kKeywords[] = {"minimum", "maximum", "exclusiveMinimum",
                                            "exclusiveMaximum", "multipleOf"};
  const auto* const found = std::find(std::begin(kKeywords), std::end(kKeywords), site.keyword);
  if (found == std::end(kKeywords)) return std::nullopt;
  if (site.operand.kind != JsonKind::kNumber) return record.Unknown(site.keyword);  // draft 4: true
  if (site.value.kind != JsonKind::kNumber) return SchemaVerdict::kValid;
  const Rational& limit = site.operand.number;
  const Rational& given = site.value.number;
  const std::string shown = ShortJson(site.operand);
  switch (found - std::begin(kKeywords)) {
    case 0:
      return record.Expect(given >= limit, site, "≥ " + shown);
    case 1:
      return record.Expect(given <= limit, site, "≤ " + shown);
    case 2:
      return record.Expect(given > limit, site, "> " + shown);
    case 3:
      return record.Expect(given < limit, site, "< " + shown);
    default:
      if (limit.Sign() <= 0) return record.Unknown(site.keyword);
      return record.Expect((given / limit).IsInteger(), site, "n × " + shown);
  }
}

// The size that a keyword limits; unset: the value is of another kind.
std::optional<size_t> SizeFor(JsonKind kind, const JsonValue& value) {
  if (value.kind != kind) return std::nullopt;
  if (kind == JsonKind::kString) return CodePoints(value.text);
  return kind == JsonKind::kArray ? value.items.size() : value.members.size();
}

Maybe Size(SchemaRecord& record, const SchemaSite& site) {
  struct Row {
    std::string_view low;
    std::string_view high;
    JsonKind kind;
  };
  constexpr Row kRows[] = {{"minLength", "maxLength", JsonKind::kString},
                           {"minItems", "maxItems", JsonKind::kArray},
                           {"minProperties", "maxProperties", JsonKind::kObject}};
  const auto* const row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) {
    return site.keyword == r.low || site.keyword == r.high;
  });
  if (row == std::end(kRows)) return std::nullopt;
  const auto limit = SchemaCount(site.operand);
  if (!limit) return record.Unknown(site.keyword);
  const auto size = SizeFor(row->kind, site.value);
  if (!size) return SchemaVerdict::kValid;
  const bool low = site.keyword == row->low;
  const auto count = static_cast<int64_t>(*size);
  return record.Expect(low ? count >= *limit : count <= *limit, site,
                       fmt::format("{} {}: {}", low ? "≥" : "≤", *limit, count));
}

SchemaVerdict Unique(SchemaRecord& record, const SchemaSite& site) {
  if (site.operand.kind != JsonKind::kBool) return record.Unknown(site.keyword);
  if (site.value.kind != JsonKind::kArray || !site.operand.boolean) return SchemaVerdict::kValid;
  const std::vector<JsonValue>& items = site.value.items;
  for (size_t i = 0; i < items.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (!record.Step()) return record.Unknown("too many steps");
      if (items[i] == items[j]) return record.Expect(false, site, fmt::format("/{} ≠ /{}", j, i));
    }
  }
  return record.Expect(true, site, "");
}

SchemaVerdict DependentRequired(SchemaRecord& record, const SchemaSite& site) {
  if (record.draft() == Draft::kOld) return record.Unknown(site.keyword);
  SchemaVerdict out = SchemaVerdict::kValid;
  for (const auto& [name, names] : site.operand.members) {
    if (site.value.Find(name) == nullptr) continue;
    out = And(out, CheckRequired(record, {site.keyword, names, site.value, site.path}));
  }
  return out;
}

}  // namespace

SchemaVerdict SchemaRecord::Unknown(std::string_view what) {
  auto& list = report_.unknown;
  if (std::find(list.begin(), list.end(), what) == list.end() && list.size() < 64) {
    list.emplace_back(what);
  }
  return SchemaVerdict::kUnknown;
}

SchemaVerdict SchemaRecord::Fail(const SchemaSite& site, std::string expected) {
  if (quiet_ == 0 && report_.faults.size() < 16) {
    report_.faults.push_back(
        {site.path, std::string(site.keyword), std::move(expected), ShortJson(site.value)});
  }
  return SchemaVerdict::kInvalid;
}

SchemaVerdict SchemaRecord::Expect(bool holds, const SchemaSite& site, std::string expected) {
  ++report_.checked;
  return holds ? SchemaVerdict::kValid : Fail(site, std::move(expected));
}

SchemaVerdict And(SchemaVerdict a, SchemaVerdict b) {
  if (a == SchemaVerdict::kInvalid || b == SchemaVerdict::kInvalid) return SchemaVerdict::kInvalid;
  return a == SchemaVerdict::kValid ? b : a;
}

std::optional<int64_t> SchemaCount(const JsonValue& value) {
  if (value.kind != JsonKind::kNumber) return std::nullopt;
  const auto count = value.number.ToInt64();
  return count && *count >= 0 ? count : std::nullopt;
}

SchemaVerdict CheckRequired(SchemaRecord& record, const SchemaSite& site) {
  if (site.operand.kind != JsonKind::kArray) return record.Unknown("required");
  if (site.value.kind != JsonKind::kObject) return SchemaVerdict::kValid;
  SchemaVerdict out = SchemaVerdict::kValid;
  for (const JsonValue& name : site.operand.items) {
    const SchemaSite one = {"required", site.operand, site.value, site.path};
    out =
        And(out, record.Expect(site.value.Find(name.text) != nullptr, one, JsonString(name.text)));
  }
  return out;
}

std::optional<SchemaVerdict> CheckValueKeyword(SchemaRecord& record, const SchemaSite& site) {
  if (site.keyword == "type") return Type(record, site);
  if (site.keyword == "const") {
    return record.Expect(site.operand == site.value, site, ShortJson(site.operand));
  }
  if (site.keyword == "enum") return Enum(record, site);
  if (site.keyword == "uniqueItems") return Unique(record, site);
  if (site.keyword == "required") return CheckRequired(record, site);
  if (site.keyword == "dependentRequired") return DependentRequired(record, site);
  if (const auto out = Limit(record, site)) return out;
  return Size(record, site);
}

}  // namespace lemma::check
