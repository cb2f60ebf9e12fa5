// SPDX-License-Identifier: Apache-2.0
// A conversation that is too long for the context, shortened by its oldest turns, when the caller
// asked for that. System messages and everything from the last user message on always stay; tool
// results go together with the turn that they belong to. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "chat/message.h"
#include "service/loaded_model.h"

namespace lemma::service {

enum class OnOverflow : uint8_t {
  kRefuse,      // InvalidArgument with the counts
  kDropOldest,  // whole turns, reported
};

struct Truncation {
  size_t dropped_messages = 0;
  size_t dropped_tokens = 0;  // by which the prompt became shorter
};

struct FittedPrompt {
  chat::Prompt prompt;
  std::vector<int32_t> tokens;
  Truncation truncation;
};

// The prompt of the conversation. If it does not fit `context` and may be shortened, it is, to
// `context - reserve` tokens or as near as it gets. InvalidArgument with the counts when it does
// not fit all the same.
struct FitOptions {
  size_t context = 0;
  size_t reserve = 1;  // places for the answer, at least 1
  OnOverflow on_overflow = OnOverflow::kRefuse;
};
Result<FittedPrompt> FitPrompt(const LoadedModel& model, const chat::Conversation& conversation,
                               const FitOptions& options);

// The turns that may be dropped: [begin, end) of messages, oldest first, each from a user message
// (or the first message) to before the next.
struct MessageRange {
  size_t begin = 0;
  size_t end = 0;
  bool operator==(const MessageRange&) const = default;
};
std::vector<MessageRange> DroppableTurns(const std::vector<chat::Message>& messages);

}  // namespace lemma::service
