// SPDX-License-Identifier: Apache-2.0
// Which models `lemma serve` is given, how they are loaded, and how long they stay.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/command.h"
#include "service/model_registry.h"

namespace lemma::cli {

struct ServedModels {
  std::vector<std::string> models;  // "FILE", "NAME=FILE"; none and no folder: the bundled one
  std::string folder;               // empty: DefaultModelsFolder
  ModelOptions runtime;
  std::string keep_alive = "-1";
  std::optional<double> memory_gb;
  std::string prefix_folder;  // empty: prompts are not kept
  double prefix_gb = 8;
};

// LEMMA_MODELS, or a folder of the user's data; empty when there is no home.
std::string DefaultModelsFolder();
// The options' errors name the flag.
Status FillRegistry(const ServedModels& options, service::RegistryOptions& models);
// A first model that cannot be used is told before anybody is let in.
Status CheckFirstModel(const service::RegistryOptions& models);

}  // namespace lemma::cli
