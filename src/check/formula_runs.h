// SPDX-License-Identifier: Apache-2.0
// Where formulas stand in a text, and the words that may stand around them. Internal to the folder.
#pragma once

#include <string_view>
#include <vector>

#include "check/numeral.h"

namespace lemma::check {

// Stretches of the text that may be formulas: signs, digits, single letters and known commands.
std::vector<Span> FormulaRuns(std::string_view text);
bool IsFormulaLetter(char c);
// Where `part` stands. REQUIRES: it is a view into `whole`.
Span SpanOf(std::string_view whole, std::string_view part);
// The phrases and the marks that may stand between them, for StripEnds.
std::vector<std::string_view> WithMarks(std::vector<std::string_view> phrases);

}  // namespace lemma::check
