// SPDX-License-Identifier: Apache-2.0
#include "service/model_fingerprint.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/rng.h"

namespace lemma::service {
namespace {

// Four chains side by side, so that the processor does not wait for one.
class Hash {
 public:
  void Add(std::span<const std::byte> bytes) {
    constexpr size_t kBlock = kLanes * sizeof(uint64_t);
    Mix(0, bytes.size());
    size_t at = 0;
    for (; at + kBlock <= bytes.size(); at += kBlock) {
      std::array<uint64_t, kLanes> words;
      std::memcpy(words.data(), bytes.data() + at, kBlock);
      for (size_t lane = 0; lane < kLanes; ++lane) Mix(lane, words[lane]);
    }
    std::array<uint64_t, kLanes> rest{};
    if (at < bytes.size()) std::memcpy(rest.data(), bytes.data() + at, bytes.size() - at);
    for (size_t lane = 0; lane < kLanes; ++lane) Mix(lane, rest[lane]);
  }
  void Add(std::string_view text) { Add(std::as_bytes(std::span(text))); }
  void Add(uint64_t value) { Mix(0, value); }

  [[nodiscard]] std::string Hex() const {
    uint64_t high = 1;
    uint64_t low = 2;
    for (const uint64_t lane : lanes_) {
      high = RandomBits(high ^ lane, 3);
      low = RandomBits(low + std::rotl(lane, 31), 4);
    }
    return fmt::format("{:016x}{:016x}", high, low);
  }

 private:
  static constexpr size_t kLanes = 4;
  void Mix(size_t lane, uint64_t word) {
    lanes_[lane] = std::rotl((lanes_[lane] ^ word) * 0x9E3779B97F4A7C15ULL, 29) + word;
  }

  std::array<uint64_t, kLanes> lanes_ = {1, 2, 3, 4};
};

}  // namespace

std::string FingerprintOf(const gguf::File& file) {
  Hash hash;
  for (const gguf::Pair& pair : file.pairs()) {
    hash.Add(pair.key);
    hash.Add(static_cast<uint64_t>(pair.value.type()));
    hash.Add(static_cast<uint64_t>(pair.value.element_type()));
    hash.Add(pair.value.payload());
  }
  for (const gguf::Tensor& tensor : file.tensors()) {
    hash.Add(tensor.name);
    hash.Add(static_cast<uint64_t>(tensor.view.dtype));
    for (const uint64_t dim : tensor.view.shape.dims) hash.Add(dim);
    hash.Add(tensor.view.bytes);
  }
  return hash.Hex();
}

}  // namespace lemma::service
