// SPDX-License-Identifier: Apache-2.0
#include "check/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/utf8.h"
#include "check/certificate.h"

namespace lemma::check {
namespace {

constexpr int kMaxNesting = 128;

enum class Draft { kUnstated, kOld /* 6, 7 */, kNew /* 2019-09, 2020-12 */, kOther };

Draft DraftOf(const JsonValue& schema) {
  const JsonValue* name = schema.Find("$schema");
  if (name == nullptr) return Draft::kUnstated;
  const std::string& text = name->text;
  if (text.find("2020-12") != text.npos || text.find("2019-09") != text.npos) return Draft::kNew;
  if (text.find("draft-07") != text.npos || text.find("draft-06") != text.npos) return Draft::kOld;
  return Draft::kOther;
}

SchemaVerdict And(SchemaVerdict a, SchemaVerdict b) {
  if (a == SchemaVerdict::kInvalid || b == SchemaVerdict::kInvalid) return SchemaVerdict::kInvalid;
  return a == SchemaVerdict::kValid ? b : a;
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

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// The count a keyword states. Unset: it states none.
std::optional<int64_t> Count(const JsonValue& value) {
  if (value.kind != JsonKind::kNumber) return std::nullopt;
  const auto count = value.number.ToInt64();
  return count && *count >= 0 ? count : std::nullopt;
}

class Evaluator {
 public:
  Evaluator(const JsonValue& root, SchemaReport& report)
      : root_(root), report_(report), draft_(DraftOf(root)) {}

  SchemaVerdict Check(const JsonValue& schema, const JsonValue& value, const std::string& path) {
    if (schema.kind == JsonKind::kBool) {
      return schema.boolean ? SchemaVerdict::kValid : Fail(path, "false", "∅", value);
    }
    if (schema.kind != JsonKind::kObject) return Unknown("a schema that is no object");
    if (depth_ >= kMaxNesting) return Unknown("a schema nested too deep");
    ++depth_;
    SchemaVerdict out = SchemaVerdict::kValid;
    const JsonValue* ref = schema.Find("$ref");
    if (ref != nullptr) {
      out = Ref(*ref, value, path);
      // Up to draft 7 nothing beside a $ref counts; from 2019-09 it does.
      const SchemaVerdict beside = draft_ == Draft::kOld ? out : Members(schema, value, path);
      const bool open = draft_ != Draft::kNew && draft_ != Draft::kOld;
      out = open && beside != SchemaVerdict::kValid ? Unknown("keywords beside $ref")
                                                    : And(out, beside);
    } else {
      out = Members(schema, value, path);
    }
    --depth_;
    return out;
  }

  SchemaVerdict Unknown(std::string_view what) {
    auto& list = report_.unknown;
    if (std::find(list.begin(), list.end(), what) == list.end() && list.size() < 64) {
      list.emplace_back(what);
    }
    return SchemaVerdict::kUnknown;
  }
  [[nodiscard]] Draft draft() const { return draft_; }

 private:
  // Faults inside anyOf, not and the like are no faults of the whole.
  class Quiet {
   public:
    explicit Quiet(Evaluator& evaluator) : evaluator_(evaluator) { ++evaluator_.quiet_; }
    ~Quiet() { --evaluator_.quiet_; }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

   private:
    Evaluator& evaluator_;
  };

  bool Step() { return ++steps_ <= kMaxSchemaSteps; }

  SchemaVerdict Fail(const std::string& path, std::string_view keyword, std::string expected,
                     const JsonValue& value) {
    if (quiet_ == 0 && report_.faults.size() < 16) {
      report_.faults.push_back({path, std::string(keyword), std::move(expected), ShortJson(value)});
    }
    return SchemaVerdict::kInvalid;
  }
  SchemaVerdict Expect(bool holds, const std::string& path, std::string_view keyword,
                       std::string expected, const JsonValue& value) {
    ++report_.checked;
    return holds ? SchemaVerdict::kValid : Fail(path, keyword, std::move(expected), value);
  }

  SchemaVerdict Members(const JsonValue& schema, const JsonValue& value, const std::string& path) {
    if (!Step()) return Unknown("too many steps");
    // Another base address inside changes what $ref means.
    if (&schema != &root_ && schema.Find("$id") != nullptr) return Unknown("$id");
    SchemaVerdict out = SchemaVerdict::kValid;
    for (const auto& [keyword, operand] : schema.members) {
      if (keyword == "$ref") continue;
      out = And(out, Keyword(schema, keyword, operand, value, path));
    }
    const bool lists = schema.Find("items") != nullptr || schema.Find("prefixItems") != nullptr;
    return lists && value.kind == JsonKind::kArray ? And(out, Items(schema, value, path)) : out;
  }

  SchemaVerdict Keyword(const JsonValue& schema, const std::string& keyword,
                        const JsonValue& operand, const JsonValue& value, const std::string& path) {
    if (IsAnnotation(keyword) || keyword == "prefixItems") return SchemaVerdict::kValid;
    if (keyword == "type") return Type(operand, value, path);
    if (keyword == "const") {
      return Expect(operand == value, path, keyword, ShortJson(operand), value);
    }
    if (keyword == "enum") return Enum(operand, value, path);
    if (keyword == "allOf" || keyword == "anyOf" || keyword == "oneOf") {
      return Several(keyword, operand, value, path);
    }
    if (keyword == "not") return Not(operand, value, path);
    if (keyword == "if") return If(schema, operand, value, path);
    for (const auto part : {&Evaluator::NumberKeyword, &Evaluator::StringKeyword,
                            &Evaluator::ArrayKeyword, &Evaluator::ObjectKeyword}) {
      if (const auto out = (this->*part)(schema, keyword, operand, value, path)) return *out;
    }
    return Unknown(keyword);
  }

  using Maybe = std::optional<SchemaVerdict>;  // unset: not a keyword of this part

  SchemaVerdict Type(const JsonValue& operand, const JsonValue& value, const std::string& path) {
    std::vector<std::string> names;
    if (operand.kind == JsonKind::kString) names.push_back(operand.text);
    for (const JsonValue& item : operand.items) names.push_back(item.text);
    bool holds = false;
    std::string shown;
    for (const std::string& name : names) {
      const bool whole =
          name == "integer" && value.kind == JsonKind::kNumber && value.number.IsInteger();
      constexpr std::string_view kTypes[] = {"null",  "boolean", "number", "string",
                                             "array", "object",  "integer"};
      if (std::find(std::begin(kTypes), std::end(kTypes), name) == std::end(kTypes)) {
        return Unknown("type \"" + name + "\"");
      }
      holds = holds || whole || name == JsonKindName(value.kind);
      shown += (shown.empty() ? "" : " | ") + name;
    }
    return names.empty() ? Unknown("type") : Expect(holds, path, "type", shown, value);
  }

  SchemaVerdict Enum(const JsonValue& operand, const JsonValue& value, const std::string& path) {
    if (operand.kind != JsonKind::kArray) return Unknown("enum");
    bool holds = false;
    std::string shown;
    for (const JsonValue& item : operand.items) {
      if (!Step()) return Unknown("too many steps");
      holds = holds || item == value;
      if (shown.size() < 160) shown += (shown.empty() ? "" : " | ") + ShortJson(item);
    }
    return Expect(holds, path, "enum", shown, value);
  }

  SchemaVerdict Several(const std::string& keyword, const JsonValue& operand,
                        const JsonValue& value, const std::string& path) {
    if (operand.kind != JsonKind::kArray || operand.items.empty()) return Unknown(keyword);
    if (keyword == "allOf") {
      SchemaVerdict out = SchemaVerdict::kValid;
      for (const JsonValue& item : operand.items) out = And(out, Check(item, value, path));
      return out;
    }
    size_t valid = 0;
    size_t unknown = 0;
    {
      const Quiet quiet(*this);
      for (const JsonValue& item : operand.items) {
        const SchemaVerdict one = Check(item, value, path);
        valid += one == SchemaVerdict::kValid;
        unknown += one == SchemaVerdict::kUnknown;
      }
    }
    const bool any = keyword == "anyOf";
    if (any ? valid == 0 && unknown > 0 : valid < 2 && unknown > 0) return SchemaVerdict::kUnknown;
    return Expect(any ? valid > 0 : valid == 1, path, keyword,
                  fmt::format("{} 1: {}", any ? "≥" : "=", valid), value);
  }

  SchemaVerdict Not(const JsonValue& operand, const JsonValue& value, const std::string& path) {
    SchemaVerdict inner = SchemaVerdict::kUnknown;
    {
      const Quiet quiet(*this);
      inner = Check(operand, value, path);
    }
    if (inner == SchemaVerdict::kUnknown) return inner;
    return Expect(inner == SchemaVerdict::kInvalid, path, "not", "¬", value);
  }

  SchemaVerdict If(const JsonValue& schema, const JsonValue& operand, const JsonValue& value,
                   const std::string& path) {
    SchemaVerdict condition = SchemaVerdict::kUnknown;
    {
      const Quiet quiet(*this);
      condition = Check(operand, value, path);
    }
    const auto branch = [&](std::string_view name) {
      const JsonValue* then = schema.Find(name);
      return then == nullptr ? SchemaVerdict::kValid : Check(*then, value, path);
    };
    if (condition == SchemaVerdict::kValid) return branch("then");
    if (condition == SchemaVerdict::kInvalid) return branch("else");
    const Quiet quiet(*this);
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

  Maybe NumberKeyword(const JsonValue& /*schema*/, const std::string& keyword,
                      const JsonValue& operand, const JsonValue& value, const std::string& path) {
    constexpr std::string_view kKeywords[] = {"minimum", "maximum", "exclusiveMinimum",
                                              "exclusiveMaximum", "multipleOf"};
    const auto* const found = std::find(std::begin(kKeywords), std::end(kKeywords), keyword);
    if (found == std::end(kKeywords)) return std::nullopt;
    if (operand.kind != JsonKind::kNumber) return Unknown(keyword);  // draft 4: true
    if (value.kind != JsonKind::kNumber) return SchemaVerdict::kValid;
    const Rational& limit = operand.number;
    const std::string shown = ShortJson(operand);
    switch (found - std::begin(kKeywords)) {
      case 0:
        return Expect(value.number >= limit, path, keyword, "≥ " + shown, value);
      case 1:
        return Expect(value.number <= limit, path, keyword, "≤ " + shown, value);
      case 2:
        return Expect(value.number > limit, path, keyword, "> " + shown, value);
      case 3:
        return Expect(value.number < limit, path, keyword, "< " + shown, value);
      default:
        if (limit.Sign() <= 0) return Unknown(keyword);
        return Expect((value.number / limit).IsInteger(), path, keyword, "n × " + shown, value);
    }
  }

  struct Sized {
    std::string_view low;
    std::string_view high;
  };
  Maybe SizeKeyword(const Sized& names, const std::string& keyword, const JsonValue& operand,
                    std::optional<size_t> size, const JsonValue& value, const std::string& path) {
    if (keyword != names.low && keyword != names.high) return std::nullopt;
    const auto limit = Count(operand);
    if (!limit) return Unknown(keyword);
    if (!size) return SchemaVerdict::kValid;
    const bool low = keyword == names.low;
    const auto count = static_cast<int64_t>(*size);
    return Expect(low ? count >= *limit : count <= *limit, path, keyword,
                  fmt::format("{} {}: {}", low ? "≥" : "≤", *limit, count), value);
  }

  Maybe StringKeyword(const JsonValue& /*schema*/, const std::string& keyword,
                      const JsonValue& operand, const JsonValue& value, const std::string& path) {
    const auto size =
        value.kind == JsonKind::kString ? std::optional(CodePoints(value.text)) : std::nullopt;
    return SizeKeyword({"minLength", "maxLength"}, keyword, operand, size, value, path);
  }

  Maybe ArrayKeyword(const JsonValue& schema, const std::string& keyword, const JsonValue& operand,
                     const JsonValue& value, const std::string& path) {
    const bool array = value.kind == JsonKind::kArray;
    const auto size = array ? std::optional(value.items.size()) : std::nullopt;
    if (const auto out =
            SizeKeyword({"minItems", "maxItems"}, keyword, operand, size, value, path)) {
      return out;
    }
    if (keyword == "uniqueItems") {
      if (operand.kind != JsonKind::kBool) return Unknown(keyword);
      if (!array || !operand.boolean) return SchemaVerdict::kValid;
      for (size_t i = 0; i < value.items.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
          if (!Step()) return Unknown("too many steps");
          if (value.items[i] == value.items[j]) {
            return Expect(false, path, keyword, fmt::format("/{} ≠ /{}", j, i), value);
          }
        }
      }
      return Expect(true, path, keyword, "", value);
    }
    if (keyword != "contains") return std::nullopt;
    return array ? Contains(schema, operand, value, path) : SchemaVerdict::kValid;
  }

  SchemaVerdict Contains(const JsonValue& schema, const JsonValue& operand, const JsonValue& value,
                         const std::string& path) {
    int64_t low = 1;
    std::optional<int64_t> high;
    for (const std::string_view name : {"minContains", "maxContains"}) {
      const JsonValue* limit = schema.Find(name);
      if (limit == nullptr) continue;
      if (draft_ != Draft::kNew) return Unknown(name);  // newer than draft 7
      const auto count = Count(*limit);
      if (!count) return Unknown(name);
      if (name == "minContains") low = *count;
      if (name == "maxContains") high = *count;
    }
    int64_t valid = 0;
    int64_t unknown = 0;
    {
      const Quiet quiet(*this);
      for (const JsonValue& item : value.items) {
        const SchemaVerdict one = Check(operand, item, path);
        valid += one == SchemaVerdict::kValid;
        unknown += one == SchemaVerdict::kUnknown;
      }
    }
    const bool fits = valid >= low && (!high || valid + unknown <= *high);
    const bool fails = valid + unknown < low || (high && valid > *high);
    if (!fits && !fails) return SchemaVerdict::kUnknown;
    return Expect(
        fits, path, "contains",
        high ? fmt::format("{}..{}: {}", low, *high, valid) : fmt::format("≥ {}: {}", low, valid),
        value);
  }

  SchemaVerdict Items(const JsonValue& schema, const JsonValue& value, const std::string& path) {
    const JsonValue* items = schema.Find("items");
    const JsonValue* prefix = schema.Find("prefixItems");
    if (prefix != nullptr && draft_ == Draft::kOld) prefix = nullptr;  // unknown to it: skipped
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

  Maybe ObjectKeyword(const JsonValue& schema, const std::string& keyword, const JsonValue& operand,
                      const JsonValue& value, const std::string& path) {
    const bool object = value.kind == JsonKind::kObject;
    const auto size = object ? std::optional(value.members.size()) : std::nullopt;
    if (const auto out =
            SizeKeyword({"minProperties", "maxProperties"}, keyword, operand, size, value, path)) {
      return out;
    }
    if (keyword == "required") return Required(operand, value, path);
    if (keyword == "properties") return Properties(operand, value, path);
    if (keyword == "propertyNames") {
      SchemaVerdict out = SchemaVerdict::kValid;
      for (const auto& [name, unused] : value.members) {
        JsonValue text;
        text.kind = JsonKind::kString;
        text.text = name;
        out = And(out, Check(operand, text, path + "/" + Escaped(name)));
      }
      return out;
    }
    if (keyword == "additionalProperties") {
      if (schema.Find("patternProperties") != nullptr) return Unknown("patternProperties");
      const JsonValue* known = schema.Find("properties");
      SchemaVerdict out = SchemaVerdict::kValid;
      for (const auto& [name, member] : value.members) {
        if (known != nullptr && known->Find(name) != nullptr) continue;
        out = And(out, Check(operand, member, path + "/" + Escaped(name)));
      }
      return out;
    }
    if (keyword == "dependentRequired") {
      if (draft_ == Draft::kOld) return Unknown(keyword);
      SchemaVerdict out = SchemaVerdict::kValid;
      for (const auto& [name, names] : operand.members) {
        if (value.Find(name) != nullptr) out = And(out, Required(names, value, path));
      }
      return out;
    }
    return std::nullopt;
  }

  SchemaVerdict Required(const JsonValue& names, const JsonValue& value, const std::string& path) {
    if (names.kind != JsonKind::kArray) return Unknown("required");
    if (value.kind != JsonKind::kObject) return SchemaVerdict::kValid;
    SchemaVerdict out = SchemaVerdict::kValid;
    for (const JsonValue& name : names.items) {
      out = And(out, Expect(value.Find(name.text) != nullptr, path, "required",
                            JsonString(name.text), value));
    }
    return out;
  }

  SchemaVerdict Properties(const JsonValue& operand, const JsonValue& value,
                           const std::string& path) {
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
  SchemaReport& report_;
  Draft draft_;
  int depth_ = 0;
  int quiet_ = 0;
  size_t steps_ = 0;
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
  Evaluator evaluator(schema, out);
  out.verdict = evaluator.draft() == Draft::kOther ? evaluator.Unknown("$schema")
                                                   : evaluator.Check(schema, value, "");
  if (out.verdict != SchemaVerdict::kInvalid) out.faults.clear();
  return out;
}

}  // namespace lemma::check
