// SPDX-License-Identifier: Apache-2.0
#include "service/model_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "engine/engine.h"
#include "service/memory.h"

namespace lemma::service {

Status ModelRows::AddGiven(const ModelSpec& spec) {
  ModelFile file = LookAtModelFile(spec.path);
  if (!spec.name.empty()) file.name = spec.name;
  if (FindKnown(file.name)) {
    return InvalidArgument(fmt::format("two models have the name '{}'", file.name));
  }
  Add(std::move(file), /*given=*/true);
  return OkStatus();
}

void ModelRows::Add(ModelFile file, bool given) {
  auto row = std::make_shared<ModelRow>();
  row->file = std::move(file);
  row->given = given;
  row->keep_alive = keep_alive_seconds_;
  rows_.push_back(std::move(row));
}

std::shared_ptr<ModelRow> ModelRows::FindKnown(std::string_view name) const {
  if (name.empty() || name == "default") return rows_.empty() ? nullptr : rows_.front();
  for (const auto& row : rows_) {
    if (row->file.name == name) return row;
  }
  const std::string folded = FoldModelName(name);
  for (const auto& row : rows_) {
    if (FoldModelName(row->file.name) == folded) return row;
  }
  return nullptr;
}

Result<std::shared_ptr<ModelRow>> ModelRows::Find(std::string_view name) {
  if (auto row = FindKnown(name)) return row;
  LookAround();
  if (auto row = FindKnown(name)) return row;
  std::string known;
  for (const auto& row : rows_) {
    known += fmt::format("{}'{}'", known.empty() ? "" : ", ", row->file.name);
  }
  return NotFound(fmt::format("model '{}' is not known; {}", name,
                              known.empty() ? "there is none" : "known are " + known));
}

void ModelRows::LookAround() {
  for (const auto& row : rows_) {
    ModelFile now = LookAtModelFile(row->file.path);
    now.name = row->file.name;
    const bool changed =
        now.bytes != row->file.bytes || now.modified_seconds != row->file.modified_seconds;
    // Another file took its place: the next use is to load that one.
    if (changed && row->state == ModelState::kReady && row->leases == 0) Retire(*row);
    row->file = std::move(now);
  }
  std::erase_if(rows_, [](const std::shared_ptr<ModelRow>& row) {
    const bool resting = row->state == ModelState::kUnloaded || row->state == ModelState::kFailed;
    return !row->given && resting && row->file.bytes == 0;
  });
  if (folder_.empty()) return;
  for (ModelFile& file : ModelFilesIn(folder_)) {
    // Of two files of one name, the one that was there first.
    const bool known = std::any_of(rows_.begin(), rows_.end(), [&](const auto& row) {
      std::error_code error;
      return FoldModelName(row->file.name) == FoldModelName(file.name) ||
             std::filesystem::equivalent(row->file.path, file.path, error);
    });
    if (!known) Add(std::move(file), /*given=*/false);
  }
  const auto first_found =
      std::stable_partition(rows_.begin(), rows_.end(), [](const auto& row) { return row->given; });
  std::sort(first_found, rows_.end(),
            [](const auto& a, const auto& b) { return a->file.name < b->file.name; });
}

ModelInfo ModelRows::InfoOf(const ModelRow& row, double now) const {
  ModelInfo info;
  info.name = row.file.name;
  info.path = row.file.path;
  info.file_bytes = row.file.bytes;
  info.modified_seconds = row.file.modified_seconds;
  info.state = row.state;
  info.progress = row.progress;
  info.error = row.error;
  info.in_use = row.leases;
  info.is_default = &row == rows_.front().get();
  if (row.state != ModelState::kReady) return info;
  info.memory_bytes = row.model->memory_bytes();
  info.context = row.model->engine().context_tokens();
  info.load_seconds = row.model->load_seconds();
  info.engine = row.model->engine().Stats();
  if (row.keep_alive >= 0) {
    const double used = row.leases > 0 ? now : row.last_used;
    info.unload_in_seconds = std::max(used + row.keep_alive - now, 0.0);
  }
  return info;
}

void ModelRows::Retire(ModelRow& row) {
  if (row.model) retired_.push_back(std::move(row.model));
  row.model.reset();
  row.state = ModelState::kUnloaded;
}

void ModelRows::RetireIdle(double now) {
  for (const auto& row : rows_) {
    if (row->idle() && row->keep_alive >= 0 && now - row->last_used >= row->keep_alive) {
      Retire(*row);
    }
  }
}

ModelRow* ModelRows::Victim() const {
  ModelRow* victim = nullptr;
  for (const auto& row : rows_) {
    if (!row->idle()) continue;
    if (victim == nullptr || row->last_used < victim->last_used) victim = row.get();
  }
  return victim;
}

std::vector<std::shared_ptr<LoadedModel>> ModelRows::TakeRetired() {
  return std::exchange(retired_, {});
}

uint64_t ModelRows::UsedBytes() const {
  uint64_t used = 0;
  for (const auto& row : rows_) used += row->model ? row->model->memory_bytes() : 0;
  return used;
}

std::optional<double> ModelRows::NextExpiry(double now) const {
  std::optional<double> next;
  for (const auto& row : rows_) {
    if (row->state != ModelState::kReady || row->leases > 0 || row->keep_alive < 0) continue;
    const double left = row->last_used + row->keep_alive - now;
    next = std::min(next.value_or(left), left);
  }
  return next;
}

Status ModelRows::NoRoom(const ModelRow& row, uint64_t needed, uint64_t room) const {
  std::string users;
  for (const auto& other : rows_) {
    if (!other->model) continue;
    users += fmt::format("{}'{}' ({}, in use)", users.empty() ? "" : ", ", other->file.name,
                         FormatBytes(other->model->memory_bytes()));
  }
  return ResourceExhausted(fmt::format("model '{}' needs {}, there is room for {}{}", row.file.name,
                                       FormatBytes(needed), FormatBytes(room),
                                       users.empty() ? "" : "; loaded: " + users));
}

}  // namespace lemma::service
