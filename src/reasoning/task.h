// SPDX-License-Identifier: Apache-2.0
// What kind of question a text asks, Chinese or English, by ordered rules: it chooses the policy
// (policy.h), never the answer. Pure, linear in the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "service/thinking.h"

namespace lemma::reasoning {

enum class Task : uint8_t {
  kWord,         // a word problem with numbers
  kEquation,     // solve for an unknown
  kArithmetic,   // a bare sum
  kCounting,     // how many ways
  kProbability,  // how likely
  kSequence,     // terms of a recurrence
  kProof,        // show that; is it so for every
  kCode,         // write a function
  kSummary,      // shorten a text
  kDocument,     // answer from sources that are given
  kStructured,   // JSON after a schema
  kChat,         // anything else
};
inline constexpr size_t kTasks = 12;
std::string_view TaskName(Task task);  // "word", "equation", ...
// InvalidArgument lists the names.
Result<Task> TaskNamed(std::string_view name);

struct TaskInput {
  std::string_view text;
  bool has_schema = false;
  bool has_sources = false;
  bool has_tests = false;
};

struct TaskGuess {
  Task task = Task::kChat;
  service::TextLanguage language = service::TextLanguage::kEnglish;
  std::string_view rule;  // the words that decided; empty: what was given beside the text, or none
};
TaskGuess ClassifyTask(const TaskInput& input);

}  // namespace lemma::reasoning
