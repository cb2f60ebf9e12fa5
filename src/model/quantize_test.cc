// SPDX-License-Identifier: Apache-2.0
#include "model/quantize.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/file.h"
#include "base/rng.h"
#include "gguf/writer.h"
#include "tensor/dtype.h"

namespace lemma::model {
namespace {

namespace fs = std::filesystem;
using tensor::DType;
using ::testing::HasSubstr;

struct Source {
  std::string name;
  DType dtype;
  std::vector<uint64_t> dims;
  std::vector<float> values;
};

std::vector<float> Random(uint64_t n, uint64_t seed) {
  std::vector<float> x(n);
  Rng rng(seed);
  for (float& v : x) {
    v = static_cast<float>(rng.NextUniform() + rng.NextUniform() + rng.NextUniform() - 1.5) * 0.1F;
  }
  return x;
}

std::vector<std::byte> Encode(DType dtype, const std::vector<float>& x, uint64_t columns,
                              const float* importance = nullptr) {
  const tensor::DTypeInfo& info = tensor::Info(dtype);
  const uint64_t row_bytes = columns / info.block_elems * info.block_bytes;
  std::vector<std::byte> out(x.size() / columns * row_bytes);
  for (uint64_t row = 0; row < x.size() / columns; ++row) {
    info.encode(&x[row * columns], &out[row * row_bytes], columns, importance);
  }
  return out;
}

// A small qwen2-like file: rows of 512, and one of more than a piece (16384 elements).
std::vector<Source> SmallModel(DType dtype) {
  std::vector<Source> sources;
  uint64_t seed = 1;
  const auto add = [&](std::string name, DType type, std::vector<uint64_t> dims) {
    uint64_t n = 1;
    for (const uint64_t d : dims) n *= d;
    sources.push_back({std::move(name), type, std::move(dims), Random(n, seed++)});
  };
  add("token_embd.weight", dtype, {512, 300});
  for (int layer = 0; layer < 8; ++layer) {
    add(fmt::format("blk.{}.attn_norm.weight", layer), DType::kF32, {512});
    add(fmt::format("blk.{}.attn_v.weight", layer), dtype, {512, 128});
    add(fmt::format("blk.{}.attn_v.bias", layer), DType::kF32, {128});
    add(fmt::format("blk.{}.ffn_down.weight", layer), dtype, {16640, 4});
  }
  add("output.weight", dtype, {512, 300});
  return sources;
}

class QuantizeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              fmt::format("lemma_quantize_{}",
                          ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] fs::path Path(std::string_view name) const { return folder_ / name; }

  static void Metadata(gguf::Writer& writer) {
    writer.SetString("general.architecture", "qwen2");
    writer.SetString("general.name", "small");
    writer.SetUint32("general.file_type", 1);
    writer.SetUint32("qwen2.block_count", 8);
    writer.SetUint32("qwen2.attention.head_count", 8);
    writer.SetUint32("qwen2.attention.head_count_kv", 2);
    const std::vector<std::string_view> tokens = {"a", "b", "\xE4\xBD\xA0"};
    writer.SetStrings("tokenizer.ggml.tokens", tokens);
  }

  static void WriteTensors(gguf::Writer& writer, const std::vector<Source>& sources,
                           const fs::path& path) {
    for (const Source& s : sources) {
      ASSERT_TRUE(writer.AddTensor(s.name, s.dtype, *tensor::MakeShape(s.dims)).ok());
    }
    auto file = AtomicFileWriter::Create(path);
    ASSERT_TRUE(file.ok());
    gguf::FileSink sink(*file);
    ASSERT_TRUE(writer.Begin(sink).ok());
    for (const Source& s : sources) {
      ASSERT_TRUE(writer.AppendData(Encode(s.dtype, s.values, s.dims[0])).ok());
    }
    ASSERT_TRUE(writer.Finish().ok());
    ASSERT_TRUE(file->Commit().ok());
  }

  // Writes `sources` to "in.gguf".
  fs::path Write(const std::vector<Source>& sources) {
    gguf::Writer writer;
    Metadata(writer);
    WriteTensors(writer, sources, Path("in.gguf"));
    return Path("in.gguf");
  }

  [[nodiscard]] size_t FilesInFolder() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

TEST_F(QuantizeTest, EachTensorIsWhatItsEncoderMakesOfIt) {
  const auto sources = SmallModel(DType::kF32);
  const fs::path input = Write(sources);
  for (const FileTypeInfo& type : AllFileTypes()) {
    QuantizeOptions options;
    options.type = type.type;
    options.threads = 2;
    const auto report = QuantizeFile(input, Path("out.gguf"), options);
    ASSERT_TRUE(report.ok()) << type.name << report.status().ToString();
    const auto out = gguf::File::Open(Path("out.gguf"));
    ASSERT_TRUE(out.ok()) << out.status().ToString();
    EXPECT_EQ(report->output_bytes, (*out)->total_bytes());
    ASSERT_EQ((*out)->tensors().size(), sources.size());
    for (size_t i = 0; i < sources.size(); ++i) {
      const gguf::Tensor& t = (*out)->tensors()[i];
      EXPECT_EQ(t.name, sources[i].name);
      const auto expected = Encode(t.view.dtype, sources[i].values, sources[i].dims[0]);
      ASSERT_EQ(t.view.bytes.size(), expected.size());
      EXPECT_EQ(std::memcmp(t.view.bytes.data(), expected.data(), expected.size()), 0)
          << type.name << " " << t.name;
    }
    EXPECT_EQ((*out)->FindTensor("blk.3.attn_norm.weight")->view.dtype, DType::kF32);
    EXPECT_EQ((*out)->FindTensor("token_embd.weight")->view.dtype, type.base);
  }
}

TEST_F(QuantizeTest, MetadataIsCopiedAndTheFileTypeSet) {
  const fs::path input = Write(SmallModel(DType::kF16));
  ASSERT_TRUE(QuantizeFile(input, Path("out.gguf"), {.type = FileType::kQ4KM}).ok());
  const auto in = gguf::File::Open(input);
  const auto out = gguf::File::Open(Path("out.gguf"));
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(**(*out)->GetUint("general.file_type"), 15U);
  EXPECT_EQ(**(*out)->GetUint("general.quantization_version"), 2U);
  EXPECT_EQ(**(*out)->GetString("general.name"), "small");
  EXPECT_EQ(*(*out)->Find("tokenizer.ggml.tokens")->AsStrings(),
            *(*in)->Find("tokenizer.ggml.tokens")->AsStrings());
  // The mix of 8 layers: more bits in 0, 3, 6, 7.
  EXPECT_EQ((*out)->FindTensor("blk.3.attn_v.weight")->view.dtype, DType::kQ6K);
  EXPECT_EQ((*out)->FindTensor("blk.4.attn_v.weight")->view.dtype, DType::kQ4K);
  EXPECT_EQ((*out)->FindTensor("output.weight")->view.dtype, DType::kQ6K);
}

TEST_F(QuantizeTest, TheBytesDoNotDependOnTheThreads) {
  const fs::path input = Write(SmallModel(DType::kBF16));
  for (const int threads : {1, 2, 5}) {
    const QuantizeOptions options{.type = FileType::kQ5KM, .threads = threads};
    ASSERT_TRUE(QuantizeFile(input, Path(fmt::format("{}.gguf", threads)), options).ok());
  }
  const auto one = ReadFile(Path("1.gguf"));
  ASSERT_TRUE(one.ok());
  EXPECT_TRUE(*one == *ReadFile(Path("2.gguf")));
  EXPECT_TRUE(*one == *ReadFile(Path("5.gguf")));
}

TEST_F(QuantizeTest, QuantisedTensorsAreOnlyConvertedWhenAllowed) {
  const fs::path input = Write(SmallModel(DType::kQ8_0));
  QuantizeOptions options{.type = FileType::kQ4KM};
  const auto refused = QuantizeFile(input, Path("out.gguf"), options);
  EXPECT_EQ(refused.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.status().message(), HasSubstr("token_embd.weight is Q8_0 already"));
  EXPECT_FALSE(fs::exists(Path("out.gguf")));
  options.requantize = Requantize::kAllow;
  EXPECT_TRUE(QuantizeFile(input, Path("out.gguf"), options).ok());
  // To the same format it is a copy, which needs no permission.
  const auto same = QuantizeFile(input, Path("same.gguf"), {.type = FileType::kQ8_0});
  ASSERT_TRUE(same.ok()) << same.status().ToString();
  EXPECT_EQ(same->converted, 0U);
}

TEST_F(QuantizeTest, TheInputIsNeverTheOutput) {
  const fs::path input = Write(SmallModel(DType::kF16));
  const auto before = ReadFile(input);
  const auto status = QuantizeFile(input, folder_ / "." / "in.gguf", {}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  fs::create_symlink(input, Path("link.gguf"));
  EXPECT_FALSE(QuantizeFile(input, Path("link.gguf"), {}).ok());
  EXPECT_TRUE(*before == *ReadFile(input));
}

TEST_F(QuantizeTest, NotANumberIsRefusedByTensor) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const DType dtype : {DType::kF32, DType::kF16}) {
      auto sources = SmallModel(dtype);
      sources[2].values[77] = bad;  // blk.0.attn_v.weight
      const auto status = QuantizeFile(Write(sources), Path("out.gguf"), {}).status();
      EXPECT_EQ(status.code(), StatusCode::kDataLoss);
      EXPECT_THAT(status.message(), HasSubstr("blk.0.attn_v.weight"));
    }
  }
  auto sources = SmallModel(DType::kF32);
  sources[1].values[5] = std::numeric_limits<float>::quiet_NaN();  // a norm, which is copied
  EXPECT_FALSE(QuantizeFile(Write(sources), Path("out.gguf"), {}).ok());
  EXPECT_EQ(FilesInFolder(), 1U);
}

TEST_F(QuantizeTest, OverflowOfF16IsRefused) {
  auto sources = SmallModel(DType::kF32);
  sources[0].values[3] = 1e6F;
  const auto status =
      QuantizeFile(Write(sources), Path("out.gguf"), {.type = FileType::kF16}).status();
  EXPECT_THAT(status.message(), HasSubstr("too large for F16"));
  EXPECT_EQ(FilesInFolder(), 1U);
}

TEST_F(QuantizeTest, CancelLeavesNothing) {
  const fs::path input = Write(SmallModel(DType::kF16));
  std::atomic<bool> cancel = false;
  QuantizeOptions options;
  options.cancel = &cancel;
  options.on_progress = [&](const QuantizeProgress& p) { cancel = p.tensors_done == 3; };
  const auto status = QuantizeFile(input, Path("out.gguf"), options).status();
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_EQ(FilesInFolder(), 1U);
}

TEST_F(QuantizeTest, AnExistingOutputStaysWhenTheRunFails) {
  auto sources = SmallModel(DType::kF32);
  sources.back().values.back() = std::numeric_limits<float>::infinity();
  const fs::path input = Write(sources);
  auto existing = AtomicFileWriter::Create(Path("out.gguf"));
  ASSERT_TRUE(existing.ok() && existing->Append("what was there").ok() && existing->Commit().ok());
  EXPECT_FALSE(QuantizeFile(input, Path("out.gguf"), {}).ok());
  EXPECT_EQ(*ReadFile(Path("out.gguf")), "what was there");
}

TEST_F(QuantizeTest, ProgressCountsUpToTheEnd) {
  const fs::path input = Write(SmallModel(DType::kF16));
  uint64_t last = 0;
  uint64_t total = 0;
  QuantizeOptions options;
  options.on_progress = [&](const QuantizeProgress& p) {
    EXPECT_GE(p.bytes_done, last);
    EXPECT_LE(p.bytes_done, p.bytes);
    EXPECT_FALSE(p.tensor.empty());
    last = p.bytes_done;
    total = p.bytes;
  };
  ASSERT_TRUE(QuantizeFile(input, Path("out.gguf"), options).ok());
  EXPECT_GT(total, 0U);
  EXPECT_EQ(last, total);
}

TEST_F(QuantizeTest, ImportanceReachesTheEncoder) {
  const auto sources = SmallModel(DType::kF32);
  const fs::path input = Write(sources);
  Importance importance;
  auto& weights = importance["blk.1.ffn_down.weight"];
  weights = Random(16640, 99);
  for (float& w : weights) w = w * w + 1e-4F;
  QuantizeOptions options;
  options.importance = &importance;
  const auto report = QuantizeFile(input, Path("out.gguf"), options);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->without_importance.size(), report->converted - 1);
  const auto out = gguf::File::Open(Path("out.gguf"));
  const gguf::Tensor* t = (*out)->FindTensor("blk.1.ffn_down.weight");
  const Source& source = *std::find_if(sources.begin(), sources.end(),
                                       [&](const Source& s) { return s.name == t->name; });
  const auto expected = Encode(t->view.dtype, source.values, 16640, weights.data());
  EXPECT_EQ(std::memcmp(t->view.bytes.data(), expected.data(), expected.size()), 0);
  EXPECT_NE(std::memcmp(Encode(t->view.dtype, source.values, 16640).data(), expected.data(),
                        expected.size()),
            0);

  weights.pop_back();
  EXPECT_THAT(QuantizeFile(input, Path("x.gguf"), options).status().message(),
              HasSubstr("has 16639 values, expected 16640"));
  weights.push_back(-1.0F);
  EXPECT_THAT(QuantizeFile(input, Path("x.gguf"), options).status().message(),
              HasSubstr("holds -1"));
}

TEST_F(QuantizeTest, RowsThatDoNotFitAreReported) {
  const std::vector<Source> sources = {{"token_embd.weight", DType::kF32, {96, 10}, Random(960, 1)},
                                       {"output.weight", DType::kF32, {96, 10}, Random(960, 2)}};
  const auto report = QuantizeFile(Write(sources), Path("out.gguf"), {});
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->stand_ins.size(), 1U);
  EXPECT_EQ(report->stand_ins[0], "token_embd.weight: Q5_0 for Q4_K, rows of 96");
}

TEST_F(QuantizeTest, ASplitInputGivesOneFile) {
  const auto sources = SmallModel(DType::kF16);
  const size_t half = sources.size() / 2;
  for (uint16_t part = 0; part < 2; ++part) {
    gguf::Writer writer;
    if (part == 0) Metadata(writer);
    writer.SetUint16("split.no", part);
    writer.SetUint16("split.count", 2);
    writer.SetInt32("split.tensors.count", static_cast<int32_t>(sources.size()));
    const auto middle = sources.begin() + static_cast<ptrdiff_t>(half);
    WriteTensors(
        writer,
        part == 0 ? std::vector(sources.begin(), middle) : std::vector(middle, sources.end()),
        Path(fmt::format("in-0000{}-of-00002.gguf", part + 1)));
  }
  const fs::path first = Path("in-00001-of-00002.gguf");
  ASSERT_TRUE(QuantizeFile(first, Path("out.gguf"), {}).ok());
  const auto out = gguf::File::Open(Path("out.gguf"));
  ASSERT_TRUE(out.ok()) << out.status().ToString();
  EXPECT_EQ((*out)->tensors().size(), sources.size());
  EXPECT_EQ((*out)->Find("split.count"), nullptr);
  EXPECT_FALSE(QuantizeFile(first, Path("in-00002-of-00002.gguf"), {}).ok());
}

TEST_F(QuantizeTest, MissingArchitectureAndMissingFile) {
  EXPECT_FALSE(QuantizeFile(Path("absent.gguf"), Path("out.gguf"), {}).ok());
  gguf::Writer writer;
  writer.SetString("general.name", "x");
  WriteTensors(writer, {{"a.weight", DType::kF32, {4}, Random(4, 1)}}, Path("bare.gguf"));
  EXPECT_THAT(QuantizeFile(Path("bare.gguf"), Path("out.gguf"), {}).status().message(),
              HasSubstr("general.architecture"));
}

}  // namespace
}  // namespace lemma::model
