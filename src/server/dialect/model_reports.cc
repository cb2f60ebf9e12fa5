// SPDX-License-Identifier: Apache-2.0
#include "server/dialect/model_reports.h"

#include <variant>

#include "base/utf8.h"
#include "gguf/reader.h"

namespace lemma::server {

std::shared_ptr<const service::InspectReport> ModelReports::Of(const service::ModelInfo& info) {
  const std::string key = info.path.string();
  {
    const MutexLock lock(mutex_);
    const auto found = reports_.find(key);
    if (found != reports_.end() && found->second.bytes == info.file_bytes &&
        found->second.modified == info.modified_seconds) {
      return found->second.report;
    }
  }
  // Two threads may read the same file: harmless, and rare.
  Entry entry{info.file_bytes, info.modified_seconds, nullptr};
  if (const auto file = gguf::File::Open(info.path); file.ok()) {
    entry.report = std::make_shared<const service::InspectReport>(service::Inspect(**file, {}));
  }
  const MutexLock lock(mutex_);
  reports_[key] = entry;
  return entry.report;
}

std::string MetadataText(const service::InspectReport& report, std::string_view key) {
  for (const service::MetadataRow& row : report.metadata) {
    if (row.key != key || row.elements.empty()) continue;
    if (const auto* text = std::get_if<std::string>(&row.elements.front())) {
      return SanitizeUtf8(*text);
    }
  }
  return {};
}

}  // namespace lemma::server
