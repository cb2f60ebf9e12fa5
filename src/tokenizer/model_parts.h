// SPDX-License-Identifier: Apache-2.0
// The second half of making a Tokenizer: from a checked vocabulary to the tables of BPE or SPM.
// Errors name the key and index. The tables keep views into `vocab`, which must outlive them and
// stay where it is.
#pragma once

#include <memory>

#include "base/status.h"
#include "tokenizer/bpe.h"
#include "tokenizer/checked_vocab.h"
#include "tokenizer/pretokenizer.h"
#include "tokenizer/spm.h"

namespace lemma::tokenizer {

// A BPE model, and whether some bytes have no token.
struct BpeTables {
  std::unique_ptr<BpeModel> model;
  // The vocabulary leaves out bytes that occur in no valid UTF-8 (C0, C1, F5..FF): text must have
  // them replaced by U+FFFD first.
  bool lacks_invalid_bytes = false;
};

Result<BpeTables> BuildBpe(CheckedVocab& vocab, const PreTokenizer& pre);
Result<std::unique_ptr<SpmModel>> BuildSpm(CheckedVocab& vocab);

// Bytes that occur in no valid UTF-8.
inline bool NeverInUtf8(uint8_t byte) { return byte == 0xC0 || byte == 0xC1 || byte >= 0xF5; }

}  // namespace lemma::tokenizer
