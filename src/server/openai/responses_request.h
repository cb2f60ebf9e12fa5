// SPDX-License-Identifier: Apache-2.0
// The body of POST /v1/responses (platform.openai.com, "Responses", 2025) to a chat request. This
// server keeps no state: what refers to an earlier response is refused by name. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "server/object_reader.h"
#include "server/serving.h"
#include "service/generate.h"

namespace lemma::server::openai {

struct ResponsesBody {
  ModelRef model;
  service::ChatRequest chat;
  bool stream = false;
  bool logprobs = false;
  // Given back as they came: JSON text; empty when absent.
  std::string instructions;
  std::string tools;
  std::string tool_choice;
  std::string metadata;
  std::optional<std::string> effort;
};

Result<ResponsesBody> ParseResponses(std::string_view body, BodyNotes& notes);

}  // namespace lemma::server::openai
