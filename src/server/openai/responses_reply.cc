// SPDX-License-Identifier: Apache-2.0
#include "server/openai/responses_reply.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "server/dialect/reply_sink.h"
#include "server/finish_notes.h"
#include "server/sse.h"

namespace lemma::server::openai {

namespace json = boost::json;

namespace {

using Kind = service::StreamEvent::Kind;

// Text that was JSON when it came; null when there was none.
json::value Given(const std::string& text) {
  if (text.empty()) return nullptr;
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  return error ? json::value(nullptr) : value;
}

template <typename T>
json::value OrNull(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

enum class ItemKind { kNone, kReasoning, kMessage };

}  // namespace

struct ResponseBuilder::State {
  explicit State(ResponseOptions given) : options(std::move(given)) {}

  std::string Event(std::string_view type, const json::object& fields) {
    json::object event{{"type", type}, {"sequence_number", sequence++}};
    for (const auto& [key, value] : fields) event[key] = value;
    return SseEvent(type, json::serialize(event));
  }

  [[nodiscard]] json::object Object(std::string_view status) const {
    const service::GenerateSettings& settings = options.body.chat.settings;
    json::object out{
        {"id", options.id},
        {"object", "response"},
        {"created_at", options.created},
        {"status", status},
        {"background", false},
        {"error", error},
        {"incomplete_details", incomplete},
        {"instructions", options.body.instructions.empty()
                             ? json::value(nullptr)
                             : json::value(options.body.instructions)},
        {"max_output_tokens", OrNull(settings.max_tokens)},
        {"model", model},
        {"output", output},
        {"parallel_tool_calls", true},
        {"previous_response_id", nullptr},
        {"reasoning", {{"effort", OrNull(options.body.effort)}, {"summary", nullptr}}},
        {"store", false},
        {"temperature", OrNull(settings.sampling.temperature)},
        {"text", {{"format", {{"type", "text"}}}}},
        {"tool_choice",
         options.body.tool_choice.empty() ? json::value("auto") : Given(options.body.tool_choice)},
        {"tools",
         options.body.tools.empty() ? json::value(json::array()) : Given(options.body.tools)},
        {"top_p", OrNull(settings.sampling.top_p)},
        {"truncation",
         settings.on_overflow == service::OnOverflow::kDropOldest ? "auto" : "disabled"},
        {"usage", usage},
        {"metadata", options.body.metadata.empty() ? json::value(json::object())
                                                   : Given(options.body.metadata)}};
    if (!lemma.is_null()) out["lemma"] = lemma;
    if (!warnings.empty()) out["warnings"] = ToArray(warnings);
    return out;
  }

  [[nodiscard]] size_t index() const { return output.size(); }  // of the item that is open
  [[nodiscard]] bool thinking() const { return open == ItemKind::kReasoning; }

  [[nodiscard]] json::object Part() const {
    if (thinking()) return {{"type", "reasoning_text"}, {"text", text}};
    return {{"type", "output_text"},
            {"text", text},
            {"annotations", json::array()},
            {"logprobs", logprobs}};
  }

  [[nodiscard]] json::object Item(std::string_view status) const {
    json::array parts;
    if (status != "in_progress") parts.push_back(Part());
    if (thinking()) {
      return {{"id", item_id},
              {"type", "reasoning"},
              {"status", status},
              {"summary", json::array()},
              {"content", std::move(parts)}};
    }
    return {{"id", item_id},
            {"type", "message"},
            {"status", status},
            {"role", "assistant"},
            {"content", std::move(parts)}};
  }

  [[nodiscard]] json::object Place() const {
    return {{"item_id", item_id}, {"output_index", index()}, {"content_index", 0}};
  }

  std::string Open(ItemKind kind) {
    if (open == kind) return {};
    std::string events = Close("completed");
    open = kind;
    item_id = NewId(kind == ItemKind::kReasoning ? "rs_" : "msg_");
    events += Event("response.output_item.added",
                    {{"output_index", index()}, {"item", Item("in_progress")}});
    json::object added = Place();
    added["part"] = Part();
    return events += Event("response.content_part.added", added);
  }

  std::string Close(std::string_view status) {
    if (open == ItemKind::kNone) return {};
    json::object done = Place();
    done["text"] = text;
    if (!thinking()) done["logprobs"] = logprobs;
    std::string events =
        Event(thinking() ? "response.reasoning_text.done" : "response.output_text.done", done);
    json::object part = Place();
    part["part"] = Part();
    events += Event("response.content_part.done", part);
    json::object item = Item(status);
    events += Event("response.output_item.done", {{"output_index", index()}, {"item", item}});
    output.push_back(std::move(item));
    open = ItemKind::kNone;
    text.clear();
    logprobs.clear();
    return events;
  }

  std::string Text(const service::StreamEvent& event) {
    const bool reasoning = event.kind == Kind::kThinking;
    std::string events = Open(reasoning ? ItemKind::kReasoning : ItemKind::kMessage);
    text += event.text;
    json::object delta = Place();
    delta["delta"] = event.text;
    if (!reasoning) {
      json::array items;
      if (options.body.logprobs) items = LogprobItems(event.logprobs, token_text);
      for (const json::value& item : items) logprobs.push_back(item);
      delta["logprobs"] = std::move(items);
    }
    return events +=
           Event(reasoning ? "response.reasoning_text.delta" : "response.output_text.delta", delta);
  }

  std::string Call(const chat::ToolCall& call) {
    std::string events = Close("completed");
    json::object item{{"id", NewId("fc_")}, {"type", "function_call"}, {"status", "in_progress"},
                      {"call_id", call.id}, {"name", call.name},       {"arguments", ""}};
    events += Event("response.output_item.added", {{"output_index", index()}, {"item", item}});
    const json::value id = item["id"];
    events += Event("response.function_call_arguments.delta",
                    {{"item_id", id}, {"output_index", index()}, {"delta", call.arguments}});
    events += Event("response.function_call_arguments.done", {{"item_id", id},
                                                              {"output_index", index()},
                                                              {"name", call.name},
                                                              {"arguments", call.arguments}});
    item["status"] = "completed";
    item["arguments"] = call.arguments;
    events += Event("response.output_item.done", {{"output_index", index()}, {"item", item}});
    output.push_back(std::move(item));
    return events;
  }

  std::string Finish(const service::StreamEvent& event) {
    using service::FinishReason;
    const bool failed = event.finish == FinishReason::kError;
    const bool whole = event.finish == FinishReason::kStop ||
                       event.finish == FinishReason::kStopString ||
                       event.finish == FinishReason::kToolCalls;
    std::string events = Close(whole ? "completed" : "incomplete");
    usage = {{"input_tokens", event.usage.prompt_tokens},
             {"input_tokens_details", {{"cached_tokens", event.usage.cached_tokens}}},
             {"output_tokens", event.usage.generated_tokens},
             {"output_tokens_details", {{"reasoning_tokens", event.usage.thinking_tokens}}},
             {"total_tokens", event.usage.prompt_tokens + event.usage.generated_tokens}};
    lemma = Given(event.lemma);
    for (std::string& note : FinishNotes(event)) warnings.push_back(std::move(note));
    outcome = failed ? "failed" : whole ? "completed" : "incomplete";
    if (failed) {
      failure = FromStatus(event.error);
      error = {{"code", "server_error"}, {"message", failure->message}};
    } else if (!whole) {
      const bool limit = event.finish == FinishReason::kLength;
      incomplete = {{"reason", limit ? std::string_view("max_output_tokens")
                                     : service::FinishReasonName(event.finish)}};
    }
    return events + Event(fmt::format("response.{}", outcome), {{"response", Object(outcome)}});
  }

  const ResponseOptions options;
  TokenText token_text;
  std::string model;
  uint64_t sequence = 0;
  std::string outcome = "in_progress";
  json::array output;  // items that are complete
  json::value usage = nullptr;
  json::value error = nullptr;
  json::value incomplete = nullptr;
  json::value lemma = nullptr;  // of a verified answer
  std::optional<ApiError> failure;
  std::vector<std::string> warnings;
  // The item that is open.
  ItemKind open = ItemKind::kNone;
  std::string item_id;
  std::string text;
  json::array logprobs;
};

ResponseBuilder::ResponseBuilder(ResponseOptions options)
    : state_(std::make_unique<State>(std::move(options))) {
  state_->warnings = state_->options.warnings;
}
ResponseBuilder::~ResponseBuilder() = default;

std::string ResponseBuilder::Start(const StreamStart& start, TokenText text) {
  state_->token_text = std::move(text);
  state_->model = start.model;
  state_->warnings.insert(state_->warnings.end(), start.warnings.begin(), start.warnings.end());
  if (auto note = TruncationNote(start.truncation)) state_->warnings.push_back(std::move(*note));
  std::string events =
      state_->Event("response.created", {{"response", state_->Object("in_progress")}});
  return events +=
         state_->Event("response.in_progress", {{"response", state_->Object("in_progress")}});
}

std::string ResponseBuilder::Add(const service::StreamEvent& event) {
  switch (event.kind) {
    case Kind::kPrefill:
      return {};
    case Kind::kThinking:
    case Kind::kContent:
      return state_->Text(event);
    case Kind::kToolCall:
      return state_->Call(event.tool_call);
    case Kind::kFinish:
      return state_->Finish(event);
  }
  return {};
}

Response ResponseBuilder::Whole() const {
  if (state_->failure) return FormatError(*state_->failure);
  Response response;
  response.body = json::serialize(state_->Object(state_->outcome));
  return response;
}

namespace {

class ResponseSink : public ReplySink {
 public:
  ResponseSink(ExchangePtr exchange, ResponseOptions options)
      : ReplySink(std::move(exchange), AnswerFor(options.body.stream), FormatErrorOf("input")),
        id_(options.id),
        builder_(std::move(options)) {}

  [[nodiscard]] std::string id() const override { return id_; }
  void OnStart(const StreamStart& start) override {
    if (streams()) Begin();
    Put(builder_.Start(start, TextOfTokens(start)));
  }
  void OnEvent(const service::StreamEvent& event) override { Put(builder_.Add(event)); }
  void OnEnd() override {
    if (streams()) return End();
    Send(builder_.Whole());
  }

 private:
  void Put(const std::string& events) {
    if (streams()) Write(events);
  }

  const std::string id_;
  ResponseBuilder builder_;
};

}  // namespace

std::unique_ptr<StreamSink> MakeResponseSink(ExchangePtr exchange, ResponsesBody body,
                                             std::vector<std::string> warnings) {
  ResponseOptions options;
  options.id = NewId("resp_");
  options.created = UnixTime();
  options.body = std::move(body);
  options.body.chat.conversation = {};  // not given back
  options.warnings = std::move(warnings);
  return std::make_unique<ResponseSink>(std::move(exchange), std::move(options));
}

}  // namespace lemma::server::openai
