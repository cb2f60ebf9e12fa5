// SPDX-License-Identifier: Apache-2.0
#include "server/anthropic/reply.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "server/finish_notes.h"
#include "server/sse.h"

namespace lemma::server::anthropic {

namespace json = boost::json;

namespace {

using Kind = service::StreamEvent::Kind;

json::object Usage(const service::StreamUsage& usage) {
  return {{"input_tokens", usage.prompt_tokens - usage.cached_tokens},
          {"cache_creation_input_tokens", 0},
          {"cache_read_input_tokens", usage.cached_tokens},
          {"output_tokens", usage.generated_tokens},
          {"output_tokens_details", {{"thinking_tokens", usage.thinking_tokens}}}};
}

void AddWarnings(const std::vector<std::string>& warnings, json::object& out) {
  if (!warnings.empty()) out["warnings"] = json::array(warnings.begin(), warnings.end());
}

// The result of a verified answer.
void AddLemma(const service::StreamEvent& finish, json::object& out) {
  if (!finish.lemma.empty()) out["lemma"] = json::parse(finish.lemma);
}

json::object Message(const ReplyHead& head) {
  return {{"id", head.id},           {"type", "message"},        {"role", "assistant"},
          {"model", head.model},     {"content", json::array()}, {"stop_reason", nullptr},
          {"stop_sequence", nullptr}};
}

void AddReason(const service::StreamEvent& finish, json::object& out) {
  out["stop_reason"] = StopReason(finish.finish);
  out["stop_sequence"] = nullptr;
  if (finish.finish == service::FinishReason::kStopString) {
    out["stop_sequence"] = finish.matched_stop;
  }
}

// Clients match results to calls by id, so every call gets one.
std::string CallId(const ReplyHead& head, const chat::ToolCall& call, size_t index) {
  if (!call.id.empty()) return call.id;
  const std::string_view id = head.id;
  return fmt::format("toolu_{}_{}", id.starts_with("msg_") ? id.substr(4) : id, index);
}

json::object Input(const std::string& arguments) {
  json::error_code error;
  json::value value = json::parse(arguments.empty() ? "{}" : arguments, error);
  // The stream parser gives objects only; anything else is kept where a reader finds it.
  if (error || !value.is_object()) return {{"arguments", arguments}};
  return std::move(value.get_object());
}

std::string Event(std::string_view type, const json::object& body) {
  json::object out{{"type", type}};
  out.insert(body.begin(), body.end());
  return SseEvent(type, json::serialize(out));
}

std::string Delta(size_t index, json::object delta) {
  return Event("content_block_delta", {{"index", index}, {"delta", std::move(delta)}});
}

std::string BlockStart(size_t index, json::object block) {
  return Event("content_block_start", {{"index", index}, {"content_block", std::move(block)}});
}

}  // namespace

std::string_view StopReason(service::FinishReason reason) {
  switch (reason) {
    case service::FinishReason::kStop:
      return "end_turn";
    case service::FinishReason::kStopString:
      return "stop_sequence";
    case service::FinishReason::kToolCalls:
      return "tool_use";
    case service::FinishReason::kContextFull:
      return "model_context_window_exceeded";
    default:
      return "max_tokens";  // cut: the warnings say by what
  }
}

std::string Signature(std::string_view thinking) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, 64 bits
  for (const char c : thinking) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return fmt::format("lemma1:{:016x}", hash);
}

EventWriter::EventWriter(ReplyHead head) : head_(std::move(head)) {}

std::string EventWriter::Start() {
  json::object message = Message(head_);
  service::StreamUsage usage;
  usage.prompt_tokens = head_.prompt_tokens;
  message["usage"] = Usage(usage);
  AddWarnings(head_.warnings, message);
  return Event("message_start", {{"message", std::move(message)}}) + Ping();
}

std::string EventWriter::Ping() { return Event("ping", {}); }

std::string EventWriter::Add(const service::StreamEvent& event) {
  switch (event.kind) {
    case Kind::kThinking:
      return Text(Block::kThinking, event.text);
    case Kind::kContent:
      return Text(Block::kText, event.text);
    case Kind::kToolCall:
      return ToolUse(event.tool_call);
    case Kind::kFinish:
      return Finish(event);
    case Kind::kPrefill:
      break;
  }
  return {};
}

std::string EventWriter::Open(Block block) {
  if (block_ == block) return {};
  std::string out = CloseBlock();
  block_ = block;
  json::object start{{"type", "text"}, {"text", ""}};
  if (block == Block::kThinking)
    start = {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}};
  return out + BlockStart(index_, std::move(start));
}

std::string EventWriter::CloseBlock() {
  if (block_ == Block::kNone) return {};
  std::string out;
  if (block_ == Block::kThinking) {
    out = Delta(index_, {{"type", "signature_delta"}, {"signature", Signature(thinking_)}});
    thinking_.clear();
  }
  out += Event("content_block_stop", {{"index", index_}});
  block_ = Block::kNone;
  ++index_;
  return out;
}

std::string EventWriter::Text(Block block, std::string_view text) {
  if (text.empty()) return {};
  std::string out = Open(block);
  if (block == Block::kThinking) {
    thinking_ += text;
    return out + Delta(index_, {{"type", "thinking_delta"}, {"thinking", text}});
  }
  return out + Delta(index_, {{"type", "text_delta"}, {"text", text}});
}

std::string EventWriter::ToolUse(const chat::ToolCall& call) {
  std::string out = CloseBlock();
  out += BlockStart(index_, {{"type", "tool_use"},
                             {"id", CallId(head_, call, tool_uses_++)},
                             {"name", call.name},
                             {"input", json::object()}});
  out += Delta(index_, {{"type", "input_json_delta"},
                        {"partial_json", json::serialize(Input(call.arguments))}});
  out += Event("content_block_stop", {{"index", index_}});
  ++index_;
  return out;
}

std::string EventWriter::Finish(const service::StreamEvent& event) {
  if (event.finish == service::FinishReason::kError) {
    return SseEvent("error", ErrorBody(FromStatus(event.error)));
  }
  std::string out = CloseBlock();
  json::object delta;
  AddReason(event, delta);
  json::object body{{"delta", std::move(delta)}, {"usage", Usage(event.usage)}};
  AddLemma(event, body);
  AddWarnings(FinishNotes(event), body);
  return out + Event("message_delta", body) + Event("message_stop", {});
}

MessageBuilder::MessageBuilder(ReplyHead head) : head_(std::move(head)) {}

void MessageBuilder::Add(const service::StreamEvent& event) {
  if (event.kind == Kind::kPrefill || event.kind == Kind::kFinish) return;
  if (event.kind == Kind::kToolCall) {
    parts_.push_back({event.kind, {}, event.tool_call});
    return;
  }
  if (event.text.empty()) return;
  if (parts_.empty() || parts_.back().kind != event.kind) parts_.push_back({event.kind, {}, {}});
  parts_.back().text += event.text;
}

std::string MessageBuilder::Finish(const service::StreamEvent& finish) const {
  json::array content;
  size_t tool_uses = 0;
  for (const Part& part : parts_) {
    if (part.kind == Kind::kThinking) {
      content.push_back(
          {{"type", "thinking"}, {"thinking", part.text}, {"signature", Signature(part.text)}});
    } else if (part.kind == Kind::kContent) {
      content.push_back({{"type", "text"}, {"text", part.text}});
    } else {
      content.push_back({{"type", "tool_use"},
                         {"id", CallId(head_, part.call, tool_uses++)},
                         {"name", part.call.name},
                         {"input", Input(part.call.arguments)}});
    }
  }
  json::object out = Message(head_);
  out["content"] = std::move(content);
  AddReason(finish, out);
  out["usage"] = Usage(finish.usage);
  AddLemma(finish, out);
  std::vector<std::string> warnings = head_.warnings;
  for (std::string& note : FinishNotes(finish)) warnings.push_back(std::move(note));
  AddWarnings(warnings, out);
  return json::serialize(out);
}

std::string_view ErrorType(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidRequest:
    case ErrorKind::kContextOverflow:
    case ErrorKind::kUnsupported:
    case ErrorKind::kMethodNotAllowed:
      return "invalid_request_error";
    case ErrorKind::kUnauthorized:
      return "authentication_error";
    case ErrorKind::kForbidden:
      return "permission_error";
    case ErrorKind::kModelNotFound:
    case ErrorKind::kNotFound:
      return "not_found_error";
    case ErrorKind::kTooLarge:
      return "request_too_large";
    case ErrorKind::kRateLimited:
      return "rate_limit_error";
    case ErrorKind::kOverloaded:
    case ErrorKind::kModelLoading:
    case ErrorKind::kStopping:
      return "overloaded_error";
    case ErrorKind::kDeadline:
      return "timeout_error";
    default:
      return "api_error";
  }
}

std::string ErrorBody(const ApiError& error) {
  // Clients know an overflow by these words, and shorten the conversation.
  std::string message = error.message;
  constexpr std::string_view kPrompt = "prompt: ";
  if (error.kind == ErrorKind::kContextOverflow && message.starts_with(kPrompt)) {
    message.replace(0, kPrompt.size(), "prompt is too long: ");
  }
  return json::serialize(json::object{
      {"type", "error"}, {"error", {{"type", ErrorType(error.kind)}, {"message", message}}}});
}

Response FormatError(const ApiError& error) {
  Response response = ErrorHead(error);
  response.body = ErrorBody(error);
  return response;
}

}  // namespace lemma::server::anthropic
