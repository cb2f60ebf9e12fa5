// SPDX-License-Identifier: Apache-2.0
#include "service/generate.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <utility>

#include "base/clock.h"
#include "engine/engine.h"
#include "service/engine_request.h"
#include "service/sample_text.h"
#include "service/sample_watch.h"
#include "service/thinking.h"

namespace lemma::service {
namespace {

FinishReason FromEngine(engine::FinishReason reason) {
  switch (reason) {
    case engine::FinishReason::kStop:
      return FinishReason::kStop;
    case engine::FinishReason::kLength:
      return FinishReason::kLength;
    case engine::FinishReason::kContextFull:
      return FinishReason::kContextFull;
    case engine::FinishReason::kWatch:
      return FinishReason::kLoop;
    case engine::FinishReason::kCancelled:
      return FinishReason::kCancelled;
    case engine::FinishReason::kDeadline:
      return FinishReason::kDeadline;
    case engine::FinishReason::kError:
      return FinishReason::kError;
  }
  return FinishReason::kError;
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
    case FinishReason::kLoop:
      return "loop";
    case FinishReason::kCancelled:
      return "cancelled";
    case FinishReason::kDeadline:
      return "deadline";
    case FinishReason::kError:
      return "error";
  }
  return "error";
}

std::string_view ThinkingEndName(ThinkingEnd end) {
  switch (end) {
    case ThinkingEnd::kNone:
      return "none";
    case ThinkingEnd::kModel:
      return "model";
    case ThinkingEnd::kBudget:
      return "budget";
    case ThinkingEnd::kRequested:
      return "requested";
    case ThinkingEnd::kLoop:
      return "loop";
    case ThinkingEnd::kOpen:
      return "open";
  }
  return "none";
}

class TextStream::Impl {
 public:
  struct Start {
    std::vector<int32_t> prompt;   // with `written` at its end
    std::vector<int32_t> written;  // of the answer
    Truncation truncation;
    chat::StreamParserOptions parser;
    std::string closing_sentence;
    engine::GenerateRequest request;  // without the prompt
  };

  static Result<std::unique_ptr<Impl>> Make(LoadedModel& model, const GenerateSettings& settings,
                                            Start start) {
    auto impl = std::unique_ptr<Impl>(new Impl);
    impl->prompt_ = start.prompt;
    impl->truncation_ = start.truncation;
    impl->seed_ = start.request.sampling.seed;
    if (settings.timeout_seconds) {
      start.request.deadline = MonotonicSeconds() + *settings.timeout_seconds;
    }
    impl->watch_ = MakeWatch(model, settings, start);
    if (impl->watch_) Watch(impl->watch_, start.request);
    SampleText::Options options;
    options.parser = std::move(start.parser);
    options.stop = settings.stop;
    for (const std::string_view stop : model.prompts().family().stop_strings) {
      options.stop.emplace_back(stop);
    }
    options.keep_logprobs = start.request.sampling.top_logprobs.has_value();
    const size_t samples = start.request.samples;
    start.request.prompt = std::move(start.prompt);
    LEMMA_ASSIGN_OR_RETURN(impl->generation_, model.engine().Submit(std::move(start.request)));
    for (options.sample = 0; options.sample < samples; ++options.sample) {
      impl->samples_.emplace_back(model.tokens(), options);
    }
    impl->unfinished_ = samples;
    impl->tokens_.resize(samples);
    impl->written_ = start.written.size();
    std::vector<StreamEvent> told;
    for (SampleText& text : impl->samples_) {
      for (const int32_t token : start.written) text.Push({token, {}, {}, false}, told);
    }
    for (StreamEvent& each : told) impl->ready_.push_back(std::move(each));
    return impl;
  }

  std::optional<StreamEvent> Next(std::chrono::nanoseconds timeout) {
    // One event of the engine may say nothing, or several things.
    const double end = timeout.count() > 0
                           ? MonotonicSeconds() + std::chrono::duration<double>(timeout).count()
                           : 0;
    while (ready_.empty() && unfinished_ > 0) {
      const double left = timeout.count() > 0 ? std::max(end - MonotonicSeconds(), 0.0) : 0;
      const auto event = generation_->Next(std::chrono::duration_cast<std::chrono::nanoseconds>(
          std::chrono::duration<double>(left)));
      if (!event) break;
      Handle(*event);
    }
    if (ready_.empty()) return std::nullopt;
    StreamEvent event = std::move(ready_.front());
    ready_.pop_front();
    return event;
  }

  void OnEvent(std::function<void()> callback) {
    if (callback && !ready_.empty()) callback();
    generation_->OnEvent(std::move(callback));
  }
  void Cancel() { generation_->Cancel(); }
  void CancelSample(size_t sample) { generation_->CancelSample(sample); }
  [[nodiscard]] const std::vector<int32_t>& tokens(size_t sample) const { return tokens_[sample]; }
  void EndThinking() {
    if (watch_) watch_->end_thinking.store(true, std::memory_order_relaxed);
  }

  [[nodiscard]] size_t samples() const { return samples_.size(); }
  [[nodiscard]] uint64_t seed() const { return seed_; }
  [[nodiscard]] const std::vector<int32_t>& prompt() const { return prompt_; }
  [[nodiscard]] const Truncation& truncation() const { return truncation_; }

 private:
  Impl() = default;

  static std::shared_ptr<WatchShared> MakeWatch(const LoadedModel& model,
                                                const GenerateSettings& settings,
                                                const Start& start) {
    WatchRules rules;
    rules.tokens = &model.tokens();
    rules.parser = start.parser;
    rules.parser.tools = chat::ToolSyntax::kNone;
    rules.budget = settings.thinking_budget;
    rules.loop_guard = settings.loop_guard == LoopGuardMode::kOn ||
                       (settings.loop_guard == LoopGuardMode::kDefault && !settings.ignore_eos);
    rules.written = start.written;
    rules.step_end = settings.step_end;
    rules.calculator = settings.calculator;
    rules.answer_temperature = settings.answer_temperature;
    rules.answer_limit = settings.answer_limit;
    const bool thinks = !rules.parser.think_open.empty() && !rules.parser.think_close.empty();
    if (thinks) {
      rules.closing = MakeClosingTokens(model, start.closing_sentence, rules.parser.think_close);
    } else {
      rules.parser.think_open.clear();
    }
    const bool more = rules.calculator == CalculatorMode::kOn || !rules.step_end.empty() ||
                      rules.answer_limit.has_value();
    if (!thinks && !rules.loop_guard && !more) return nullptr;
    return std::make_shared<WatchShared>(std::move(rules), start.request.samples);
  }

  static void Watch(const std::shared_ptr<WatchShared>& watch, engine::GenerateRequest& request) {
    if (!watch->rules.written.empty()) {
      const WatchStart start = StartOfWatch(watch);
      if (start.temperature) request.sampling.temperature = *start.temperature;
      if (start.answer_full) request.max_tokens = 0;
    }
    request.watch = MakeWatchFactory(watch);
  }

  void Handle(const engine::TokenEvent& event) {
    std::vector<StreamEvent> out;
    SampleText& text = samples_[event.sample];
    switch (event.kind) {
      case engine::EventKind::kPrefill: {
        StreamEvent progress;
        progress.kind = StreamEvent::Kind::kPrefill;
        progress.sample = event.sample;
        progress.prefill_done = event.prefill_done;
        progress.usage.prompt_tokens = event.usage.prompt_tokens;
        progress.usage.cached_tokens = event.usage.cached_tokens;
        progress.usage.queue_seconds = event.usage.queue_seconds;
        progress.usage.prefill_seconds = event.usage.prefill_seconds;
        out.push_back(std::move(progress));
        break;
      }
      case engine::EventKind::kToken: {
        tokens_[event.sample].push_back(event.token.token);
        const bool stopped_before = text.Stopped();
        text.Push(event.token, out);
        if (text.Stopped() && !stopped_before) generation_->CancelSample(event.sample);
        break;
      }
      case engine::EventKind::kFinish: {
        static const WatchReport unwatched;
        const WatchReport& report = watch_ ? watch_->reports[event.sample] : unwatched;
        text.Finish(
            {FromEngine(event.finish), event.usage, event.error, report.closed_by, report.loop},
            out);
        out.back().usage.generated_tokens -= written_;
        if (report.step_ended && event.finish == engine::FinishReason::kWatch) {
          out.back().finish = FinishReason::kStopString;
          out.back().matched_stop = watch_->rules.step_end;
        }
        if (report.answer_full) EndByLimit(out.back());
        --unfinished_;
        break;
      }
    }
    for (StreamEvent& each : out) ready_.push_back(std::move(each));
  }

  // A stop string or a cancellation came first, if it says so.
  static void EndByLimit(StreamEvent& finish) {
    if (finish.finish == FinishReason::kLoop) finish.finish = FinishReason::kLength;
    finish.answer_full = finish.finish == FinishReason::kLength;
  }

  std::shared_ptr<WatchShared> watch_;  // null when there is nothing to watch
  std::unique_ptr<engine::Generation> generation_;
  std::deque<SampleText> samples_;
  std::deque<StreamEvent> ready_;
  std::vector<int32_t> prompt_;
  Truncation truncation_;
  uint64_t seed_ = 0;
  size_t unfinished_ = 0;
  size_t written_ = 0;                        // tokens of each sample that were there before
  std::vector<std::vector<int32_t>> tokens_;  // [sample]
};

TextStream::TextStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TextStream::~TextStream() = default;
std::optional<StreamEvent> TextStream::Next(std::chrono::nanoseconds timeout) {
  return impl_->Next(timeout);
}
void TextStream::OnEvent(std::function<void()> callback) { impl_->OnEvent(std::move(callback)); }
void TextStream::Cancel() { impl_->Cancel(); }
void TextStream::CancelSample(size_t sample) { impl_->CancelSample(sample); }
const std::vector<int32_t>& TextStream::tokens(size_t sample) const {
  return impl_->tokens(sample);
}
void TextStream::EndThinking() { impl_->EndThinking(); }
size_t TextStream::samples() const { return impl_->samples(); }
uint64_t TextStream::seed() const { return impl_->seed(); }
const std::vector<int32_t>& TextStream::prompt_tokens() const { return impl_->prompt(); }
const Truncation& TextStream::truncation() const { return impl_->truncation(); }

namespace {

// Places of the context that shortening a prompt leaves for the answer.
size_t AnswerReserve(const GenerateSettings& settings, size_t context) {
  return std::min(settings.max_tokens.value_or(context / 8), context / 4) + 1;
}

}  // namespace

Result<std::unique_ptr<TextStream>> StartChat(LoadedModel& model, const ChatRequest& request) {
  TextStream::Impl::Start start;
  const GenerateSettings& settings = request.settings;
  chat::Conversation conversation = request.conversation;
  if (settings.thinking_budget == 0U) conversation.thinking = chat::Thinking::kOff;
  LEMMA_ASSIGN_OR_RETURN(start.request, MakeEngineRequest(model, settings, conversation.thinking));
  const size_t context = model.engine().context_tokens();
  LEMMA_ASSIGN_OR_RETURN(FittedPrompt fitted, FitPrompt(model, conversation,
                                                        {context, AnswerReserve(settings, context),
                                                         settings.on_overflow}));
  start.prompt = std::move(fitted.tokens);
  start.truncation = fitted.truncation;
  start.written = request.written;
  start.prompt.insert(start.prompt.end(), request.written.begin(), request.written.end());
  start.parser = std::move(fitted.prompt.parser);
  start.closing_sentence =
      settings.thinking_close_text.value_or(std::string(ClosingSentence(LanguageOf(conversation))));
  LEMMA_ASSIGN_OR_RETURN(auto impl, TextStream::Impl::Make(model, settings, std::move(start)));
  return std::unique_ptr<TextStream>(new TextStream(std::move(impl)));
}

namespace {

std::vector<int32_t> CompletionTokens(const LoadedModel& model, const CompletionRequest& request) {
  if (!request.prompt_tokens.empty()) return request.prompt_tokens;
  const auto special = request.parse_special ? tokenizer::SpecialTokens::kParse
                                             : tokenizer::SpecialTokens::kPlainText;
  std::vector<int32_t> tokens = model.tokens().Encode(request.prompt, special);
  const auto bos = model.tokens().bos();
  const bool has_bos = bos && !tokens.empty() && tokens.front() == *bos;
  if (request.add_bos && model.tokens().add_bos() && bos && !has_bos) {
    tokens.insert(tokens.begin(), *bos);
  }
  return tokens;
}

}  // namespace

Result<std::unique_ptr<TextStream>> StartCompletion(LoadedModel& model,
                                                    const CompletionRequest& request) {
  TextStream::Impl::Start start;
  LEMMA_ASSIGN_OR_RETURN(start.request,
                         MakeEngineRequest(model, request.settings, chat::Thinking::kDefault));
  start.prompt = CompletionTokens(model, request);
  start.parser.think_open.clear();
  LEMMA_ASSIGN_OR_RETURN(auto impl,
                         TextStream::Impl::Make(model, request.settings, std::move(start)));
  return std::unique_ptr<TextStream>(new TextStream(std::move(impl)));
}

Result<std::vector<int32_t>> PromptTokens(const LoadedModel& model,
                                          const chat::Conversation& conversation) {
  LEMMA_ASSIGN_OR_RETURN(const chat::Prompt prompt, model.prompts().Build(conversation));
  return model.EncodePrompt(prompt);
}

}  // namespace lemma::service
