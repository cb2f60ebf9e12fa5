// SPDX-License-Identifier: Apache-2.0
// Bodies of the Anthropic Messages API (docs.anthropic.com, "Messages", version 2023-06-01) to a
// chat request. What cannot be done (images, forced tools, server tools) is refused by name.
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "server/object_reader.h"
#include "server/serving.h"
#include "service/generate.h"

namespace lemma::server::anthropic {

struct MessagesBody {
  ModelRef model;
  bool stream = false;
  service::ChatRequest chat;
  std::string user;  // metadata.user_id: whose share of the machine this is; may be empty
};

Result<MessagesBody> ParseMessages(std::string_view body, BodyNotes& notes);
// The same fields; those that only generation needs may be absent.
Result<MessagesBody> ParseCountTokens(std::string_view body, BodyNotes& notes);

}  // namespace lemma::server::anthropic
