// SPDX-License-Identifier: Apache-2.0
// What the engine takes and gives back. Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/sampler.h"
#include "engine/sampling_params.h"
#include "engine/token_watch.h"

namespace lemma::engine {

enum class FinishReason : uint8_t {
  kStop,         // a stop token was chosen
  kLength,       // max_tokens reached
  kContextFull,  // the context window is full
  kWatch,        // GenerateRequest::watch ended it
  kCancelled,
  kDeadline,  // GenerateRequest::deadline passed, running or waiting
  kError,
};

// "stop", "length", "context_full", "watch", "cancelled", "deadline", "error".
std::string_view FinishReasonName(FinishReason reason);

inline constexpr int kMostPriority = 100;

struct GenerateRequest {
  std::vector<int32_t> prompt;  // at least one token
  SamplingParams sampling;
  size_t samples = 1;                // sequences that share the prefill
  std::optional<size_t> max_tokens;  // generated tokens a sample; absent: up to the context
  size_t min_tokens = 0;             // stop tokens are not chosen before
  std::vector<int32_t> stop_tokens;  // end a sample; reported, not counted as text
  uint64_t cache_salt = 0;           // prefixes are shared only within one salt
  int priority = 0;                  // higher goes first; -kMostPriority to kMostPriority
  uint64_t client = 0;               // clients of equal priority get equal shares
  std::optional<double> deadline;    // MonotonicSeconds(); waiting counts
  WatchFactory watch;                // may be empty
};

// Times in seconds, of the whole request.
struct Usage {
  size_t prompt_tokens = 0;
  size_t cached_tokens = 0;     // of the prompt, taken from the prefix cache
  size_t generated_tokens = 0;  // of this sample
  size_t drafted_tokens = 0;    // of this sample: computed ahead, ...
  size_t accepted_tokens = 0;   // ... and right
  double queue_seconds = 0;
  double prefill_seconds = 0;
  double decode_seconds = 0;  // of this sample, after its first token
};

enum class EventKind : uint8_t { kPrefill, kToken, kFinish };

struct TokenEvent {
  EventKind kind = EventKind::kToken;
  size_t sample = 0;
  SampledToken token;       // kToken; also kFinish by kStop: the stop token
  size_t prefill_done = 0;  // kPrefill: prompt tokens computed so far, of usage.prompt_tokens
  FinishReason finish = FinishReason::kStop;  // kFinish
  Status error;                               // kFinish by kError
  Usage usage;                                // kPrefill and kFinish
};

}  // namespace lemma::engine
