// SPDX-License-Identifier: Apache-2.0
// The "options" object of the Ollama API laid over generation settings. Pure.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <optional>

#include "server/object_reader.h"
#include "service/generate.h"

namespace lemma::server::ollama {

// Errors and warnings go to `notes`. `num_ctx` is left as it is when absent.
void ReadOptions(const boost::json::object& options, BodyNotes& notes,
                 service::GenerateSettings& settings, std::optional<size_t>& num_ctx);

}  // namespace lemma::server::ollama
