// SPDX-License-Identifier: Apache-2.0
#include "service/model_speed.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <utility>

namespace lemma::service {
namespace {

constexpr size_t kPrompt = 192;
constexpr size_t kSteps = 12;

// The prompts are always the same, and may be kept in a store over a restart: a salt that nobody
// else has keeps them from being found.
uint64_t FreshSalt() {
  std::random_device device;
  const uint64_t high = device();
  return high << 32 | device();
}

// False: it did not come to its end.
bool Time(engine::Generation& run, size_t sequences, ModelSpeed& speed) {
  double slowest = 0;
  for (size_t ended = 0; ended < sequences;) {
    const auto event = run.Next(std::chrono::seconds(60));
    if (!event) return false;
    if (event->kind != engine::EventKind::kFinish) continue;
    if (event->finish != engine::FinishReason::kLength) return false;
    ++ended;
    const engine::Usage& usage = event->usage;
    slowest = std::max(slowest, usage.decode_seconds);
    const size_t computed =
        usage.prompt_tokens - std::min(usage.cached_tokens, usage.prompt_tokens);
    if (usage.prefill_seconds > 0 && computed > 0 && speed.prefill == 0) {
      speed.prefill = static_cast<double>(computed) / usage.prefill_seconds;
    }
  }
  const double rate = static_cast<double>(sequences * (kSteps - 1)) / std::max(slowest, 1e-6);
  (sequences == 1 ? speed.one_sequence : speed.all_sequences) = rate;
  return true;
}

}  // namespace

std::optional<ModelSpeed> MeasureSpeed(engine::Engine& engine) {
  ModelSpeed speed;
  const uint64_t salt = FreshSalt();
  for (const size_t sequences : {size_t{1}, speed.sequences}) {
    engine::GenerateRequest request;
    for (size_t i = 0; i < kPrompt; ++i) {
      request.prompt.push_back(static_cast<int32_t>((31 * i + sequences) % engine.vocab()));
    }
    request.samples = sequences;
    request.max_tokens = kSteps;
    request.sampling.temperature = 1.0F;
    request.cache_salt = salt;
    const auto run = engine.Submit(std::move(request));
    if (!run.ok() || !Time(**run, sequences, speed)) return std::nullopt;
  }
  return speed;
}

}  // namespace lemma::service
