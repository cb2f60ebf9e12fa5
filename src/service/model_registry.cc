// SPDX-License-Identifier: Apache-2.0
// One mutex over a few small rows; models are loaded and destroyed by the registry's thread,
// outside the lock. A lease is counted in its row and gives its model back there.
#include "service/model_registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <future>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory_info.h"
#include "base/mutex.h"
#include "service/memory.h"
#include "service/model_files.h"
#include "service/model_rows.h"

namespace lemma::service {
namespace {

constexpr std::string_view kLoadingText = "is loading: ";

// Clients need not know where files lie.
Status WithoutFolder(const Status& status, const std::filesystem::path& path) {
  const std::string folder = path.parent_path().string() + "/";
  std::string text = status.message();
  for (size_t at = text.find(folder); at != std::string::npos; at = text.find(folder, at)) {
    text.erase(at, folder.size());
  }
  return {status.code(), std::move(text)};
}

// Works to be done without the lock, in order.
using Calls = std::vector<std::function<void()>>;
void RunAll(const Calls& calls) {
  for (const auto& call : calls) call();
}

}  // namespace

std::string_view ModelStateName(ModelState state) {
  switch (state) {
    case ModelState::kUnloaded:
      return "unloaded";
    case ModelState::kLoading:
      return "loading";
    case ModelState::kReady:
      return "ready";
    case ModelState::kFailed:
      return "failed";
  }
  return "unknown";
}

bool IsLoading(const Status& status) {
  return status.code() == StatusCode::kFailedPrecondition &&
         status.message().find(kLoadingText) != std::string::npos;
}

ModelLease::ModelLease(std::shared_ptr<void> owner, LoadedModel* model, std::string name)
    : owner_(std::move(owner)), model_(model), name_(std::move(name)) {}
ModelLease::~ModelLease() = default;
ModelLease::ModelLease(ModelLease&& other) noexcept { *this = std::move(other); }
ModelLease& ModelLease::operator=(ModelLease&& other) noexcept {
  owner_ = std::move(other.owner_);
  model_ = std::exchange(other.model_, nullptr);
  name_ = std::move(other.name_);
  return *this;
}

class ModelRegistry::Impl : public std::enable_shared_from_this<ModelRegistry::Impl> {
 public:
  explicit Impl(RegistryOptions options)
      : options_(std::move(options)), rows_(options_.folder, options_.keep_alive_seconds) {
    if (!options_.loader) options_.loader = LoadedModel::Load;
    if (!options_.clock) options_.clock = MonotonicSeconds;
    if (!options_.estimate) {
      options_.estimate = [](const std::filesystem::path& path) {
        return LookAtModelFile(path).bytes + kWorkBytes;
      };
    }
  }

  Status Start() {
    {
      const MutexLock lock(mutex_);
      for (const ModelSpec& spec : options_.models) LEMMA_RETURN_IF_ERROR(rows_.AddGiven(spec));
    }
    thread_ = std::thread([this] { Run(); });
    return OkStatus();
  }

  // The last use of the thread; leases may go on.
  void Stop() {
    {
      const MutexLock lock(mutex_);
      stop_ = true;
      changed_.NotifyAll();
    }
    if (thread_.joinable()) thread_.join();
  }

  Result<ModelLease> Acquire(std::string_view name, std::optional<double> keep_alive) {
    const MutexLock lock(mutex_);
    LEMMA_ASSIGN_OR_RETURN(const std::shared_ptr<ModelRow> row, Use(name, keep_alive));
    if (row->state == ModelState::kReady) return Lease(row);
    if (row->state == ModelState::kFailed) {
      row->state = ModelState::kUnloaded;
      return row->error;
    }
    BeginLoading(row);
    return FailedPrecondition(
        fmt::format("model '{}' {}{:.0f} %", row->file.name, kLoadingText, 100 * row->progress));
  }

  void AcquireWhenReady(std::string_view name, std::optional<double> keep_alive,
                        std::function<void(Result<ModelLease>)> done) {
    std::optional<Result<ModelLease>> now;
    {
      const MutexLock lock(mutex_);
      const auto row = Use(name, keep_alive);
      if (!row.ok()) {
        now = row.status();
      } else if ((*row)->state == ModelState::kReady) {
        now = Lease(*row);
      }
      if (!now) {
        (*row)->waiting.push_back(std::move(done));
        return BeginLoading(*row);
      }
    }
    done(std::move(*now));
  }

  std::vector<ModelInfo> List() {
    const MutexLock lock(mutex_);
    rows_.LookAround();
    changed_.NotifyAll();  // a model may be retired
    std::vector<ModelInfo> infos;
    for (const auto& row : rows_.all()) infos.push_back(rows_.InfoOf(*row, options_.clock()));
    return infos;
  }

  Result<ModelInfo> Info(std::string_view name) {
    const MutexLock lock(mutex_);
    LEMMA_ASSIGN_OR_RETURN(const std::shared_ptr<ModelRow> row, Find(name));
    return rows_.InfoOf(*row, options_.clock());
  }

  Status Unload(std::string_view name) {
    const MutexLock lock(mutex_);
    LEMMA_ASSIGN_OR_RETURN(const std::shared_ptr<ModelRow> row, Find(name));
    if (row->state == ModelState::kLoading || row->leases > 0) {
      return FailedPrecondition(fmt::format(
          "model '{}' is {}", row->file.name,
          row->leases > 0 ? fmt::format("in use by {} requests", row->leases) : "loading"));
    }
    Retire(*row);
    return OkStatus();
  }

  Status SetKeepAlive(std::string_view name, double seconds) {
    const MutexLock lock(mutex_);
    LEMMA_ASSIGN_OR_RETURN(const std::shared_ptr<ModelRow> row, Find(name));
    row->keep_alive = seconds;
    changed_.NotifyAll();
    return OkStatus();
  }

  void UnloadIdle() {
    const MutexLock lock(mutex_);
    rows_.RetireIdle(options_.clock());
    changed_.NotifyAll();
  }

 private:
  Result<std::shared_ptr<ModelRow>> Find(std::string_view name) LEMMA_REQUIRES(mutex_) {
    auto row = rows_.Find(name);
    if (rows_.any_retired()) changed_.NotifyAll();
    return row;
  }

  void Retire(ModelRow& row) LEMMA_REQUIRES(mutex_) {
    rows_.Retire(row);
    changed_.NotifyAll();
  }

  // What a request for the model begins with.
  Result<std::shared_ptr<ModelRow>> Use(std::string_view name, std::optional<double> keep_alive)
      LEMMA_REQUIRES(mutex_) {
    LEMMA_ASSIGN_OR_RETURN(std::shared_ptr<ModelRow> row, Find(name));
    if (keep_alive) row->keep_alive = *keep_alive;
    row->last_used = options_.clock();
    changed_.NotifyAll();
    return row;
  }

  ModelLease Lease(const std::shared_ptr<ModelRow>& row) LEMMA_REQUIRES(mutex_) {
    ++row->leases;
    LoadedModel* const model = row->model.get();
    // The row keeps the model as long as there are leases, and the lease the row.
    std::shared_ptr<void> owner(
        model, [self = shared_from_this(), row](LoadedModel*) { self->GiveBack(*row); });
    return ModelLease(std::move(owner), model, row->file.name);
  }

  void GiveBack(ModelRow& row) LEMMA_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    --row.leases;
    row.last_used = options_.clock();
    changed_.NotifyAll();
  }

  void BeginLoading(const std::shared_ptr<ModelRow>& row) LEMMA_REQUIRES(mutex_) {
    if (row->state == ModelState::kLoading) return;
    row->state = ModelState::kLoading;
    row->progress = 0;
    row->error = OkStatus();
    to_load_.push_back(row);
    changed_.NotifyAll();
  }

  // What a new model may take; absent: unknown.
  std::optional<uint64_t> Room() LEMMA_REQUIRES(mutex_) {
    if (!options_.memory_bytes) {
      const uint64_t available = AvailableMemoryBytes();
      return available > 0 ? std::optional(available) : std::nullopt;
    }
    return *options_.memory_bytes - std::min(rows_.UsedBytes(), *options_.memory_bytes);
  }

  // Unloads idle models until `row` fits by estimate; destroys them, so it drops the lock.
  Result<LoadOptions> MakeRoom(const ModelRow& row) LEMMA_EXCLUDES(mutex_) {
    const uint64_t needed = options_.estimate(row.file.path);
    for (;;) {
      DestroyRetired();
      const MutexLock lock(mutex_);
      const auto room = Room();
      ModelRow* const victim = rows_.Victim();
      const bool fits = !room || needed <= *room;
      if (fits || (victim == nullptr && !options_.memory_bytes)) {
        // Without a bound of our own, the loader itself looks at the machine's memory.
        LoadOptions load = options_.load;
        if (options_.memory_bytes) load.memory_bytes = room;
        return load;
      }
      if (victim == nullptr) return rows_.NoRoom(row, needed, *room);
      Retire(*victim);
    }
  }

  bool RetireVictim() LEMMA_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    ModelRow* const victim = rows_.Victim();
    if (victim != nullptr) Retire(*victim);
    return victim != nullptr;
  }

  Result<std::unique_ptr<LoadedModel>> Load(const std::shared_ptr<ModelRow>& row)
      LEMMA_EXCLUDES(mutex_) {
    for (;;) {
      LEMMA_ASSIGN_OR_RETURN(LoadOptions load, MakeRoom(*row));
      load.progress = [this, &row, &options = options_.load](double share) {
        if (options.progress && !options.progress(share)) return false;
        const MutexLock lock(mutex_);
        row->progress = share;
        return !stop_;
      };
      auto model = options_.loader(row->file.path, load);
      // The estimate was too low: what is idle goes, and it is tried again.
      const bool too_large = !model.ok() && model.status().code() == StatusCode::kResourceExhausted;
      if (!too_large || !RetireVictim()) return model;
    }
  }

  void LoadAndTell(const std::shared_ptr<ModelRow>& row) LEMMA_EXCLUDES(mutex_) {
    Result<std::unique_ptr<LoadedModel>> loaded = Load(row);
    Calls calls;
    {
      const MutexLock lock(mutex_);
      auto waiting = std::exchange(row->waiting, {});
      row->last_used = options_.clock();
      const bool ready = loaded.ok();
      if (ready) {
        row->model = std::move(loaded).value();
        row->state = ModelState::kReady;
        row->progress = 1;
      } else {
        row->error = WithoutFolder(loaded.status(), row->file.path);
        row->state = ModelState::kFailed;
        Log(LogLevel::kWarning, fmt::format("model '{}' was not loaded: {}", row->file.name,
                                            loaded.status().message()));
      }
      for (auto& done : waiting) {
        auto result = std::make_shared<Result<ModelLease>>(ready ? Result<ModelLease>(Lease(row))
                                                                 : Result<ModelLease>(row->error));
        calls.push_back([done = std::move(done), result] { done(std::move(*result)); });
      }
    }
    RunAll(calls);
  }

  void DestroyRetired() LEMMA_EXCLUDES(mutex_) {
    std::vector<std::shared_ptr<LoadedModel>> retired;
    {
      const MutexLock lock(mutex_);
      retired = rows_.TakeRetired();
    }
  }

  // The next model to load; null: the registry stops.
  std::shared_ptr<ModelRow> WaitForWork() LEMMA_EXCLUDES(mutex_) {
    for (;;) {
      DestroyRetired();
      const MutexLock lock(mutex_);
      if (stop_) return nullptr;
      rows_.RetireIdle(options_.clock());
      if (rows_.any_retired()) continue;
      if (!to_load_.empty()) {
        auto row = to_load_.front();
        to_load_.pop_front();
        return row;
      }
      constexpr double kLongest = 3600;
      const double wait =
          std::clamp(rows_.NextExpiry(options_.clock()).value_or(kLongest), 0.001, kLongest);
      changed_.WaitFor(mutex_, std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::duration<double>(wait)));
    }
  }

  void Run() LEMMA_EXCLUDES(mutex_) {
    while (const auto row = WaitForWork()) LoadAndTell(row);
    Calls calls;
    {
      const MutexLock lock(mutex_);
      for (const auto& row : rows_.all()) {
        for (auto& done : std::exchange(row->waiting, {})) {
          calls.push_back([done = std::move(done)] {
            done(Status(StatusCode::kCancelled, "the server stops"));
          });
        }
      }
    }
    RunAll(calls);
  }

  RegistryOptions options_;  // const after construction
  Mutex mutex_;
  CondVar changed_;
  ModelRows rows_ LEMMA_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<ModelRow>> to_load_ LEMMA_GUARDED_BY(mutex_);
  bool stop_ LEMMA_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

ModelRegistry::ModelRegistry(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
ModelRegistry::~ModelRegistry() { impl_->Stop(); }

Result<std::unique_ptr<ModelRegistry>> ModelRegistry::Create(RegistryOptions options) {
  auto impl = std::make_shared<Impl>(std::move(options));
  LEMMA_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<ModelRegistry>(new ModelRegistry(std::move(impl)));
}

Result<ModelLease> ModelRegistry::Acquire(std::string_view name, std::optional<double> keep_alive) {
  return impl_->Acquire(name, keep_alive);
}
void ModelRegistry::AcquireWhenReady(std::string_view name, std::optional<double> keep_alive,
                                     std::function<void(Result<ModelLease>)> done) {
  impl_->AcquireWhenReady(name, keep_alive, std::move(done));
}
Result<ModelLease> ModelRegistry::AcquireAndWait(std::string_view name,
                                                 std::optional<double> keep_alive) {
  std::promise<Result<ModelLease>> promise;
  auto result = promise.get_future();
  AcquireWhenReady(name, keep_alive,
                   [&promise](Result<ModelLease> lease) { promise.set_value(std::move(lease)); });
  return result.get();
}
std::vector<ModelInfo> ModelRegistry::List() { return impl_->List(); }
Result<ModelInfo> ModelRegistry::Info(std::string_view name) { return impl_->Info(name); }
Status ModelRegistry::Unload(std::string_view name) { return impl_->Unload(name); }
Status ModelRegistry::SetKeepAlive(std::string_view name, double seconds) {
  return impl_->SetKeepAlive(name, seconds);
}
void ModelRegistry::UnloadIdle() { impl_->UnloadIdle(); }

}  // namespace lemma::service
