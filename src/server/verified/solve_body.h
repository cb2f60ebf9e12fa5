// SPDX-License-Identifier: Apache-2.0
// The body of POST /v1/lemma/solve:
//   "model", "question" (or "messages", the last one the user's), "stream", "chain_text" (events
//   with the text of chains as it comes), and the fields of dialect/lemma_field.h.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/message.h"
#include "server/dialect/lemma_field.h"
#include "server/object_reader.h"
#include "server/serving.h"

namespace lemma::server::verified {

struct SolveBody {
  ModelRef model;
  std::string question;
  std::vector<chat::Message> before;
  SolveFields fields;
  bool stream = false;
  bool chain_text = false;
};
// InvalidArgument names the field.
Result<SolveBody> ParseSolve(std::string_view body, BodyNotes& notes);

}  // namespace lemma::server::verified
