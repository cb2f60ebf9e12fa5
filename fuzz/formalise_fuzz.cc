// SPDX-License-Identifier: Apache-2.0
// Problem texts: whatever is read keeps the rules of a Problem: spans inside the text, every number
// with a note where it says complete, and a check of any answer that never crashes, never verifies
// what is incomplete, and gives the same again. Input: problem, byte 0, answer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "check/certificate.h"
#include "check/formalise.h"
#include "check/json_value.h"
#include "check/report.h"

namespace {

using namespace lemma::check;  // NOLINT(google-build-using-namespace): a fuzz target

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckProblem(const Problem& p, std::string_view answer_text) {
  const auto inside = [&](Span s) { return s.begin <= s.end && s.end <= p.text.size(); };
  for (const Constraint& c : p.constraints) Require(inside(c.span));
  for (const NumeralNote& n : p.numerals) Require(inside(n.span));
  const bool complete = CheckComplete(p).ok();
  const Answer answer = ParseAnswer(answer_text);
  const Report report = CheckAnswer(p, answer);
  const bool decided = report.verdict == Verdict::kVerified || report.verdict == Verdict::kRefuted;
  Require(!decided || complete);
  const std::string certificate = CertificateJson(p, answer, report);
  Require(ParseJson(certificate).ok());
  Require(certificate == CertificateJson(p, answer, CheckAnswer(p, answer)));
  for (const Language language : {Language::kChinese, Language::kEnglish}) {
    Require(!SummaryLine(p, report, language).empty());
    Require(Feedback(answer, report, language).empty() == (report.verdict != Verdict::kRefuted));
    static_cast<void>(FactLines(report, language));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = text.find('\0');
  const auto problem = Formalise(text.substr(0, cut));
  if (!problem) return 0;
  Require(problem->text == text.substr(0, cut));
  CheckProblem(*problem, cut == text.npos ? "1" : text.substr(cut + 1));
  return 0;
}
