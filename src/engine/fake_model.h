// SPDX-License-Identifier: Apache-2.0
// A model for tests whose logits are a hash of every token it finds through the page table: a
// wrong, stale or unshared page changes the output. Test code only.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
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
  void ReadPage(kernels::PageId from, std::span<std::byte> out) const override {
    std::memcpy(out.data(), pages_[from].data(), page_bytes());
  }
  void WritePage(kernels::PageId to, std::span<const std::byte> bytes) override {
    std::memcpy(pages_[to].data(), bytes.data(), page_bytes());
  }
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

  // `repetition`: how much the last two tokens alone decide about the next; 0: they do not.
  explicit FakeModel(size_t context, double repetition = 0)
      : context_(context), repetition_(repetition) {}
  [[nodiscard]] size_t vocab() const override { return kVocab; }
  [[nodiscard]] size_t context_length() const override { return context_; }
  Result<std::unique_ptr<kernels::KvStorage>> MakeKv(size_t pages, kernels::KvTypes) override {
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
    if (batch.output == model::OutputKind::kHidden) return Hidden(batch, kv, logits);
    for (const auto& slice : batch.slices) {
      if (slice.logits == model::LogitsWanted::kNone) continue;
      const size_t rows = slice.logits == model::LogitsWanted::kAll ? slice.count : 1;
      const size_t end = slice.position + slice.count;
      for (size_t length = end - rows + 1; length <= end; ++length) {
        AppendRow(kv, slice.pages, length, logits);
      }
    }
    ++passes;
    return OkStatus();
  }

  // Four layers; each writes a part of the tokens to the pages.
  Result<std::unique_ptr<model::LayeredPass>> Begin(const model::ForwardBatch& batch,
                                                    kernels::KvStorage& kv) override {
    return std::unique_ptr<model::LayeredPass>(std::make_unique<Pass>(*this, batch, kv));
  }
  [[nodiscard]] size_t layers() const override { return Pass::kLayers; }

  std::atomic<size_t> passes{0};

 private:
  class Pass final : public model::LayeredPass {
   public:
    static constexpr size_t kLayers = 4;
    Pass(FakeModel& model, const model::ForwardBatch& batch, kernels::KvStorage& kv)
        : model_(model), batch_(batch), kv_(kv) {}
    [[nodiscard]] size_t layers_left() const override { return kLayers - next_; }
    Status RunLayer(std::vector<float>& output) override {
      const model::ForwardBatch& batch = batch_.get();
      for (const auto& slice : batch.slices) {
        for (size_t i = next_; i < slice.count; i += kLayers) {
          static_cast<FakeKv&>(kv_).At(slice.pages, slice.position + i) =
              batch.tokens[slice.token_begin + i];
        }
      }
      return ++next_ < kLayers ? OkStatus() : model_.Forward(batch, kv_, output);
    }

   private:
    FakeModel& model_;
    const model::KeptBatch batch_;
    kernels::KvStorage& kv_;
    size_t next_ = 0;
  };

  static constexpr size_t kHiddenWidth = 8;
  // Rows that depend on every token before them. Expects LogitsWanted::kAll.
  Status Hidden(const model::ForwardBatch& batch, FakeKv& kv, std::vector<float>& out) {
    for (const auto& slice : batch.slices) {
      for (size_t end = slice.position + 1; end <= slice.position + slice.count; ++end) {
        uint64_t all = 1;
        for (size_t i = 0; i < end; ++i) {
          all = RandomBits(all, static_cast<uint32_t>(kv.At(slice.pages, i)));
        }
        for (size_t j = 0; j < kHiddenWidth; ++j) {
          out.push_back(static_cast<float>(RandomUniform(all, j) - 0.5));
        }
      }
    }
    ++passes;
    return OkStatus();
  }
  // Logits after the first `length` tokens.
  void AppendRow(FakeKv& kv, std::span<const kernels::PageId> pages, size_t length,
                 std::vector<float>& logits) const {
    uint64_t all = 1;
    for (size_t i = 0; i < length; ++i) {
      all = RandomBits(all, static_cast<uint32_t>(kv.At(pages, i)));
    }
    uint64_t last = 2;
    for (size_t i = length - std::min<size_t>(length, 2); i < length; ++i) {
      last = RandomBits(last, static_cast<uint32_t>(kv.At(pages, i)));
    }
    for (size_t i = 0; i < kVocab; ++i) {
      logits.push_back(
          static_cast<float>(RandomUniform(all, i) * 8 + RandomUniform(last, i) * repetition_));
    }
    logits.back() = -30;  // the poison is never chosen
  }

  size_t context_;
  double repetition_;
};

}  // namespace lemma::engine
