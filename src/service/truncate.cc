// SPDX-License-Identifier: Apache-2.0
#include "service/truncate.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lemma::service {
namespace {

using chat::Message;
using chat::Role;

struct Built {
  chat::Prompt prompt;
  std::vector<int32_t> tokens;
};
Result<Built> Build(const LoadedModel& model, const chat::Conversation& conversation) {
  Built built;
  LEMMA_ASSIGN_OR_RETURN(built.prompt, model.prompts().Build(conversation));
  built.tokens = model.EncodePrompt(built.prompt);
  return built;
}

// Without the messages of the first `turns` turns; system messages among them stay.
chat::Conversation Without(const chat::Conversation& whole, const std::vector<MessageRange>& turns,
                           size_t dropped) {
  chat::Conversation out = whole;
  out.messages.clear();
  for (size_t i = 0; i < whole.messages.size(); ++i) {
    const bool drop =
        std::any_of(turns.begin(), turns.begin() + static_cast<ptrdiff_t>(dropped),
                    [i](const MessageRange& turn) { return i >= turn.begin && i < turn.end; });
    if (!drop || whole.messages[i].role == Role::kSystem) {
      out.messages.push_back(whole.messages[i]);
    }
  }
  return out;
}

Status TooLong(size_t tokens, const FitOptions& options, size_t dropped_messages) {
  std::string text = fmt::format(
      "prompt: {} tokens do not fit the context of {} (one place is needed for the answer)", tokens,
      options.context);
  if (options.on_overflow == OnOverflow::kDropOldest) {
    text += fmt::format("; {} older messages were left out already", dropped_messages);
  }
  return InvalidArgument(std::move(text));
}

}  // namespace

std::vector<MessageRange> DroppableTurns(const std::vector<Message>& messages) {
  size_t last_user = messages.size();
  for (size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].role == Role::kUser) last_user = i;
  }
  std::vector<MessageRange> turns;
  if (last_user == messages.size()) return turns;
  // Several user messages in a row begin a turn each; what stands before the first is one, too.
  for (size_t i = 0; i < last_user; ++i) {
    if (messages[i].role == Role::kSystem) continue;
    if (turns.empty() || messages[i].role == Role::kUser) {
      turns.push_back({i, i});
    }
    turns.back().end = i + 1;
  }
  return turns;
}

Result<FittedPrompt> FitPrompt(const LoadedModel& model, const chat::Conversation& conversation,
                               const FitOptions& options) {
  LEMMA_ASSIGN_OR_RETURN(Built whole, Build(model, conversation));
  const size_t all = whole.tokens.size();
  if (all < options.context) {
    return FittedPrompt{std::move(whole.prompt), std::move(whole.tokens), {}};
  }
  if (options.on_overflow == OnOverflow::kRefuse) return TooLong(all, options, 0);
  const std::vector<MessageRange> turns = DroppableTurns(conversation.messages);
  const size_t target = options.context - std::clamp<size_t>(options.reserve, 1, options.context);
  // Prompts get shorter with every turn that goes: the fewest that suffice, by halving.
  size_t enough = turns.size();
  size_t few = 0;
  Built best;
  LEMMA_ASSIGN_OR_RETURN(best, Build(model, Without(conversation, turns, enough)));
  while (few + 1 < enough && best.tokens.size() <= target) {
    const size_t middle = (few + enough) / 2;
    LEMMA_ASSIGN_OR_RETURN(Built tried, Build(model, Without(conversation, turns, middle)));
    if (tried.tokens.size() <= target) {
      enough = middle;
      best = std::move(tried);
    } else {
      few = middle;
    }
  }
  const size_t kept = Without(conversation, turns, enough).messages.size();
  const size_t dropped = conversation.messages.size() - kept;
  if (best.tokens.size() >= options.context) return TooLong(best.tokens.size(), options, dropped);
  const Truncation truncation{dropped, all - best.tokens.size()};
  return FittedPrompt{std::move(best.prompt), std::move(best.tokens), truncation};
}

}  // namespace lemma::service
