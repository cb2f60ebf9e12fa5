// SPDX-License-Identifier: Apache-2.0
#include "kernels/aligned_buffer.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/checked_math.h"

namespace lemma::kernels {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kLine = 64;

Status NoMemory(size_t bytes) {
  return ResourceExhausted(fmt::format("the system gives no {} bytes of memory", bytes));
}

}  // namespace

Result<AlignedBuffer> AlignedBuffer::Allocate(size_t bytes) {
  AlignedBuffer out;
  if (bytes == 0) return out;
  const auto padded = CheckedAdd<size_t>(bytes, 2 * kHugePage);
  if (!padded) return NoMemory(bytes);
  out.size_ = bytes;
  if (bytes < kHugePage) {
    const size_t rounded = (bytes + kLine - 1) / kLine * kLine;
    void* memory = std::aligned_alloc(kLine, rounded);
    if (memory == nullptr) return NoMemory(bytes);
    std::memset(memory, 0, rounded);
    out.data_ = static_cast<uint8_t*>(memory);
    return out;
  }
  void* map = mmap(nullptr, *padded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) return NoMemory(bytes);
  out.map_ = map;
  out.map_bytes_ = *padded;
  const size_t skip = (kHugePage - reinterpret_cast<uintptr_t>(map) % kHugePage) % kHugePage;
  out.data_ = static_cast<uint8_t*>(map) + skip;
#ifdef MADV_HUGEPAGE
  // A hint: without huge pages everything still works, only slower.
  (void)madvise(out.data_, (bytes + kHugePage - 1) / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
  return out;
}

Result<std::shared_ptr<uint8_t>> SlabAllocator::Allocate(size_t bytes) {
  constexpr size_t kSlab = size_t{64} << 20;
  if (bytes > SIZE_MAX - kSlab) return NoMemory(bytes);
  const size_t rounded = (bytes + kLine - 1) / kLine * kLine;
  if (slab_ == nullptr || slab_->size() - used_ < rounded) {
    auto fresh = std::make_shared<AlignedBuffer>();
    LEMMA_ASSIGN_OR_RETURN(*fresh, AlignedBuffer::Allocate(std::max(rounded, kSlab)));
    slab_ = std::move(fresh);
    used_ = 0;
  }
  uint8_t* const piece = slab_->data() + used_;
  used_ += rounded;
  return std::shared_ptr<uint8_t>(slab_, piece);
}

AlignedBuffer::~AlignedBuffer() {
  if (map_ != nullptr) {
    munmap(map_, map_bytes_);
  } else {
    std::free(data_);  // NOLINT(clang-analyzer-unix.Malloc): it does not follow the swap of a move
  }
}

}  // namespace lemma::kernels
