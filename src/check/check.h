// SPDX-License-Identifier: Apache-2.0
// The checker as one call: texts in, a status with what was checked out. The problem is formalised
// (formalise.h), the answer read (answer.h) and checked exactly (checkers.h); sums in the chain are
// looked at (steps.h, soft); the answer is held against a JSON Schema (schema.h) and its quotes
// against sources (citations.h) where they are given. Tests of Python code need a sandbox and are
// joined in reasoning/verify.h. No model, no I/O, no thread rule; nothing is kept between calls.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "check/checkers.h"
#include "check/citations.h"
#include "check/report.h"
#include "check/steps.h"

namespace lemma::check {

struct CheckRequest {
  std::string problem;          // empty: none
  std::string answer;           // alone, or a text that gives it; empty: the chain gives it
  std::string chain;            // of thought; may be empty
  std::string schema;           // JSON Schema for the answer; empty: none
  std::vector<Source> sources;  // for the quotes of the answer, in the order of [citation:1], ...
};
// Each text of a request may have so many bytes; longer ones are an error.
inline constexpr size_t kMaxRequestBytes = 1 << 20;

// The same words in both languages.
struct LocalText {
  std::string zh;
  std::string en;
  [[nodiscard]] const std::string& In(Language language) const {
    return language == Language::kChinese ? zh : en;
  }
};

// kSoft: a hint that never decides the status.
enum class Weight { kCounts, kSoft };

// What one checker says.
struct Finding {
  std::string checker;  // "linear", ..., "arithmetic", "json_schema", "citations", "python_tests"
  Weight weight = Weight::kCounts;
  Verdict verdict = Verdict::kUnverified;
  std::string reason;            // a key: "unique_solution"
  LocalText summary;             // one line
  std::vector<LocalText> facts;  // what was looked at, for people
  LocalText feedback;            // for a model, if refuted: no solution of ours in it
  std::string json;              // further members of the JSON object: ",\"lines\":[...]"
};

struct CheckReport {
  Verdict status = Verdict::kUnverified;
  LocalText summary;  // of the finding that decided
  LocalText feedback;
  std::vector<Finding> findings;
  std::optional<Problem> problem;
  std::optional<Extracted> answer;   // span: in the text it was taken from
  bool from_chain = false;           // the answer was taken from the chain
  bool alone = false;                // the answer was given alone: no rule was needed
  std::optional<bool> chain_agrees;  // the chain gives the same answer as `answer` does
  bool unfinished = false;           // the chain ends inside <think>
  std::string certificate;           // JSON; empty: there is no problem to certify
  std::string ir;                    // JSON of the problem; empty: none
};

// kInvalidArgument: a text is too long, or the schema is no JSON. Cost: see CheckAnswer; the rest
// is linear in the texts.
Result<CheckReport> CheckText(const CheckRequest& request);

// The status of several findings: REFUTED if one that counts is refuted, else the weakest of those
// that count; SELF-OK only if nothing else was found. Sets status, summary and feedback.
void Combine(CheckReport& report);

// {"status":...,"summary":{"zh":...,"en":...},"feedback":...,"answer":{...},"checks":[...],
//  "certificate":{...}|null,"ir":{...}|null}
std::string CheckReportJson(const CheckReport& report);

}  // namespace lemma::check
