// SPDX-License-Identifier: Apache-2.0
#include "reasoning/remote_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <deque>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "base/utf8.h"
#include "chat/stream_parser.h"
#include "reasoning/http_client.h"

namespace lemma::reasoning {
namespace {

namespace json = boost::json;
using service::FinishReason;
using service::StreamEvent;

std::string_view TextAt(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->as_string())
                                                : std::string_view();
}

size_t CountAt(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return 0;
  boost::system::error_code error;
  const auto count = value->to_number<size_t>(error);
  return error ? 0 : count;
}

// The start of a body, on one line, for messages.
std::string Excerpt(std::string_view body) {
  constexpr size_t kMost = 160;
  std::string out(body.substr(0, kMost));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  while (!out.empty() && !IsValidUtf8(out)) out.pop_back();
  return body.size() > kMost ? out + "..." : out;
}

// What the server says of an error: {"error":{"message":...}}, {"error":...}, {"message":...}, or
// the start of its text.
std::string Complaint(std::string_view body) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  if (error || !parsed.is_object()) return Excerpt(body);
  const json::object& object = parsed.as_object();
  const json::value* inner = object.if_contains("error");
  if (inner != nullptr && inner->is_object()) {
    if (const auto text = TextAt(inner->as_object(), "message"); !text.empty())
      return Excerpt(text);
  }
  for (const char* name : {"error", "message", "detail"}) {
    if (const auto text = TextAt(object, name); !text.empty()) return Excerpt(text);
  }
  return Excerpt(body);
}

Status StatusOfReply(const HttpReply& reply) {
  if (reply.status == 200) return OkStatus();
  const std::string text = fmt::format("HTTP {}: {}", reply.status, Complaint(reply.body));
  switch (reply.status) {
    case 400:
    case 422:
      return InvalidArgument(text);
    case 401:
    case 403:
      return FailedPrecondition(text + " (the key is read from the variable of --api-key-env)");
    case 404:
      return NotFound(text);
    case 429:
    case 503:
      return ResourceExhausted(text);
    default:
      return IoError(text);
  }
}

bool Passes(int status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

// One chain as a server tells it.
struct Completion {
  std::string thinking;
  std::string content;
  StreamEvent finish;
};

Result<FinishReason> FinishNamed(std::string_view name) {
  if (name == "stop" || name == "eos" || name.empty()) return FinishReason::kStop;
  if (name == "length") return FinishReason::kLength;
  if (name == "tool_calls" || name == "function_call") return FinishReason::kToolCalls;
  return DataLoss(fmt::format("choices[0].finish_reason: '{}' is not known", Excerpt(name)));
}

// Thinking that stands in the content. A server whose prompt opened it gives only "</think>".
void SplitThinking(Completion& out) {
  if (out.content.find("</think>") == std::string::npos &&
      out.content.find("<think>") == std::string::npos) {
    return;
  }
  chat::StreamParserOptions options;
  const size_t open = out.content.find("<think>");
  const size_t close = out.content.find("</think>");
  if (close < open) options.start = chat::StartState::kThinking;
  chat::ThinkingState state = chat::ThinkingState::kNone;
  const auto deltas = chat::ParseOutput(options, out.content, &state);
  out.content.clear();
  for (const chat::Delta& delta : deltas) {
    (delta.kind == chat::Delta::Kind::kThinking ? out.thinking : out.content) += delta.text;
  }
  out.finish.thinking_unfinished = state == chat::ThinkingState::kOpen;
}

Result<Completion> ParseCompletion(std::string_view body) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  if (error || !parsed.is_object()) {
    return DataLoss(fmt::format("the reply is no JSON object: {}", Excerpt(body)));
  }
  const json::object& reply = parsed.as_object();
  const json::value* choices = reply.if_contains("choices");
  if (choices == nullptr || !choices->is_array() || choices->as_array().empty() ||
      !choices->as_array()[0].is_object()) {
    return DataLoss(fmt::format("choices: expected a list with an object: {}", Excerpt(body)));
  }
  const json::object& choice = choices->as_array()[0].as_object();
  const json::value* message = choice.if_contains("message");
  if (message == nullptr || !message->is_object()) {
    return DataLoss("choices[0].message: expected an object");
  }
  const json::object& said = message->as_object();
  Completion out;
  out.content = TextAt(said, "content");
  out.thinking = TextAt(said, "reasoning_content");
  if (out.thinking.empty()) out.thinking = TextAt(said, "reasoning");
  out.finish.kind = StreamEvent::Kind::kFinish;
  LEMMA_ASSIGN_OR_RETURN(out.finish.finish, FinishNamed(TextAt(choice, "finish_reason")));
  if (out.thinking.empty()) {
    SplitThinking(out);
  } else {
    out.finish.thinking_unfinished =
        out.content.empty() && out.finish.finish == FinishReason::kLength;
  }
  if (const json::value* usage = reply.if_contains("usage"); usage && usage->is_object()) {
    out.finish.usage.generated_tokens = CountAt(usage->as_object(), "completion_tokens");
    out.finish.usage.prompt_tokens = CountAt(usage->as_object(), "prompt_tokens");
  }
  return out;
}

// top_k and repeat_penalty are no fields of OpenAI's: they are sent where they do something.
std::string Body(const std::string& model, const service::ChatRequest& request, size_t chain) {
  json::array messages;
  for (const chat::Message& message : request.conversation.messages) {
    messages.push_back(
        json::object{{"role", chat::RoleName(message.role)}, {"content", message.content}});
  }
  const service::GenerateSettings& settings = request.settings;
  json::object out{{"model", model}, {"messages", std::move(messages)}, {"stream", false}};
  // As decimal places of what was asked for, not of the nearest float.
  const auto number = [](float value) { return std::round(value * 1e6) / 1e6; };
  if (settings.sampling.temperature) out["temperature"] = number(*settings.sampling.temperature);
  if (settings.sampling.top_p) out["top_p"] = number(*settings.sampling.top_p);
  if (settings.sampling.top_k.value_or(0) > 0) out["top_k"] = *settings.sampling.top_k;
  const float repeat = settings.sampling.repeat_penalty.value_or(1.0F);
  if (repeat != 1.0F) out["repeat_penalty"] = number(repeat);
  if (settings.max_tokens) out["max_tokens"] = *settings.max_tokens;
  constexpr int kTo31Bits = 33;  // some servers take no more
  if (settings.sampling.seed) {
    out["seed"] = RandomBits(*settings.sampling.seed, chain) >> kTo31Bits;
  }
  return json::serialize(out);
}

// What the runs of a source share.
struct Remote {
  explicit Remote(RemoteOptions from, BaseUrl base)
      : options(std::move(from)), client(std::move(base)) {}
  RemoteOptions options;
  HttpClient client;
  size_t prompt_tokens = 0;  // of the newest reply
};

class RemoteRun final : public ChainRun {
 public:
  RemoteRun(Remote& remote, const service::ChatRequest& request) : remote_(remote) {
    slots_.resize(request.settings.samples);
    for (size_t i = 0; i < slots_.size(); ++i) {
      slots_[i].body = Body(remote_.options.model, request, i);
      Send(i);
    }
  }
  ~RemoteRun() override {
    for (const Slot& slot : slots_) remote_.client.Cancel(slot.id);
  }
  RemoteRun(const RemoteRun&) = delete;
  RemoteRun& operator=(const RemoteRun&) = delete;

  std::optional<StreamEvent> Next(std::chrono::nanoseconds timeout) override {
    if (events_.empty()) remote_.client.RunFor(timeout);
    if (events_.empty()) return std::nullopt;
    StreamEvent out = std::move(events_.front());
    events_.pop_front();
    return out;
  }

  void CancelChain(size_t chain) override {
    Slot& slot = slots_[chain];
    if (slot.ended) return;
    remote_.client.Cancel(slot.id);
    StreamEvent event;
    event.kind = StreamEvent::Kind::kFinish;
    event.finish = FinishReason::kCancelled;
    End(chain, std::move(event));
  }
  void EndThinking() override {}  // out of reach
  // How long a chain is, is known when it has ended.
  [[nodiscard]] const std::vector<int32_t>& tokens(size_t chain) const override {
    return slots_[chain].tokens;
  }

 private:
  struct Slot {
    std::string body;
    uint64_t id = 0;  // of the call or the timer
    size_t tried = 0;
    bool ended = false;
    std::vector<int32_t> tokens;
  };

  void Send(size_t chain) {
    Slot& slot = slots_[chain];
    ++slot.tried;
    const HttpCall call{"/chat/completions", slot.body, remote_.options.api_key,
                        remote_.options.reply_seconds};
    slot.id = remote_.client.Send(
        call, [this, chain](const Result<HttpReply>& reply) { Take(chain, reply); });
  }

  void Take(size_t chain, const Result<HttpReply>& reply) {
    const bool cut = !reply.ok() && reply.status().code() == StatusCode::kDataLoss;
    if (cut || (reply.ok() && Passes(reply->status))) {
      return TryAgain(chain, reply.ok() ? StatusOfReply(*reply) : reply.status(),
                      reply.ok() ? reply->retry_after : std::nullopt);
    }
    if (!reply.ok()) return Fail(chain, reply.status());
    if (const Status status = StatusOfReply(*reply); !status.ok()) return Fail(chain, status);
    auto completion = ParseCompletion(reply->body);
    if (!completion.ok()) return Fail(chain, completion.status());
    remote_.prompt_tokens = completion->finish.usage.prompt_tokens;
    Tell(chain, StreamEvent::Kind::kThinking, completion->thinking);
    Tell(chain, StreamEvent::Kind::kContent, completion->content);
    slots_[chain].tokens.assign(completion->finish.usage.generated_tokens, 0);
    End(chain, std::move(completion->finish));
  }

  void TryAgain(size_t chain, const Status& status, std::optional<double> retry_after) {
    Slot& slot = slots_[chain];
    const RemoteOptions& options = remote_.options;
    if (slot.tried >= options.tries) {
      return Fail(chain, Status(status.code(),
                                fmt::format("{} (after {} tries)", status.message(), slot.tried)));
    }
    if (retry_after.value_or(0) > kMostRetryAfter) {
      return Fail(chain, Status(status.code(),
                                fmt::format("{} (Retry-After: {:.0f} s, at most {:.0f} "
                                            "are waited)",
                                            status.message(), *retry_after, kMostRetryAfter)));
    }
    const double wait = retry_after.value_or(options.first_wait *
                                             std::pow(2.0, static_cast<double>(slot.tried - 1)));
    slot.id = remote_.client.After(wait, [this, chain] { Send(chain); });
  }

  void Tell(size_t chain, StreamEvent::Kind kind, const std::string& text) {
    if (text.empty()) return;
    StreamEvent event;
    event.kind = kind;
    event.sample = chain;
    event.text = text;
    events_.push_back(std::move(event));
  }

  void End(size_t chain, StreamEvent event) {
    slots_[chain].ended = true;
    event.sample = chain;
    events_.push_back(std::move(event));
  }

  void Fail(size_t chain, const Status& status) {
    StreamEvent event;
    event.kind = StreamEvent::Kind::kFinish;
    event.finish = FinishReason::kError;
    event.error = status.WithContext(remote_.client.base().text + "/chat/completions");
    End(chain, std::move(event));
  }

  Remote& remote_;
  std::vector<Slot> slots_;
  std::deque<StreamEvent> events_;
};

class RemoteSource final : public ChainSource {
 public:
  RemoteSource(RemoteOptions options, BaseUrl base)
      : remote_(std::move(options), std::move(base)) {}

  Result<std::unique_ptr<ChainRun>> Start(const service::ChatRequest& request) override {
    if (!request.written.empty() || !request.settings.step_end.empty()) {
      return Unsupported("a server gives whole chains: no steps, and nothing that is written");
    }
    return std::unique_ptr<ChainRun>(std::make_unique<RemoteRun>(remote_, request));
  }
  Pace MeasuredPace() override { return {}; }
  size_t PromptTokens(const chat::Conversation&) override { return remote_.prompt_tokens; }
  [[nodiscard]] Reach reach() const override { return Reach::kWholeChains; }

 private:
  Remote remote_;
};

}  // namespace

Result<std::unique_ptr<ChainSource>> MakeRemoteSource(const RemoteOptions& options) {
  LEMMA_ASSIGN_OR_RETURN(BaseUrl base, ParseBaseUrl(options.url));
  return std::unique_ptr<ChainSource>(std::make_unique<RemoteSource>(options, std::move(base)));
}

Result<std::string> OnlyRemoteModel(const RemoteOptions& options) {
  LEMMA_ASSIGN_OR_RETURN(BaseUrl base, ParseBaseUrl(options.url));
  const std::string place = base.text + "/models";
  HttpClient client(std::move(base));
  constexpr double kSeconds = 30;
  std::optional<Result<HttpReply>> reply;
  (void)client.Send({"/models", "", options.api_key, kSeconds},
                    [&](Result<HttpReply> got) { reply = std::move(got); });
  while (!reply) client.RunFor(std::chrono::seconds(1));
  if (!reply->ok()) return reply->status().WithContext(place);
  LEMMA_RETURN_IF_ERROR(StatusOfReply(**reply).WithContext(place));
  boost::system::error_code error;
  const json::value parsed = json::parse((*reply)->body, error);
  const json::value* data =
      !error && parsed.is_object() ? parsed.as_object().if_contains("data") : nullptr;
  if (data == nullptr || !data->is_array()) {
    return DataLoss(
        fmt::format("{}: expected JSON with a list \"data\": {}", place, Excerpt((*reply)->body)));
  }
  std::vector<std::string> names;
  for (const json::value& each : data->as_array()) {
    if (each.is_object()) names.emplace_back(TextAt(each.as_object(), "id"));
  }
  if (names.size() == 1 && !names[0].empty()) return names[0];
  return InvalidArgument(fmt::format("{}: the server has {} models, choose one with --model: {}",
                                     place, names.size(), fmt::join(names, ", ")));
}

}  // namespace lemma::reasoning
