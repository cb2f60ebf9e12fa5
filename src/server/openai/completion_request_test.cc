// SPDX-License-Identifier: Apache-2.0
#include "server/openai/completion_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace lemma::server::openai {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

TEST(CompletionRequest, FieldsAndBestOf) {
  BodyNotes notes;
  const auto body =
      ParseCompletion(R"({"prompt":["x"],"n":2,"best_of":4,"logprobs":3,"echo":false})", notes);
  ASSERT_TRUE(body.ok()) << body.status().ToString();
  ASSERT_EQ(body->prompts.size(), 1U);
  const service::GenerateSettings& settings = body->prompts[0].settings;
  EXPECT_EQ(body->prompts[0].prompt, "x");
  EXPECT_EQ(settings.samples, 4U);
  EXPECT_EQ(body->choices, 2U);
  EXPECT_EQ(settings.sampling.top_logprobs, 3U);
  EXPECT_EQ(settings.max_tokens, 16U);
  for (const char* bad :
       {R"({"prompt":"x","n":3,"best_of":2})", R"({"prompt":"x","best_of":2,"stream":true})",
        R"({"prompt":"x","suffix":"y"})", R"({"prompt":"x","logprobs":1,"echo":true})",
        R"({"prompt":"x","logprobs":true})", R"({})"}) {
    BodyNotes each;
    EXPECT_EQ(ParseCompletion(bad, each).status().code(), StatusCode::kInvalidArgument) << bad;
  }
}

TEST(CompletionRequest, PromptsAreTextsOrTokens) {
  const auto prompts = [](const std::string& prompt) {
    BodyNotes notes;
    const auto body = ParseCompletion(R"({"max_tokens":9,"prompt":)" + prompt + "}", notes);
    EXPECT_TRUE(body.ok()) << body.status().ToString();
    return body.ok() ? body->prompts : std::vector<service::CompletionRequest>();
  };
  auto found = prompts("[5,0,7]");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].prompt_tokens, ElementsAre(5, 0, 7));
  found = prompts(R"(["a","b"])");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].prompt, "b");
  EXPECT_EQ(found[1].settings.max_tokens, 9U);
  found = prompts(R"([[1],"b",[2,3]])");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_THAT(found[2].prompt_tokens, ElementsAre(2, 3));
  EXPECT_EQ(found[1].prompt, "b");
}

TEST(CompletionRequest, WrongPromptsAreNamed) {
  std::string many = "[";
  for (size_t i = 0; i <= kMostPrompts; ++i) many += i == 0 ? "\"x\"" : ",\"x\"";
  struct Case {
    std::string prompt;
    std::string_view message;
  };
  for (const auto& [prompt, message] :
       {Case{"[]", "prompt: expected at least one prompt"}, Case{"[[]]", "prompt[0]: has no token"},
        Case{"[1,-2]", "prompt[1]: expected a token id, found a number"},
        Case{"[1,\"a\"]", "prompt[1]: expected a token id, found a string"},
        Case{"[\"a\",1]", "prompt[1]: expected a text or a list of token ids, found a number"},
        Case{"[[1],[2.5]]", "prompt[1][0]: expected a token id"}, Case{"7", "prompt: expected"},
        Case{"[4294967296]", "prompt[0]: expected a token id"},
        Case{many + "]", "prompt: 129 prompts, at most 128"},
        Case{"[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"],\"n\":64",
             "prompt: 9 prompts of 64 samples, at most 512 completions"}}) {
    BodyNotes notes;
    const auto body = ParseCompletion(R"({"prompt":)" + prompt + "}", notes);
    ASSERT_FALSE(body.ok()) << prompt;
    EXPECT_THAT(body.status().message(), StartsWith(std::string(message)));
  }
}

TEST(EmbeddingsRequest, TextsAndForms) {
  BodyNotes notes;
  const auto body =
      ParseEmbeddings(R"({"input":["a","b"],"encoding_format":"base64","dimensions":8})", notes);
  ASSERT_TRUE(body.ok()) << body.status().ToString();
  EXPECT_THAT(body->inputs, ElementsAre("a", "b"));
  EXPECT_TRUE(body->base64);
  EXPECT_EQ(body->dimensions, 8U);
  for (const char* bad :
       {R"({"input":[1,2]})", R"({"input":[]})", R"({})",
        R"({"input":"a","encoding_format":"int8"})", R"({"input":"a","dimensions":0})"}) {
    BodyNotes each;
    EXPECT_EQ(ParseEmbeddings(bad, each).status().code(), StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace lemma::server::openai
