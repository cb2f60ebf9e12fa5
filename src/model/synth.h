// SPDX-License-Identifier: Apache-2.0
// Writes a GGUF file of the exact shape, tensor types and size of a published model, filled with
// random valid blocks: for benchmarks and tests where no weights are at hand. Activations stay
// finite and logits are neither flat nor degenerate. The same options give the same bytes, with any
// number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/status.h"
#include "gguf/writer.h"

namespace lemma::model {

struct SynthOptions {
  std::string shape = "tiny";                  // a name of SynthShapes(), or "tiny"
  std::string type = "q4_k_m";                 // a quantization mix or tensor type
  std::optional<std::filesystem::path> vocab;  // copy tokenizer.* from here; absent: made up
  uint64_t seed = 0;
  int threads = 1;
  std::function<bool(double share)> progress;  // false cancels (kCancelled); may be empty
};

struct SynthReport {
  uint64_t file_bytes = 0;
  uint64_t parameters = 0;
  size_t tensors = 0;
};

// InvalidArgument names an unknown shape or type and lists the known ones.
Result<SynthReport> WriteSynth(const SynthOptions& options, gguf::Sink& sink);
// The file appears under `out` only when complete.
Result<SynthReport> WriteSynthFile(const SynthOptions& options, const std::filesystem::path& out);

}  // namespace lemma::model
