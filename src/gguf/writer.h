// SPDX-License-Identifier: Apache-2.0
// Writes GGUF v3 (reader.h draws the layout): metadata, then tensor infos, then the data of each
// tensor, streamed in the order they were added. The same calls give the same bytes.
// Use: Set.../Copy and AddTensor in any order; Begin; AppendData until all tensors are complete;
// Finish. The first error sticks: later calls return it. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "gguf/reader.h"
#include "tensor/dtype.h"
#include "tensor/view.h"

namespace lemma {
class AtomicFileWriter;
}

namespace lemma::gguf {

// Where the bytes go.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Status Append(std::span<const std::byte> bytes) = 0;
};

// Into a file; the caller commits it after Finish.
class FileSink : public Sink {
 public:
  // Does not own `file`, which must outlive the sink.
  explicit FileSink(AtomicFileWriter& file) : file_(file) {}
  Status Append(std::span<const std::byte> bytes) override;

 private:
  AtomicFileWriter& file_;
};

// Into memory (tests, fuzz seeds).
class StringSink : public Sink {
 public:
  // Does not own `out`, which must outlive the sink.
  explicit StringSink(std::string& out) : out_(out) {}
  Status Append(std::span<const std::byte> bytes) override;

 private:
  std::string& out_;
};

class Writer {
 public:
  // Setting a key again replaces its value at the old place. Setting general.alignment (uint32)
  // sets the alignment of the data; without it, it is 32.
  void SetUint8(std::string_view key, uint8_t value);
  void SetInt8(std::string_view key, int8_t value);
  void SetUint16(std::string_view key, uint16_t value);
  void SetInt16(std::string_view key, int16_t value);
  void SetUint32(std::string_view key, uint32_t value);
  void SetInt32(std::string_view key, int32_t value);
  void SetUint64(std::string_view key, uint64_t value);
  void SetInt64(std::string_view key, int64_t value);
  void SetFloat32(std::string_view key, float value);
  void SetFloat64(std::string_view key, double value);
  void SetBool(std::string_view key, bool value);
  void SetString(std::string_view key, std::string_view value);
  void SetUint32s(std::string_view key, std::span<const uint32_t> values);
  void SetInt32s(std::string_view key, std::span<const int32_t> values);
  void SetFloat32s(std::string_view key, std::span<const float> values);
  void SetBools(std::string_view key, std::span<const bool> values);
  void SetStrings(std::string_view key, std::span<const std::string_view> values);
  // The pair as it stands in its file, byte for byte.
  void Copy(const Pair& pair);
  void Remove(std::string_view key);
  [[nodiscard]] bool Has(std::string_view key) const;

  // Declares the next tensor. Errors: a bad or used name, a size that overflows, after Begin.
  Status AddTensor(std::string_view name, tensor::DType dtype, const tensor::Shape& shape);

  // Bytes of the finished file. Errors as Begin.
  [[nodiscard]] Result<uint64_t> TotalBytes() const;

  // Writes everything before the data. `sink` must stay alive until Finish.
  Status Begin(Sink& sink);
  // The next bytes of the data, in pieces of any size that do not cross the end of a tensor;
  // padding is added by itself. Error when more than the current tensor still lacks.
  Status AppendData(std::span<const std::byte> bytes);
  // Error when a tensor is not complete.
  Status Finish();

 private:
  enum class Phase : uint8_t { kDeclaring, kData, kFinished };
  struct Entry {
    std::string key;
    std::string encoded;  // type and value
  };
  struct TensorEntry {
    std::string name;
    tensor::DType dtype;
    tensor::Shape shape;
    uint64_t bytes;
  };

  void Set(std::string_view key, std::string encoded);
  template <typename T>
  void SetScalar(std::string_view key, ValueType type, T value);
  template <typename T>
  void SetArray(std::string_view key, ValueType type, std::span<const T> values);
  Status Fail(Status status);
  [[nodiscard]] Result<uint64_t> Alignment() const;
  // Everything before the data, padded. Sets `data_bytes` to the size of the data section.
  [[nodiscard]] Result<std::string> EncodeHeader(uint64_t& data_bytes) const;
  Status Pad();

  std::vector<Entry> entries_;
  std::vector<TensorEntry> tensors_;
  std::vector<std::string> names_;  // of tensors_, sorted
  Status status_;
  Phase phase_ = Phase::kDeclaring;
  Sink* sink_ = nullptr;
  uint64_t alignment_ = 0;
  size_t current_ = 0;         // the tensor that takes data
  uint64_t current_done_ = 0;  // its bytes so far
};

}  // namespace lemma::gguf
