// SPDX-License-Identifier: Apache-2.0
// The body of POST /v1/lemma/solve:
//   "model", "question" (or "messages", the last one the user's), "stream", "texts" (of the chains,
//   in the result), "chain_text" (events with the text of chains as it comes);
//   options as in docs/reasoning.md: "profile", "task", "effort", "search", "chains",
//   "first_chains", "temperature", "answer_temperature", "top_p", "thinking_tokens",
//   "answer_tokens", "retries", "scaffold", "calculator", "rewind", "enough", "short_m",
//   "deadline", "seed"; evidence: "tests", "entry_point", "support", "schema", "sources".
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "reasoning/solve.h"
#include "reasoning/solve_json.h"
#include "server/object_reader.h"
#include "server/serving.h"

namespace lemma::server::verified {

struct SolveBody {
  ModelRef model;
  reasoning::SolveRequest request;  // options.profile may be empty: the model's
  bool stream = false;
  bool chain_text = false;
  reasoning::ChainTexts texts = reasoning::ChainTexts::kNo;
};
// InvalidArgument names the field.
Result<SolveBody> ParseSolve(std::string_view body, BodyNotes& notes);

// The options alone, out of an object such as "lemma" of a chat request.
void ReadSolveOptions(ObjectReader& in, reasoning::SolveOptions& options);

}  // namespace lemma::server::verified
