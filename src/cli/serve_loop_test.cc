// SPDX-License-Identifier: Apache-2.0
// A server that listens already when its first model turns out not to load.
#include "cli/serve_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "base/clock.h"

namespace lemma::cli {
namespace {

using std::chrono::milliseconds;

class ServeLoopTest : public ::testing::Test {
 protected:
  // The loader waits until the server was told to go on, as one that reads a large file does.
  std::unique_ptr<server::App> Start() {
    server::AppOptions options;
    options.http.port = 0;
    options.models.models = {{"m", "/nowhere/m.gguf"}};
    options.models.loader =
        [this](const auto&,
               const service::LoadOptions& load) -> Result<std::unique_ptr<service::LoadedModel>> {
      ++loads_;
      while (!go_) {
        if (load.progress && !load.progress(0.5)) {
          return Status(StatusCode::kCancelled, "not loaded to the end");
        }
        std::this_thread::sleep_for(milliseconds(1));
      }
      return DataLoss("'/nowhere/m.gguf': the disk gives up");
    };
    auto app = server::App::Create(std::move(options));
    EXPECT_TRUE(app.ok()) << app.status().ToString();
    EXPECT_TRUE((*app)->Start().ok());
    return std::move(*app);
  }

  // What the loop returns when the load fails after the server has listened for a while.
  Status Run(FirstModel first) {
    const auto app = Start();
    ServeLoopOptions options;
    options.first = first;
    options.stops = [this] { return stops_.load(); };
    std::thread later([this] {
      std::this_thread::sleep_for(milliseconds(120));
      go_ = true;
      std::this_thread::sleep_for(milliseconds(300));
      ++stops_;
    });
    const double begin = MonotonicSeconds();
    Status status = ServeUntilStopped(*app, options);
    seconds_ = MonotonicSeconds() - begin;
    later.join();
    return status;
  }

  std::atomic<bool> go_{false};
  std::atomic<int> stops_{0};
  std::atomic<int> loads_{0};
  double seconds_ = 0;
};

TEST_F(ServeLoopTest, EndsWhenTheModelItNeedsCannotBeLoaded) {
  const Status status = Run(FirstModel::kNeeded);
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("the disk gives up"));
  EXPECT_EQ(loads_, 1);
}

TEST_F(ServeLoopTest, GoesOnWhenTheModelIsOneOfAFolder) {
  EXPECT_TRUE(Run(FirstModel::kWanted).ok());
  EXPECT_GE(seconds_, 0.4) << "until it was told to stop";
  EXPECT_EQ(loads_, 1);
}

TEST_F(ServeLoopTest, LoadsNothingThatNobodyAskedFor) {
  EXPECT_TRUE(Run(FirstModel::kLater).ok());
  EXPECT_EQ(loads_, 0);
}

TEST_F(ServeLoopTest, StopsWhileItLoads) {
  const auto app = Start();
  ServeLoopOptions options;
  options.stops = [this] { return ++stops_ > 2 ? 1 : 0; };
  EXPECT_TRUE(ServeUntilStopped(*app, options).ok());
  EXPECT_FALSE(go_);
}

}  // namespace
}  // namespace lemma::cli
