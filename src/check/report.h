// SPDX-License-Identifier: Apache-2.0
// A report in words and as a certificate. The certificate is one JSON object with everything that
// is needed to repeat the check offline: the problem as mathematics (expressions in ASCII, see
// ToText), the answer, each line with both sides, and the proof. Strings are UTF-8.
#pragma once

#include <string>

#include "check/checkers.h"

namespace lemma::check {

enum class Language { kChinese, kEnglish };

// {"format":"lemma-certificate","version":1,"verdict":...,"reason":...,"problem":{...},
//  "answer":{...},"checks":[...],"proof":{...}}
std::string CertificateJson(const Problem& problem, const Answer& answer, const Report& report);
// One line for people: "✗ 已反驳：2*x+4*y=94，x=24, y=11 时左边 92，右边 94".
std::string SummaryLine(const Problem& problem, const Report& report, Language language);
// What a model is told after REFUTED: what it claimed, what held, what failed with the values of
// both sides. Never a value that the checker computed as the solution. Empty for other verdicts.
std::string Feedback(const Answer& answer, const Report& report, Language language);

// JSON string with quotes; bytes that are no UTF-8 become U+FFFD.
std::string JsonString(std::string_view text);

}  // namespace lemma::check
