// SPDX-License-Identifier: Apache-2.0
// Any bytes as a GGUF file: refused with a message, or every pair and tensor can be used, and every
// tensor lies inside the file without touching another.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "gguf/reader.h"

namespace lemma::gguf {
namespace {

// Stops the fuzzer: the parser broke a promise.
void Require(bool condition) {
  if (!condition) std::abort();
}

void TouchScalar(const Value& value) {
  (void)value.AsUint();
  (void)value.AsInt();
  (void)value.AsDouble();
  (void)value.AsBool();
  const auto text = value.AsString();
  if (text.ok()) (void)std::count(text->begin(), text->end(), 'a');
}

void TouchArray(const Value& value) {
  const auto texts = value.AsStrings();
  if (texts.ok()) {
    Require(texts->size() == value.count());
    for (const std::string_view text : *texts) (void)std::count(text.begin(), text.end(), 'a');
  }
  const auto ints = value.AsInts();
  if (ints.ok()) Require(ints->size() == value.count());
  const auto doubles = value.AsDoubles();
  if (doubles.ok()) Require(doubles->size() == value.count());
  const auto bools = value.AsBools();
  if (bools.ok()) Require(bools->size() == value.count());
}

void TouchPairs(const File& file) {
  for (const Pair& pair : file.pairs()) {
    Require(file.Find(pair.key) == &pair.value);
    TouchScalar(pair.value);
    TouchArray(pair.value);
    (void)file.GetUint(pair.key);
    (void)file.GetDouble(pair.key);
    (void)file.GetBool(pair.key);
    (void)file.GetString(pair.key);
  }
}

void TouchTensors(const File& file, uint64_t file_bytes) {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const Tensor& tensor : file.tensors()) {
    Require(file.FindTensor(tensor.name) == &tensor);
    const uint64_t size = tensor.view.bytes.size();
    Require(size > 0 && tensor.file_offset <= file_bytes &&
            size <= file_bytes - tensor.file_offset);
    unsigned __int128 elements = 1;
    for (const uint64_t dim : tensor.view.shape.dims) elements *= dim;
    const tensor::DTypeInfo& info = tensor::Info(tensor.view.dtype);
    Require(elements / info.block_elems * info.block_bytes == size);
    const std::byte* last = tensor.view.row(tensor.view.shape.rows() - 1);
    Require(last + tensor.view.row_bytes() == tensor.view.bytes.data() + size);
    // Touches both ends, for the address sanitizer.
    std::vector<float> decoded(info.block_elems);
    info.decode(tensor.view.bytes.data(), decoded.data(), info.block_elems);
    info.decode(tensor.view.bytes.data() + size - info.block_bytes, decoded.data(),
                info.block_elems);
    ranges.emplace_back(tensor.file_offset, tensor.file_offset + size);
  }
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i) Require(ranges[i - 1].second <= ranges[i].first);
}

}  // namespace
}  // namespace lemma::gguf

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto file = lemma::gguf::File::Parse(bytes);
  if (!file.ok()) {
    if (file.status().message().empty()) std::abort();
    return 0;
  }
  lemma::gguf::TouchPairs(**file);
  lemma::gguf::TouchTensors(**file, size);
  return 0;
}
