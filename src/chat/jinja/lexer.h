// SPDX-License-Identifier: Apache-2.0
// Template source to tokens, after Jinja2's lexer: text outside tags with its whitespace control
// already applied (trim_blocks and lstrip_blocks are on; `-` strips, `+` keeps), comments dropped,
// raw blocks as text. Internal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace lemma::chat::jinja {

enum class TokenKind : uint8_t {
  kText,
  kOpenExpression,   // {{
  kCloseExpression,  // }}
  kOpenStatement,    // {%
  kCloseStatement,   // %}
  kName,
  kInteger,
  kFloat,
  kString,    // with its quotes and escapes
  kOperator,  // punctuation, one to two bytes
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  uint32_t offset = 0;
  uint32_t length = 0;
};

// Line ends as \n, one at the very end dropped: what Tokenize expects.
std::string NormalizeSource(std::string_view source);
// The tokens, ended by a kEnd. Errors: kInvalidArgument with line and column.
Result<std::vector<Token>> Tokenize(std::string_view source);
// The value of a kString token, given with its quotes. Escapes are Python's; an unknown one stays
// as it is.
std::string DecodeString(std::string_view quoted);

}  // namespace lemma::chat::jinja
