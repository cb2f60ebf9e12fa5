// SPDX-License-Identifier: Apache-2.0
// A stream of generation as the answer of /api/generate or /api/chat: NDJSON line by line, or one
// object at the end. Threads: as StreamSink says.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/http_types.h"
#include "server/ollama/reply.h"
#include "server/stream_pump.h"

namespace lemma::server::ollama {

struct SinkOptions {
  Api api = Api::kChat;
  bool stream = true;
  bool show_thinking = true;
  std::vector<std::string> warnings;  // of reading the body
  std::optional<size_t> num_ctx;      // as asked; a warning if the loaded context is smaller
};

std::unique_ptr<StreamSink> MakeSink(ExchangePtr exchange, SinkOptions options);

}  // namespace lemma::server::ollama
