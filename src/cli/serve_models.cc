// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_models.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "cli/sampling_options.h"
#include "server/ollama/keep_alive.h"
#include "service/loaded_model.h"

namespace lemma::cli {
namespace {

// "NAME=FILE", or a file whose stem is the name.
Result<service::ModelSpec> SpecFrom(const std::string& text) {
  service::ModelSpec spec;
  std::string file = text;
  std::error_code ignored;
  const size_t equals = text.find('=');
  if (equals != std::string::npos && !std::filesystem::exists(text, ignored)) {
    spec.name = text.substr(0, equals);
    file = text.substr(equals + 1);
    if (spec.name.empty() || file.empty()) {
      return InvalidArgument(fmt::format("--model: '{}': expected NAME=FILE", text));
    }
  }
  LEMMA_ASSIGN_OR_RETURN(spec.path, ResolveModelPath(file));
  return spec;
}

// -1, or what Ollama's keep_alive may be.
Result<double> KeepAliveFrom(const std::string& text) {
  Result<double> seconds = server::ollama::ParseKeepAlive(text);
  if (seconds.ok() && (text.front() != '-' || text == "-1" || text == "-1s")) return seconds;
  return InvalidArgument(
      fmt::format("--keep-alive: '{}': expected -1, seconds, or a time as 10m or 1h30m", text));
}

// The folder exists, or can be made.
Status CheckPrefixFolder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (std::filesystem::is_directory(folder, error) && ::access(folder.c_str(), W_OK | X_OK) == 0) {
    return OkStatus();
  }
  return InvalidArgument(
      fmt::format("--prefix-cache: '{}' is no folder that can be written to", folder));
}

Status CheckModelsFolder(const std::string& folder) {
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return OkStatus();
  return NotFound(fmt::format("--models-dir: '{}' is no folder", folder));
}

}  // namespace

std::string DefaultModelsFolder() {
  if (const char* folder = std::getenv("LEMMA_MODELS"); folder != nullptr && *folder != '\0') {
    return folder;
  }
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data != '\0') {
    return (std::filesystem::path(data) / "lemma" / "models").string();
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return {};
  return (std::filesystem::path(home) / ".local" / "share" / "lemma" / "models").string();
}

Status FillRegistry(const ServedModels& options, service::RegistryOptions& models) {
  LEMMA_RETURN_IF_ERROR(CheckModelsFolder(options.folder));
  models.folder = options.folder.empty() ? DefaultModelsFolder() : options.folder;
  for (const std::string& text : options.models) {
    LEMMA_ASSIGN_OR_RETURN(service::ModelSpec spec, SpecFrom(text));
    models.models.push_back(std::move(spec));
  }
  if (options.models.empty() && options.folder.empty()) {
    LEMMA_ASSIGN_OR_RETURN(service::ModelSpec bundled, SpecFrom(""));
    models.models.push_back(std::move(bundled));
  }
  models.load = LoadOptionsFrom(options.runtime);
  LEMMA_ASSIGN_OR_RETURN(models.keep_alive_seconds, KeepAliveFrom(options.keep_alive));
  if (options.memory_gb) {
    models.memory_bytes = static_cast<uint64_t>(*options.memory_gb * 1e9);
  }
  if (!options.prefix_folder.empty()) {
    LEMMA_RETURN_IF_ERROR(CheckPrefixFolder(options.prefix_folder));
    models.load.prefix_store = {options.prefix_folder,
                                static_cast<uint64_t>(options.prefix_gb * 1e9)};
  }
  return OkStatus();
}

Status CheckFirstModel(const service::RegistryOptions& models) {
  if (models.models.empty()) return OkStatus();
  service::LoadOptions load = models.load;
  load.memory_bytes = models.memory_bytes;
  return service::LoadedModel::Check(models.models.front().path, load);
}

}  // namespace lemma::cli
