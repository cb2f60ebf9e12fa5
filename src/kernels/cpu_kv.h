// SPDX-License-Identifier: Apache-2.0
// KV pages in memory: [page][layer][kv head]{K, V}, each laid out as kv_layout.h says.
// Threads: distinct tokens may be written at the same time; no reader may run beside a writer.
#pragma once

#include <memory>

#include "kernels/aligned_buffer.h"
#include "kernels/kernels.h"
#include "kernels/ops.h"

namespace lemma::kernels {

class CpuKv final : public KvStorage {
 public:
  // InvalidArgument for a zero dimension or an overflow; ResourceExhausted without memory.
  static Result<std::unique_ptr<CpuKv>> Create(const KvShape& shape);

  [[nodiscard]] size_t num_pages() const override { return shape_.pages; }
  [[nodiscard]] size_t page_bytes() const override {
    return shape_.layers * shape_.kv_heads * (k_bytes_ + v_bytes_);
  }
  void CopyPage(PageId from, PageId to) override;
  void ReadPage(PageId from, std::span<std::byte> out) const override;
  void WritePage(PageId to, std::span<const std::byte> bytes) override;

  [[nodiscard]] const KvShape& shape() const { return shape_; }
  [[nodiscard]] uint8_t* k_page(PageId page, size_t layer, size_t head) const {
    const size_t index = (page * shape_.layers + layer) * shape_.kv_heads + head;
    return memory_.data() + index * (k_bytes_ + v_bytes_);
  }
  [[nodiscard]] uint8_t* v_page(PageId page, size_t layer, size_t head) const {
    return k_page(page, layer, head) + k_bytes_;
  }
  // Writes one token's K and V of one layer, all heads; `table` converts to f16. bf16 and q8_0
  // keep infinities and NaN as the largest finite value: pages must stay finite.
  void Store(const KernelTable& table, PageId page, size_t slot, size_t layer, const float* k,
             const float* v) const;

 private:
  KvShape shape_;
  size_t k_bytes_ = 0;
  size_t v_bytes_ = 0;
  AlignedBuffer memory_;
};

}  // namespace lemma::kernels
