// SPDX-License-Identifier: Apache-2.0
// What /api/tags, /api/ps and /api/show tell of the models. Threads: any.
#pragma once

#include <string>

#include "base/status.h"
#include "server/dialect/model_reports.h"
#include "service/model_registry.h"

namespace lemma::server::ollama {

class Catalog {
 public:
  // Both must outlive it.
  Catalog(service::ModelRegistry& models, ModelReports& reports)
      : models_(models), reports_(reports) {}

  // Bodies of the replies. A file that cannot be read is listed without details.
  std::string Tags();
  std::string Running(double unix_now);
  enum class Detail : uint8_t { kUsual, kVerbose };  // kVerbose: also tensors and long lists
  // NotFound lists the known names.
  Result<std::string> Show(const std::string& name, Detail detail);

 private:
  service::ModelRegistry& models_;
  ModelReports& reports_;
};

// 64 hexadecimal digits that change when the file does: SHA-256 of path, size and time (reading
// gigabytes to list names would be too slow; it is not the digest of the contents).
std::string FileDigest(const service::ModelInfo& info);
// "1.8B", "7M".
std::string ParameterSize(uint64_t parameters);

}  // namespace lemma::server::ollama
