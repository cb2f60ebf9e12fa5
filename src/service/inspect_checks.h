// SPDX-License-Identifier: Apache-2.0
// The findings of `lemma inspect`, one function a subject. Each appends to `findings`.
#pragma once

#include <vector>

#include "chat/family.h"
#include "gguf/reader.h"
#include "service/inspect.h"
#include "tokenizer/tokenizer.h"

namespace lemma::service {

// Token ids against the vocabulary: range, type, BOS = EOS.
void CheckTokenIds(const gguf::File& file, const VocabReport& vocab,
                   std::vector<Finding>& findings);
// The template and the end of turn against the family, and BOS written twice.
void CheckChat(const chat::ModelFacts& facts, const chat::PromptBuilder& prompts,
               const VocabReport& vocab, std::vector<Finding>& findings);
// The tensors against those that the loader expects, the vocabulary against the rows of the
// embedding, file type against tensor types.
void CheckTensors(const gguf::File& file, const InspectReport& report,
                  std::vector<Finding>& findings);
// The asked context against the trained one, the estimate against the memory.
void CheckMemory(const InspectReport& report, const InspectOptions& options,
                 std::vector<Finding>& findings);
// Decodes every tensor.
void CheckFinite(const gguf::File& file, std::vector<Finding>& findings);

}  // namespace lemma::service
