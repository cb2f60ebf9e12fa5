// SPDX-License-Identifier: Apache-2.0
// What a run says: accuracy with its interval, what each status is worth, what it cost; and two
// runs beside each other on the same items. Pure.
#pragma once

#include <string>
#include <vector>

#include "check/report.h"
#include "reasoning/eval_run.h"
#include "reasoning/statistics.h"

namespace lemma::reasoning {

struct EvalCount {
  size_t right = 0;
  size_t total = 0;
};

struct EvalSummary {
  size_t tests_known = 0;   // records whose tests were evidence before they scored
  size_t tests_unseen = 0;  // records whose tests only scored
  EvalCount all;
  std::vector<std::pair<std::string, EvalCount>> families;  // sorted by name
  std::vector<std::pair<SolveStatus, EvalCount>> statuses;  // right of those given the status
  double tokens = 0;                                        // per item, mean
  double samples = 0;                                       // per item, mean
  double seconds = 0;                                       // per item, mean
  double tokens_per_right = 0;
  double seconds_per_right = 0;             // of items that may have run side by side
  std::vector<std::string> false_verified;  // "id (seed): answer, gold"
};
EvalSummary Summarise(const std::vector<EvalRecord>& records);

// Pairs by id and seed that both runs have.
struct EvalComparison {
  size_t pairs = 0;
  EvalCount a;
  EvalCount b;
  size_t only_a = 0;
  size_t only_b = 0;
  double p = 1;         // McNemarP
  Interval difference;  // of b - a, 95 %
};
EvalComparison Compare(const std::vector<EvalRecord>& a, const std::vector<EvalRecord>& b);

// "93.0 % (91.4-94.3)".
std::string Percent(const EvalCount& count);
struct SummaryStyle {
  check::Language language = check::Language::kEnglish;
  size_t side_by_side = 1;  // items that ran at a time, and so shared the machine
};
std::string SummaryText(const EvalSummary& summary, const SummaryStyle& style = {});
std::string ComparisonText(const EvalComparison& comparison);
std::string SummaryJson(const EvalSummary& summary);

}  // namespace lemma::reasoning
