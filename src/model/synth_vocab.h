// SPDX-License-Identifier: Apache-2.0
// The tokenizer.* keys of a synthetic file: copied from a real one, or a made-up byte-level
// vocabulary that is well-formed: 256 bytes, merges of them, and the special tokens and prompt
// of the family.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "gguf/reader.h"
#include "gguf/writer.h"
#include "model/synth_shapes.h"

namespace lemma::model {

// Tiny shapes take the size of the vocabulary they are given; the others keep their own.
enum class VocabFit : uint8_t { kPadToShape, kTakeSize };

// Writes tokenizer.* and returns the number of tokens. A shorter vocabulary is padded with unused
// tokens "[PADn]"; InvalidArgument for one without tokens or larger than the shape.
Result<uint64_t> CopyVocab(const gguf::File& from, const SynthShape& shape, VocabFit fit,
                           gguf::Writer& writer);

// Writes tokenizer.* for shape.vocab tokens. REQUIRES: shape.vocab >= 300.
void WriteSyntheticVocab(const SynthShape& shape, gguf::Writer& writer);

}  // namespace lemma::model
