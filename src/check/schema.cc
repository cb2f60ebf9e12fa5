// SPDX-License-Identifier: Apache-2.0
#include "check/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/utf8.h"
#include "check/certificate.h"
#include "check/schema_values.h"

namespace lemma::check {
namespace {

constexpr int kMaxNesting = 128;

Draft DraftOf(const JsonValue& schema) {
  const JsonValue* name = schema.Find("$schema");
  if (name == nullptr) return Draft::kUnstated;
  const std::string& text = name->text;
  if (text.find("2020-12") != text.npos || text.find("2019-09") != text.npos) return Draft::kNew;
  if (text.find("draft-07") != text.npos || text.find("draft-06") != text.npos) return Draft::kOld;
  return Draft::kOther;
}

bool IsAnnotation(std::string_view keyword) {
  constexpr std::string_view kAnnotations[] = {
      "title",       "description", "default",          "examples",
      "$schema",     "$comment",    "deprecated",       "$defs",
      "definitions", "readOnly",    "writeOnly",        "$anchor",
      "then",        "else",        "minContains",      "$id",
      "maxContains", "items",       "contentMediaType", "additionalItems"};
  return std::find(std::begin(kAnnotations), std::end(kAnnotations), keyword) !=
         std::end(kAnnotations);
}

std::string Escaped(std::string_view name) {
  std::string out;
  for (const char c : name) out += c == '~' ? "~0" : (c == '/' ? "~1" : std::string(1, c));
  return out;
}

// The keywords that go on into parts of the schema or the value.
class Evaluator {
 public:
  Evaluator(const JsonValue& root, SchemaRecord& record) : root_(root), record_(record) {}

  SchemaVerdict Check(const JsonValue& schema, const JsonValue& value, const std::string& path) {
    if (schema.kind == JsonKind::kBool) {
      return schema.boolean ? SchemaVerdict::kValid
                            : record_.Fail({"false", schema, value, path}, "∅");
    }
    if (schema.kind != JsonKind::kObject) return Unknown("a schema that is no object");
    if (depth_ >= kMaxNesting) return Unknown("a schema nested too deep");
    ++depth_;
    SchemaVerdict out = SchemaVerdict::kValid;
    const JsonValue* ref = schema.Find("$ref");
    if (ref != nullptr) {
      out = Ref(*ref, value, path);
      // Up to draft 7 nothing beside a $ref counts; from 2019-09 it does.
      const SchemaVerdict beside =
          record_.draft() == Draft::kOld ? out : Members(schema, value, path);
      const bool open = record_.draft() != Draft::kNew && record_.draft() != Draft::kOld;
      out = open && beside != SchemaVerdict::kValid ? Unknown("keywords beside $ref")
                                                    : And(out, beside);
    } else {
      out = Members(schema, value, path);
    }
    --depth_;
    return out;
  }

 private:
  SchemaVerdict Unknown(std::string_view what) { return record_.Unknown(what); }

  SchemaVerdict Members(const JsonValue& schema, const JsonValue& value, const std::string& path) {
    if (!record_.Step()) return Unknown("too many steps");
    // Another base address inside changes what $ref means.
    if (&schema != &root_ && schema.Find("$id") != nullptr) return Unknown("$id");
    SchemaVerdict out = SchemaVerdict::kValid;
    for (const auto& [keyword, operand] : schema.members) {
      if (keyword == "$ref") continue;
      out = And(out, Keyword(schema, {keyword, operand, value, path}));
    }
    const bool lists = schema.Find("items") != nullptr || schema.Find("prefixItems") != nullptr;
    return lists && value.kind == JsonKind::kArray ? And(out, Items(schema, value, path)) : out;
  }

  SchemaVerdict Keyword(const JsonValue& schema, const SchemaSite& site) {
    const std::string_view keyword = site.keyword;
    if (IsAnnotation(keyword) || keyword == "prefixItems") return SchemaVerdict::kValid;
    if (keyword == "allOf" || keyword == "anyOf" || keyword == "oneOf") return Several(site);
    if (keyword == "not") return Not(site);
    if (keyword == "if") return If(schema, site);
    if (keyword == "contains") {
      return site.value.kind == JsonKind::kArray ? Contains(schema, site) : SchemaVerdict::kValid;
    }
    if (keyword == "properties") return Properties(site);
    if (keyword == "propertyNames") return Names(site);
    if (keyword == "additionalProperties") return OtherMembers(schema, site);
    const auto out = CheckValueKeyword(record_, site);
    return out ? *out : Unknown(keyword);
  }

  SchemaVerdict Several(const SchemaSite& site) {
    const auto& [keyword, operand, value, path] = site;
    if (operand.kind != JsonKind::kArray || operand.items.empty()) return Unknown(keyword);
    if (keyword == "allOf") {
      SchemaVerdict out = SchemaVerdict::kValid;
      for (const JsonValue& item : operand.items) out = And(out, Check(item, value, path));
      return out;
    }
    size_t valid = 0;
    size_t unknown = 0;
    {
      const SchemaRecord::Quiet quiet(record_);
      for (const JsonValue& item : operand.items) {
        const SchemaVerdict one = Check(item, value, path);
        valid += one == SchemaVerdict::kValid;
        unknown += one == SchemaVerdict::kUnknown;
      }
    }
    const bool any = keyword == "anyOf";
    if (any ? valid == 0 && unknown > 0 : valid < 2 && unknown > 0) return SchemaVerdict::kUnknown;
    return record_.Expect(any ? valid > 0 : valid == 1, site,
                          fmt::format("{} 1: {}", any ? "≥" : "=", valid));
  }

  SchemaVerdict Not(const SchemaSite& site) {
    SchemaVerdict inner = SchemaVerdict::kUnknown;
    {
      const SchemaRecord::Quiet quiet(record_);
      inner = Check(site.operand, site.value, site.path);
    }
    if (inner == SchemaVerdict::kUnknown) return inner;
    return record_.Expect(inner == SchemaVerdict::kInvalid, site, "¬");
  }

  SchemaVerdict If(const JsonValue& schema, const SchemaSite& site) {
    SchemaVerdict condition = SchemaVerdict::kUnknown;
    {
      const SchemaRecord::Quiet quiet(record_);
      condition = Check(site.operand, site.value, site.path);
    }
    const auto branch = [&](std::string_view name) {
      const JsonValue* then = schema.Find(name);
      return then == nullptr ? SchemaVerdict::kValid : Check(*then, site.value, site.path);
    };
    if (condition == SchemaVerdict::kValid) return branch("then");
    if (condition == SchemaVerdict::kInvalid) return branch("else");
    const SchemaRecord::Quiet quiet(record_);
    const SchemaVerdict yes = branch("then");
    return yes == branch("else") && yes == SchemaVerdict::kValid ? yes : SchemaVerdict::kUnknown;
  }

  SchemaVerdict Ref(const JsonValue& ref, const JsonValue& value, const std::string& path) {
    if (ref.kind != JsonKind::kString || !ref.text.starts_with('#')) {
      return Unknown("$ref to another document");
    }
    const JsonValue* at = &root_;
    std::string_view rest = std::string_view(ref.text).substr(1);
    if (!rest.empty() && rest[0] != '/') return Unknown("$ref to an anchor");
    while (!rest.empty() && at != nullptr) {
      rest.remove_prefix(1);
      const std::string_view raw = rest.substr(0, rest.find('/'));
      rest.remove_prefix(raw.size());
      if (raw.find('%') != raw.npos) return Unknown("$ref with escapes");
      std::string name(raw);
      for (const auto& [escape, c] : {std::pair("~1", '/'), std::pair("~0", '~')}) {
        for (size_t i = name.find(escape); i != name.npos; i = name.find(escape, i + 1)) {
          name.replace(i, 2, 1, c);
        }
      }
      if (at->kind == JsonKind::kArray) return Unknown("$ref into a list");
      if (at->Find("$id") != nullptr && at != &root_) return Unknown("$id");
      at = at->Find(name);
    }
    return at == nullptr ? Unknown("$ref to nothing") : Check(*at, value, path);
  }

  SchemaVerdict Contains(const JsonValue& schema, const SchemaSite& site) {
    int64_t low = 1;
    std::optional<int64_t> high;
    for (const std::string_view name : {"minContains", "maxContains"}) {
      const JsonValue* limit = schema.Find(name);
      if (limit == nullptr) continue;
      if (record_.draft() != Draft::kNew) return Unknown(name);  // newer than draft 7
      const auto count = SchemaCount(*limit);
      if (!count) return Unknown(name);
      if (name == "minContains") low = *count;
      if (name == "maxContains") high = *count;
    }
    int64_t valid = 0;
    int64_t unknown = 0;
    {
      const SchemaRecord::Quiet quiet(record_);
      for (const JsonValue& item : site.value.items) {
        const SchemaVerdict one = Check(site.operand, item, site.path);
        valid += one == SchemaVerdict::kValid;
        unknown += one == SchemaVerdict::kUnknown;
      }
    }
    const bool fits = valid >= low && (!high || valid + unknown <= *high);
    const bool fails = valid + unknown < low || (high && valid > *high);
    if (!fits && !fails) return SchemaVerdict::kUnknown;
    return record_.Expect(
        fits, site,
        high ? fmt::format("{}..{}: {}", low, *high, valid) : fmt::format("≥ {}: {}", low, valid));
  }

  SchemaVerdict Items(const JsonValue& schema, const JsonValue& value, const std::string& path) {
    const JsonValue* items = schema.Find("items");
    const JsonValue* prefix = schema.Find("prefixItems");
    if (prefix != nullptr && record_.draft() == Draft::kOld)
      prefix = nullptr;  // unknown to it: skipped
    const JsonValue* rest = items;
    if (items != nullptr && items->kind == JsonKind::kArray) {
      if (prefix != nullptr) return Unknown("items and prefixItems as lists");
      prefix = items;
      rest = schema.Find("additionalItems");
    }
    if (prefix != nullptr && prefix->kind != JsonKind::kArray) return Unknown("prefixItems");
    SchemaVerdict out = SchemaVerdict::kValid;
    const size_t first = prefix == nullptr ? 0 : prefix->items.size();
    for (size_t i = 0; i < value.items.size(); ++i) {
      const JsonValue* part = i < first ? &prefix->items[i] : rest;
      if (part != nullptr) {
        out = And(out, Check(*part, value.items[i], path + "/" + std::to_string(i)));
      }
    }
    return out;
  }

  SchemaVerdict Names(const SchemaSite& site) {
    SchemaVerdict out = SchemaVerdict::kValid;
    for (const auto& [name, unused] : site.value.members) {
      JsonValue text;
      text.kind = JsonKind::kString;
      text.text = name;
      out = And(out, Check(site.operand, text, site.path + "/" + Escaped(name)));
    }
    return out;
  }

  SchemaVerdict OtherMembers(const JsonValue& schema, const SchemaSite& site) {
    if (schema.Find("patternProperties") != nullptr) return Unknown("patternProperties");
    const JsonValue* known = schema.Find("properties");
    SchemaVerdict out = SchemaVerdict::kValid;
    for (const auto& [name, member] : site.value.members) {
      if (known != nullptr && known->Find(name) != nullptr) continue;
      out = And(out, Check(site.operand, member, site.path + "/" + Escaped(name)));
    }
    return out;
  }

  SchemaVerdict Properties(const SchemaSite& site) {
    const auto& [keyword, operand, value, path] = site;
    if (operand.kind != JsonKind::kObject) return Unknown("properties");
    SchemaVerdict out = SchemaVerdict::kValid;
    for (const auto& [name, schema] : operand.members) {
      const JsonValue* member = value.Find(name);
      if (member == nullptr) continue;
      out = And(out, Check(schema, *member, path + "/" + Escaped(name)));
    }
    return out;
  }

  const JsonValue& root_;
  SchemaRecord& record_;
  int depth_ = 0;
};

}  // namespace

std::string ShortJson(const JsonValue& value) {
  switch (value.kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kBool:
      return value.boolean ? "true" : "false";
    case JsonKind::kNumber:
      return value.number.ToString().substr(0, 60);
    case JsonKind::kString:
      return JsonString(value.text.substr(0, CompleteUtf8Prefix(value.text.substr(0, 60))));
    case JsonKind::kArray:
      return fmt::format("[…×{}]", value.items.size());
    case JsonKind::kObject:
      return fmt::format("{{…×{}}}", value.members.size());
  }
  return "";
}

SchemaReport CheckSchema(const JsonValue& schema, const JsonValue& value) {
  SchemaReport out;
  SchemaRecord record(out, DraftOf(schema));
  out.verdict = record.draft() == Draft::kOther
                    ? record.Unknown("$schema")
                    : Evaluator(schema, record).Check(schema, value, "");
  if (out.verdict != SchemaVerdict::kInvalid) out.faults.clear();
  return out;
}

}  // namespace lemma::check
