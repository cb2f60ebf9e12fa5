// SPDX-License-Identifier: Apache-2.0
// The body of POST /v1/chat/completions (platform.openai.com, "Chat Completions", 2025; the further
// fields as in llama.cpp's server and vLLM) to a chat request. Pure.
#pragma once

#include <string_view>

#include "base/status.h"
#include "server/object_reader.h"
#include "server/serving.h"
#include "service/generate.h"

namespace lemma::server::openai {

struct ChatBody {
  ModelRef model;
  service::ChatRequest chat;
  bool stream = false;
  bool include_usage = false;
  bool include_reasoning = true;
  bool logprobs = false;
  bool return_progress = false;
};

// InvalidArgument names the field; Unsupported is a field that this server understands and cannot
// do yet. `notes` gets the warnings.
Result<ChatBody> ParseChat(std::string_view body, BodyNotes& notes);

}  // namespace lemma::server::openai
