// SPDX-License-Identifier: Apache-2.0
#include "server/anthropic/request.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdint>
#include <utility>

#include "server/anthropic/content.h"
#include "server/dialect/lemma_field.h"
#include "server/dialect/refusals.h"
#include "server/dialect/sampling_fields.h"
#include "service/thinking.h"

namespace lemma::server::anthropic {

namespace json = boost::json;

namespace {

enum class Needs : uint8_t { kGeneration, kPromptOnly };

// Only what the model may choose freely is possible before outputs can be forced.
void ReadToolChoice(ObjectReader& body, chat::Conversation& conversation) {
  const json::object* choice = body.Object("tool_choice");
  if (choice == nullptr) return;
  ObjectReader in(*choice, "tool_choice", body.notes());
  std::string type;
  in.Read("type", type);
  std::string name;
  in.Read("name", name);
  bool one_only = false;
  in.Read("disable_parallel_tool_use", one_only);
  if (one_only) in.Warn("disable_parallel_tool_use", "has no effect: calls cannot be forced yet");
  in.Finish();
  if (type == "none") {
    conversation.tools.clear();
  } else if (type == "any" || type == "tool") {
    in.Fail("type", fmt::format("\"{}\": {}", type, kNoForcedTools));
  } else if (type != "auto") {
    in.Fail("type", "expected \"auto\" or \"none\"");
  }
}

void ReadThinking(ObjectReader& body, service::ChatRequest& chat) {
  const json::object* thinking = body.Object("thinking");
  if (thinking == nullptr) return;
  ObjectReader in(*thinking, "thinking", body.notes());
  std::string type;
  in.Read("type", type);
  std::optional<size_t> budget;
  in.Read("budget_tokens", budget);
  std::string display;
  in.Read("display", display);
  if (display == "omitted") in.Warn("display", "has no effect: thinking is always shown");
  in.Finish();
  const auto& max_tokens = chat.settings.max_tokens;
  if (type == "disabled") {
    chat.conversation.thinking = chat::Thinking::kOff;
    if (budget) in.Fail("budget_tokens", "belongs to thinking of the type \"enabled\"");
  } else if (type == "enabled") {
    chat.conversation.thinking = chat::Thinking::kOn;
    if (!budget || *budget == 0) return in.Fail("budget_tokens", "expected an integer above 0");
    // 0 computes the prompt only, with whatever the requests to come will have.
    if (max_tokens && *max_tokens > 0 && *budget >= *max_tokens) {
      in.Fail("budget_tokens",
              fmt::format("{} must be less than max_tokens, {}", *budget, *max_tokens));
    }
    chat.settings.thinking_budget = budget;
  } else if (type == "adaptive") {
    chat.conversation.thinking = chat::Thinking::kOn;
  } else {
    in.Fail("type", "expected \"enabled\", \"adaptive\" or \"disabled\"");
  }
}

// {"effort": "low"}: a budget, unless "thinking" gave one.
void ReadOutputConfig(ObjectReader& body, service::ChatRequest& chat) {
  const json::object* config = body.Object("output_config");
  if (config == nullptr) return;
  ObjectReader in(*config, "output_config", body.notes());
  std::optional<std::string> effort;
  in.Read("effort", effort);
  in.Refuse("format", kNoForms);
  in.Finish();
  if (!effort) return;
  const auto meant = service::ThinkingForEffort(*effort);
  if (!meant.ok()) return in.Fail("effort", meant.status().message());
  if (!chat.settings.thinking_budget) chat.settings.thinking_budget = meant->budget;
  chat::Thinking& thinking = chat.conversation.thinking;
  if (thinking == chat::Thinking::kDefault) thinking = meant->thinking;
}

void ReadMetadata(ObjectReader& body, std::string& user) {
  const json::object* metadata = body.Object("metadata");
  if (metadata == nullptr) return;
  ObjectReader in(*metadata, "metadata", body.notes());
  in.Read("user_id", user);
  in.Finish();
}

void ReadSampling(ObjectReader& in, service::GenerateSettings& settings) {
  in.Read("temperature", settings.sampling.temperature);
  ReadTopP(in, settings.sampling);
  in.Read("top_k", settings.sampling.top_k);
  in.ReadTexts("stop_sequences", settings.stop);
}

void RefuseWhatRunsElsewhere(ObjectReader& in) {
  const json::array* servers = in.Array("mcp_servers");
  if (servers != nullptr && !servers->empty()) {
    in.Fail("mcp_servers", "this server runs no tools: pass them in \"tools\"");
  }
  in.Refuse("container", "this server runs no tools");
  in.Refuse("output_format", kNoForms);
  in.NoEffect("context_management", "a prompt that does not fit is an error");
  in.NoEffect("service_tier");
  in.NoEffect("inference_geo");
  in.NoEffect("diagnostics");
  in.NoEffect("speed");
  static_cast<void>(in.Any("cache_control"));  // prefixes are cached by themselves
}

void ReadModel(ObjectReader& in, Needs needs, MessagesBody& body) {
  in.Read("model", body.model.name);
  ReadLemma(in, body.model);
  in.Read("stream", body.stream);
  std::optional<size_t>& max_tokens = body.chat.settings.max_tokens;
  in.Read("max_tokens", max_tokens);
  if (!max_tokens && needs == Needs::kGeneration) in.Fail("max_tokens", "is missing");
}

Result<MessagesBody> Parse(std::string_view text, Needs needs, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(text));
  ObjectReader in(value.get_object(), "", notes);
  MessagesBody body;
  chat::Conversation& conversation = body.chat.conversation;
  ReadModel(in, needs, body);
  if (const json::value* system = in.Any("system")) ReadSystem(*system, notes, conversation);
  const json::array* messages = in.Array("messages");
  if (messages != nullptr) {
    ReadMessages(*messages, notes, conversation);
  } else {
    in.Fail("messages", "is missing");
  }
  if (const json::array* tools = in.Array("tools")) ReadTools(*tools, notes, conversation);
  ReadToolChoice(in, conversation);
  ReadSampling(in, body.chat.settings);
  ReadThinking(in, body.chat);
  ReadOutputConfig(in, body.chat);
  ReadMetadata(in, body.user);
  RefuseWhatRunsElsewhere(in);
  in.Finish();
  if (!notes.status().ok()) return notes.status();
  return body;
}

}  // namespace

Result<MessagesBody> ParseMessages(std::string_view body, BodyNotes& notes) {
  return Parse(body, Needs::kGeneration, notes);
}

Result<MessagesBody> ParseCountTokens(std::string_view body, BodyNotes& notes) {
  return Parse(body, Needs::kPromptOnly, notes);
}

}  // namespace lemma::server::anthropic
