// SPDX-License-Identifier: Apache-2.0
#include "server/openai/chat_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "chat/json_text.h"
#include "server/dialect/reply_sink.h"
#include "server/finish_notes.h"
#include "server/sse.h"

namespace lemma::server::openai {

namespace json = boost::json;

namespace {

using Kind = service::StreamEvent::Kind;

json::object TruncationJson(const service::Truncation& truncation) {
  return {{"dropped_messages", truncation.dropped_messages},
          {"dropped_tokens", truncation.dropped_tokens}};
}

// The error of a sample that failed, as a request's.
ApiError SampleError(const service::StreamEvent& finish) {
  ApiError error = FromStatus(finish.error);
  if (error.kind == ErrorKind::kInvalidRequest) error.kind = ErrorKind::kInternal;
  return error;
}

json::object ToolCallJson(const chat::ToolCall& call) {
  return {{"id", call.id},
          {"type", "function"},
          {"function", {{"name", call.name}, {"arguments", call.arguments}}}};
}

}  // namespace

ChatChunks::ChatChunks(ChatReplyOptions options)
    : options_(std::move(options)), warnings_(options_.warnings) {}

std::string ChatChunks::Start(const StreamStart& start, TokenText text) {
  text_ = std::move(text);
  unfinished_ = start.samples;
  tool_calls_.assign(start.samples, 0);
  truncation_ = start.truncation;
  warnings_.insert(warnings_.end(), start.warnings.begin(), start.warnings.end());
  seed_ = start.seed;
  head_ = fmt::format(R"({{"id":"{}","object":"chat.completion.chunk","created":{},"model":{},)"
                      R"("system_fingerprint":"{}")",
                      options_.id, options_.created, chat::JsonQuote(start.model), kFingerprint);
  std::string out;
  for (size_t sample = 0; sample < start.samples; ++sample) {
    out += Chunk(sample, R"({"role":"assistant","content":""})", R"("finish_reason":null)");
  }
  return out;
}

std::string ChatChunks::Chunk(size_t sample, std::string_view delta, std::string_view more) const {
  return SseData(fmt::format(R"({},"choices":[{{"index":{},"delta":{},{}}}]{}}})", head_, sample,
                             delta, more, options_.include_usage ? R"(,"usage":null)" : ""));
}

std::string ChatChunks::Add(const service::StreamEvent& event) {
  if (failed_) return {};
  switch (event.kind) {
    case Kind::kPrefill:
      return options_.return_progress ? Progress(event) : std::string();
    case Kind::kThinking:
      return options_.include_reasoning ? TextDelta(event) : std::string();
    case Kind::kContent:
      return TextDelta(event);
    case Kind::kToolCall:
      return ToolDelta(event);
    case Kind::kFinish:
      return Finish(event);
  }
  return {};
}

// The path of every token: put together by hand.
std::string ChatChunks::TextDelta(const service::StreamEvent& event) const {
  const bool thinking = event.kind == Kind::kThinking;
  const std::string quoted = chat::JsonQuote(event.text);
  const std::string delta =
      thinking ? fmt::format(R"({{"reasoning_content":{},"reasoning":{}}})", quoted, quoted)
               : fmt::format(R"({{"content":{}}})", quoted);
  std::string more = R"("finish_reason":null)";
  if (options_.logprobs && !event.logprobs.empty()) {
    const std::string items = json::serialize(LogprobItems(event.logprobs, text_));
    more = fmt::format(R"("logprobs":{{"{}":{}}},{})", thinking ? "reasoning_content" : "content",
                       items, more);
  }
  return Chunk(event.sample, delta, more);
}

std::string ChatChunks::ToolDelta(const service::StreamEvent& event) {
  const size_t index = tool_calls_[event.sample]++;
  json::object first = ToolCallJson(event.tool_call);
  first["index"] = index;
  const std::string delta = json::serialize(json::object{{"tool_calls", json::array{first}}});
  return Chunk(event.sample, delta, R"("finish_reason":null)");
}

std::string ChatChunks::Progress(const service::StreamEvent& event) const {
  const json::object progress{{"total", event.usage.prompt_tokens},
                              {"cache", event.usage.cached_tokens},
                              {"processed", event.prefill_done},
                              {"time_ms", event.usage.prefill_seconds * 1000}};
  return SseData(
      fmt::format(R"({},"choices":[],"prompt_progress":{}}})", head_, json::serialize(progress)));
}

std::string ChatChunks::Finish(const service::StreamEvent& event) {
  usage_.Add(event.usage);
  --unfinished_;
  if (event.finish == service::FinishReason::kError) {
    failed_ = true;
    return SseData(json::serialize(ErrorObject(SampleError(event))));
  }
  for (std::string& note : FinishNotes(event)) warnings_.push_back(std::move(note));
  const std::string more =
      fmt::format(R"("finish_reason":"{}","stop_reason":{})", FinishReasonText(event.finish),
                  json::serialize(StopReason(event)));
  if (unfinished_ > 0) return Chunk(event.sample, "{}", more);
  // The last chunk with a choice tells what concerns the whole request.
  std::string whole =
      fmt::format(R"(}}],"timings":{},"seed":{})", json::serialize(usage_.Timings()), seed_);
  if (!warnings_.empty()) {
    whole += fmt::format(R"(,"warnings":{})", json::serialize(ToArray(warnings_)));
  }
  if (truncation_.dropped_messages > 0) {
    whole += fmt::format(R"(,"truncated":{})", json::serialize(TruncationJson(truncation_)));
  }
  if (!event.lemma.empty()) whole += R"(,"lemma":)" + event.lemma;
  if (options_.include_usage) whole += R"(,"usage":null)";
  return SseData(fmt::format(R"({},"choices":[{{"index":{},"delta":{{}},{}{}}})", head_,
                             event.sample, more, whole));
}

std::string ChatChunks::End() {
  if (failed_) return {};
  std::string out;
  if (options_.include_usage) {
    out = SseData(
        fmt::format(R"({},"choices":[],"usage":{}}})", head_, json::serialize(usage_.ToJson())));
  }
  return out + SseData("[DONE]");
}

ChatObject::ChatObject(ChatReplyOptions options)
    : options_(std::move(options)), warnings_(options_.warnings) {}

void ChatObject::Start(const StreamStart& start, TokenText text) {
  text_ = std::move(text);
  model_ = start.model;
  seed_ = start.seed;
  truncation_ = start.truncation;
  warnings_.insert(warnings_.end(), start.warnings.begin(), start.warnings.end());
  choices_.resize(start.samples);
}

void ChatObject::Add(const service::StreamEvent& event) {
  if (event.kind == Kind::kPrefill) return;
  Choice& choice = choices_[event.sample];
  const bool thinking = event.kind == Kind::kThinking;
  auto& logprobs = thinking ? choice.reasoning_logprobs : choice.logprobs;
  if (thinking || event.kind == Kind::kContent) {
    logprobs.insert(logprobs.end(), event.logprobs.begin(), event.logprobs.end());
  }
  if (thinking) choice.reasoning += event.text;
  if (event.kind == Kind::kContent) choice.content += event.text;
  if (event.kind == Kind::kToolCall) choice.calls.push_back(event.tool_call);
  if (event.kind == Kind::kFinish) {
    choice.finish = event;
    usage_.Add(event.usage);
  }
}

json::object ChatObject::Message(const Choice& choice) const {
  json::object message{{"role", "assistant"}, {"content", choice.content}, {"refusal", nullptr}};
  if (options_.include_reasoning && !choice.reasoning.empty()) {
    message["reasoning_content"] = choice.reasoning;
    message["reasoning"] = choice.reasoning;
  }
  if (choice.calls.empty()) return message;
  json::array calls;
  for (const chat::ToolCall& call : choice.calls) calls.push_back(ToolCallJson(call));
  message["tool_calls"] = std::move(calls);
  if (choice.content.empty()) message["content"] = nullptr;
  return message;
}

json::value ChatObject::Logprobs(const Choice& choice) const {
  if (!options_.logprobs) return nullptr;
  json::object out{{"content", LogprobItems(choice.logprobs, text_)}, {"refusal", nullptr}};
  if (options_.include_reasoning && !choice.reasoning_logprobs.empty()) {
    out["reasoning_content"] = LogprobItems(choice.reasoning_logprobs, text_);
  }
  return out;
}

Response ChatObject::End() const {
  std::vector<std::string> warnings = warnings_;
  std::string lemma;
  json::array choices;
  bool late = true;
  for (const Choice& choice : choices_) {
    if (choice.finish.finish == service::FinishReason::kError) {
      return FormatError(SampleError(choice.finish));
    }
    late = late && choice.finish.finish == service::FinishReason::kDeadline &&
           choice.finish.usage.generated_tokens == 0;
    choices.push_back(json::object{{"index", choices.size()},
                                   {"message", Message(choice)},
                                   {"logprobs", Logprobs(choice)},
                                   {"finish_reason", FinishReasonText(choice.finish.finish)},
                                   {"stop_reason", StopReason(choice.finish)}});
    if (!choice.finish.lemma.empty()) lemma = choice.finish.lemma;
    for (std::string& note : FinishNotes(choice.finish)) {
      if (std::find(warnings.begin(), warnings.end(), note) == warnings.end()) {
        warnings.push_back(std::move(note));
      }
    }
  }
  if (late) {
    ApiError error;
    error.kind = ErrorKind::kDeadline;
    error.message = "timeout_ms: the time was over before the first token";
    error.param = "timeout_ms";
    return FormatError(error);
  }
  json::object body{{"id", options_.id},
                    {"object", "chat.completion"},
                    {"created", options_.created},
                    {"model", model_},
                    {"system_fingerprint", kFingerprint},
                    {"choices", std::move(choices)},
                    {"usage", usage_.ToJson()},
                    {"timings", usage_.Timings()},
                    {"seed", seed_}};
  if (!lemma.empty()) body["lemma"] = json::parse(lemma);
  if (!warnings.empty()) body["warnings"] = ToArray(warnings);
  if (truncation_.dropped_messages > 0) body["truncated"] = TruncationJson(truncation_);
  Response response;
  response.body = json::serialize(body);
  return response;
}

namespace {

class ChatSink : public ReplySink {
 public:
  ChatSink(ExchangePtr exchange, Answer answer, const ChatReplyOptions& options)
      : ReplySink(std::move(exchange), answer, FormatErrorOf("messages")),
        id_(options.id),
        chunks_(options),
        object_(options) {}

  [[nodiscard]] std::string id() const override { return id_; }
  void OnStart(const StreamStart& start) override {
    if (!streams()) return object_.Start(start, TextOfTokens(start));
    Begin();
    Write(chunks_.Start(start, TextOfTokens(start)));
  }
  void OnEvent(const service::StreamEvent& event) override {
    if (!streams()) return object_.Add(event);
    Write(chunks_.Add(event));
  }
  void OnEnd() override {
    if (!streams()) return Send(object_.End());
    Write(chunks_.End());
    End();
  }

 private:
  const std::string id_;
  ChatChunks chunks_;
  ChatObject object_;
};

}  // namespace

std::unique_ptr<StreamSink> MakeChatSink(ExchangePtr exchange, const ChatBody& body,
                                         std::vector<std::string> warnings) {
  ChatReplyOptions options;
  options.id = NewId("chatcmpl-");
  options.created = UnixTime();
  options.include_usage = body.include_usage;
  options.include_reasoning = body.include_reasoning;
  options.logprobs = body.logprobs;
  options.return_progress = body.return_progress;
  options.warnings = std::move(warnings);
  return std::make_unique<ChatSink>(std::move(exchange), AnswerFor(body.stream), options);
}

}  // namespace lemma::server::openai
