// SPDX-License-Identifier: Apache-2.0
// What requests of all routes say about verified reasoning: the fields of POST /v1/lemma/solve, and
// the same ones as "lemma" of a chat (true, false, or an object of them). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reasoning/solve.h"
#include "reasoning/solve_json.h"
#include "server/object_reader.h"
#include "server/serving.h"

namespace lemma::server {

struct SolveFields {
  // `profile` may be empty (what suits the model). The seed is the one below.
  reasoning::SolveOptions options;
  std::optional<uint64_t> seed;  // absent: a fresh random one
  reasoning::VerifyRequest evidence;
  bool notebook = false;  // the server's notebook of mistakes is asked, and learns
  reasoning::ChainTexts texts = reasoning::ChainTexts::kNo;
};
// "profile", "task", "effort", "search", "chains", "first_chains", "temperature",
// "answer_temperature", "top_p", "thinking_tokens", "answer_tokens", "retries", "scaffold",
// "calculator", "rewind", "checkers", "enough", "short_m", "deadline", "seed"; evidence: "tests",
// "entry_point", "support", "schema", "sources"; "notebook", "texts".
void ReadSolveFields(ObjectReader& in, SolveFields& out);

struct LemmaField {
  bool on = true;  // false: the answer is a plain one, also where the model's name has the suffix
  SolveFields fields;
  std::vector<std::string> names;  // that the object has
};
// "lemma" of a chat. Absent: `model.lemma` stays null, and the model's name decides.
void ReadLemma(ObjectReader& in, ModelRef& model);

// An error about an option ("chains: ...") as one about the field of the chat that set it:
// "lemma.chains", or what the chat calls it ("timeout_ms" for "deadline"). `lemma` may be null.
Status NameOptionOfChat(const Status& error, const LemmaField* lemma);

}  // namespace lemma::server
