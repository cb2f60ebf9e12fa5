// SPDX-License-Identifier: Apache-2.0
// The certificate: one JSON object with everything that is needed to repeat a check offline: the
// problem as mathematics (expressions in ASCII, see ToText), the answer, each line with the values
// of both sides, and the proof. tools/recheck_certificate.py repeats it with code of its own;
// RecheckCertificate repeats it with this library. Strings are UTF-8; numbers that matter are
// strings ("7/2", "(3+sqrt(17))/2") and exact. No thread rule.
#pragma once

#include <string>
#include <string_view>

#include "check/checkers.h"

namespace lemma::check {

// {"format":"lemma-certificate","version":1,"verdict":...,"reason":...,"detail":...,
//  "rule":...,"problem":{...},"answer":{...},"checks":[...],"proof":{...}}
std::string CertificateJson(const Problem& problem, const Answer& answer, const Report& report,
                            AnswerRule rule = AnswerRule::kBoxed);
// The problem alone: the "ir" of a report.
std::string ProblemJson(const Problem& problem);
std::string AnswerJson(const Answer& answer);

// Repeats the check of a certificate: the problem is read from it, the answer from its text, and
// all that the check says must be what the certificate says. kInvalidArgument: it is no
// certificate; kFailedPrecondition names the first member that differs.
Status RecheckCertificate(std::string_view json);

// JSON string with quotes; bytes that are no UTF-8 become U+FFFD.
std::string JsonString(std::string_view text);
std::string SpanJson(Span span);  // [begin,end]

}  // namespace lemma::check
