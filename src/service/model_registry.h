// SPDX-License-Identifier: Apache-2.0
// The models a server knows, by name: those it was started with and those in a folder, which is
// looked through anew whenever it is asked. A model is loaded on first use, on the registry's own
// thread, and unloaded when it was idle for its keep-alive time, or when another one needs its
// memory (the one unused longest first). A model in use is never unloaded.
// Threads: any. Callbacks run on the registry's thread, or on the caller's before the call returns;
// they must be cheap and may call the registry, but not wait for it (AcquireAndWait).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/engine.h"
#include "service/loaded_model.h"

namespace lemma::service {

struct ModelSpec {
  std::string name;  // empty: the file's stem
  std::filesystem::path path;
};

enum class ModelState : uint8_t { kUnloaded, kLoading, kReady, kFailed };
std::string_view ModelStateName(ModelState state);  // "unloaded", "loading", "ready", "failed"

// In place of seconds that an idle model stays loaded: until its memory is needed.
inline constexpr double kForever = -1;

struct RegistryOptions {
  std::vector<ModelSpec> models;         // the first one is the default
  std::filesystem::path folder;          // *.gguf in it, not below it; empty: none
  LoadOptions load;                      // its progress is called too
  double keep_alive_seconds = kForever;  // negative: for ever
  // Of all loaded models together; absent: what the machine has available at that time.
  std::optional<uint64_t> memory_bytes;

  // For tests; empty: the real ones.
  std::function<Result<std::unique_ptr<LoadedModel>>(const std::filesystem::path&,
                                                     const LoadOptions&)>
      loader;
  std::function<uint64_t(const std::filesystem::path&)> estimate;  // bytes once loaded
  std::function<double()> clock;                                   // seconds, monotonic
};

struct ModelInfo {
  std::string name;
  std::filesystem::path path;
  uint64_t file_bytes = 0;      // of all parts
  double modified_seconds = 0;  // Unix time
  ModelState state = ModelState::kUnloaded;
  double progress = 0;                      // kLoading: 0..1
  Status error;                             // kFailed: why; the next use tries again
  size_t in_use = 0;                        // leases
  uint64_t memory_bytes = 0;                // kReady
  size_t context = 0;                       // kReady: tokens
  double load_seconds = 0;                  // kReady
  std::optional<double> unload_in_seconds;  // kReady, not kForever; in use: the soonest
  bool is_default = false;
  std::optional<engine::EngineStats> engine;  // kReady
};

// The right to use a model; it stays loaded meanwhile. Move-only; a moved-from one is empty.
class ModelLease {
 public:
  ModelLease() = default;
  ~ModelLease();
  ModelLease(ModelLease&&) noexcept;
  ModelLease& operator=(ModelLease&&) noexcept;
  ModelLease(const ModelLease&) = delete;
  ModelLease& operator=(const ModelLease&) = delete;

  [[nodiscard]] explicit operator bool() const { return model_ != nullptr; }
  // REQUIRES: not empty.
  LoadedModel& operator*() const { return *model_; }
  LoadedModel* operator->() const { return model_; }
  // The registry's name of it, which clients use.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  friend class ModelRegistry;
  ModelLease(std::shared_ptr<void> owner, LoadedModel* model, std::string name);
  std::shared_ptr<void> owner_;
  LoadedModel* model_ = nullptr;
  std::string name_;
};

// Whether this is what Acquire says while a model is being loaded.
bool IsLoading(const Status& status);

class ModelRegistry {
 public:
  // InvalidArgument: two models of one name.
  static Result<std::unique_ptr<ModelRegistry>> Create(RegistryOptions options);
  // Waits for a load under way to stop. Leases may outlive the registry.
  ~ModelRegistry();
  ModelRegistry(const ModelRegistry&) = delete;
  ModelRegistry& operator=(const ModelRegistry&) = delete;

  // "" and "default" mean the first model. Names are found without regard to case, with or without
  // ".gguf" and ":latest". `keep_alive` becomes the model's own from now on.
  // Errors: NotFound lists the known names; FailedPrecondition with the progress while it is
  // loading (this starts the load; IsLoading tells it from other errors); the reason when loading
  // failed, told once, after which it is tried again; ResourceExhausted when models in use take its
  // memory.
  Result<ModelLease> Acquire(std::string_view name, std::optional<double> keep_alive = {});
  // The same, but `done` gets the lease when the model is loaded.
  void AcquireWhenReady(std::string_view name, std::optional<double> keep_alive,
                        std::function<void(Result<ModelLease>)> done);
  // The same, waiting for it.
  Result<ModelLease> AcquireAndWait(std::string_view name, std::optional<double> keep_alive = {});

  // Those given at the start first, then the folder's by name.
  std::vector<ModelInfo> List();
  // NotFound lists the known names.
  Result<ModelInfo> Info(std::string_view name);
  // FailedPrecondition while it is in use or loading.
  Status Unload(std::string_view name);
  // How long the model stays loaded when idle; 0 unloads it as soon as it is.
  Status SetKeepAlive(std::string_view name, double seconds);
  // Unloads what has been idle long enough, now. The registry does so by itself, too.
  void UnloadIdle();

 private:
  class Impl;
  explicit ModelRegistry(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace lemma::service
