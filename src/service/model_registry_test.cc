// SPDX-License-Identifier: Apache-2.0
// A clock and a loader of the test's own: nothing depends on time.
#include "service/model_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "service/model_files.h"
#include "service/test_model.h"

namespace lemma::service {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::Must;

// Loads the tiny model whatever the path says; can be held up and made to fail.
class World {
 public:
  World() : folder_(testing::TempPath("lemma_registry_" + std::to_string(getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    testing::WriteTiny(Path("tiny"));
  }
  ~World() { fs::remove_all(folder_); }

  [[nodiscard]] fs::path Path(const std::string& name) const { return folder_ / (name + ".gguf"); }
  [[nodiscard]] const fs::path& folder() const { return folder_; }
  void Drop(const std::string& name) const { std::ofstream(Path(name)) << "x"; }

  RegistryOptions Options(const std::vector<std::string>& names) {
    RegistryOptions options;
    for (const std::string& name : names) {
      Drop(name);
      options.models.push_back({"", Path(name)});
    }
    options.clock = [this] { return now.load(); };
    options.estimate = [](const fs::path&) { return uint64_t{1}; };
    options.loader = [this](const fs::path& path, const LoadOptions& load) {
      return Load(path, load);
    };
    return options;
  }

  void Hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void Release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }

  std::atomic<double> now{1000};
  std::atomic<size_t> loads{0};
  std::string broken;        // this name fails; set before use
  uint64_t needs_bytes = 0;  // a load with a smaller bound fails

 private:
  Result<std::unique_ptr<LoadedModel>> Load(const fs::path& path, const LoadOptions& load) {
    ++loads;
    if (!load.progress(0.25)) return Status(StatusCode::kCancelled, "");
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !held_; });
    }
    if (path.stem() == broken) return DataLoss("'" + path.string() + "': it is broken");
    if (load.memory_bytes && *load.memory_bytes < needs_bytes) return ResourceExhausted("too big");
    LoadOptions tiny;
    tiny.threads = 1;
    tiny.context = 64;
    return LoadedModel::Load(Path("tiny"), tiny);
  }

  fs::path folder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
};

std::unique_ptr<ModelRegistry> Make(RegistryOptions options) {
  return Must(ModelRegistry::Create(std::move(options)));
}

TEST(ModelRegistry, LoadsOnFirstUseAndOnce) {
  World world;
  const auto registry = Make(world.Options({"a", "b"}));
  EXPECT_EQ(world.loads, 0U);
  const ModelLease first = Must(registry->AcquireAndWait("a"));
  const ModelLease second = Must(registry->AcquireAndWait("a"));
  EXPECT_EQ(&*first, &*second);
  EXPECT_EQ(world.loads, 1U);
  const ModelInfo info = Must(registry->Info("a"));
  EXPECT_EQ(info.state, ModelState::kReady);
  EXPECT_EQ(info.in_use, 2U);
  EXPECT_EQ(info.context, 64U);
  EXPECT_GT(info.memory_bytes, 0U);
  EXPECT_TRUE(info.is_default);
  EXPECT_EQ(Must(registry->Info("b")).state, ModelState::kUnloaded);
}

TEST(ModelRegistry, NamesAreForgiving) {
  World world;
  const auto registry = Make(world.Options({"First-Model", "b"}));
  for (const char* name :
       {"", "default", "First-Model", "first-model", "first-model:latest", "FIRST-MODEL.gguf"}) {
    EXPECT_EQ(Must(registry->Info(name)).name, "First-Model") << name;
  }
  const auto unknown = registry->Acquire("gpt-4");
  EXPECT_EQ(unknown.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(unknown.status().message(), HasSubstr("'First-Model', 'b'"));
  EXPECT_FALSE(ModelRegistry::Create(world.Options({"x", "X"})).ok()) << "one name twice";
}

TEST(ModelRegistry, TellsTheProgressWhileLoading) {
  World world;
  const auto registry = Make(world.Options({"a"}));
  world.Hold();
  const auto early = registry->Acquire("a");
  ASSERT_FALSE(early.ok());
  EXPECT_TRUE(IsLoading(early.status())) << early.status().ToString();
  std::promise<Result<ModelLease>> promise;
  registry->AcquireWhenReady("a", {},
                             [&](Result<ModelLease> r) { promise.set_value(std::move(r)); });
  while (Must(registry->Info("a")).progress < 0.25) std::this_thread::yield();
  const auto again = registry->Acquire("a");
  EXPECT_THAT(again.status().message(), HasSubstr("25 %"));
  EXPECT_EQ(registry->Unload("a").code(), StatusCode::kFailedPrecondition);
  world.Release();
  const ModelLease lease = Must(promise.get_future().get());
  EXPECT_EQ(lease.name(), "a");
  EXPECT_TRUE(registry->Acquire("a").ok());
  EXPECT_EQ(world.loads, 1U);
}

TEST(ModelRegistry, AFailureSaysWhyAndIsTriedAgain) {
  World world;
  world.broken = "a";
  const auto registry = Make(world.Options({"a"}));
  const auto failed = registry->AcquireAndWait("a");
  EXPECT_EQ(failed.status().code(), StatusCode::kDataLoss);
  const ModelInfo info = Must(registry->Info("a"));
  EXPECT_EQ(info.state, ModelState::kFailed);
  EXPECT_EQ(info.error.message(), "'a.gguf': it is broken") << "without the folder";
  EXPECT_EQ(registry->Acquire("a").status().code(), StatusCode::kDataLoss) << "told once";
  world.broken = "";
  EXPECT_TRUE(registry->AcquireAndWait("a").ok());
}

TEST(ModelRegistry, IdleModelsAreUnloadedAfterTheirTime) {
  World world;
  RegistryOptions options = world.Options({"a", "b"});
  options.keep_alive_seconds = 60;
  const auto registry = Make(std::move(options));
  ModelLease a = Must(registry->AcquireAndWait("a"));
  Must(registry->AcquireAndWait("b", kForever));
  world.now = 1100;
  registry->UnloadIdle();
  EXPECT_EQ(Must(registry->Info("a")).state, ModelState::kReady) << "it is in use";
  EXPECT_EQ(Must(registry->Info("a")).unload_in_seconds, 60.0) << "if it were released now";
  a = ModelLease();
  EXPECT_EQ(Must(registry->Info("a")).unload_in_seconds, 60.0);
  EXPECT_EQ(Must(registry->Info("b")).unload_in_seconds, std::nullopt);
  world.now = 1159;
  registry->UnloadIdle();
  EXPECT_EQ(Must(registry->Info("a")).state, ModelState::kReady);
  world.now = 1160;
  registry->UnloadIdle();
  EXPECT_EQ(Must(registry->Info("a")).state, ModelState::kUnloaded);
  world.now = 1e9;
  registry->UnloadIdle();
  EXPECT_EQ(Must(registry->Info("b")).state, ModelState::kReady);
  EXPECT_TRUE(registry->SetKeepAlive("b", 0).ok());
  registry->UnloadIdle();
  EXPECT_EQ(Must(registry->Info("b")).state, ModelState::kUnloaded);
}

TEST(ModelRegistry, UnloadsByItselfWithTheRealClock) {
  World world;
  RegistryOptions options = world.Options({"a"});
  options.clock = {};
  const auto registry = Make(std::move(options));
  Must(registry->AcquireAndWait("a", 0));
  while (Must(registry->Info("a")).state != ModelState::kUnloaded) std::this_thread::yield();
}

TEST(ModelRegistry, MemoryGoesToTheOneThatIsAskedFor) {
  World world;
  RegistryOptions options = world.Options({"a", "b", "c"});
  options.keep_alive_seconds = kForever;
  uint64_t one = 0;
  {
    const auto probe = Make(world.Options({"probe"}));
    one = Must(probe->AcquireAndWait("probe"))->memory_bytes();
  }
  options.memory_bytes = 2 * one + one / 2;
  options.estimate = [one](const fs::path&) { return one; };
  const auto registry = Make(std::move(options));
  const auto state = [&](const char* name) { return Must(registry->Info(name)).state; };
  Must(registry->AcquireAndWait("a"));
  world.now = 1001;
  Must(registry->AcquireAndWait("b"));
  world.now = 1002;
  Must(registry->AcquireAndWait("a"));
  world.now = 1003;
  const ModelLease c = Must(registry->AcquireAndWait("c"));
  EXPECT_EQ(state("a"), ModelState::kReady);
  EXPECT_EQ(state("b"), ModelState::kUnloaded) << "unused for the longest time";
  const ModelLease a = Must(registry->AcquireAndWait("a"));
  const auto refused = registry->AcquireAndWait("b");
  EXPECT_EQ(refused.status().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.status().message(), HasSubstr("'a'"));
  EXPECT_EQ(state("a"), ModelState::kReady);
  EXPECT_EQ(state("c"), ModelState::kReady) << "models in use stay";
}

TEST(ModelRegistry, ATooLowEstimateIsMadeGoodByUnloading) {
  World world;
  RegistryOptions options = world.Options({"a", "b"});
  options.memory_bytes = uint64_t{1} << 40;
  const auto registry = Make(std::move(options));
  Must(registry->AcquireAndWait("a"));
  world.needs_bytes = uint64_t{1} << 40;  // with nothing beside it
  EXPECT_TRUE(registry->AcquireAndWait("b").ok());
  EXPECT_EQ(Must(registry->Info("a")).state, ModelState::kUnloaded);
}

TEST(ModelRegistry, TheFolderIsLookedThroughWhenAsked) {
  World world;
  RegistryOptions options = world.Options({});
  options.folder = world.folder();
  const auto registry = Make(std::move(options));
  ASSERT_EQ(registry->List().size(), 1U);  // the tiny model itself
  EXPECT_EQ(registry->Acquire("late").status().code(), StatusCode::kNotFound);
  world.Drop("late");
  world.Drop("set-00001-of-00002");
  world.Drop("set-00002-of-00002");
  std::ofstream(world.folder() / "notes.txt") << "x";
  std::vector<std::string> names;
  for (const ModelInfo& info : registry->List()) names.push_back(info.name);
  EXPECT_EQ(names, (std::vector<std::string>{"late", "set", "tiny"}));
  EXPECT_EQ(Must(registry->Info("set")).file_bytes, 2U) << "both parts";
  EXPECT_TRUE(registry->AcquireAndWait("late").ok());
  fs::remove(world.Path("set-00001-of-00002"));
  fs::remove(world.Path("set-00002-of-00002"));
  EXPECT_EQ(registry->List().size(), 2U);
}

TEST(ModelRegistry, AReplacedFileIsLoadedAnew) {
  World world;
  const auto registry = Make(world.Options({"a"}));
  Must(registry->AcquireAndWait("a"));
  std::ofstream(world.Path("a")) << "longer";
  registry->List();
  Must(registry->AcquireAndWait("a"));
  EXPECT_EQ(world.loads, 2U);
}

TEST(ModelRegistry, LeasesOutliveTheRegistryAndWaitersAreTold) {
  World world;
  auto registry = Make(world.Options({"a", "b"}));
  const ModelLease lease = Must(registry->AcquireAndWait("a"));
  world.Hold();
  std::promise<StatusCode> promise;
  registry->AcquireWhenReady("b", {}, [&](const Result<ModelLease>& result) {
    promise.set_value(result.status().code());
  });
  while (world.loads < 2) std::this_thread::yield();
  std::thread release([&] { world.Release(); });
  registry.reset();
  release.join();
  promise.get_future().wait();
  EXPECT_EQ(lease->engine().context_tokens(), 64U);
}

TEST(ModelRegistry, ManyThreadsShareModelsThatComeAndGo) {
  World world;
  RegistryOptions options = world.Options({"a", "b", "c"});
  options.keep_alive_seconds = 0;
  const auto registry = Make(std::move(options));
  std::vector<std::thread> threads;
  std::atomic<size_t> served{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const char* names[] = {"a", "b", "c"};
      for (int i = 0; i < 6; ++i) {
        const auto lease = registry->AcquireAndWait(names[(t + i) % 3]);
        if (lease.ok() && (*lease)->engine().context_tokens() == 64) ++served;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(served, 24U);
}

}  // namespace
}  // namespace lemma::service
