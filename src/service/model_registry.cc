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

struct Entry {
  ModelFile file;  // its name is the model's
  bool given = false;
  ModelState state = ModelState::kUnloaded;
  double progress = 0;
  Status error;
  std::shared_ptr<LoadedModel> model;
  size_t leases = 0;
  double last_used = 0;
  double keep_alive = kForever;
  std::vector<std::function<void(Result<ModelLease>)>> waiting;
};

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
  explicit Impl(RegistryOptions options) : options_(std::move(options)) {
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
      for (const ModelSpec& spec : options_.models) {
        ModelFile file = LookAtModelFile(spec.path);
        if (!spec.name.empty()) file.name = spec.name;
        if (FindKnown(file.name)) {
          return InvalidArgument(fmt::format("two models have the name '{}'", file.name));
        }
        AddEntry(std::move(file), /*given=*/true);
      }
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
    LEMMA_ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, Use(name, keep_alive));
    if (entry->state == ModelState::kReady) return Lease(entry);
    if (entry->state == ModelState::kFailed) {
      entry->state = ModelState::kUnloaded;
      return entry->error;
    }
    BeginLoading(entry);
    return FailedPrecondition(fmt::format("model '{}' {}{:.0f} %", entry->file.name, kLoadingText,
                                          100 * entry->progress));
  }

  void AcquireWhenReady(std::string_view name, std::optional<double> keep_alive,
                        std::function<void(Result<ModelLease>)> done) {
    std::optional<Result<ModelLease>> now;
    {
      const MutexLock lock(mutex_);
      const auto entry = Use(name, keep_alive);
      if (!entry.ok()) {
        now = entry.status();
      } else if ((*entry)->state == ModelState::kReady) {
        now = Lease(*entry);
      }
      if (!now) {
        (*entry)->waiting.push_back(std::move(done));
        return BeginLoading(*entry);
      }
    }
    done(std::move(*now));
  }

  std::vector<ModelInfo> List() {
    const MutexLock lock(mutex_);
    LookAround();
    std::vector<ModelInfo> infos;
    for (const auto& entry : entries_) infos.push_back(InfoOf(*entry));
    return infos;
  }

  Result<ModelInfo> Info(std::string_view name) {
    const MutexLock lock(mutex_);
    LEMMA_ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, Find(name));
    return InfoOf(*entry);
  }

  Status Unload(std::string_view name) {
    const MutexLock lock(mutex_);
    LEMMA_ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, Find(name));
    if (entry->state == ModelState::kLoading || entry->leases > 0) {
      return FailedPrecondition(fmt::format(
          "model '{}' is {}", entry->file.name,
          entry->leases > 0 ? fmt::format("in use by {} requests", entry->leases) : "loading"));
    }
    Retire(*entry);
    return OkStatus();
  }

  Status SetKeepAlive(std::string_view name, double seconds) {
    const MutexLock lock(mutex_);
    LEMMA_ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, Find(name));
    entry->keep_alive = seconds;
    changed_.NotifyAll();
    return OkStatus();
  }

  void UnloadIdle() {
    const MutexLock lock(mutex_);
    RetireIdle();
  }

 private:
  void AddEntry(ModelFile file, bool given) LEMMA_REQUIRES(mutex_) {
    auto entry = std::make_shared<Entry>();
    entry->file = std::move(file);
    entry->given = given;
    entry->keep_alive = options_.keep_alive_seconds;
    entries_.push_back(std::move(entry));
  }

  std::shared_ptr<Entry> FindKnown(std::string_view name) LEMMA_REQUIRES(mutex_) {
    if (name.empty() || name == "default") return entries_.empty() ? nullptr : entries_.front();
    for (const auto& entry : entries_) {
      if (entry->file.name == name) return entry;
    }
    const std::string folded = FoldModelName(name);
    for (const auto& entry : entries_) {
      if (FoldModelName(entry->file.name) == folded) return entry;
    }
    return nullptr;
  }

  Result<std::shared_ptr<Entry>> Find(std::string_view name) LEMMA_REQUIRES(mutex_) {
    if (auto entry = FindKnown(name)) return entry;
    LookAround();
    if (auto entry = FindKnown(name)) return entry;
    std::string known;
    for (const auto& entry : entries_) {
      known += fmt::format("{}'{}'", known.empty() ? "" : ", ", entry->file.name);
    }
    return NotFound(fmt::format("model '{}' is not known; {}", name,
                                known.empty() ? "there is none" : "known are " + known));
  }

  // What a request for the model begins with.
  Result<std::shared_ptr<Entry>> Use(std::string_view name, std::optional<double> keep_alive)
      LEMMA_REQUIRES(mutex_) {
    LEMMA_ASSIGN_OR_RETURN(std::shared_ptr<Entry> entry, Find(name));
    if (keep_alive) entry->keep_alive = *keep_alive;
    entry->last_used = options_.clock();
    changed_.NotifyAll();
    return entry;
  }

  // Looks through the folder: new files appear, those that are gone and not in use vanish.
  void LookAround() LEMMA_REQUIRES(mutex_) {
    for (const auto& entry : entries_) {
      ModelFile now = LookAtModelFile(entry->file.path);
      now.name = entry->file.name;
      const bool changed =
          now.bytes != entry->file.bytes || now.modified_seconds != entry->file.modified_seconds;
      // Another file took its place: the next use is to load that one.
      if (changed && entry->state == ModelState::kReady && entry->leases == 0) Retire(*entry);
      entry->file = std::move(now);
    }
    std::erase_if(entries_, [](const std::shared_ptr<Entry>& entry) {
      const bool resting =
          entry->state == ModelState::kUnloaded || entry->state == ModelState::kFailed;
      return !entry->given && resting && entry->file.bytes == 0;
    });
    if (options_.folder.empty()) return;
    for (ModelFile& file : ModelFilesIn(options_.folder)) {
      // Of two files of one name, the one that was there first.
      const bool known = std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) {
        std::error_code error;
        return FoldModelName(entry->file.name) == FoldModelName(file.name) ||
               std::filesystem::equivalent(entry->file.path, file.path, error);
      });
      if (!known) AddEntry(std::move(file), /*given=*/false);
    }
    const auto first_found = std::stable_partition(entries_.begin(), entries_.end(),
                                                   [](const auto& entry) { return entry->given; });
    std::sort(first_found, entries_.end(),
              [](const auto& a, const auto& b) { return a->file.name < b->file.name; });
  }

  ModelInfo InfoOf(const Entry& entry) LEMMA_REQUIRES(mutex_) {
    ModelInfo info;
    info.name = entry.file.name;
    info.path = entry.file.path;
    info.file_bytes = entry.file.bytes;
    info.modified_seconds = entry.file.modified_seconds;
    info.state = entry.state;
    info.progress = entry.progress;
    info.error = entry.error;
    info.in_use = entry.leases;
    info.is_default = &entry == entries_.front().get();
    if (entry.state != ModelState::kReady) return info;
    info.memory_bytes = entry.model->memory_bytes();
    info.context = entry.model->engine().context_tokens();
    info.load_seconds = entry.model->load_seconds();
    info.engine = entry.model->engine().Stats();
    if (entry.leases == 0 && entry.keep_alive >= 0) {
      info.unload_in_seconds = std::max(entry.last_used + entry.keep_alive - options_.clock(), 0.0);
    }
    return info;
  }

  ModelLease Lease(const std::shared_ptr<Entry>& entry) LEMMA_REQUIRES(mutex_) {
    ++entry->leases;
    LoadedModel* const model = entry->model.get();
    // The row keeps the model as long as there are leases, and the lease the row.
    std::shared_ptr<void> owner(
        model, [self = shared_from_this(), entry](LoadedModel*) { self->GiveBack(*entry); });
    return ModelLease(std::move(owner), model, entry->file.name);
  }

  void GiveBack(Entry& entry) LEMMA_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    --entry.leases;
    entry.last_used = options_.clock();
    changed_.NotifyAll();
  }

  void BeginLoading(const std::shared_ptr<Entry>& entry) LEMMA_REQUIRES(mutex_) {
    if (entry->state == ModelState::kLoading) return;
    entry->state = ModelState::kLoading;
    entry->progress = 0;
    entry->error = OkStatus();
    to_load_.push_back(entry);
    changed_.NotifyAll();
  }

  // Takes the model out; the thread destroys it.
  void Retire(Entry& entry) LEMMA_REQUIRES(mutex_) {
    if (entry.model) retired_.push_back(std::move(entry.model));
    entry.model.reset();
    entry.state = ModelState::kUnloaded;
    changed_.NotifyAll();
  }

  void RetireIdle() LEMMA_REQUIRES(mutex_) {
    const double now = options_.clock();
    for (const auto& entry : entries_) {
      if (entry->state == ModelState::kReady && entry->leases == 0 && entry->keep_alive >= 0 &&
          now - entry->last_used >= entry->keep_alive) {
        Retire(*entry);
      }
    }
  }

  // The idle model that was not used for the longest time.
  Entry* Victim() LEMMA_REQUIRES(mutex_) {
    Entry* victim = nullptr;
    for (const auto& entry : entries_) {
      if (entry->state != ModelState::kReady || entry->leases > 0) continue;
      if (victim == nullptr || entry->last_used < victim->last_used) victim = entry.get();
    }
    return victim;
  }

  // What a new model may take; absent: unknown.
  std::optional<uint64_t> Room() LEMMA_REQUIRES(mutex_) {
    if (!options_.memory_bytes) {
      const uint64_t available = AvailableMemoryBytes();
      return available > 0 ? std::optional(available) : std::nullopt;
    }
    uint64_t used = 0;
    for (const auto& entry : entries_) used += entry->model ? entry->model->memory_bytes() : 0;
    return *options_.memory_bytes - std::min(used, *options_.memory_bytes);
  }

  Status NoRoom(const Entry& entry, uint64_t needed, uint64_t room) LEMMA_REQUIRES(mutex_) {
    std::string users;
    for (const auto& other : entries_) {
      if (!other->model) continue;
      users += fmt::format("{}'{}' ({}, in use)", users.empty() ? "" : ", ", other->file.name,
                           FormatBytes(other->model->memory_bytes()));
    }
    return ResourceExhausted(fmt::format("model '{}' needs {}, there is room for {}{}",
                                         entry.file.name, FormatBytes(needed), FormatBytes(room),
                                         users.empty() ? "" : "; loaded: " + users));
  }

  // Unloads idle models until `entry` fits by estimate; destroys them, so it drops the lock.
  Result<LoadOptions> MakeRoom(const Entry& entry) LEMMA_EXCLUDES(mutex_) {
    const uint64_t needed = options_.estimate(entry.file.path);
    for (;;) {
      DestroyRetired();
      const MutexLock lock(mutex_);
      const auto room = Room();
      Entry* const victim = Victim();
      const bool fits = !room || needed <= *room;
      if (fits || (victim == nullptr && !options_.memory_bytes)) {
        // Without a bound of our own, the loader itself looks at the machine's memory.
        LoadOptions load = options_.load;
        if (options_.memory_bytes) load.memory_bytes = room;
        return load;
      }
      if (victim == nullptr) return NoRoom(entry, needed, *room);
      Retire(*victim);
    }
  }

  bool RetireVictim() LEMMA_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    Entry* const victim = Victim();
    if (victim != nullptr) Retire(*victim);
    return victim != nullptr;
  }

  Result<std::unique_ptr<LoadedModel>> Load(const std::shared_ptr<Entry>& entry)
      LEMMA_EXCLUDES(mutex_) {
    for (;;) {
      LEMMA_ASSIGN_OR_RETURN(LoadOptions load, MakeRoom(*entry));
      load.progress = [this, &entry, &options = options_.load](double share) {
        if (options.progress && !options.progress(share)) return false;
        const MutexLock lock(mutex_);
        entry->progress = share;
        return !stop_;
      };
      auto model = options_.loader(entry->file.path, load);
      // The estimate was too low: what is idle goes, and it is tried again.
      const bool too_large = !model.ok() && model.status().code() == StatusCode::kResourceExhausted;
      if (!too_large || !RetireVictim()) return model;
    }
  }

  void LoadAndTell(const std::shared_ptr<Entry>& entry) LEMMA_EXCLUDES(mutex_) {
    Result<std::unique_ptr<LoadedModel>> loaded = Load(entry);
    Calls calls;
    {
      const MutexLock lock(mutex_);
      auto waiting = std::exchange(entry->waiting, {});
      entry->last_used = options_.clock();
      const bool ready = loaded.ok();
      if (ready) {
        entry->model = std::move(loaded).value();
        entry->state = ModelState::kReady;
        entry->progress = 1;
      } else {
        entry->error = WithoutFolder(loaded.status(), entry->file.path);
        entry->state = ModelState::kFailed;
        Log(LogLevel::kWarning, fmt::format("model '{}' was not loaded: {}", entry->file.name,
                                            loaded.status().message()));
      }
      for (auto& done : waiting) {
        auto result = std::make_shared<Result<ModelLease>>(
            ready ? Result<ModelLease>(Lease(entry)) : Result<ModelLease>(entry->error));
        calls.push_back([done = std::move(done), result] { done(std::move(*result)); });
      }
    }
    RunAll(calls);
  }

  void DestroyRetired() LEMMA_EXCLUDES(mutex_) {
    std::vector<std::shared_ptr<LoadedModel>> retired;
    {
      const MutexLock lock(mutex_);
      retired.swap(retired_);
    }
  }

  // Seconds until an idle model is to be unloaded.
  std::optional<double> NextExpiry() LEMMA_REQUIRES(mutex_) {
    std::optional<double> next;
    for (const auto& entry : entries_) {
      if (entry->state != ModelState::kReady || entry->leases > 0 || entry->keep_alive < 0)
        continue;
      const double left = entry->last_used + entry->keep_alive - options_.clock();
      next = std::min(next.value_or(left), left);
    }
    return next;
  }

  // The next model to load; null: the registry stops.
  std::shared_ptr<Entry> WaitForWork() LEMMA_EXCLUDES(mutex_) {
    for (;;) {
      DestroyRetired();
      const MutexLock lock(mutex_);
      if (stop_) return nullptr;
      RetireIdle();
      if (!retired_.empty()) continue;
      if (!to_load_.empty()) {
        auto entry = to_load_.front();
        to_load_.pop_front();
        return entry;
      }
      constexpr double kLongest = 3600;
      const double wait = std::clamp(NextExpiry().value_or(kLongest), 0.001, kLongest);
      changed_.WaitFor(mutex_, std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::duration<double>(wait)));
    }
  }

  void Run() LEMMA_EXCLUDES(mutex_) {
    while (const auto entry = WaitForWork()) LoadAndTell(entry);
    Calls calls;
    {
      const MutexLock lock(mutex_);
      for (const auto& entry : entries_) {
        for (auto& done : std::exchange(entry->waiting, {})) {
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
  std::vector<std::shared_ptr<Entry>> entries_ LEMMA_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Entry>> to_load_ LEMMA_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<LoadedModel>> retired_ LEMMA_GUARDED_BY(mutex_);
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
