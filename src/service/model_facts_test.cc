// SPDX-License-Identifier: Apache-2.0
#include "service/model_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>

#include "gguf/writer.h"
#include "service/test_vocab.h"

namespace lemma::service {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::Must;

// A file of metadata only.
struct MetadataFile {
  explicit MetadataFile(gguf::Writer& writer) {
    gguf::StringSink sink(bytes);
    EXPECT_TRUE(writer.Begin(sink).ok());
    EXPECT_TRUE(writer.Finish().ok());
    file = Must(gguf::File::Parse(std::as_bytes(std::span<const char>(bytes))));
  }
  std::string bytes;
  std::unique_ptr<gguf::File> file;
};

TEST(FactsFromGguf, PublishedDeepseekFile) {
  std::vector<std::string> warnings;
  const auto facts = FactsFromGguf(*testing::DeepseekFile(), testing::DeepseekTokens(), warnings);
  EXPECT_THAT(warnings, ::testing::IsEmpty());
  EXPECT_EQ(facts.architecture, "qwen2");
  EXPECT_EQ(facts.tokenizer_pre, "deepseek-r1-qwen");
  EXPECT_EQ(facts.bos_text, "<｜begin▁of▁sentence｜>");
  EXPECT_EQ(facts.eos_text, "<｜end▁of▁sentence｜>");
  EXPECT_THAT(facts.chat_template, HasSubstr("add_generation_prompt"));
  EXPECT_THAT(facts.control_tokens, Contains("<｜User｜>"));
  EXPECT_THAT(facts.control_tokens, Contains("</think>"));
  EXPECT_EQ(facts.control_tokens.size(), 22U);
  EXPECT_EQ(chat::DetectFamily(facts), chat::FamilyId::kDeepseekR1);
}

TEST(FactsFromGguf, WrongTypesAreToldNotBelieved) {
  gguf::Writer writer;
  writer.SetUint32("tokenizer.chat_template", 7);
  writer.SetString("general.name", "Model");
  writer.SetString("general.basename", "Base");
  const MetadataFile metadata(writer);
  std::vector<std::string> warnings;
  const auto facts = FactsFromGguf(*metadata.file, testing::DeepseekTokens(), warnings);
  EXPECT_EQ(facts.chat_template, "");
  EXPECT_EQ(facts.name, "Model Base");
  EXPECT_THAT(warnings, Contains(HasSubstr("tokenizer.chat_template is ignored")));
}

TEST(FileSampling, LaysOverTheFamilyAndChecksRanges) {
  gguf::Writer writer;
  writer.SetFloat32("general.sampling.temp", 0.25F);
  writer.SetInt32("general.sampling.top_k", 7);
  writer.SetFloat32("general.sampling.top_p", 1.5F);
  writer.SetFloat32("general.sampling.penalty_repeat", 1.1F);
  writer.SetString("general.sampling.min_p", "0.1");
  const MetadataFile metadata(writer);
  engine::SamplingParams params;
  ApplyFamilySampling({0.6F, 0.95F, 20, std::nullopt}, params);
  std::vector<std::string> warnings;
  ApplyFileSampling(*metadata.file, params, warnings);
  EXPECT_FLOAT_EQ(params.temperature, 0.25F);
  EXPECT_EQ(params.top_k, 7U);
  EXPECT_FLOAT_EQ(params.top_p, 0.95F) << "1.5 is no probability: the family's value stays";
  EXPECT_FLOAT_EQ(params.repeat_penalty, 1.1F);
  EXPECT_FLOAT_EQ(params.min_p, 0.0F);
  EXPECT_THAT(warnings, ::testing::UnorderedElementsAre(HasSubstr("general.sampling.top_p"),
                                                        HasSubstr("general.sampling.min_p")));
}

}  // namespace
}  // namespace lemma::service
