// SPDX-License-Identifier: Apache-2.0
#include "service/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>

#include "gguf/writer.h"
#include "model/synth.h"
#include "service/test_vocab.h"

namespace lemma::service {
namespace {

using ::testing::HasSubstr;
using testing::Must;
using ::testing::Not;

// A synthetic file and an edited copy of its metadata; tensors are carried over.
class EditedSynth {
 public:
  explicit EditedSynth(const std::string& shape, const std::string& type = "q4_k_m") {
    model::SynthOptions options;
    options.shape = shape;
    options.type = type;
    gguf::StringSink sink(source_bytes_);
    (void)Must(model::WriteSynth(options, sink));
    source_ = Must(gguf::File::Parse(std::as_bytes(std::span<const char>(source_bytes_))));
    for (const gguf::Pair& pair : source_->pairs()) writer_.Copy(pair);
  }
  gguf::Writer& metadata() { return writer_; }
  // Valid as long as this object.
  const gguf::File& Finish() {
    for (const gguf::Tensor& t : source_->tensors()) {
      EXPECT_TRUE(writer_.AddTensor(t.name, t.view.dtype, t.view.shape).ok());
    }
    gguf::StringSink sink(bytes_);
    EXPECT_TRUE(writer_.Begin(sink).ok());
    for (const gguf::Tensor& t : source_->tensors()) {
      EXPECT_TRUE(writer_.AppendData(t.view.bytes).ok());
    }
    EXPECT_TRUE(writer_.Finish().ok());
    file_ = Must(gguf::File::Parse(std::as_bytes(std::span<const char>(bytes_))));
    return *file_;
  }

 private:
  std::string source_bytes_;
  std::unique_ptr<gguf::File> source_;
  gguf::Writer writer_;
  std::string bytes_;
  std::unique_ptr<gguf::File> file_;
};

const Finding* Find(const InspectReport& report, std::string_view code) {
  const auto at = std::find_if(report.findings.begin(), report.findings.end(),
                               [&](const Finding& f) { return f.code == code; });
  return at == report.findings.end() ? nullptr : &*at;
}

std::string AllFindings(const InspectReport& report) {
  std::string out;
  for (const Finding& f : report.findings) out += f.code + ": " + f.text + "\n";
  return out;
}

TEST(Inspect, TinyQwen2) {
  EditedSynth synth("tiny-qwen2");
  const InspectReport report = Inspect(synth.Finish(), {});
  EXPECT_EQ(report.version, 3U);
  EXPECT_EQ(report.architecture, "qwen2");
  EXPECT_EQ(report.name, "synthetic tiny-qwen2");
  EXPECT_EQ(report.file_type, "Q4_K_M");
  EXPECT_EQ(report.tensors.size(), 27U);
  EXPECT_EQ(report.parameters, 1444096U);
  ASSERT_TRUE(report.config.has_value());
  EXPECT_EQ(report.config->layers, 2U);
  ASSERT_TRUE(report.vocab.has_value());
  EXPECT_EQ(report.vocab->tokens, 512U);
  EXPECT_EQ(report.vocab->bos->text, "<｜begin▁of▁sentence｜>");
  EXPECT_EQ(report.vocab->eos->text, "<｜end▁of▁sentence｜>");
  ASSERT_TRUE(report.chat.has_value());
  EXPECT_EQ(report.chat->family, "deepseek-r1");
  EXPECT_FALSE(report.chat->uses_template);
  ASSERT_TRUE(report.memory.has_value());
  EXPECT_EQ(report.memory->context, 2048U);
  // Layers, K and V, 2 heads of 64, 2 bytes.
  EXPECT_EQ(report.memory->kv_bytes, 2048U * 2 * 2 * 2 * 64 * 2);
  uint64_t bytes = 0;
  for (const TypeRow& row : report.types) bytes += row.bytes;
  EXPECT_EQ(bytes, report.tensor_bytes);
  // An own head: the embedding (512 rows of 256 in Q4_K, 144 bytes each) is not read, but a row.
  EXPECT_EQ(report.bytes_per_token, report.tensor_bytes - 511 * 144);
  for (const Finding& f : report.findings) {
    EXPECT_EQ(f.severity, Severity::kNote) << AllFindings(report);
  }
  EXPECT_NE(Find(report, "double-bos"), nullptr);
}

TEST(Inspect, TheOtherFamilies) {
  EditedSynth qwen3("tiny-qwen3");
  const InspectReport report = Inspect(qwen3.Finish(), {});
  EXPECT_EQ(report.chat->family, "qwen3");
  EXPECT_EQ(report.bytes_per_token, report.tensor_bytes + 210) << "tied: all, and one Q6_K row";
  EditedSynth llama("tiny-llama");
  EXPECT_EQ(Inspect(llama.Finish(), {}).chat->family, "deepseek-r1");
}

struct OddFile {
  std::string_view code;
  Severity severity;
  std::function<void(gguf::Writer&)> edit;
  std::string_view text;  // part of the finding
};

TEST(Inspect, FindsWhatIsOdd) {
  const OddFile cases[] = {
      {"template-differs", Severity::kWarning,
       [](gguf::Writer& w) {
         w.SetString("tokenizer.chat_template",
                     "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}"
                     "<|im_end|>\n{% endfor %}<|im_start|>assistant\n");
       },
       "deepseek-r1"},
      {"template-without-think", Severity::kWarning,
       [](gguf::Writer& w) {
         w.SetString(
             "tokenizer.chat_template",
             "{% for m in messages %}<｜User｜>{{ m['content'] }}{% endfor %}<｜Assistant｜>");
       },
       "<think>"},
      {"template-invalid", Severity::kWarning,
       [](gguf::Writer& w) { w.SetString("tokenizer.chat_template", "{% for %}"); },
       "chat_template"},
      {"no-template", Severity::kNote, [](gguf::Writer& w) { w.Remove("tokenizer.chat_template"); },
       "deepseek-r1"},
      {"token-id-out-of-range", Severity::kError,
       [](gguf::Writer& w) { w.SetUint32("tokenizer.ggml.eos_token_id", 512); },
       "eos_token_id is 512"},
      {"token-id-invalid", Severity::kError,
       [](gguf::Writer& w) { w.SetInt32("tokenizer.ggml.eos_token_id", -1); }, "found -1"},
      {"eos-not-control", Severity::kWarning,
       [](gguf::Writer& w) { w.SetUint32("tokenizer.ggml.eos_token_id", 7); }, "token 7"},
      {"eos-not-of-family", Severity::kWarning,
       [](gguf::Writer& w) { w.SetUint32("tokenizer.ggml.eos_token_id", 509); },
       "<｜end▁of▁sentence｜>"},
      {"eos-equals-bos", Severity::kWarning,
       [](gguf::Writer& w) { w.SetUint32("tokenizer.ggml.bos_token_id", 507); }, "token 507"},
      {"no-eos", Severity::kWarning,
       [](gguf::Writer& w) { w.Remove("tokenizer.ggml.eos_token_id"); }, "absent"},
      {"no-bos", Severity::kWarning,
       [](gguf::Writer& w) { w.Remove("tokenizer.ggml.bos_token_id"); }, "absent"},
      {"odd-metadata", Severity::kWarning,
       [](gguf::Writer& w) { w.SetString("tokenizer.ggml.pre", "unheard-of"); }, "unheard-of"},
      {"bad-vocabulary", Severity::kError,
       [](gguf::Writer& w) { w.SetString("tokenizer.ggml.model", "bert"); }, "bert"},
      {"vocab-mismatch", Severity::kNote,
       [](gguf::Writer& w) {
         const std::string_view tokens[] = {"a", "b"};
         w.SetStrings("tokenizer.ggml.tokens", tokens);
       },
       "512 rows, the vocabulary 2 tokens"},
      {"vocab-mismatch", Severity::kError,
       [](gguf::Writer& w) {
         const std::vector<std::string_view> tokens(513, "a");
         w.SetStrings("tokenizer.ggml.tokens", tokens);
       },
       "512 rows, the vocabulary 513 tokens"},
      {"bad-tensor", Severity::kError, [](gguf::Writer& w) { w.SetUint32("qwen2.block_count", 3); },
       "blk.2.attn_norm.weight is missing, expected [256]"},
      {"unsupported-tensor", Severity::kError,
       [](gguf::Writer& w) { w.SetUint32("qwen2.block_count", 1); },
       "blk.1.attn_norm.weight [256] is no part"},
      {"bad-tensor", Severity::kError,
       [](gguf::Writer& w) { w.SetUint32("qwen2.feed_forward_length", 257); }, "has shape"},
      {"unsupported-model", Severity::kError,
       [](gguf::Writer& w) { w.SetString("general.architecture", "mamba"); }, "mamba"},
      {"bad-config", Severity::kError, [](gguf::Writer& w) { w.Remove("qwen2.block_count"); },
       "qwen2.block_count"},
      {"file-type-differs", Severity::kNote,
       [](gguf::Writer& w) { w.SetUint32("general.file_type", 7); }, "Q8_0"},
  };
  for (const OddFile& odd : cases) {
    SCOPED_TRACE(odd.code);
    EditedSynth synth("tiny-qwen2");
    odd.edit(synth.metadata());
    const InspectReport report = Inspect(synth.Finish(), {});
    const Finding* finding = Find(report, odd.code);
    ASSERT_NE(finding, nullptr) << AllFindings(report);
    EXPECT_EQ(finding->severity, odd.severity);
    EXPECT_THAT(finding->text, HasSubstr(std::string(odd.text)));
    EXPECT_GE(report.findings.front().severity, report.findings.back().severity);
  }
}

TEST(Inspect, PublishedVocabularyWithoutWeights) {
  const auto file = testing::DeepseekFile();
  const InspectReport report = Inspect(*file, {});
  EXPECT_EQ(report.vocab->tokens, 151936U);
  EXPECT_EQ(report.chat->family, "deepseek-r1");
  ASSERT_NE(Find(report, "no-weights"), nullptr);
  EXPECT_EQ(report.findings.front().code, "no-weights");
  // The published template does write <think> and ends as its family does.
  EXPECT_EQ(Find(report, "template-without-think"), nullptr);
  EXPECT_EQ(Find(report, "eos-not-of-family"), nullptr);
}

TEST(Inspect, Memory) {
  EditedSynth synth("tiny-qwen2");
  const gguf::File& file = synth.Finish();
  InspectOptions options;
  options.context = 100;
  options.kv_type = kernels::KvType::kF32;
  options.available_bytes = 1 << 20;
  const InspectReport report = Inspect(file, options);
  EXPECT_EQ(report.memory->context, 100U);
  EXPECT_EQ(report.memory->kv_type, "f32");
  EXPECT_EQ(report.memory->kv_bytes, 128U * 2 * 2 * 2 * 64 * 4) << "whole pages of 64 tokens";
  EXPECT_NE(Find(report, "not-enough-memory"), nullptr);
  EXPECT_EQ(Find(report, "context-too-long"), nullptr);
  options.context = std::numeric_limits<size_t>::max();
  const InspectReport huge = Inspect(file, options);
  EXPECT_EQ(huge.memory->total_bytes, UINT64_MAX);
  EXPECT_NE(Find(huge, "context-too-long"), nullptr);
}

TEST(Inspect, ScanFindsValuesThatAreNotFinite) {
  model::SynthOptions options;
  options.shape = "tiny-qwen2";
  options.type = "f16";
  std::string bytes;
  gguf::StringSink sink(bytes);
  (void)Must(model::WriteSynth(options, sink));
  const auto good = Must(gguf::File::Parse(std::as_bytes(std::span<const char>(bytes))));
  InspectOptions scan;
  scan.scan = Scan::kTensors;
  EXPECT_EQ(Find(Inspect(*good, scan), "not-finite"), nullptr);
  const uint64_t offset = good->FindTensor("blk.1.ffn_up.weight")->file_offset;
  bytes[offset + 1] = 0x7C;  // binary16 infinity or NaN
  const auto bad = Must(gguf::File::Parse(std::as_bytes(std::span<const char>(bytes))));
  EXPECT_EQ(Find(Inspect(*bad, {}), "not-finite"), nullptr) << "only when asked";
  const InspectReport report = Inspect(*bad, scan);
  const Finding* finding = Find(report, "not-finite");
  ASSERT_NE(finding, nullptr);
  EXPECT_THAT(finding->text, HasSubstr("'blk.1.ffn_up.weight' holds 1 "));
}

TEST(Inspect, Text) {
  EditedSynth synth("tiny-qwen2");
  synth.metadata().SetString("general.name", "evil \x1b]0;title\x07 name");
  synth.metadata().SetString("general.description", std::string(5000, 'x'));
  const InspectReport report = Inspect(synth.Finish(), {});
  const std::string summary = InspectToText(report, Detail::kSummary);
  EXPECT_THAT(summary, HasSubstr("qwen2: 2 layers, width 256"));
  EXPECT_THAT(summary, HasSubstr("Q4_K"));
  EXPECT_THAT(summary, HasSubstr("deepseek-r1"));
  EXPECT_THAT(summary, HasSubstr("note: tokenizer.ggml.add_bos_token"));
  EXPECT_THAT(summary, Not(HasSubstr("blk.0.attn_q.weight")));
  const std::string all = InspectToText(report, Detail::kAll);
  EXPECT_THAT(all, HasSubstr("blk.0.attn_q.weight"));
  EXPECT_THAT(all, HasSubstr("string[512]"));
  EXPECT_THAT(all, HasSubstr("(5000 bytes)"));
  EXPECT_LT(all.size(), 10000U);
  for (const char c : all) ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

TEST(Inspect, Json) {
  EditedSynth synth("tiny-qwen2");
  synth.metadata().SetString("general.description", "not UTF-8: \xff");
  synth.metadata().SetFloat32("x.nan", std::numeric_limits<float>::quiet_NaN());
  const InspectReport report = Inspect(synth.Finish(), {});
  boost::json::error_code error;
  const auto parsed = boost::json::parse(InspectToJson(report, Detail::kAll), error);
  ASSERT_FALSE(error) << error.message();
  const auto& object = parsed.as_object();
  EXPECT_EQ(object.at("architecture").as_string(), "qwen2");
  EXPECT_EQ(object.at("parameters").to_number<uint64_t>(), 1444096U);
  EXPECT_EQ(object.at("config").at("layers").to_number<int>(), 2);
  EXPECT_EQ(object.at("vocabulary").at("eos").at("id").to_number<int>(), 507);
  EXPECT_EQ(object.at("tensors").as_array().size(), 27U);
  EXPECT_EQ(object.at("metadata").as_array().size(), report.metadata.size());
  EXPECT_EQ(object.at("chat").at("family").as_string(), "deepseek-r1");
  EXPECT_FALSE(object.at("warnings").as_array().empty());
  const auto summary = boost::json::parse(InspectToJson(report, Detail::kSummary)).as_object();
  EXPECT_FALSE(summary.contains("tensors"));
}

}  // namespace
}  // namespace lemma::service
