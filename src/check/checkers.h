// SPDX-License-Identifier: Apache-2.0
// Checks an answer against a problem. The statuses and what earns them:
//   REFUTED     the problem is complete and an exact check fails; a failing line or a witness is
//               attached.
//   VERIFIED    the problem is complete, all checks pass, and the answer is shown to be the only
//               one (or all of them), and it was not read by the weak rule "last number".
//   CHECKED     every constraint holds, but completeness or uniqueness is not shown.
//   SELF-OK     only a model's own equations and arithmetic agree (never given here).
//   UNVERIFIED  everything else: not bound, out of the numbers we can decide, over the cap.
// Soundness of REFUTED and VERIFIED rests on the problem being read right; when in doubt the
// result is UNVERIFIED. No thread rule; nothing is kept between calls.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/answer.h"
#include "check/problem.h"

namespace lemma::check {

enum class Verdict { kRefuted, kVerified, kChecked, kSelfOk, kUnverified };
std::string_view VerdictName(Verdict verdict);  // "REFUTED", ...

enum class LineResult { kPass, kFail, kUndefined };  // kUndefined: a side has no value there
// One constraint with the answer put in.
struct CheckLine {
  std::string relation;  // "2*x+4*y=94"
  std::string left;      // value, "" if it has none
  std::string right;
  std::string at;  // "x=24, y=11"
  LineResult result = LineResult::kPass;
  Span span;  // in the problem's text
};

// Why, as a key for texts in both languages (report.h).
enum class Reason {
  kUniqueSolution,    // the answer is the only solution
  kAllSolutions,      // the answer is the set of all solutions
  kNoSolutionProven,  // and the answer says so
  kCountAgrees,
  kValueAgrees,
  kProvenByResidues,
  kConstraintFails,
  kOutsideDomain,     // not whole, negative, out of range
  kNotASolution,      // no values of the other unknowns fit
  kSolutionsMissing,  // what is given holds, but there are more
  kSolutionExists,    // the answer says there is none
  kCountDiffers,
  kValueDiffers,
  kCounterexample,
  kNotUnique,     // holds, but other answers hold too
  kIncomplete,    // the problem was not read in full
  kWeakAnswer,    // holds, but the answer was read by the weak rule
  kRounded,       // differs, but only by rounding to the digits given
  kNotBound,      // the answer does not say what was asked, or in another unit
  kCannotDecide,  // outside the numbers or forms the checker decides
  kTooManyCases,
};
std::string_view ReasonName(Reason reason);

struct Report {
  Verdict verdict = Verdict::kUnverified;
  Reason reason = Reason::kCannotDecide;
  std::string detail;  // English, for logs: what exactly was missing
  std::vector<CheckLine> lines;
  // What was proven, as names and exact values for the certificate: "rational_solutions" "unique",
  // "cases" "900", "hits" "0", "necessary_polynomial" "x^2-3*x-2", "extraneous" "-2". It may name
  // the solution: for people and certificates, never for feedback.
  std::vector<std::pair<std::string, std::string>> proof;
};

// `rule` is how the answer was found. Cost: at most 10 ms, but for enumerations (at most
// kMaxPuzzleCases cases, below a second).
Report CheckAnswer(const Problem& problem, const Answer& given,
                   AnswerRule rule = AnswerRule::kBoxed);
// Puts values that are given in another unit of the same kind into the unit asked for (1.12 m for a
// problem in cm: 112). CheckAnswer does so by itself. Whether anything changed.
bool ConvertUnits(const Problem& problem, Answer& answer);
inline constexpr uint64_t kMaxPuzzleCases = 1'000'000;

}  // namespace lemma::check
