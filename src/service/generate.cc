// SPDX-License-Identifier: Apache-2.0
#include "service/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/clock.h"
#include "service/sample_text.h"

namespace lemma::service {
namespace {

using tokenizer::SpecialTokens;
using tokenizer::TokenId;

uint64_t FreshSeed() {
  std::random_device device;
  return static_cast<uint64_t>(device()) << 32 | device();
}

template <typename T>
void Override(const std::optional<T>& from, T& to) {
  if (from) to = *from;
}

engine::SamplingParams MergeSampling(const SamplingOverrides& set, engine::SamplingParams out) {
  Override(set.temperature, out.temperature);
  Override(set.top_k, out.top_k);
  Override(set.top_p, out.top_p);
  Override(set.min_p, out.min_p);
  Override(set.typical_p, out.typical_p);
  Override(set.repeat_penalty, out.repeat_penalty);
  Override(set.repeat_last_n, out.repeat_last_n);
  Override(set.presence_penalty, out.presence_penalty);
  Override(set.frequency_penalty, out.frequency_penalty);
  Override(set.dry_multiplier, out.dry.multiplier);
  Override(set.dry_base, out.dry.base);
  Override(set.dry_allowed_length, out.dry.allowed_length);
  out.top_logprobs = set.top_logprobs;
  out.logit_bias = set.logit_bias;
  out.seed = set.seed ? *set.seed : FreshSeed();
  return out;
}

void AddUnique(TokenId id, std::vector<int32_t>& ids) {
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
}

std::vector<int32_t> StopTokens(const LoadedModel& model, const GenerateSettings& settings) {
  std::vector<int32_t> out = settings.stop_token_ids;
  if (settings.ignore_eos) return out;
  for (const TokenId id : model.tokens().eog_ids()) AddUnique(id, out);
  for (const std::string_view spelling : model.prompts().family().end_tokens) {
    if (const auto id = model.tokens().Find(spelling)) AddUnique(*id, out);
  }
  return out;
}

std::vector<int32_t> Tokenise(const LoadedModel& model,
                              const std::vector<chat::PromptPart>& parts) {
  std::vector<int32_t> out;
  for (const chat::PromptPart& part : parts) {
    model.tokens().EncodeAppend(
        part.text, part.is_input ? SpecialTokens::kPlainText : SpecialTokens::kParse, out);
  }
  return out;
}

engine::GenerateRequest EngineRequest(const LoadedModel& model, const GenerateSettings& settings,
                                      chat::Thinking thinking) {
  engine::GenerateRequest out;
  out.sampling = MergeSampling(settings.sampling, model.DefaultSampling(thinking));
  out.samples = settings.samples;
  out.max_tokens = settings.max_tokens;
  out.min_tokens = settings.min_tokens;
  out.stop_tokens = StopTokens(model, settings);
  out.cache_salt = settings.cache_salt;
  return out;
}

FinishReason FromEngine(engine::FinishReason reason) {
  switch (reason) {
    case engine::FinishReason::kStop:
      return FinishReason::kStop;
    case engine::FinishReason::kLength:
      return FinishReason::kLength;
    case engine::FinishReason::kContextFull:
      return FinishReason::kContextFull;
    case engine::FinishReason::kCancelled:
      return FinishReason::kCancelled;
    case engine::FinishReason::kError:
      return FinishReason::kError;
  }
  return FinishReason::kError;
}

StreamUsage FromEngine(const engine::Usage& usage) {
  StreamUsage out;
  out.prompt_tokens = usage.prompt_tokens;
  out.cached_tokens = usage.cached_tokens;
  out.generated_tokens = usage.generated_tokens;
  out.queue_seconds = usage.queue_seconds;
  out.prefill_seconds = usage.prefill_seconds;
  out.decode_seconds = usage.decode_seconds;
  return out;
}

}  // namespace

std::string_view FinishReasonName(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kStopString:
      return "stop_string";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kContextFull:
      return "context_full";
    case FinishReason::kToolCalls:
      return "tool_calls";
    case FinishReason::kCancelled:
      return "cancelled";
    case FinishReason::kDeadline:
      return "deadline";
    case FinishReason::kError:
      return "error";
  }
  return "unknown";
}

class TextStream::Impl {
 public:
  Impl(LoadedModel& model, engine::GenerateRequest request, const TextFormat& format)
      : seed_(request.sampling.seed), prompt_(request.prompt) {
    for (size_t i = 0; i < request.samples; ++i) texts_.emplace_back(model.tokens(), format, i);
    pending_ = std::move(request);
  }

  Status Start(LoadedModel& model, const std::optional<double>& timeout_seconds) {
    if (timeout_seconds) deadline_ = MonotonicSeconds() + *timeout_seconds;
    LEMMA_ASSIGN_OR_RETURN(generation_, model.engine().Submit(std::move(pending_)));
    return OkStatus();
  }

  std::optional<StreamEvent> Next(std::chrono::nanoseconds timeout) {
    const double until = MonotonicSeconds() + std::chrono::duration<double>(timeout).count();
    while (ready_.empty()) {
      const double now = MonotonicSeconds();
      if (deadline_ && now >= *deadline_ && !deadline_passed_) {
        deadline_passed_ = true;
        generation_->Cancel();
      }
      double wait = until - now;
      if (deadline_ && !deadline_passed_) wait = std::min(wait, *deadline_ - now);
      auto event = generation_->Next(
          std::chrono::nanoseconds(static_cast<int64_t>(std::max(wait, 0.0) * 1e9)));
      if (event) {
        Take(*event);
      } else if (MonotonicSeconds() >= until) {
        return std::nullopt;
      }
    }
    StreamEvent out = std::move(ready_.front());
    ready_.pop_front();
    return out;
  }

  void Cancel() { generation_->Cancel(); }
  [[nodiscard]] size_t samples() const { return texts_.size(); }
  [[nodiscard]] uint64_t seed() const { return seed_; }
  [[nodiscard]] const std::vector<int32_t>& prompt() const { return prompt_; }

 private:
  void Take(engine::TokenEvent& event) {
    SampleText& text = texts_[event.sample];
    switch (event.kind) {
      case engine::EventKind::kPrefill: {
        StreamEvent out;
        out.kind = StreamEvent::Kind::kPrefill;
        out.sample = event.sample;
        out.prefill_done = event.prefill_done;
        out.usage = FromEngine(event.usage);
        ready_.push_back(std::move(out));
        break;
      }
      case engine::EventKind::kToken:
        text.Push(event.token, ready_);
        if (text.matched_stop()) generation_->CancelSample(event.sample);
        break;
      case engine::EventKind::kFinish:
        text.Flush(ready_);
        ready_.push_back(Finish(text, event));
        break;
    }
  }

  StreamEvent Finish(const SampleText& text, engine::TokenEvent& event) const {
    StreamEvent out;
    out.kind = StreamEvent::Kind::kFinish;
    out.sample = event.sample;
    out.finish = FromEngine(event.finish);
    out.error = std::move(event.error);
    if (out.finish == FinishReason::kCancelled && deadline_passed_) {
      out.finish = FinishReason::kDeadline;
    }
    if (out.finish == FinishReason::kStop && text.had_tool_call()) {
      out.finish = FinishReason::kToolCalls;
    }
    if (text.matched_stop()) {
      out.finish = FinishReason::kStopString;
      out.matched_stop = *text.matched_stop();
    }
    out.usage = FromEngine(event.usage);
    out.usage.generated_tokens = text.tokens_seen();
    out.usage.thinking_tokens = text.thinking_tokens();
    out.thinking_unfinished = text.thinking_unfinished();
    return out;
  }

  uint64_t seed_;
  std::vector<int32_t> prompt_;
  engine::GenerateRequest pending_;
  std::optional<double> deadline_;
  bool deadline_passed_ = false;
  std::deque<SampleText> texts_;
  std::deque<StreamEvent> ready_;
  std::unique_ptr<engine::Generation> generation_;
};

TextStream::TextStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TextStream::~TextStream() = default;

std::optional<StreamEvent> TextStream::Next(std::chrono::nanoseconds timeout) {
  return impl_->Next(timeout);
}
void TextStream::Cancel() { impl_->Cancel(); }
size_t TextStream::samples() const { return impl_->samples(); }
uint64_t TextStream::seed() const { return impl_->seed(); }
const std::vector<int32_t>& TextStream::prompt_tokens() const { return impl_->prompt(); }

Result<std::vector<int32_t>> PromptTokens(const LoadedModel& model,
                                          const chat::Conversation& conversation) {
  LEMMA_ASSIGN_OR_RETURN(const chat::Prompt prompt, model.prompts().Build(conversation));
  return Tokenise(model, prompt.parts);
}

Result<std::unique_ptr<TextStream>> StartChat(LoadedModel& model, const ChatRequest& request) {
  LEMMA_ASSIGN_OR_RETURN(const chat::Prompt prompt, model.prompts().Build(request.conversation));
  auto engine_request = EngineRequest(model, request.settings, request.conversation.thinking);
  engine_request.prompt = Tokenise(model, prompt.parts);
  TextFormat format;
  format.parser = prompt.parser;
  format.stops = request.settings.stop;
  for (const std::string_view stop : model.prompts().family().stop_strings) {
    format.stops.emplace_back(stop);
  }
  auto impl = std::make_unique<TextStream::Impl>(model, std::move(engine_request), format);
  LEMMA_RETURN_IF_ERROR(impl->Start(model, request.settings.timeout_seconds));
  return std::unique_ptr<TextStream>(new TextStream(std::move(impl)));
}

Result<std::unique_ptr<TextStream>> StartCompletion(LoadedModel& model,
                                                    const CompletionRequest& request) {
  auto engine_request = EngineRequest(model, request.settings, chat::Thinking::kDefault);
  const tokenizer::Tokenizer& tokens = model.tokens();
  if (request.add_bos && tokens.add_bos() && tokens.bos()) {
    engine_request.prompt.push_back(*tokens.bos());
  }
  tokens.EncodeAppend(request.prompt,
                      request.parse_special ? SpecialTokens::kParse : SpecialTokens::kPlainText,
                      engine_request.prompt);
  TextFormat format;
  format.stops = request.settings.stop;
  auto impl = std::make_unique<TextStream::Impl>(model, std::move(engine_request), format);
  LEMMA_RETURN_IF_ERROR(impl->Start(model, request.settings.timeout_seconds));
  return std::unique_ptr<TextStream>(new TextStream(std::move(impl)));
}

}  // namespace lemma::service
