// SPDX-License-Identifier: Apache-2.0
// Verified reasoning on a real engine, with the bundled model: each way to search gives the same
// whatever else runs, and leaves the pages of the KV cache in order, also when it is cancelled.
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "reasoning/solve.h"
#include "reasoning/solve_json.h"
#include "service/loaded_model.h"

namespace lemma::reasoning {
namespace {

constexpr const char* kModel = LEMMA_SOURCE_DIR "/models/lemma-bundled-v2-q8_0.gguf";
// Products that go wrong without a calculator; the checker reads it in full.
constexpr const char* kHard = "求x：x=4837*596-12478";

struct Way {
  std::string name;
  Search search = Search::kChains;
  Switch rewind = Switch::kOff;
  size_t retries = 0;
};
const std::vector<Way>& Ways() {
  static const std::vector<Way> ways = {{"chains"},
                                        {"retry", Search::kChains, Switch::kOff, 2},
                                        {"rewind", Search::kChains, Switch::kOn},
                                        {"beam", Search::kStepBeam}};
  return ways;
}

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() {
    service::LoadOptions options;
    options.threads = 1;
    options.context = 1024;
    auto model = service::LoadedModel::Load(kModel, options);
    EXPECT_TRUE(model.ok()) << model.status().ToString();
    model_ = *std::move(model);
  }

  static SolveRequest Ask(const Way& way) {
    SolveRequest out;
    out.question = kHard;
    out.options.profile = "bundled";
    out.options.search = way.search;
    out.options.rewind = way.rewind;
    out.options.retries = way.retries;
    out.options.chains = 2;
    out.options.first_chains = 2;
    out.options.temperature = 1.2F;
    out.options.calculator = Switch::kOff;
    out.options.seed = 11;
    return out;
  }

  // The result without its seconds. The engine's pages are in order behind it.
  std::string Solved(const SolveRequest& request, const SolveHooks& hooks = {}) {
    const auto source = MakeModelSource(*model_);
    const auto result = Solve(*source, Scaffolds(), request, hooks);
    EXPECT_TRUE(result.ok()) << result.status().ToString();
    if (!result.ok()) return {};
    auto json = boost::json::parse(SolveResultJson(*result, ChainTexts::kYes)).as_object();
    json.erase("seconds");
    return boost::json::serialize(json);
  }

  void ExpectIntegrity() {
    const Status status = model_->engine().CheckIntegrity();
    EXPECT_TRUE(status.ok()) << status.ToString();
  }

  std::unique_ptr<service::LoadedModel> model_;
};

// Chats that come and go in the same engine.
class Others {
 public:
  explicit Others(service::LoadedModel& model) : thread_([this, &model] { Run(model); }) {
    while (!running_) std::this_thread::yield();
  }
  ~Others() {
    over_ = true;
    thread_.join();
  }
  Others(const Others&) = delete;
  Others& operator=(const Others&) = delete;

 private:
  void Run(service::LoadedModel& model) {
    for (uint64_t seed = 0; !over_; ++seed) {
      service::ChatRequest request;
      request.conversation.messages.push_back(
          {chat::Role::kUser, "What is 37 + 5" + std::to_string(seed % 10) + "?", "", {}, "", ""});
      request.settings.samples = 1 + seed % 3;
      request.settings.max_tokens = 40;
      request.settings.sampling.seed = seed;
      const auto stream = service::StartChat(model, request);
      EXPECT_TRUE(stream.ok()) << stream.status().ToString();
      running_ = true;
      if (!stream.ok()) return;
      for (size_t ended = 0; ended < request.settings.samples && !over_;) {
        const auto event = (*stream)->Next(std::chrono::milliseconds(50));
        if (event && event->kind == service::StreamEvent::Kind::kFinish) ++ended;
      }
    }
  }

  std::atomic<bool> over_{false};
  std::atomic<bool> running_{false};
  std::thread thread_;  // the last member: it uses the others
};

TEST_F(EngineTest, SameSeedSameResultWhateverElseRuns) {
  for (const Way& way : Ways()) {
    SCOPED_TRACE(way.name);
    const std::string quiet = Solved(Ask(way));
    ExpectIntegrity();
    EXPECT_EQ(Solved(Ask(way)), quiet);  // with a prefix cache that knows it all
    {
      const Others others(*model_);
      EXPECT_EQ(Solved(Ask(way)), quiet);
    }
    ExpectIntegrity();
  }
}

// What is tested above does happen: answers are refuted and asked again, steps are thrown away.
TEST_F(EngineTest, EachWayDoesItsWork) {
  for (const Way& way : Ways()) {
    size_t dropped = 0;
    size_t retries = 0;
    for (uint64_t seed = 0; seed < 2; ++seed) {
      SolveRequest request = Ask(way);
      request.options.seed = seed;
      SolveHooks hooks;
      hooks.on_event = [&](const SolveEvent& event) {
        if (event.kind == SolveEvent::Kind::kDropped) ++dropped;
        if (event.kind == SolveEvent::Kind::kRetry) ++retries;
      };
      (void)Solved(request, hooks);
    }
    const bool steps = way.search == Search::kStepBeam || way.rewind == Switch::kOn;
    EXPECT_EQ(dropped > 0, steps) << way.name;
    EXPECT_EQ(retries > 0, way.retries > 0) << way.name;
  }
  ExpectIntegrity();
}

TEST_F(EngineTest, CancelledInTheMiddleThePagesAreInOrder) {
  for (const Way& way : Ways()) {
    for (const int asked : {1, 5}) {
      SCOPED_TRACE(way.name + " " + std::to_string(asked));
      int left = asked;
      SolveHooks hooks;
      hooks.cancelled = [&left] { return --left <= 0; };
      const auto source = MakeModelSource(*model_);
      const auto result = Solve(*source, Scaffolds(), Ask(way), hooks);
      ASSERT_TRUE(result.ok()) << result.status().ToString();
      EXPECT_EQ(result->stopped_by, StopReason::kCancelled);
      ExpectIntegrity();
    }
  }
  // And the engine still works.
  EXPECT_FALSE(Solved(Ask(Ways()[0])).empty());
}

}  // namespace
}  // namespace lemma::reasoning
