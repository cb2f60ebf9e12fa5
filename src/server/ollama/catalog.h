// SPDX-License-Identifier: Apache-2.0
// What /api/tags, /api/ps and /api/show tell of the models. Files are read (their metadata only)
// when first asked for, and again when they changed. Threads: any.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "service/inspect.h"
#include "service/model_registry.h"

namespace lemma::server::ollama {

class Catalog {
 public:
  explicit Catalog(service::ModelRegistry& models) : models_(models) {}

  // Bodies of the replies. A file that cannot be read is listed without details.
  std::string Tags() LEMMA_EXCLUDES(mutex_);
  std::string Running(double unix_now) LEMMA_EXCLUDES(mutex_);
  enum class Detail : uint8_t { kUsual, kVerbose };  // kVerbose: also tensors and long lists
  // NotFound lists the known names.
  Result<std::string> Show(const std::string& name, Detail detail) LEMMA_EXCLUDES(mutex_);

 private:
  struct Entry {
    uint64_t bytes = 0;
    double modified = 0;
    std::shared_ptr<const service::InspectReport> report;  // null: cannot be read
  };
  std::shared_ptr<const service::InspectReport> ReportOf(const service::ModelInfo& info)
      LEMMA_EXCLUDES(mutex_);

  service::ModelRegistry& models_;
  Mutex mutex_;
  std::map<std::string, Entry> reports_ LEMMA_GUARDED_BY(mutex_);  // by path
};

// 64 hexadecimal digits that change when the file does: SHA-256 of path, size and time (reading
// gigabytes to list names would be too slow; it is not the digest of the contents).
std::string FileDigest(const service::ModelInfo& info);
// "1.8B", "7M".
std::string ParameterSize(uint64_t parameters);

}  // namespace lemma::server::ollama
