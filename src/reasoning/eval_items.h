// SPDX-License-Identifier: Apache-2.0
// Problem sets for `lemma eval`, in their own formats, told apart by their fields:
//   GSM8K        .jsonl  "question", "answer" with "#### 72" at its end
//   CMATH        .jsonl  "input", "golden"
//   HumanEval    .jsonl  "task_id", "prompt", "entry_point", "test"
//   MGSM         .tsv    question, tab, answer
//   own          .jsonl  "question" (or "problem", "prompt"), "answer" (or "gold"); optional "id",
//                        "family", "lang", "tests", "entry_point", "support"
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "reasoning/policy.h"
#include "reasoning/verify.h"

namespace lemma::reasoning {

struct EvalItem {
  std::string id;  // of the file, or "line 7"
  std::string question;
  std::string gold;    // empty: the tests decide
  std::string family;  // empty: none
  std::string tests;
  std::string entry_point;
  std::string support;
  // Whether verified reasoning gets the tests as evidence, or the scorer alone; HumanEval: kOff.
  Switch tests_known = Switch::kOn;
};

// DataLoss names the line and the field; NotFound: no such file.
Result<std::vector<EvalItem>> ReadEvalItems(const std::filesystem::path& path);
// One line of a .jsonl file.
Result<EvalItem> ParseEvalItem(std::string_view line);

// Whether an answer is the gold one, in exact arithmetic (a number that is given as a decimal may
// be rounded), or, where there is none, whether the tests passed.
bool IsRight(const EvalItem& item, const check::CheckReport& report);

}  // namespace lemma::reasoning
