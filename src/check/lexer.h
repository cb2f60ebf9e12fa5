// SPDX-License-Identifier: Apache-2.0
// Words of the expression language (expr.h). Internal to the folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "check/expr.h"

namespace lemma::check {

enum class Tok {
  kNumber,
  kName,      // a variable
  kFunction,  // sqrt, frac, abs, binom, gcd, lcm: name in text
  kPlus,
  kMinus,
  kTimes,
  kSlash,
  kCaret,
  kOpen,   // ( [ {
  kClose,  // ) ] }
  kComma,
  kBar,  // |
  kBang,
  kPercent,
  kRelation,
  kEnd,
};

struct Token {
  Tok kind = Tok::kEnd;
  Span span;
  Rational number;
  NumeralScript script = NumeralScript::kDigits;
  std::string text;
  RelOp rel = RelOp::kEq;
  bool space_before = false;
  char bracket = '(';        // which of the three
  bool superscript = false;  // a number from ² ³ ½ and the like
};

// Errors as ParseExpr. The last token is kEnd.
Result<std::vector<Token>> Lex(std::string_view text, const ExprOptions& options);

}  // namespace lemma::check
