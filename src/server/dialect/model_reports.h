// SPDX-License-Identifier: Apache-2.0
// What the files of models say about themselves, for the dialects' lists of models. A file is read
// (its metadata only) when first asked for, and again when it changed. Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "service/inspect.h"
#include "service/model_registry.h"

namespace lemma::server {

class ModelReports {
 public:
  // Null for a file that cannot be read.
  std::shared_ptr<const service::InspectReport> Of(const service::ModelInfo& info)
      LEMMA_EXCLUDES(mutex_);

 private:
  struct Entry {
    uint64_t bytes = 0;
    double modified = 0;
    std::shared_ptr<const service::InspectReport> report;
  };

  Mutex mutex_;
  std::map<std::string, Entry> reports_ LEMMA_GUARDED_BY(mutex_);  // by path
};

// A text of the file's metadata as valid UTF-8; empty when there is none.
std::string MetadataText(const service::InspectReport& report, std::string_view key);

}  // namespace lemma::server
