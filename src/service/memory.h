// SPDX-License-Identifier: Apache-2.0
// How much memory a model needs, and how it is shared between weights and KV cache. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"

namespace lemma::service {

// Activations, logits, tokenizer tables, program.
inline constexpr uint64_t kWorkBytes = 96ULL << 20;

struct MemoryNeeds {
  uint64_t weight_bytes = 0;  // as stored in the file; packed weights are about as large
  uint64_t kv_bytes_per_token = 0;
  size_t trained_context = 0;  // tokens
  std::optional<size_t> asked_context;
  std::optional<uint64_t> available;
};

struct MemoryPlan {
  size_t context = 0;   // tokens
  size_t kv_pages = 0;  // of engine::kPageTokens
  uint64_t total_bytes = 0;
  std::string warning;  // when the context is smaller than usual; else empty
};

// InvalidArgument for a context beyond the trained one; ResourceExhausted with the figures when
// the weights, or the context that was asked for, do not fit.
Result<MemoryPlan> PlanMemory(const MemoryNeeds& needs);

// "1.12 GB".
std::string FormatBytes(uint64_t bytes);

}  // namespace lemma::service
