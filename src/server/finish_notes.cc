// SPDX-License-Identifier: Apache-2.0
#include "server/finish_notes.h"

#include <fmt/format.h>

namespace lemma::server {

std::vector<std::string> FinishNotes(const service::StreamEvent& finish) {
  std::vector<std::string> out;
  if (finish.finish == service::FinishReason::kContextFull) {
    out.emplace_back("the context is full: the reply was cut");
  }
  if (finish.finish == service::FinishReason::kDeadline) {
    out.emplace_back("the time limit of the request was reached: the reply was cut");
  }
  if (finish.finish == service::FinishReason::kCancelled) {
    out.emplace_back("the request was cancelled: the reply was cut");
  }
  if (finish.thinking_unfinished) {
    out.emplace_back("the reply ended inside the thinking text: there is no answer");
  }
  if (finish.loop) {
    out.push_back(fmt::format("the text went round in a circle after {} tokens: {}",
                              finish.loop->at_token,
                              finish.loop->in_thinking ? "thinking was closed" : "it was ended"));
  }
  return out;
}

std::optional<std::string> TruncationNote(const service::Truncation& truncation) {
  if (truncation.dropped_messages == 0) return std::nullopt;
  return fmt::format("truncated: the {} oldest messages ({} tokens) were left out of the prompt",
                     truncation.dropped_messages, truncation.dropped_tokens);
}

}  // namespace lemma::server
