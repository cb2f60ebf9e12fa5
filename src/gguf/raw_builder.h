// SPDX-License-Identifier: Apache-2.0
// For tests: puts GGUF bytes together by hand, right or wrong, and remembers nothing else.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lemma::gguf {

// Appends little-endian fields.
class RawBuilder {
 public:
  template <typename T>
  RawBuilder& Put(T value) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes_.append(raw, sizeof(T));
    return *this;
  }
  RawBuilder& Text(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  // u64 length and the bytes.
  RawBuilder& String(std::string_view text) {
    Put<uint64_t>(text.size());
    return Text(text);
  }
  RawBuilder& Header(uint64_t tensors, uint64_t pairs, uint32_t version = 3) {
    return Text("GGUF").Put<uint32_t>(version).Put<uint64_t>(tensors).Put<uint64_t>(pairs);
  }
  // A pair with a value of a fixed size.
  template <typename T>
  RawBuilder& Pair(std::string_view key, uint32_t type, T value) {
    return String(key).Put<uint32_t>(type).Put<T>(value);
  }
  RawBuilder& StringPair(std::string_view key, std::string_view value) {
    return String(key).Put<uint32_t>(8).String(value);
  }
  // Key, "array", element type, count; the elements follow.
  RawBuilder& ArrayHead(std::string_view key, uint32_t element_type, uint64_t count) {
    return String(key).Put<uint32_t>(9).Put<uint32_t>(element_type).Put<uint64_t>(count);
  }
  RawBuilder& Tensor(std::string_view name, const std::vector<uint64_t>& dims, uint32_t type,
                     uint64_t offset) {
    String(name).Put<uint32_t>(static_cast<uint32_t>(dims.size()));
    for (const uint64_t dim : dims) Put<uint64_t>(dim);
    return Put<uint32_t>(type).Put<uint64_t>(offset);
  }
  RawBuilder& PadTo(size_t alignment) {
    while (bytes_.size() % alignment != 0) bytes_ += '\0';
    return *this;
  }
  RawBuilder& Zeros(size_t count) {
    bytes_.append(count, '\0');
    return *this;
  }

  [[nodiscard]] size_t size() const { return bytes_.size(); }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::span<const std::byte> span() const {
    return std::as_bytes(std::span(bytes_.data(), bytes_.size()));
  }

 private:
  std::string bytes_;
};

}  // namespace lemma::gguf
