// SPDX-License-Identifier: Apache-2.0
// The rows of a model registry: one a model, those given first and then those of the folder, found
// by name. Here is what is known and decided of them; nothing is loaded or destroyed, and nothing
// waits. Threads: one at a time (the registry's mutex).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "service/model_files.h"
#include "service/model_registry.h"

namespace lemma::service {

struct ModelRow {
  ModelFile file;      // its name is the model's
  bool given = false;  // by name, not found in the folder
  ModelState state = ModelState::kUnloaded;
  double progress = 0;
  Status error;
  std::shared_ptr<LoadedModel> model;
  size_t leases = 0;
  double last_used = 0;
  double keep_alive = kForever;
  std::vector<std::function<void(Result<ModelLease>)>> waiting;

  [[nodiscard]] bool idle() const { return state == ModelState::kReady && leases == 0; }
};

class ModelRows {
 public:
  // Files of `folder` (empty: none) get the same time to live as given ones.
  ModelRows(std::filesystem::path folder, double keep_alive_seconds)
      : folder_(std::move(folder)), keep_alive_seconds_(keep_alive_seconds) {}

  // InvalidArgument: there is one of this name.
  Status AddGiven(const ModelSpec& spec);
  // "" and "default" mean the first. Looks through the folder before it says NotFound, with the
  // names it knows.
  Result<std::shared_ptr<ModelRow>> Find(std::string_view name);
  // Looks through the folder: new files appear, those that are gone and not in use vanish. An idle
  // model whose file was replaced is retired.
  void LookAround();
  [[nodiscard]] const std::vector<std::shared_ptr<ModelRow>>& all() const { return rows_; }
  [[nodiscard]] ModelInfo InfoOf(const ModelRow& row, double now) const;

  // Takes the model out of its row, to be destroyed by who calls TakeRetired.
  void Retire(ModelRow& row);
  // Those that were idle for as long as they are to be kept.
  void RetireIdle(double now);
  [[nodiscard]] bool any_retired() const { return !retired_.empty(); }
  std::vector<std::shared_ptr<LoadedModel>> TakeRetired();

  // The idle model that was not used for the longest time; null: all are in use.
  [[nodiscard]] ModelRow* Victim() const;
  // Bytes of memory of all loaded models, by estimate.
  [[nodiscard]] uint64_t UsedBytes() const;
  // Seconds until an idle model is to be unloaded.
  [[nodiscard]] std::optional<double> NextExpiry(double now) const;
  // ResourceExhausted, with who takes the memory.
  [[nodiscard]] Status NoRoom(const ModelRow& row, uint64_t needed, uint64_t room) const;

 private:
  void Add(ModelFile file, bool given);
  [[nodiscard]] std::shared_ptr<ModelRow> FindKnown(std::string_view name) const;

  const std::filesystem::path folder_;
  const double keep_alive_seconds_;
  std::vector<std::shared_ptr<ModelRow>> rows_;
  std::vector<std::shared_ptr<LoadedModel>> retired_;
};

}  // namespace lemma::service
