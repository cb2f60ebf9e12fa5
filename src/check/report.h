// SPDX-License-Identifier: Apache-2.0
// A report in words, Chinese and English, for people and as feedback for a model. The numbers
// shown are those that were computed. For programs: certificate.h.
#pragma once

#include <string>
#include <vector>

#include "check/checkers.h"

namespace lemma::check {

enum class Language { kChinese, kEnglish };

// One line for people: "✗ 已反驳：2*x+4*y=94，x=24, y=11 时左边 92，右边 94".
std::string SummaryLine(const Problem& problem, const Report& report, Language language);
// What was checked, a line each: "✓ x+y=35: 35 = 35 (x=23, y=12)", "cases: 900". For people only: a
// proof may name the solution.
std::vector<std::string> FactLines(const Report& report, Language language);
// What a model is told after REFUTED: what it claimed, what held, what failed with the values of
// both sides. Never a value that the checker computed as the solution. Empty for other verdicts.
std::string Feedback(const Answer& answer, const Report& report, Language language);

}  // namespace lemma::check
