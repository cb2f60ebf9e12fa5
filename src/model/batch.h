// SPDX-License-Identifier: Apache-2.0
// What the engine hands to Model::Forward: new tokens of one or more sequences, and for each
// sequence its page table. Plain data; spans live as long as the call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/ops.h"

namespace lemma::model {

enum class LogitsWanted : uint8_t { kNone, kLast, kAll };

// What Forward writes for the wanted rows.
enum class OutputKind : uint8_t {
  kLogits,  // [rows][vocab]
  kHidden,  // [rows][embedding]: the last hidden state behind the output norm
};

// `count` new tokens of one sequence, at positions [position, position + count).
struct SequenceSlice {
  size_t token_begin = 0;  // index of the first of them in ForwardBatch::tokens
  size_t count = 0;
  size_t position = 0;
  std::span<const kernels::PageId> pages;  // covers position + count tokens
  LogitsWanted logits = LogitsWanted::kLast;
  // Of the layers' products; the output head is always int8. Slices of kInt8 come first.
  kernels::MatmulType matmul = kernels::MatmulType::kInt8;
};

struct ForwardBatch {
  std::vector<int32_t> tokens;  // slices one after the other, without gaps
  std::vector<SequenceSlice> slices;
  OutputKind output = OutputKind::kLogits;

  // Rows of logits (or of hidden state) that Forward will return, in order of slices.
  [[nodiscard]] size_t logit_rows() const;
};

// A batch that owns its page tables.
class KeptBatch {
 public:
  explicit KeptBatch(const ForwardBatch& batch);
  ~KeptBatch() = default;
  KeptBatch(const KeptBatch&) = delete;
  KeptBatch& operator=(const KeptBatch&) = delete;
  [[nodiscard]] const ForwardBatch& get() const { return batch_; }

 private:
  ForwardBatch batch_;
  std::vector<std::vector<kernels::PageId>> tables_;
};

}  // namespace lemma::model
