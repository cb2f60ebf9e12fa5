// SPDX-License-Identifier: Apache-2.0
// The shapes that `lemma synth` knows: hyperparameters of published models (their config files)
// and tiny ones of each architecture for tests. Plain data, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/writer.h"
#include "tensor/view.h"

namespace lemma::model {

// Which special tokens and prompt the synthetic vocabulary carries.
enum class SynthPrompt : uint8_t { kDeepseekR1, kChatMl };

enum class Tying : uint8_t { kTied, kUntied };
enum class RopeFactors : uint8_t { kNone, kLlama3 };

struct SynthShape {
  std::string_view name;          // "deepseek-r1-distill-qwen-1.5b"
  std::string_view architecture;  // "qwen2"
  std::string_view size_label;    // "1.5B"
  std::string_view pre;           // tokenizer.ggml.pre
  SynthPrompt prompt = SynthPrompt::kDeepseekR1;
  uint32_t layers = 0;
  uint32_t embedding = 0;
  uint32_t heads = 0;
  uint32_t kv_heads = 0;
  uint32_t head_dim = 0;
  uint32_t feed_forward = 0;
  uint32_t vocab = 0;
  uint32_t context = 0;
  float rope_base = 10000.0F;
  float norm_epsilon = 1e-6F;
  Tying tying = Tying::kUntied;
  RopeFactors rope_factors = RopeFactors::kNone;
};

std::span<const SynthShape> SynthShapes();
// "tiny" is tiny-qwen2. nullptr for an unknown name.
const SynthShape* FindSynthShape(std::string_view name);

// How a tensor is filled.
enum class SynthRole : uint8_t {
  kMatrix,
  kVector,       // a norm or bias: near its center
  kRopeFactors,  // exact
};

struct SynthTensor {
  std::string name;
  tensor::Shape shape;
  SynthRole role = SynthRole::kMatrix;
  float deviation = 0;  // standard deviation of the elements (kMatrix)
  float center = 0;     // mean of the elements (kVector)
};

// All tensors of the shape, in the order of published files. `vocab` replaces shape.vocab.
std::vector<SynthTensor> SynthTensors(const SynthShape& shape, uint64_t vocab);

// Llama 3.1's divisors of the rotation frequencies (factor 8, low 1, high 4, original context
// 8192, from its published configuration), head_dim / 2 of them.
std::vector<float> Llama3RopeFactors(const SynthShape& shape);

// general.* and <architecture>.* as the writers in circulation put them, without file type.
void WriteSynthMetadata(const SynthShape& shape, gguf::Writer& writer);

}  // namespace lemma::model
