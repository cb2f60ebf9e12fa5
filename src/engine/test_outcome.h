// SPDX-License-Identifier: Apache-2.0
// All that came out of a request, to be compared with another run of it. Test code only.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <vector>

#include "base/rng.h"
#include "engine/engine.h"

namespace lemma::engine {

struct Outcome {
  std::vector<int32_t> tokens;
  std::vector<float> logprobs;
  std::vector<int32_t> top;
  FinishReason finish = FinishReason::kError;
  Status error;
  Usage usage;
  bool operator==(const Outcome& o) const {
    return tokens == o.tokens && logprobs == o.logprobs && top == o.top && finish == o.finish;
  }
};

// A prompt of random tokens that all fake models know.
inline GenerateRequest MakeRequest(uint64_t seed, size_t prompt_tokens, size_t max_tokens) {
  GenerateRequest request;
  for (size_t i = 0; i < prompt_tokens; ++i) {
    request.prompt.push_back(static_cast<int32_t>(RandomBits(seed, i) % 30));
  }
  request.sampling.seed = seed;
  request.max_tokens = max_tokens;
  return request;
}

inline std::map<size_t, Outcome> Drain(Generation& generation, size_t samples) {
  std::map<size_t, Outcome> out;
  for (size_t finished = 0; finished < samples;) {
    const auto event = generation.Next(std::chrono::seconds(20));
    if (!event) {
      ADD_FAILURE() << "no event in time";
      return out;
    }
    Outcome& o = out[event->sample];
    if (event->kind == EventKind::kToken) {
      o.tokens.push_back(event->token.token);
      if (event->token.logprob) o.logprobs.push_back(*event->token.logprob);
      for (const TokenLogprob& t : event->token.top_logprobs) o.top.push_back(t.token);
    }
    if (event->kind != EventKind::kFinish) continue;
    o.finish = event->finish;
    o.error = event->error;
    o.usage = event->usage;
    ++finished;
  }
  return out;
}

}  // namespace lemma::engine
