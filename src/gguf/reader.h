// SPDX-License-Identifier: Apache-2.0
// Reads GGUF v2 and v3 (github.com/ggml-org/ggml, docs/gguf.md), one file or a split set
// (NAME-00001-of-0000N.gguf), by memory map. Everything is checked against the file and against
// Limits before it is used; a damaged file gives an error that names the field, its offset and
// what was expected.
//
// Layout: u32 magic "GGUF" | u32 version | u64 tensors | u64 pairs |
//   pairs x { string key | u32 type | value } |
//   tensors x { string name | u32 rank | u64 dims[rank] | u32 type | u64 offset } |
//   padding to general.alignment | tensor data.   string = u64 bytes + the bytes, no terminator.
//
// A File is immutable: reading it from many threads is safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tensor/view.h"

namespace lemma::gguf {

enum class ValueType : uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

// Bounds on untrusted files. Defaults admit every published model seen so far.
struct Limits {
  uint64_t max_pairs = 1 << 16;
  uint64_t max_tensors = 1 << 17;
  uint64_t max_key_bytes = 1 << 16;
  uint64_t max_string_bytes = 16ULL << 20;    // one string value (templates are the longest)
  uint64_t max_array_elements = 16ULL << 20;  // vocabularies have ~0.3 M
  uint64_t max_tensor_name_bytes = 256;
  uint64_t max_metadata_bytes = 64ULL << 20;  // all before the tensor data; published: ~20 MB
  uint32_t max_files = 512;                   // of a split set
};

// One metadata value: a view into the file.
class Value {
 public:
  [[nodiscard]] ValueType type() const { return type_; }
  // For arrays: the element type and count; else the type itself and 1.
  [[nodiscard]] ValueType element_type() const { return element_type_; }
  [[nodiscard]] uint64_t count() const { return count_; }
  // Where the encoded payload starts in the file, and the payload itself (for an array without
  // its element type and count).
  [[nodiscard]] uint64_t offset() const { return offset_; }
  [[nodiscard]] std::span<const std::byte> payload() const { return bytes_; }

  // Scalars. Any integer type converts if the value fits; floats, and integers that a double holds
  // exactly, convert to double. Strings are bytes: vocabularies hold some that are not UTF-8.
  [[nodiscard]] Result<uint64_t> AsUint() const;
  [[nodiscard]] Result<int64_t> AsInt() const;
  [[nodiscard]] Result<double> AsDouble() const;
  [[nodiscard]] Result<bool> AsBool() const;
  [[nodiscard]] Result<std::string_view> AsString() const;
  // Arrays, checked element by element against the asked type.
  [[nodiscard]] Result<std::vector<std::string_view>> AsStrings() const;
  [[nodiscard]] Result<std::vector<int64_t>> AsInts() const;
  [[nodiscard]] Result<std::vector<double>> AsDoubles() const;
  [[nodiscard]] Result<std::vector<bool>> AsBools() const;

 private:
  friend class Parser;
  ValueType type_ = ValueType::kUint8;
  ValueType element_type_ = ValueType::kUint8;
  uint64_t count_ = 1;
  uint64_t offset_ = 0;               // in the file, for error messages
  std::span<const std::byte> bytes_;  // the encoded payload, checked by the parser
};

struct Pair {
  std::string key;
  Value value;
};

struct Tensor {
  std::string name;
  tensor::TensorView view;
  uint64_t file_offset = 0;  // of the data, in its file
  uint32_t file_index = 0;   // which file of a split set
};

class File {
 public:
  // Opens PATH; if it is the first of a split set, its siblings too.
  static Result<std::unique_ptr<File>> Open(const std::filesystem::path& path,
                                            const Limits& limits = {});
  // Parses bytes that the caller keeps alive (tests, fuzzing).
  static Result<std::unique_ptr<File>> Parse(std::span<const std::byte> bytes,
                                             const Limits& limits = {});
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] uint32_t version() const;
  [[nodiscard]] uint32_t alignment() const;    // of tensor data, bytes
  [[nodiscard]] uint64_t total_bytes() const;  // all files of the set
  [[nodiscard]] size_t num_files() const;      // 1, or the parts of a split set
  [[nodiscard]] const std::filesystem::path& path() const;
  [[nodiscard]] std::span<const Pair> pairs() const;  // in file order
  [[nodiscard]] std::span<const Tensor> tensors() const;
  // nullptr when absent.
  [[nodiscard]] const Value* Find(std::string_view key) const;
  [[nodiscard]] const Tensor* FindTensor(std::string_view name) const;

  // Typed access; absent gives nullopt, a wrong type or range an error that names the key.
  [[nodiscard]] Result<std::optional<uint64_t>> GetUint(std::string_view key) const;
  [[nodiscard]] Result<std::optional<double>> GetDouble(std::string_view key) const;
  [[nodiscard]] Result<std::optional<bool>> GetBool(std::string_view key) const;
  [[nodiscard]] Result<std::optional<std::string_view>> GetString(std::string_view key) const;

  // Lets the kernel forget a tensor's pages of the map (after repacking).
  void DropTensor(const Tensor& tensor) const;

 private:
  struct Impl;
  explicit File(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lemma::gguf
