// SPDX-License-Identifier: Apache-2.0
// For the tests of this folder: the small models of tests/data/models (tools/reference makes
// them), their goldens, edited copies of them, and loading on a given instruction set.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "base/file.h"
#include "gguf/reader.h"
#include "gguf/writer.h"
#include "kernels/ops.h"
#include "model/model.h"

namespace lemma::model::testing {

inline std::filesystem::path SourcePath(std::string_view relative) {
  return std::filesystem::path(LEMMA_SOURCE_DIR) / relative;
}

inline std::filesystem::path ModelPath(std::string_view name) {
  return SourcePath("tests/data/models") / (std::string(name) + ".gguf");
}

// A model's name as gtest allows it in test names.
inline std::string TestName(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// The value, or a test failure and the end of the test program: nothing can follow.
template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.status().ToString();
    std::exit(1);
  }
  return std::move(result).value();
}

// A copy of a small model with changes, in memory.
class EditedFile {
 public:
  explicit EditedFile(std::string_view name) : source_(Must(gguf::File::Open(ModelPath(name)))) {
    for (const gguf::Pair& pair : source_->pairs()) writer_.Copy(pair);
    for (const gguf::Tensor& tensor : source_->tensors()) {
      tensors_[tensor.name] = {tensor.view.dtype,
                               tensor.view.shape,
                               {tensor.view.bytes.begin(), tensor.view.bytes.end()}};
    }
  }

  gguf::Writer& metadata() { return writer_; }
  void RemoveTensor(const std::string& name) { tensors_.erase(name); }
  // Zeros.
  void SetTensor(const std::string& name, tensor::DType dtype, std::vector<uint64_t> dims) {
    const tensor::Shape shape = Must(tensor::MakeShape(dims));
    tensors_[name] = {dtype, shape,
                      std::vector<std::byte>(Must(tensor::TensorBytes(dtype, shape)))};
  }
  // REQUIRES: an F32 tensor.
  void SetElement(const std::string& name, size_t index, float value) {
    std::memcpy(tensors_.at(name).bytes.data() + index * sizeof(float), &value, sizeof(float));
  }

  // Valid as long as this object.
  const gguf::File& Finish() {
    for (const auto& [name, tensor] : tensors_) {
      EXPECT_TRUE(writer_.AddTensor(name, tensor.dtype, tensor.shape).ok());
    }
    gguf::StringSink sink(bytes_);
    EXPECT_TRUE(writer_.Begin(sink).ok());
    for (const auto& [name, tensor] : tensors_) EXPECT_TRUE(writer_.AppendData(tensor.bytes).ok());
    EXPECT_TRUE(writer_.Finish().ok());
    file_ = Must(gguf::File::Parse(std::as_bytes(std::span<const char>(bytes_))));
    return *file_;
  }

 private:
  struct Content {
    tensor::DType dtype;
    tensor::Shape shape;
    std::vector<std::byte> bytes;
  };
  std::unique_ptr<gguf::File> source_;
  gguf::Writer writer_;
  std::map<std::string, Content> tensors_;
  std::string bytes_;
  std::unique_ptr<gguf::File> file_;
};

// A model with all that must outlive it.
struct Loaded {
  std::unique_ptr<gguf::File> file;
  std::unique_ptr<kernels::Ops> ops;
  std::unique_ptr<Model> model;
};

inline std::unique_ptr<kernels::Ops> MakeOps(std::optional<std::string> isa, int threads) {
  kernels::CpuOptions options;
  options.threads = threads;
  options.isa = std::move(isa);
  return Must(kernels::MakeCpuOps(options));
}

inline Loaded LoadPath(const std::filesystem::path& path, std::optional<std::string> isa,
                       int threads) {
  Loaded loaded;
  loaded.file = Must(gguf::File::Open(path));
  loaded.ops = MakeOps(std::move(isa), threads);
  loaded.model = Must(Model::Load(*loaded.file, *loaded.ops, {}));
  return loaded;
}

inline Loaded LoadModel(std::string_view name, std::optional<std::string> isa = std::nullopt,
                        int threads = 1) {
  return LoadPath(ModelPath(name), std::move(isa), threads);
}

// The output of tools/reference/forward.py, which describes the layout.
struct Golden {
  uint32_t vocab = 0;
  std::vector<int32_t> tokens;
  std::vector<int32_t> rows;  // positions
  std::vector<float> logits;  // [rows][vocab]
};

template <typename T>
std::vector<T> ReadNumbers(ByteReader& reader, size_t count) {
  std::vector<T> numbers;
  for (size_t i = 0; i < count; ++i) numbers.push_back(Must(reader.Read<T>("number")));
  return numbers;
}

inline Golden ReadGolden(const std::filesystem::path& path) {
  const std::string bytes = Must(ReadFile(path));
  EXPECT_EQ(std::string_view(bytes).substr(0, 8), "LEMMAGLD") << path;
  ByteReader reader(std::as_bytes(std::span<const char>(bytes)).subspan(8));
  Golden golden;
  const std::vector<uint32_t> sizes = ReadNumbers<uint32_t>(reader, 3);
  golden.vocab = sizes[2];
  golden.tokens = ReadNumbers<int32_t>(reader, sizes[0]);
  golden.rows = ReadNumbers<int32_t>(reader, sizes[1]);
  golden.logits = ReadNumbers<float>(reader, size_t{sizes[1]} * sizes[2]);
  return golden;
}

// A batch of one slice: tokens [begin, end) of a sequence.
inline ForwardBatch OneSlice(std::span<const int32_t> tokens, size_t begin, size_t end,
                             std::span<const kernels::PageId> pages, LogitsWanted logits) {
  ForwardBatch batch;
  batch.tokens.assign(tokens.begin() + static_cast<ptrdiff_t>(begin),
                      tokens.begin() + static_cast<ptrdiff_t>(end));
  batch.slices.push_back({0, end - begin, begin, pages, logits});
  return batch;
}

// Pages first, first + 1, ... that hold `tokens`.
inline std::vector<kernels::PageId> PagesFor(size_t tokens, kernels::PageId first = 0) {
  std::vector<kernels::PageId> pages;
  for (size_t i = 0; i * kernels::kPageTokens < tokens; ++i) {
    pages.push_back(first + static_cast<kernels::PageId>(i));
  }
  return pages;
}

}  // namespace lemma::model::testing
