// SPDX-License-Identifier: Apache-2.0
// Public problem sets as rows: .jsonl with "question" and "answer" (GSM8K: the answer behind "####
// ") or "input" and "golden" (CMATH), .tsv with two columns (MGSM). What is no row is left out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lemma::check {

struct EvalRow {
  std::string question;
  std::string answer;
  std::string solution;  // worked out, "" without one
};
// Empty if the file cannot be read.
std::vector<EvalRow> ReadEvalRows(const std::string& path);

// The half of a set that grammars may be written with; the other half only measures them. By a hash
// of the question (FNV-1a).
bool IsTuned(std::string_view question);

}  // namespace lemma::check
