// SPDX-License-Identifier: Apache-2.0
#include "server/openai/chat_request.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "server/dialect/lemma_field.h"
#include "server/openai/messages.h"
#include "server/openai/settings.h"

namespace lemma::server::openai {

namespace json = boost::json;

namespace {

void ReadStream(ObjectReader& in, ChatBody& out) {
  in.Read("stream", out.stream);
  in.Read("return_progress", out.return_progress);
  const json::object* options = in.Object("stream_options");
  if (options == nullptr) return;
  ObjectReader inner(*options, in.PathOf("stream_options"), in.notes());
  inner.Read("include_usage", out.include_usage);
  static_cast<void>(inner.Any("include_obfuscation"));
  inner.Finish();
  if (!out.stream) in.Fail("stream_options", "goes with \"stream\": true only");
}

void ReadLogprobs(ObjectReader& in, ChatBody& out) {
  in.Read("logprobs", out.logprobs);
  std::optional<size_t> top;
  in.Read("top_logprobs", top);
  if (top && *top > engine::kMaxTopLogprobs) {
    in.Fail("top_logprobs",
            fmt::format("{} is out of range, expected 0 to {}", *top, engine::kMaxTopLogprobs));
  }
  if (top.value_or(0) > 0 && !out.logprobs) {
    in.Fail("top_logprobs", "goes with \"logprobs\": true only");
  }
  if (out.logprobs) out.chat.settings.sampling.top_logprobs = top.value_or(0);
}

void ReadPromptEnd(ObjectReader& in, chat::Conversation& conversation) {
  std::optional<bool> generate;
  bool proceed = false;
  in.Read("add_generation_prompt", generate);
  in.Read("continue_final_message", proceed);
  if (proceed && generate == true) {
    in.Fail("continue_final_message", "does not go with \"add_generation_prompt\": true");
  }
  if (proceed) {
    conversation.end = chat::PromptEnd::kContinueFinal;
  } else if (generate == false) {
    conversation.end = chat::PromptEnd::kClosed;
  }
}

void ReadTemplateArguments(ObjectReader& in, chat::Conversation& conversation) {
  const json::object* arguments = in.Object("chat_template_kwargs");
  if (arguments == nullptr) return;
  for (const auto& [key, value] : *arguments) {
    if (key == "enable_thinking") {
      if (!value.is_bool()) {
        return in.Fail("chat_template_kwargs.enable_thinking",
                       fmt::format("expected true or false, found {}", JsonTypeName(value)));
      }
      conversation.thinking = value.get_bool() ? chat::Thinking::kOn : chat::Thinking::kOff;
    } else {
      in.Warn("chat_template_kwargs",
              fmt::format("'{}' has an effect only where the model's template reads it",
                          std::string_view(key).substr(0, 40)));
      conversation.kwargs.emplace_back(std::string(key), json::serialize(value));
    }
  }
}

void ReadReasoningForm(ObjectReader& in, ChatBody& out) {
  in.Read("include_reasoning", out.include_reasoning);
  std::string form = "auto";
  in.Read("reasoning_format", form);
  if (form != "auto" && form != "deepseek") {
    in.Fail("reasoning_format",
            "expected \"auto\" or \"deepseek\"; to leave the reasoning out, "
            "use \"include_reasoning\": false");
  }
}

void ReadForeign(ObjectReader& in) {
  in.Refuse("audio", "this server gives text only");
  in.Refuse("prediction", "is not supported; the server computes ahead by itself");
  in.Refuse("web_search_options", "this server does not search");
  ReadForeignSampling(in);
  in.NotHere({"best_of", "echo", "suffix"});
  std::optional<bool> beams;
  in.Read("use_beam_search", beams);
  if (beams == true) in.Fail("use_beam_search", "is not supported; use n");
  if (const json::array* kinds = in.Array("modalities")) {
    for (const json::value& kind : *kinds) {
      if (!kind.is_string() || kind.get_string() != "text") {
        in.Fail("modalities", "this server gives text only");
      }
    }
  }
}

}  // namespace

Result<ChatBody> ParseChat(std::string_view body, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(body));
  ObjectReader in(value.get_object(), "", notes);
  ChatBody out;
  in.Read("model", out.model.name);
  ReadLemma(in, out.model);
  if (const json::array* messages = in.Array("messages")) {
    ReadMessages(*messages, notes, out.chat.conversation);
  } else {
    in.Fail("messages", "is missing");
  }
  service::GenerateSettings& settings = out.chat.settings;
  ReadStream(in, out);
  ReadSampling(in, settings.sampling);
  ReadLimits(in, settings);
  ReadMaxTokens(in, {"max_completion_tokens", "max_tokens"}, settings);
  ReadLogprobs(in, out);
  ReadThinking(in, out.chat);
  ReadReasoningForm(in, out);
  ReadTools(in, out.chat.conversation);
  ReadPromptEnd(in, out.chat.conversation);
  ReadTemplateArguments(in, out.chat.conversation);
  RefuseConstraints(in);
  ReadForeign(in);
  ReadWithoutEffect(in);
  in.Finish();
  LEMMA_RETURN_IF_ERROR(notes.status());
  return out;
}

}  // namespace lemma::server::openai
