// SPDX-License-Identifier: Apache-2.0
// Keywords of JSON Schema that look at one value alone (type, const, enum, limits, required), and
// the record of what was decided. Those that go on into parts of the value are in schema.cc.
// Internal to the folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "check/schema.h"

namespace lemma::check {

enum class Draft { kUnstated, kOld /* 6, 7 */, kNew /* 2019-09, 2020-12 */, kOther };

// One keyword at one place.
struct SchemaSite {
  std::string_view keyword;
  const JsonValue& operand;
  const JsonValue& value;
  const std::string& path;  // of the value
};

// Counts steps, keeps faults and what could not be decided.
class SchemaRecord {
 public:
  SchemaRecord(SchemaReport& report, Draft draft) : report_(report), draft_(draft) {}

  // Faults inside anyOf, not and the like are no faults of the whole.
  class Quiet {
   public:
    explicit Quiet(SchemaRecord& record) : record_(record) { ++record_.quiet_; }
    ~Quiet() { --record_.quiet_; }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

   private:
    SchemaRecord& record_;
  };

  [[nodiscard]] Draft draft() const { return draft_; }
  // False: the steps are used up.
  bool Step() { return ++steps_ <= kMaxSchemaSteps; }
  SchemaVerdict Unknown(std::string_view what);
  SchemaVerdict Fail(const SchemaSite& site, std::string expected);
  SchemaVerdict Expect(bool holds, const SchemaSite& site, std::string expected);

 private:
  SchemaReport& report_;
  Draft draft_;
  int quiet_ = 0;
  size_t steps_ = 0;
};

SchemaVerdict And(SchemaVerdict a, SchemaVerdict b);
// The count a keyword states. Unset: it states none.
std::optional<int64_t> SchemaCount(const JsonValue& value);
SchemaVerdict CheckRequired(SchemaRecord& record, const SchemaSite& site);
// Unset: not a keyword that looks at the value alone.
std::optional<SchemaVerdict> CheckValueKeyword(SchemaRecord& record, const SchemaSite& site);

}  // namespace lemma::check
