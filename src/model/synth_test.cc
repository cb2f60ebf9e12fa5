// SPDX-License-Identifier: Apache-2.0
#include "model/synth.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "gguf/reader.h"
#include "model/config.h"
#include "model/model.h"
#include "model/quantize_mix.h"
#include "model/synth_blocks.h"
#include "model/synth_shapes.h"
#include "model/vocab_from_gguf.h"
#include "tensor/half.h"

namespace lemma::model {
namespace {

using ::testing::HasSubstr;

struct SynthFile {
  std::string bytes;
  SynthReport report;
  std::unique_ptr<gguf::File> file;
};

SynthFile Make(const SynthOptions& options) {
  SynthFile out;
  gguf::StringSink sink(out.bytes);
  auto report = WriteSynth(options, sink);
  EXPECT_TRUE(report.ok()) << report.status().ToString();
  if (!report.ok()) return out;
  out.report = *report;
  auto file = gguf::File::Parse(std::as_bytes(std::span(out.bytes.data(), out.bytes.size())));
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  if (file.ok()) out.file = std::move(file).value();
  return out;
}

SynthOptions Options(std::string shape, std::string type) {
  SynthOptions options;
  options.shape = std::move(shape);
  options.type = std::move(type);
  return options;
}

// Random blocks of every format decode to the wanted deviation, mean zero, all finite.
TEST(SynthBlocks, EveryFormatHasTheWantedDeviation) {
  for (const tensor::DTypeInfo& info : tensor::AllDTypes()) {
    SCOPED_TRACE(info.name);
    for (const float deviation : {0.02F, 0.002F}) {
      const BlockFiller filler(info.dtype, 7, deviation);
      const size_t blocks = 200000 / info.block_elems;
      std::vector<std::byte> bytes(blocks * info.block_bytes);
      filler.Fill(0, bytes);
      std::vector<float> decoded(blocks * info.block_elems);
      info.decode(bytes.data(), decoded.data(), decoded.size());
      double sum = 0;
      double squares = 0;
      for (const float x : decoded) {
        ASSERT_TRUE(std::isfinite(x));
        sum += static_cast<double>(x);
        squares += static_cast<double>(x) * static_cast<double>(x);
      }
      const double n = static_cast<double>(decoded.size());
      // Small scales lose precision in binary16, hence 8 %.
      EXPECT_NEAR(std::sqrt(squares / n) / static_cast<double>(deviation), 1.0, 0.08);
      EXPECT_LT(std::abs(sum / n), 0.05 * static_cast<double>(deviation));
    }
  }
}

TEST(SynthBlocks, BytesDependOnSeedAndBlockOnly) {
  const BlockFiller filler(tensor::DType::kQ4K, 7, 0.02F);
  std::vector<std::byte> whole(10 * 144);
  std::vector<std::byte> tail(4 * 144);
  filler.Fill(0, whole);
  filler.Fill(6, tail);
  EXPECT_TRUE(std::equal(tail.begin(), tail.end(), whole.begin() + 6 * 144));
  const BlockFiller other(tensor::DType::kQ4K, 8, 0.02F);
  other.Fill(6, tail);
  EXPECT_FALSE(std::equal(tail.begin(), tail.end(), whole.begin() + 6 * 144));
}

class TinyShapes : public ::testing::TestWithParam<const char*> {};

TEST_P(TinyShapes, ReadsAsAModelOfItsShape) {
  const SynthShape& shape = *FindSynthShape(GetParam());
  const SynthFile synth = Make(Options(GetParam(), "q4_k_m"));
  ASSERT_NE(synth.file, nullptr);
  EXPECT_EQ(synth.report.file_bytes, synth.bytes.size());
  EXPECT_EQ(synth.report.tensors, synth.file->tensors().size());
  const auto config = ReadConfig(*synth.file);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->architecture, shape.architecture);
  EXPECT_EQ(config->layers, shape.layers);
  EXPECT_EQ(config->heads, shape.heads);
  EXPECT_EQ(config->kv_heads, shape.kv_heads);
  EXPECT_EQ(config->head_dim, shape.head_dim);
  EXPECT_EQ(config->vocab, shape.vocab);
  EXPECT_EQ(config->tied_output, shape.tying == Tying::kTied);
}

TEST_P(TinyShapes, VocabularyIsWellFormed) {
  const SynthFile synth = Make(Options(GetParam(), "q8_0"));
  ASSERT_NE(synth.file, nullptr);
  const auto tokenizer = TokenizerFromGguf(*synth.file);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().ToString();
  const auto tokens = synth.file->Find("tokenizer.ggml.tokens")->AsStrings();
  ASSERT_TRUE(tokens.ok());
  const std::set<std::string_view> known(tokens->begin(), tokens->end());
  EXPECT_EQ(known.size(), tokens->size()) << "every token is spelled once";
  const auto merges = synth.file->Find("tokenizer.ggml.merges")->AsStrings();
  ASSERT_TRUE(merges.ok());
  for (const std::string_view merge : *merges) {
    const size_t space = merge.find(' ');
    ASSERT_NE(space, std::string_view::npos);
    const auto left = merge.substr(0, space);
    const auto right = merge.substr(space + 1);
    ASSERT_TRUE(known.contains(left) && known.contains(right)) << merge;
    ASSERT_TRUE(known.contains(std::string(left) + std::string(right))) << merge;
  }
}

// Matrices and vectors are of the types of the mix.
TEST(Synth, EveryFileTypeIsWritten) {
  for (const FileTypeInfo& info : AllFileTypes()) {
    SCOPED_TRACE(info.name);
    const SynthFile synth = Make(Options("tiny-llama", std::string(info.name)));
    ASSERT_NE(synth.file, nullptr);
    EXPECT_EQ(**synth.file->GetUint("general.file_type"), static_cast<uint32_t>(info.type));
    EXPECT_EQ(synth.file->FindTensor("blk.0.attn_k.weight")->view.dtype, info.base);
    EXPECT_EQ(synth.file->FindTensor("output_norm.weight")->view.dtype, tensor::DType::kF32);
  }
  const SynthFile medium = Make(Options("tiny-llama", "q4_k_m"));
  EXPECT_EQ(medium.file->FindTensor("output.weight")->view.dtype, tensor::DType::kQ6K);
}

// The forward pass gives finite logits that are neither flat nor one spike.
TEST_P(TinyShapes, LogitsAreSane) {
  for (const char* type : {"q4_k_m", "f32"}) {
    SCOPED_TRACE(type);
    const SynthFile synth = Make(Options(GetParam(), type));
    ASSERT_NE(synth.file, nullptr);
    kernels::CpuOptions cpu;
    cpu.threads = 1;
    auto ops = kernels::MakeCpuOps(cpu);
    ASSERT_TRUE(ops.ok()) << ops.status().ToString();
    auto model = Model::Load(*synth.file, **ops, {});
    ASSERT_TRUE(model.ok()) << model.status().ToString();
    auto kv = (*model)->MakeKv(1, kernels::KvType::kF32);
    ASSERT_TRUE(kv.ok());
    const kernels::PageId pages[] = {0};
    ForwardBatch batch;
    batch.tokens = {1, 2, 3, 5, 8, 13};
    batch.slices.push_back({0, 6, 0, pages, LogitsWanted::kLast});
    std::vector<float> logits;
    ASSERT_TRUE((*model)->Forward(batch, **kv, logits).ok());
    ASSERT_EQ(logits.size(), (*model)->config().vocab);
    double sum = 0;
    double squares = 0;
    for (const float x : logits) {
      ASSERT_TRUE(std::isfinite(x));
      sum += static_cast<double>(x);
      squares += static_cast<double>(x) * static_cast<double>(x);
    }
    const double n = static_cast<double>(logits.size());
    const double deviation = std::sqrt(squares / n - sum / n * (sum / n));
    EXPECT_GT(deviation, 1.0);
    EXPECT_LT(deviation, 8.0);
  }
}

INSTANTIATE_TEST_SUITE_P(All, TinyShapes,
                         ::testing::Values("tiny-qwen2", "tiny-llama", "tiny-qwen3"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Synth, SameBytesWithAnyThreads) {
  SynthOptions options = Options("tiny", "q4_k_m");
  const std::string one = Make(options).bytes;
  options.threads = 3;
  EXPECT_TRUE(one == Make(options).bytes);
  options.seed = 1;
  EXPECT_FALSE(one == Make(options).bytes);
}

TEST(Synth, UnknownShapeAndType) {
  std::string bytes;
  gguf::StringSink sink(bytes);
  EXPECT_THAT(WriteSynth(Options("tiny-gpt2", "f32"), sink).status().message(),
              HasSubstr("deepseek-r1-distill-qwen-1.5b"));
  const auto unknown = WriteSynth(Options("tiny", "q9_k"), sink);
  EXPECT_EQ(unknown.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(unknown.status().message(), HasSubstr("q9_k"));
  EXPECT_TRUE(bytes.empty());
}

TEST(Synth, CopiesAVocabularyAndPadsIt) {
  const auto path =
      std::filesystem::path(::testing::TempDir()) / fmt::format("lemma-synth-{}.gguf", ::getpid());
  SynthOptions options = Options("tiny-qwen3", "q8_0");
  ASSERT_TRUE(WriteSynthFile(options, path).ok());
  options.shape = "tiny-qwen2";
  options.vocab = path;
  const SynthFile synth = Make(options);
  ASSERT_NE(synth.file, nullptr);
  EXPECT_EQ(*synth.file->Find("tokenizer.ggml.pre")->AsString(), "qwen2");
  EXPECT_EQ(synth.file->FindTensor("token_embd.weight")->view.shape.rows(), 512U);
  EXPECT_EQ(synth.file->pairs().front().key, "general.architecture");
  std::filesystem::remove(path);
  options.vocab = "/nonexistent.gguf";
  std::string bytes;
  gguf::StringSink sink(bytes);
  EXPECT_EQ(WriteSynth(options, sink).status().code(), StatusCode::kNotFound);
}

TEST(Synth, ProgressCancels) {
  SynthOptions options = Options("tiny", "f32");
  double last = 0;
  options.progress = [&](double share) {
    EXPECT_GE(share, last);
    EXPECT_LE(share, 1.0);
    last = share;
    return share < 0.5;
  };
  std::string bytes;
  gguf::StringSink sink(bytes);
  EXPECT_EQ(WriteSynth(options, sink).status().code(), StatusCode::kCancelled);
  EXPECT_GT(last, 0.4);
}

// As counted over the tensors of the published files (rope factors included).
TEST(Synth, PublishedShapesHaveThePublishedParameters) {
  const std::pair<const char*, uint64_t> expected[] = {
      {"deepseek-r1-distill-qwen-1.5b", 1777088000},
      {"deepseek-r1-distill-qwen-7b", 7615616512},
      {"deepseek-r1-distill-llama-8b", 8030261312},
      {"qwen3-0.6b", 596049920},
  };
  for (const auto& [name, parameters] : expected) {
    SCOPED_TRACE(name);
    const SynthShape* shape = FindSynthShape(name);
    ASSERT_NE(shape, nullptr);
    uint64_t sum = 0;
    for (const SynthTensor& tensor : SynthTensors(*shape, shape->vocab)) {
      sum += tensor.shape.elements();
    }
    EXPECT_EQ(sum, parameters);
  }
}

}  // namespace
}  // namespace lemma::model
