// SPDX-License-Identifier: Apache-2.0
#include "server/ollama/request.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "server/dialect/lemma_field.h"
#include "server/dialect/refusals.h"
#include "server/ollama/keep_alive.h"
#include "server/ollama/messages.h"
#include "server/ollama/options.h"
#include "service/thinking.h"

namespace lemma::server::ollama {

namespace json = boost::json;

namespace {

void ReadKeepAlive(ObjectReader& in, ModelRef& model) {
  const json::value* value = in.Any("keep_alive");
  if (value == nullptr) return;
  if (!value->is_number() && !value->is_string()) {
    return in.Fail("keep_alive", fmt::format("expected a number of seconds or a duration, found {}",
                                             JsonTypeName(*value)));
  }
  const Result<double> seconds = value->is_number()
                                     ? KeepAliveFromSeconds(value->to_number<double>())
                                     : ParseKeepAlive(value->get_string());
  if (!seconds.ok()) return in.Fail("keep_alive", seconds.status().message());
  model.keep_alive_seconds = *seconds;
}

void ReadModel(ObjectReader& in, ModelRef& model) {
  in.Read("model", model.name);
  std::string old_name;  // older clients
  in.Read("name", old_name);
  if (model.name.empty()) model.name = std::move(old_name);
}

// true, false, or an effort: "low", "medium", "high", "max".
void ReadThink(ObjectReader& in, GenerateBody& body) {
  const json::value* value = in.Any("think");
  if (value == nullptr) return;
  chat::Thinking& thinking = body.chat.conversation.thinking;
  if (value->is_bool()) {
    thinking = value->get_bool() ? chat::Thinking::kOn : chat::Thinking::kOff;
    body.show_thinking = value->get_bool();
    return;
  }
  if (!value->is_string()) {
    return in.Fail(
        "think", fmt::format("expected true, false or an effort, found {}", JsonTypeName(*value)));
  }
  const auto effort = service::ThinkingForEffort(value->get_string());
  if (!effort.ok()) return in.Fail("think", effort.status().message());
  thinking = effort->thinking;
  body.show_thinking = thinking != chat::Thinking::kOff;
  body.chat.settings.thinking_budget = effort->budget;
}

// "" is what clients send for no format.
void RefuseFormat(ObjectReader& in) {
  const json::value* value = in.Any("format");
  if (value == nullptr || (value->is_string() && value->get_string().empty())) return;
  in.Fail("format", kNoForms);
}

void ReadLogprobs(ObjectReader& in, service::SamplingOverrides& sampling) {
  bool logprobs = false;
  std::optional<size_t> top;
  in.Read("logprobs", logprobs);
  in.Read("top_logprobs", top);
  if (top && *top > engine::kMaxTopLogprobs) {
    in.Fail("top_logprobs",
            fmt::format("{} is out of range, expected 0 to {}", *top, engine::kMaxTopLogprobs));
  }
  if (top && *top > 0 && !logprobs) in.Fail("top_logprobs", "needs \"logprobs\": true");
  if (logprobs) sampling.top_logprobs = top.value_or(0);
}

// What /api/generate and /api/chat share.
void ReadCommon(ObjectReader& in, GenerateBody& body) {
  service::GenerateSettings& settings = body.chat.settings;
  ReadModel(in, body.model);
  ReadLemma(in, body.model);
  in.Read("stream", body.stream);
  ReadKeepAlive(in, body.model);
  if (const json::object* options = in.Object("options")) {
    ReadOptions(*options, in.notes(), settings, body.num_ctx);
  }
  ReadThink(in, body);
  RefuseFormat(in);
  ReadLogprobs(in, settings.sampling);
  bool truncate = false;
  in.Read("truncate", truncate);
  if (truncate) settings.on_overflow = service::OnOverflow::kDropOldest;
  bool shift = false;
  in.Read("shift", shift);
  if (shift) in.Warn("shift", "has no effect: the context is never shifted");
  in.Refuse("_debug_render_only", "use /apply-template");
}

void RefuseImages(ObjectReader& in) {
  const json::array* images = in.Array("images");
  if (images != nullptr && !images->empty()) in.Fail("images", "this server takes no images");
}

void RefuseText(ObjectReader& in, std::string_view name, std::string_view why) {
  std::string text;
  in.Read(name, text);
  if (!text.empty()) in.Fail(name, why);
}

void AddMessage(chat::Conversation& conversation, chat::Role role, std::string content) {
  chat::Message& message = conversation.messages.emplace_back();
  message.role = role;
  message.content = std::move(content);
}

void ReadPrompt(ObjectReader& in, GenerateBody& body) {
  std::string prompt;
  std::string system;
  in.Read("prompt", prompt);
  in.Read("system", system);
  in.Read("raw", body.raw);
  RefuseText(in, "suffix", "this server does not fill in the middle");
  RefuseText(in, "template",
             "a template in the request is not supported: use the model's own, or "
             "\"raw\": true with a finished prompt");
  const json::array* context = in.Array("context");
  if (context != nullptr && !context->empty()) {
    in.Fail("context", "is not supported: send the conversation to /api/chat");
  }
  RefuseImages(in);
  body.nothing_asked = prompt.empty();
  if (body.raw) {
    if (body.model.lemma && body.model.lemma->on) {
      in.Fail("lemma", "a finished prompt (\"raw\": true) is continued as it is, not verified");
    }
    if (!system.empty()) in.Fail("system", "goes into the prompt itself when \"raw\" is true");
    body.completion.prompt = std::move(prompt);
    body.completion.parse_special = true;  // a finished prompt spells its control tokens
    return;
  }
  chat::Conversation& conversation = body.chat.conversation;
  if (!system.empty()) AddMessage(conversation, chat::Role::kSystem, std::move(system));
  AddMessage(conversation, chat::Role::kUser, std::move(prompt));
}

template <typename Body>
Result<Body> Finished(ObjectReader& in, Body body) {
  in.Finish();
  if (!in.notes().status().ok()) return in.notes().status();
  return body;
}

}  // namespace

Result<GenerateBody> ParseGenerate(std::string_view text, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(text));
  ObjectReader in(value.get_object(), "", notes);
  GenerateBody body;
  ReadCommon(in, body);
  ReadPrompt(in, body);
  body.completion.settings = body.chat.settings;
  return Finished(in, std::move(body));
}

Result<GenerateBody> ParseChat(std::string_view text, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(text));
  ObjectReader in(value.get_object(), "", notes);
  GenerateBody body;
  ReadCommon(in, body);
  if (const json::array* messages = in.Array("messages")) {
    ReadMessages(*messages, notes, body.chat.conversation);
  }
  if (const json::array* tools = in.Array("tools")) {
    ReadTools(*tools, notes, body.chat.conversation);
  }
  body.nothing_asked = body.chat.conversation.messages.empty();
  return Finished(in, std::move(body));
}

Result<EmbedBody> ParseEmbed(std::string_view text, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(text));
  ObjectReader in(value.get_object(), "", notes);
  EmbedBody body;
  ReadModel(in, body.model);
  ReadKeepAlive(in, body.model);
  in.ReadTexts("input", body.inputs);
  in.Read("truncate", body.truncate);
  in.Read("dimensions", body.dimensions);
  in.NoEffect("options");
  if (body.dimensions && *body.dimensions == 0) in.Fail("dimensions", "expected 1 or more");
  return Finished(in, std::move(body));
}

Result<EmbedBody> ParseEmbeddings(std::string_view text, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(text));
  ObjectReader in(value.get_object(), "", notes);
  EmbedBody body;
  ReadModel(in, body.model);
  ReadKeepAlive(in, body.model);
  std::optional<std::string> prompt;
  in.Read("prompt", prompt);
  if (prompt) body.inputs.push_back(std::move(*prompt));
  in.NoEffect("options");
  return Finished(in, std::move(body));
}

Result<ShowBody> ParseShow(std::string_view text, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(text));
  ObjectReader in(value.get_object(), "", notes);
  ShowBody body;
  ModelRef model;
  ReadModel(in, model);
  body.model = PlainModelName(std::move(model.name));
  in.Read("verbose", body.verbose);
  return Finished(in, std::move(body));
}

}  // namespace lemma::server::ollama
