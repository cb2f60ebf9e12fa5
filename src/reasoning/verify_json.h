// SPDX-License-Identifier: Apache-2.0
// A verification as JSON: one object of texts in, the object of check::CheckReportJson out. Fields:
// "problem", "answer", "chain", "tests", "entry_point", "support" (texts), "schema" (an object,
// true, false, or a text that holds JSON), "sources" (texts, or objects with "name" and "text"),
// "id" (any value, given back). Another field is an error: a misspelt one would check nothing.
#pragma once

#include <string>
#include <string_view>

#include "reasoning/verify.h"

namespace lemma::reasoning {

struct VerifyRequestJson {
  VerifyRequest request;
  std::string id;  // as JSON; empty: none
};

// kInvalidArgument names the field or the byte.
Result<VerifyRequestJson> ParseVerifyRequest(std::string_view text);

}  // namespace lemma::reasoning
