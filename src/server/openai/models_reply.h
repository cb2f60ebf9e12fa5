// SPDX-License-Identifier: Apache-2.0
// The models of a server as /v1/models lists them: OpenAI's fields, "meta" as llama.cpp's server
// has it, vLLM's max_model_len, and what Anthropic's clients look for on the same path. Pure.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "server/dialect/model_reports.h"
#include "service/model_registry.h"

namespace lemma::server::openai {

// `report` may be null: what only the file knows is left out.
boost::json::object ModelObject(const service::ModelInfo& info,
                                const service::InspectReport* report);
std::string ModelList(const std::vector<service::ModelInfo>& models, ModelReports& reports);

}  // namespace lemma::server::openai
