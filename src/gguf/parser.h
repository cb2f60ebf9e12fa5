// SPDX-License-Identifier: Apache-2.0
// Parses one GGUF file (reader.h draws the layout). Reads each byte of the metadata once, allocates
// nothing before the count was checked against the bytes left, and leaves the tensor data alone.
// Cost: O(n log n) in pairs and tensors. One use per object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "base/status.h"
#include "gguf/reader.h"

namespace lemma::gguf {

// One file, checked. Views point into the parsed bytes.
struct ParsedFile {
  uint32_t version = 0;
  uint32_t alignment = 0;
  std::vector<Pair> pairs;      // in file order
  std::vector<Tensor> tensors;  // in file order
  // Indices in order of key and of name.
  std::vector<uint32_t> pair_order;
  std::vector<uint32_t> tensor_order;
};

class Parser {
 public:
  // The caller keeps `bytes` and `limits` alive. `file_index` goes into every Tensor.
  Parser(std::span<const std::byte> bytes, const Limits& limits, uint32_t file_index)
      : bytes_(bytes), reader_(bytes), limits_(limits), file_index_(file_index) {}

  Result<ParsedFile> Parse();

 private:
  // What a tensor info says before it is checked against the data section.
  struct TensorInfo {
    uint64_t info_offset = 0;        // of the info in the file
    uint64_t data_offset_field = 0;  // where the offset itself is written
    uint64_t data_offset = 0;        // relative to the data section
    uint64_t data_bytes = 0;
  };

  Status ParseHeader();
  Status CheckCount(std::string_view field, uint64_t count, uint64_t limit, uint64_t min_bytes);
  Result<std::string_view> ReadString(std::string_view field, uint64_t limit);
  Result<std::string> ReadName(std::string_view field, uint64_t limit);
  Status ParsePairs();
  Status ParseValue(Value& value);
  Result<ValueType> ReadValueType(std::string_view field);
  Status ParsePayload(Value& value);
  Status SkipStrings(uint64_t count);
  Status CheckBools(std::span<const std::byte> bytes, uint64_t offset) const;
  Status IndexKeys();
  Status ReadAlignment();
  Status ParseTensorInfos();
  Status ParseTensorInfo(Tensor& out, TensorInfo& info);
  Result<tensor::Shape> ReadShape();
  Status CheckMetadataSize() const;
  Status IndexTensors();
  Status PlaceTensors();
  Status CheckOverlap() const;
  [[nodiscard]] Status Truncated(size_t first, uint64_t data_begin) const;

  std::span<const std::byte> bytes_;
  ByteReader reader_;
  const Limits& limits_;
  uint32_t file_index_;
  uint64_t num_tensors_ = 0;
  uint64_t num_pairs_ = 0;
  ParsedFile out_;
  std::vector<TensorInfo> infos_;  // parallel to out_.tensors
};

// Indices of `items` in order of item.*name: for duplicates and look-ups. Sorting, unlike hashing,
// has no bad case that a file could provoke.
template <typename Item>
std::vector<uint32_t> SortedByName(std::span<const Item> items, std::string Item::*name);

extern template std::vector<uint32_t> SortedByName<Pair>(std::span<const Pair>,
                                                         std::string Pair::*);
extern template std::vector<uint32_t> SortedByName<Tensor>(std::span<const Tensor>,
                                                           std::string Tensor::*);

}  // namespace lemma::gguf
