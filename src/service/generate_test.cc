// SPDX-License-Identifier: Apache-2.0
// The whole way from a request to events, on a tiny synthetic model with DeepSeek's prompt: what it
// says is noise, so the tests are about borders, counts and endings.
#include "service/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <thread>

#include "base/utf8.h"
#include "model/synth.h"
#include "service/engine_request.h"
#include "service/test_vocab.h"

namespace lemma::service {
namespace {

using ::testing::HasSubstr;
using testing::Must;
using Kind = StreamEvent::Kind;

constexpr size_t kContext = 192;

std::unique_ptr<LoadedModel> LoadTiny(const LoadOptions& options) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "lemma_service_tiny.gguf";
  model::SynthOptions synth;
  synth.type = "q8_0";
  synth.seed = 5;
  Must(model::WriteSynthFile(synth, path));
  auto loaded = Must(LoadedModel::Load(path, options));
  std::filesystem::remove(path);
  return loaded;
}

LoadedModel& Tiny() {
  static const std::unique_ptr<LoadedModel> model = [] {
    LoadOptions options;
    options.threads = 1;
    options.context = kContext;
    return LoadTiny(options);
  }();
  return *model;
}

ChatRequest Ask(std::string text, uint64_t seed = 1) {
  ChatRequest request;
  request.conversation.messages = {{chat::Role::kUser, std::move(text), "", {}, "", ""}};
  request.settings.sampling.seed = seed;
  request.settings.sampling.temperature = 1.0F;
  request.settings.max_tokens = 40;
  request.settings.ignore_eos = true;
  return request;
}

std::vector<StreamEvent> Drain(TextStream& stream) {
  std::vector<StreamEvent> events;
  size_t finished = 0;
  while (finished < stream.samples()) {
    auto event = stream.Next(std::chrono::seconds(60));
    if (!event) {
      ADD_FAILURE() << "no event within a minute";
      break;
    }
    EXPECT_TRUE(IsValidUtf8(event->text));
    if (event->kind == Kind::kFinish) ++finished;
    events.push_back(std::move(*event));
  }
  EXPECT_FALSE(stream.Next(std::chrono::nanoseconds(0)).has_value()) << "nothing after the end";
  return events;
}

std::vector<StreamEvent> Chat(const ChatRequest& request) {
  auto stream = Must(StartChat(Tiny(), request));
  return Drain(*stream);
}

std::vector<StreamEvent> Complete(const CompletionRequest& request) {
  auto stream = Must(StartCompletion(Tiny(), request));
  return Drain(*stream);
}

std::string Join(const std::vector<StreamEvent>& events, size_t sample = 0) {
  std::string text;
  for (const StreamEvent& event : events) {
    if (event.sample == sample) text += event.text;
  }
  return text;
}

CompletionRequest Prompt(std::string text) {
  CompletionRequest request;
  request.prompt = std::move(text);
  request.settings = Ask("").settings;
  return request;
}

TEST(Generate, CountsTokensAndSaysLength) {
  const auto events = Chat(Ask("hi"));
  const StreamEvent& end = events.back();
  EXPECT_EQ(end.kind, Kind::kFinish);
  EXPECT_EQ(end.finish, FinishReason::kLength);
  EXPECT_EQ(end.usage.generated_tokens, 40U);
  EXPECT_EQ(end.usage.prompt_tokens, Must(PromptTokens(Tiny(), Ask("hi").conversation)).size());
  EXPECT_GT(end.usage.prefill_seconds, 0);
  EXPECT_GT(end.usage.decode_seconds, 0);
}

TEST(Generate, ABiasOfATextIsForEachOfItsTokens) {
  CompletionRequest request = Prompt("one two");
  request.settings.max_tokens = 60;
  request.settings.sampling.text_bias = {{" two two.", 100.0F}};
  auto stream = Must(StartCompletion(Tiny(), request));
  const std::string often = Join(Drain(*stream), 0);
  EXPECT_NE(often.find(" two"), std::string::npos);
  EXPECT_EQ(often.find_first_not_of(" two."), std::string::npos) << often;
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  request.settings.sampling.text_bias.emplace_back(" two", kNever);
  stream = Must(StartCompletion(Tiny(), request));
  EXPECT_EQ(Join(Drain(*stream), 0), std::string(60, '.'));
}

TEST(Generate, SpeculationChangesNothingButTheCounts) {
  LoadOptions options;
  options.threads = 1;
  options.context = kContext;
  options.speculation.mode = engine::Speculation::kOff;
  const auto plain = LoadTiny(options);
  options.speculation.mode = engine::Speculation::kAlways;
  const auto ahead = LoadTiny(options);
  size_t accepted = 0;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    CompletionRequest request = Prompt("one two one two one two");
    request.settings.sampling.seed = seed;
    request.settings.max_tokens = 90;
    request.settings.samples = 1 + seed % 3;
    if (seed % 2 == 1) request.settings.stop = {"two"};
    // A few tokens far above the others: the text repeats itself.
    for (const char* text : {" one", " two", "."}) {
      for (const int32_t token : plain->tokens().Encode(text)) {
        request.settings.sampling.logit_bias.emplace_back(token, 25.0F);
      }
    }
    auto expected_stream = Must(StartCompletion(*plain, request));
    auto stream = Must(StartCompletion(*ahead, request));
    const auto expected = Drain(*expected_stream);
    const auto events = Drain(*stream);
    for (size_t sample = 0; sample < request.settings.samples; ++sample) {
      EXPECT_EQ(Join(events, sample), Join(expected, sample)) << seed;
      const auto end = [sample](const std::vector<StreamEvent>& all) -> const StreamEvent& {
        for (const StreamEvent& event : all) {
          if (event.sample == sample && event.kind == Kind::kFinish) return event;
        }
        return all.back();
      };
      EXPECT_EQ(end(events).finish, end(expected).finish);
      EXPECT_EQ(end(events).matched_stop, end(expected).matched_stop);
      EXPECT_EQ(end(events).usage.generated_tokens, end(expected).usage.generated_tokens);
      EXPECT_EQ(end(expected).usage.drafted_tokens, 0U);
      accepted += end(events).usage.accepted_tokens;
    }
  }
  EXPECT_GT(accepted, 30U);
}

TEST(Generate, PromptTokensAreTheFamilys) {
  const auto& tokens = Tiny().tokens();
  const auto ids = Must(PromptTokens(Tiny(), Ask("hi").conversation));
  EXPECT_EQ(Tiny().prompts().family().id, chat::FamilyId::kDeepseekR1);
  EXPECT_EQ(tokens.Decode(ids, tokenizer::ControlPieces::kRender),
            "<｜begin▁of▁sentence｜><｜User｜>hi<｜Assistant｜><think>\n");
  EXPECT_EQ(ids.front(), tokens.bos());
  EXPECT_EQ(std::count(ids.begin(), ids.end(), *tokens.bos()), 1) << "BOS is not doubled";
}

TEST(Generate, SameSeedSameTextAndTheTextIsThatOfTheTokens) {
  CompletionRequest request = Prompt("once");
  request.settings.sampling.top_logprobs = 0;
  const auto events = Complete(request);
  std::vector<int32_t> ids;
  for (const StreamEvent& event : events) {
    for (const auto& token : event.logprobs) {
      ids.push_back(token.token);
      EXPECT_LE(token.logprob.value_or(1), 0);
    }
  }
  // Control tokens give no text and are not told; whether the noise has one depends on the types
  // of the numbers, and so on the machine.
  EXPECT_EQ(events.back().usage.generated_tokens, 40U);
  EXPECT_LE(ids.size(), 40U);
  EXPECT_GT(ids.size(), 30U);
  EXPECT_EQ(Join(events), SanitizeUtf8(Tiny().tokens().Decode(ids)));
  EXPECT_EQ(Join(Complete(request)), Join(events));
  request.settings.sampling.seed = 2;
  EXPECT_NE(Join(Complete(request)), Join(events));
}

TEST(Generate, NoTokensComputeThePromptForTheNextRequest) {
  CompletionRequest request =
      Prompt("a prompt that is computed ahead of the question about it, twice");
  request.settings.max_tokens = 0;
  request.settings.samples = 2;
  request.settings.cache_salt = 77;  // nobody else's pages
  const auto events = Complete(request);
  EXPECT_EQ(Join(events), "");
  EXPECT_EQ(events.back().finish, FinishReason::kLength);
  EXPECT_EQ(events.back().usage.generated_tokens, 0U);
  EXPECT_GT(events.back().usage.prompt_tokens, 4U);
  EXPECT_EQ(std::count_if(events.begin(), events.end(),
                          [](const auto& event) { return event.kind == Kind::kFinish; }),
            2);
  request.settings.max_tokens = 1;
  EXPECT_EQ(Complete(request).back().usage.generated_tokens, 1U);
}

TEST(Generate, AbsentSeedIsFreshAndReported) {
  CompletionRequest request = Prompt("once");
  request.settings.sampling.seed.reset();
  auto first = Must(StartCompletion(Tiny(), request));
  auto second = Must(StartCompletion(Tiny(), request));
  EXPECT_NE(first->seed(), second->seed());
  EXPECT_LT(first->seed(), 1ULL << 53);
  const std::string text = Join(Drain(*first));
  request.settings.sampling.seed = first->seed();
  EXPECT_EQ(Join(Complete(request)), text) << "the reported seed gives the same text again";
}

TEST(Generate, StopStringEndsTheTextBeforeItAndTheCountsStop) {
  const std::string whole = Join(Complete(Prompt("once")));
  ASSERT_GT(whole.size(), 30U);
  for (size_t at = 3; at + 4 < 30; ++at) {
    const std::string stop = whole.substr(at, 4);
    if (!IsValidUtf8(stop)) continue;
    CompletionRequest request = Prompt("once");
    request.settings.stop = {stop};
    const auto events = Complete(request);
    EXPECT_EQ(Join(events), whole.substr(0, whole.find(stop)));
    EXPECT_EQ(events.back().finish, FinishReason::kStopString);
    EXPECT_EQ(events.back().matched_stop, stop);
    EXPECT_LT(events.back().usage.generated_tokens, 40U);
  }
}

TEST(Generate, StopTokenEndsWithStop) {
  CompletionRequest request = Prompt("once");
  request.settings.sampling.top_logprobs = 0;
  std::vector<int32_t> ids;
  for (const StreamEvent& event : Complete(request)) {
    for (const auto& token : event.logprobs) ids.push_back(token.token);
  }
  request.settings.stop_token_ids = {ids.at(10)};
  const auto events = Complete(request);
  EXPECT_EQ(events.back().finish, FinishReason::kStop);
  EXPECT_LE(events.back().usage.generated_tokens, 10U);
  request.settings.min_tokens = 30;
  EXPECT_GE(Complete(request).back().usage.generated_tokens, 30U);
}

TEST(Generate, FullContextIsItsOwnReason) {
  CompletionRequest request = Prompt("once");
  request.settings.max_tokens.reset();
  const auto events = Complete(request);
  EXPECT_EQ(events.back().finish, FinishReason::kContextFull);
  const StreamUsage& usage = events.back().usage;
  EXPECT_GE(usage.prompt_tokens + usage.generated_tokens, kContext - 1);
}

TEST(Generate, TooLongAPromptIsRefusedWithTheCounts) {
  const Result<std::unique_ptr<TextStream>> stream =
      StartChat(Tiny(), Ask(std::string(4000, 'x') + std::string(4000, 'z')));
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(stream.status().message(), HasSubstr("192"));
}

TEST(Generate, BadSettingsNameTheField) {
  const auto refuse = [](const auto& change) {
    ChatRequest request = Ask("hi");
    change(request);
    const auto stream = StartChat(Tiny(), request);
    EXPECT_FALSE(stream.ok());
    EXPECT_EQ(stream.status().code(), StatusCode::kInvalidArgument);
    return stream.status().message();
  };
  EXPECT_THAT(refuse([](ChatRequest& r) { r.settings.stop = {""}; }), HasSubstr("stop[0]"));
  EXPECT_THAT(refuse([](ChatRequest& r) { r.settings.min_tokens = 41; }), HasSubstr("min_tokens"));
  EXPECT_THAT(refuse([](ChatRequest& r) { r.settings.timeout_seconds = -1; }),
              HasSubstr("timeout_seconds"));
  EXPECT_THAT(refuse([](ChatRequest& r) { r.settings.sampling.top_p = 2.0F; }), HasSubstr("top_p"));
  EXPECT_THAT(refuse([](ChatRequest& r) { r.settings.samples = 0; }), HasSubstr("samples"));
  EXPECT_THAT(refuse([](ChatRequest& r) { r.conversation.end = chat::PromptEnd::kContinueFinal; }),
              HasSubstr("messages[0]"));
}

TEST(Generate, SamplesAreIndependentAndEachFinishes) {
  ChatRequest request = Ask("hi");
  request.settings.samples = 3;
  const auto events = Chat(request);
  std::vector<std::string> texts;
  for (size_t i = 0; i < 3; ++i) texts.push_back(Join(events, i));
  EXPECT_NE(texts[0], texts[1]);
  EXPECT_NE(texts[1], texts[2]);
  request.settings.samples = 1;
  EXPECT_EQ(Join(Chat(request)), texts[0]) << "the first sample does not depend on the others";
}

TEST(Generate, CancelAndDeadlineEndWithTheirReasons) {
  CompletionRequest request = Prompt("once");
  request.settings.max_tokens.reset();
  auto stream = Must(StartCompletion(Tiny(), request));
  std::thread other([&] { stream->Cancel(); });
  const auto cancelled = Drain(*stream);
  other.join();
  EXPECT_EQ(cancelled.back().finish, FinishReason::kCancelled);
  request.settings.timeout_seconds = 1e-6;
  EXPECT_EQ(Complete(request).back().finish, FinishReason::kDeadline);
}

TEST(Generate, ThinkingFollowsThePrompt) {
  const auto thinking = Chat(Ask("hi"));
  EXPECT_EQ(thinking.front().kind, Kind::kThinking);
  EXPECT_TRUE(thinking.back().thinking_unfinished);
  EXPECT_EQ(thinking.back().usage.thinking_tokens, 40U);
  ChatRequest off = Ask("hi");
  off.conversation.thinking = chat::Thinking::kOff;
  const auto direct = Chat(off);
  EXPECT_EQ(direct.front().kind, Kind::kContent);
  EXPECT_FALSE(direct.back().thinking_unfinished);
}

TEST(Generate, DefaultsComeFromTheFamilyAndOverridesWin) {
  const auto params = Tiny().DefaultSampling(chat::Thinking::kDefault);
  EXPECT_FLOAT_EQ(params.temperature, 0.6F);
  EXPECT_FLOAT_EQ(params.top_p, 0.95F);
  GenerateSettings settings;
  settings.sampling.top_p = 0.5F;
  const auto request = Must(MakeEngineRequest(Tiny(), settings, chat::Thinking::kDefault));
  EXPECT_FLOAT_EQ(request.sampling.temperature, 0.6F);
  EXPECT_FLOAT_EQ(request.sampling.top_p, 0.5F);
  EXPECT_THAT(request.stop_tokens,
              ::testing::Contains(*Tiny().tokens().Find("<｜end▁of▁sentence｜>")));
}

TEST(LoadedModel, ProgressCanCancelAndErrorsNameTheFile) {
  const auto missing = LoadedModel::Load("/nonexistent/x.gguf", {});
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.status().message(), HasSubstr("/nonexistent/x.gguf"));
  const auto path = std::filesystem::path(::testing::TempDir()) / "lemma_service_cancel.gguf";
  Must(model::WriteSynthFile({}, path));
  LoadOptions options;
  options.progress = [](double) { return false; };
  EXPECT_EQ(LoadedModel::Load(path, options).status().code(), StatusCode::kCancelled);
  options.progress = {};
  options.context = 1 << 30;
  EXPECT_EQ(LoadedModel::Load(path, options).status().code(), StatusCode::kInvalidArgument);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace lemma::service
