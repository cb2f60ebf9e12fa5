// SPDX-License-Identifier: Apache-2.0
// From a conversation (or a raw prompt) to a stream of thinking, content and tool calls: prompt
// format -> tokens -> engine -> detokenizer -> stream parser -> stop strings (in the content, not
// in the thinking text). No half characters, no part of a stop string, no control token comes out;
// every ending says its reason. Thinking has a budget and loops are ended, both decided by the
// tokens alone: the same request gives the same text.
// Threads: a TextStream is used by one thread; Cancel and EndThinking may be called from any.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "chat/message.h"
#include "engine/request.h"
#include "service/loaded_model.h"
#include "service/loop_guard.h"
#include "service/truncate.h"

namespace lemma::service {

// What a request sets; the rest stays as LoadedModel::DefaultSampling says. Ranges and meanings
// are those of engine::SamplingParams.
struct SamplingOverrides {
  std::optional<float> temperature;
  std::optional<size_t> top_k;
  std::optional<float> top_p;
  std::optional<float> min_p;
  std::optional<float> typical_p;
  std::optional<float> repeat_penalty;
  std::optional<size_t> repeat_last_n;
  std::optional<float> presence_penalty;
  std::optional<float> frequency_penalty;
  std::optional<float> dry_multiplier;
  std::optional<float> dry_base;
  std::optional<size_t> dry_allowed_length;
  std::optional<uint64_t> seed;  // absent: a fresh random one, reported in the result
  std::optional<size_t> top_logprobs;
  std::vector<std::pair<int32_t, float>> logit_bias;
  // The same for every token of a text, as it stands: " yes" and "yes" are different tokens.
  std::vector<std::pair<std::string, float>> text_bias;
};

enum class CalculatorMode : uint8_t { kOff, kOn };

enum class LoopGuardMode : uint8_t {
  kDefault,  // on, unless ignore_eos asks for output without an end
  kOn,
  kOff,
};

struct GenerateSettings {
  SamplingOverrides sampling;
  size_t samples = 1;
  std::optional<size_t> max_tokens;
  size_t min_tokens = 0;
  std::vector<std::string> stop;          // strings; the text ends before the first of them
  std::vector<int32_t> stop_token_ids;    // beside the model's own end tokens
  bool ignore_eos = false;                // the model's own end tokens do not end it
  std::optional<double> timeout_seconds;  // ends with kDeadline
  uint64_t cache_salt = 0;
  // Tokens of thinking. When they are used up, thinking is closed at the next end of a sentence or
  // line, at most kThinkingGrace tokens later, with a short sentence of the prompt's language; then
  // the answer follows. 0: the prompt asks for none, as chat::Thinking::kOff does.
  std::optional<size_t> thinking_budget;
  // Instead of that sentence; absent: the usual one. Chats only.
  std::optional<std::string> thinking_close_text;
  // Of what is written behind the thinking; absent: that of the thinking. Chats only.
  std::optional<float> answer_temperature;
  // Tokens of what is written behind the thinking, or of all where there is none; white space
  // before its first word is not counted. Ends with kLength. At least 1.
  std::optional<size_t> answer_limit;
  CalculatorMode calculator = CalculatorMode::kOff;  // finishes sums (service/calculator.h)
  // Ends a sample behind this text, in the thinking too, with kStopString; empty: it does not. For
  // searches that go on step by step.
  std::string step_end;
  LoopGuardMode loop_guard = LoopGuardMode::kDefault;
  OnOverflow on_overflow = OnOverflow::kRefuse;  // of the context, by the prompt of a chat
  int priority = 0;     // higher runs first; -engine::kMostPriority to engine::kMostPriority
  uint64_t client = 0;  // requests of one client share its part of the machine
};

// Tokens that thinking may go on after its budget, in search of the end of a sentence.
inline constexpr size_t kThinkingGrace = 32;

struct ChatRequest {
  chat::Conversation conversation;
  GenerateSettings settings;
  // Tokens that the answer begins with, as TextStream::tokens gave them: it goes on from there.
  // What they say is told first; max_tokens and the usage count what follows them, answer_limit
  // counts their answer too.
  std::vector<int32_t> written = {};
};

struct CompletionRequest {
  std::string prompt;                  // as it is; control tokens are not parsed
  bool parse_special = false;          // unless this is set
  bool add_bos = true;                 // if the model wants one
  std::vector<int32_t> prompt_tokens;  // unless empty: they are the prompt, all of it
  GenerateSettings settings;
};

enum class FinishReason : uint8_t {
  kStop,        // the model ended its turn, or a stop token
  kStopString,  // one of settings.stop
  kLength,
  kContextFull,
  kToolCalls,  // ended after at least one tool call
  kLoop,       // the answer went round in a circle: StreamEvent::loop
  kCancelled,
  kDeadline,
  kError,
};
std::string_view FinishReasonName(FinishReason reason);  // "stop", "stop_string", "length", ...

struct StreamUsage {
  size_t prompt_tokens = 0;
  size_t cached_tokens = 0;
  size_t generated_tokens = 0;
  size_t thinking_tokens = 0;
  size_t forced_tokens = 0;    // of the generated ones: what closed the thinking, sums finished
  size_t drafted_tokens = 0;   // computed ahead by speculation, ...
  size_t accepted_tokens = 0;  // ... and right: these came without a pass of their own
  double queue_seconds = 0;
  double prefill_seconds = 0;
  double decode_seconds = 0;
};

enum class ThinkingEnd : uint8_t {
  kNone,       // there was no thinking
  kModel,      // the model closed it
  kBudget,     // its budget was used up
  kRequested,  // TextStream::EndThinking
  kLoop,       // it went round in a circle: StreamEvent::loop
  kOpen,       // it was still open when the sample ended
};
std::string_view ThinkingEndName(ThinkingEnd end);  // "none", "model", "budget", ...

// A loop that the guard ended.
struct LoopReport {
  bool in_thinking = false;  // thinking was closed; else the answer ended with kLoop
  size_t at_token = 0;       // generated tokens of the sample when it was found
  LoopFinding finding;
};

struct StreamEvent {
  enum class Kind : uint8_t { kPrefill, kThinking, kContent, kToolCall, kFinish };
  Kind kind = Kind::kContent;
  size_t sample = 0;
  std::string text;                            // kThinking, kContent
  chat::ToolCall tool_call;                    // kToolCall
  std::vector<engine::SampledToken> logprobs;  // of the tokens behind this text, when asked for
  size_t prefill_done = 0;                     // kPrefill
  // kFinish:
  FinishReason finish = FinishReason::kStop;
  Status error;              // with kError
  std::string matched_stop;  // with kStopString
  std::string lemma;         // of verified reasoning: a JSON object for the answer's "lemma"
  bool answer_full = false;  // with kLength: by settings.answer_limit
  bool thinking_unfinished = false;
  ThinkingEnd thinking_end = ThinkingEnd::kNone;
  std::optional<LoopReport> loop;  // the last one found
  StreamUsage usage;               // kPrefill and kFinish
};

class TextStream {
 public:
  ~TextStream();  // cancels what still runs
  TextStream(const TextStream&) = delete;
  TextStream& operator=(const TextStream&) = delete;

  // The next event; nullopt when none came in time. Every sample ends with one kFinish. With a
  // timeout of zero it does not wait.
  std::optional<StreamEvent> Next(std::chrono::nanoseconds timeout);
  // `callback` runs on the engine thread whenever there may be something new to read, and at once
  // on this thread if there is already: read with Next(0) until nothing comes. It must be cheap
  // (post to an executor), and must not call this object. After an empty function returned from
  // OnEvent, and after the destructor, the former callback does not run any more.
  void OnEvent(std::function<void()> callback);
  void Cancel();
  // One sample ends with kCancelled; the others go on.
  void CancelSample(size_t sample);
  // Of a sample, those that Next has looked at.
  [[nodiscard]] const std::vector<int32_t>& tokens(size_t sample) const;
  // All samples that are thinking close it at the next end of a sentence, as for a budget.
  void EndThinking();
  [[nodiscard]] size_t samples() const;
  [[nodiscard]] uint64_t seed() const;  // the one in use
  [[nodiscard]] const std::vector<int32_t>& prompt_tokens() const;
  // What was left out of the prompt (OnOverflow::kDropOldest).
  [[nodiscard]] const Truncation& truncation() const;

 private:
  friend Result<std::unique_ptr<TextStream>> StartChat(LoadedModel&, const ChatRequest&);
  friend Result<std::unique_ptr<TextStream>> StartCompletion(LoadedModel&,
                                                             const CompletionRequest&);
  class Impl;
  explicit TextStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// InvalidArgument names the field; a prompt that does not fit gives the counts. The model must
// outlive the stream.
Result<std::unique_ptr<TextStream>> StartChat(LoadedModel& model, const ChatRequest& request);
// The text comes as kContent only.
Result<std::unique_ptr<TextStream>> StartCompletion(LoadedModel& model,
                                                    const CompletionRequest& request);

// The tokens of a conversation's prompt, as StartChat would use them.
Result<std::vector<int32_t>> PromptTokens(const LoadedModel& model,
                                          const chat::Conversation& conversation);

}  // namespace lemma::service
