// SPDX-License-Identifier: Apache-2.0
#include "server/openai/responses_request.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "server/dialect/conversation.h"
#include "server/dialect/lemma_field.h"
#include "server/dialect/refusals.h"
#include "server/openai/messages.h"
#include "server/openai/settings.h"

namespace lemma::server::openai {

namespace json = boost::json;

namespace {

std::optional<chat::Role> ItemRole(std::string_view name) {
  if (name == "system" || name == "developer") return chat::Role::kSystem;
  if (name == "user") return chat::Role::kUser;
  if (name == "assistant") return chat::Role::kAssistant;
  return std::nullopt;
}

// Items of the input, one after the other. Reasoning, text and calls of one turn of the assistant
// are items of their own there, and one message here.
class InputReader {
 public:
  InputReader(BodyNotes& notes, chat::Conversation& conversation)
      : notes_(notes), messages_(conversation.messages) {}

  void Read(const json::value& item, const std::string& path) {
    if (!item.is_object()) {
      return notes_.Fail(InvalidArgument(fmt::format("{}: expected an object", path)));
    }
    ObjectReader in(item.get_object(), path, notes_);
    std::string type = "message";
    in.Read("type", type);
    for (const std::string_view name : {"id", "status"}) static_cast<void>(in.Any(name));
    if (type == "message") {
      Message(in);
    } else if (type == "function_call") {
      Call(in);
    } else if (type == "function_call_output") {
      Output(in);
    } else if (type == "reasoning") {
      Reasoning(in);
    } else {
      in.Fail("type", fmt::format("'{}' is not supported", type.substr(0, 40)));
      return;
    }
    in.Finish();
  }

 private:
  // The assistant's turn that goes on, or a new one.
  chat::Message& Turn() {
    if (!in_turn_) {
      messages_.push_back({});
      messages_.back().role = chat::Role::kAssistant;
      in_turn_ = true;
    }
    return messages_.back();
  }

  void Message(ObjectReader& in) {
    std::string role;
    in.Read("role", role);
    const auto known = ItemRole(role);
    if (!known) {
      return in.Fail("role", "expected \"system\", \"developer\", \"user\" or \"assistant\"");
    }
    std::string content = ReadContent(in, "content");
    static_cast<void>(in.Any("phase"));
    if (*known == chat::Role::kAssistant) {
      Turn().content += content;
      return;
    }
    in_turn_ = false;
    messages_.push_back({});
    messages_.back().role = *known;
    messages_.back().content = std::move(content);
  }

  void Call(ObjectReader& in) {
    chat::ToolCall call;
    in.Read("call_id", call.id);
    in.Read("name", call.name);
    in.Read("arguments", call.arguments);
    if (call.name.empty()) in.Fail("name", "is missing");
    if (call.arguments.empty()) call.arguments = "{}";
    Turn().tool_calls.push_back(std::move(call));
  }

  void Output(ObjectReader& in) {
    chat::Message message;
    message.role = chat::Role::kTool;
    in.Read("call_id", message.tool_call_id);
    message.content = ReadContent(in, "output");
    in_turn_ = false;
    messages_.push_back(std::move(message));
  }

  void Reasoning(ObjectReader& in) {
    in.NoEffect("encrypted_content", "this server cannot read it");
    static_cast<void>(in.Any("summary"));
    const json::array* parts = in.Array("content");
    if (parts == nullptr) return;
    for (const json::value& part : *parts) {
      const json::object* object = part.if_object();
      const json::value* text = object == nullptr ? nullptr : object->if_contains("text");
      if (text == nullptr || !text->is_string()) return in.Fail("content", "expected texts");
      Turn().reasoning += std::string_view(text->get_string());
    }
  }

  BodyNotes& notes_;
  std::vector<chat::Message>& messages_;
  bool in_turn_ = false;
};

void ReadInput(ObjectReader& in, chat::Conversation& conversation) {
  const json::value* input = in.Any("input");
  if (input == nullptr) return in.Fail("input", "is missing");
  if (input->is_string()) {
    conversation.messages.push_back({});
    conversation.messages.back().content = input->get_string();
    return;
  }
  const json::array* items = input->if_array();
  if (items == nullptr) return in.Fail("input", "expected a string or a list of items");
  if (items->empty() || items->size() > kMostMessages) {
    return in.Fail("input",
                   fmt::format("{} items, expected 1 to {}", items->size(), kMostMessages));
  }
  InputReader reader(in.notes(), conversation);
  size_t index = 0;
  for (const json::value& item : *items) reader.Read(item, IndexPath("input", index++));
}

// Functions lie flat here: {"type": "function", "name": ..., "parameters": ...}.
void ReadFlatTools(ObjectReader& in, ResponsesBody& out) {
  if (const json::array* tools = in.Array("tools")) {
    out.tools = json::serialize(*tools);
    if (!CheckCount(*tools, "tools", kMostTools, in.notes())) return;
    ReadObjects(*tools, "tools", in.notes(), [&out](ObjectReader& tool) {
      std::string type;
      tool.Read("type", type);
      if (type != "function") {
        tool.Fail("type", fmt::format("'{}' is not offered here, expected \"function\"",
                                      type.substr(0, 40)));
      }
      AddTool(tool, ReadFunction(tool), kOpenAiToolNames, out.chat.conversation);
    });
  }
  if (const json::value* choice = in.Any("tool_choice")) {
    out.tool_choice = json::serialize(*choice);
  }
  ReadToolChoice(in, out.chat.conversation);
  std::optional<bool> parallel;
  in.Read("parallel_tool_calls", parallel);
  if (parallel == false) {
    in.Warn("parallel_tool_calls", "has no effect: a model may call several tools");
  }
}

void ReadReasoning(ObjectReader& in, ResponsesBody& out) {
  const json::object* reasoning = in.Object("reasoning");
  if (reasoning == nullptr) return;
  ObjectReader inner(*reasoning, "reasoning", in.notes());
  inner.Read("effort", out.effort);
  if (out.effort) SetEffort(inner, "effort", *out.effort, out.chat);
  inner.NoEffect("summary", "the reasoning comes whole");
  inner.NoEffect("generate_summary", "the reasoning comes whole");
  inner.Finish();
}

void ReadText(ObjectReader& in) {
  const json::object* text = in.Object("text");
  if (text == nullptr) return;
  ObjectReader inner(*text, "text", in.notes());
  static_cast<void>(inner.Any("verbosity"));
  if (const json::object* format = inner.Object("format")) {
    ObjectReader form(*format, "text.format", in.notes());
    std::string type;
    form.Read("type", type);
    if (type == "json_schema" || type == "json_object") {
      in.notes().Fail(Unsupported(fmt::format("text.format: {}", kNoForms)));
    } else if (type != "text") {
      form.Fail("type", "expected \"text\"");
    }
    form.Finish();
  }
  inner.Finish();
}

// What would need a memory of earlier responses, or a server of another kind.
void RefuseState(ObjectReader& in) {
  in.Refuse("previous_response_id",
            "this server keeps no responses; send the whole conversation as input");
  in.Refuse("conversation", "this server keeps no conversations; send it as input");
  in.Refuse("prompt", "stored prompts do not exist here");
  std::optional<bool> background;
  in.Read("background", background);
  if (background == true) in.Fail("background", "is not supported; use \"stream\": true");
  in.NoEffect("max_tool_calls");
  in.NoEffect("context_management");
}

void ReadInclude(ObjectReader& in, ResponsesBody& out) {
  const json::array* list = in.Array("include");
  if (list == nullptr) return;
  for (const json::value& item : *list) {
    const std::string_view name = item.is_string() ? item.get_string() : std::string_view();
    if (name == "message.output_text.logprobs") {
      out.logprobs = true;
    } else if (name == "reasoning.encrypted_content") {
      in.Warn("include", "reasoning.encrypted_content has no effect: reasoning is sent as text");
    } else {
      in.Warn("include", fmt::format("'{}' has no effect here", name.substr(0, 60)));
    }
  }
}

}  // namespace

Result<ResponsesBody> ParseResponses(std::string_view body, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(body));
  ObjectReader in(value.get_object(), "", notes);
  ResponsesBody out;
  service::GenerateSettings& settings = out.chat.settings;
  in.Read("model", out.model.name);
  ReadLemma(in, out.model);
  std::optional<std::string> instructions;
  in.Read("instructions", instructions);
  if (instructions) {
    out.instructions = *instructions;
    out.chat.conversation.messages.push_back({});
    out.chat.conversation.messages.back().role = chat::Role::kSystem;
    out.chat.conversation.messages.back().content = *instructions;
  }
  ReadInput(in, out.chat.conversation);
  in.Read("stream", out.stream);
  static_cast<void>(in.Object("stream_options"));
  ReadSampling(in, settings.sampling);
  ReadLimits(in, settings);
  if (settings.samples != 1) in.Fail("n", "a response has one answer");
  ReadMaxTokens(in, {"max_output_tokens"}, settings);
  ReadThinking(in, out.chat);
  ReadReasoning(in, out);
  ReadInclude(in, out);
  std::optional<size_t> top;
  in.Read("top_logprobs", top);
  if (top.value_or(0) > engine::kMaxTopLogprobs) {
    in.Fail("top_logprobs", fmt::format("expected 0 to {}", engine::kMaxTopLogprobs));
  }
  if (top.value_or(0) > 0) out.logprobs = true;
  if (out.logprobs) settings.sampling.top_logprobs = top.value_or(0);
  ReadFlatTools(in, out);
  ReadText(in);
  if (const json::object* metadata = in.Object("metadata"))
    out.metadata = json::serialize(*metadata);
  RefuseState(in);
  RefuseConstraints(in);
  ReadWithoutEffect(in);
  in.Finish();
  LEMMA_RETURN_IF_ERROR(notes.status());
  return out;
}

}  // namespace lemma::server::openai
