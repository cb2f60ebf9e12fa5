// SPDX-License-Identifier: Apache-2.0
// A model for tests whose logits are a hash of every token it finds through the page table: a
// wrong, stale or unshared page changes the output. Test code only.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/rng.h"
#include "engine/step_model.h"

namespace lemma::engine {

class FakeKv final : public kernels::KvStorage {
 public:
  explicit FakeKv(size_t pages) : pages_(pages, std::vector<int32_t>(kernels::kPageTokens, -1)) {}
  [[nodiscard]] size_t num_pages() const override { return pages_.size(); }
  [[nodiscard]] size_t page_bytes() const override { return 256; }
  void CopyPage(kernels::PageId from, kernels::PageId to) override { pages_[to] = pages_[from]; }
  int32_t& At(std::span<const kernels::PageId> table, size_t position) {
    return pages_.at(table[position / kernels::kPageTokens])[position % kernels::kPageTokens];
  }

 private:
  std::vector<std::vector<int32_t>> pages_;
};

class FakeModel final : public StepModel {
 public:
  static constexpr size_t kVocab = 40;
  static constexpr int32_t kPoison = 39;  // a batch with this token fails

  explicit FakeModel(size_t context) : context_(context) {}
  [[nodiscard]] size_t vocab() const override { return kVocab; }
  [[nodiscard]] size_t context_length() const override { return context_; }
  Result<std::unique_ptr<kernels::KvStorage>> MakeKv(size_t pages, kernels::KvType) override {
    return std::unique_ptr<kernels::KvStorage>(std::make_unique<FakeKv>(pages));
  }
  Status Forward(const model::ForwardBatch& batch, kernels::KvStorage& storage,
                 std::vector<float>& logits) override {
    auto& kv = static_cast<FakeKv&>(storage);
    for (const int32_t token : batch.tokens) {
      if (token == kPoison) return InternalError("poisoned");
    }
    for (const auto& slice : batch.slices) {
      for (size_t i = 0; i < slice.count; ++i) {
        kv.At(slice.pages, slice.position + i) = batch.tokens[slice.token_begin + i];
      }
    }
    logits.clear();
    for (const auto& slice : batch.slices) {
      if (slice.logits == model::LogitsWanted::kNone) continue;
      uint64_t hash = 1;
      for (size_t i = 0; i < slice.position + slice.count; ++i) {
        hash = RandomBits(hash, static_cast<uint32_t>(kv.At(slice.pages, i)));
      }
      for (size_t i = 0; i < kVocab; ++i) {
        logits.push_back(static_cast<float>(RandomUniform(hash, i) * 8));
      }
      logits.back() = -30;  // the poison is never chosen
    }
    return OkStatus();
  }

 private:
  size_t context_;
};

}  // namespace lemma::engine
