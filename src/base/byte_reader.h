// SPDX-License-Identifier: Apache-2.0
// A cursor over bytes somebody else wrote. Every read is bounds-checked and little-endian; a
// failed read leaves the position where it was and says the offset and what was missing.
// Not thread-safe; does not own the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/status.h"

namespace lemma {

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] uint64_t position() const { return position_; }
  [[nodiscard]] uint64_t remaining() const { return bytes_.size() - position_; }

  // Reads one little-endian number; `what` names the field in the error.
  template <typename T>
  requires std::is_arithmetic_v<T> Result<T> Read(std::string_view what) {
    if (remaining() < sizeof(T)) return Short(what, sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + position_, sizeof(T));
    position_ += sizeof(T);
    return value;
  }

  // A view of the next `count` bytes, valid as long as the underlying bytes.
  Result<std::span<const std::byte>> ReadBytes(uint64_t count, std::string_view what);
  Status Skip(uint64_t count, std::string_view what);

 private:
  [[nodiscard]] Status Short(std::string_view what, uint64_t needed) const;

  std::span<const std::byte> bytes_;
  uint64_t position_ = 0;
};

}  // namespace lemma
