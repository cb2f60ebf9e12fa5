// SPDX-License-Identifier: Apache-2.0
// Zeroed memory for weights, caches and scratch: 64-byte aligned, and from 2 MB on mapped on its
// own with huge pages asked for. Move-only. Pages are touched by their first writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/status.h"

namespace lemma::kernels {

class AlignedBuffer {
 public:
  // ResourceExhausted, with the size, when the system gives no memory.
  static Result<AlignedBuffer> Allocate(size_t bytes);
  AlignedBuffer() = default;
  ~AlignedBuffer();
  AlignedBuffer(AlignedBuffer&& other) noexcept { Swap(other); }
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    Swap(other);
    return *this;
  }
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;

  [[nodiscard]] uint8_t* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }

 private:
  void Swap(AlignedBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(map_, other.map_);
    std::swap(map_bytes_, other.map_bytes_);
  }

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  void* map_ = nullptr;  // null when data_ came from aligned_alloc
  size_t map_bytes_ = 0;
};

// Hands out pieces of large buffers, so that many matrices that are smaller than a huge page lie in
// huge pages too and follow each other. A buffer goes when its last piece does. One thread.
class SlabAllocator {
 public:
  // Zeroed, 64-byte aligned. ResourceExhausted when the system gives no memory.
  Result<std::shared_ptr<uint8_t>> Allocate(size_t bytes);

 private:
  std::shared_ptr<AlignedBuffer> slab_;
  size_t used_ = 0;
};

}  // namespace lemma::kernels
