// SPDX-License-Identifier: Apache-2.0
// A stream of generation as the answer of /v1/messages: server-sent events, with a ping when
// nothing else was sent for a while, or one object at the end. Threads: as StreamSink says.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server/http_types.h"
#include "server/stream_pump.h"

namespace lemma::server::anthropic {

struct SinkOptions {
  std::string id;  // "msg_..."
  bool stream = false;
  std::vector<std::string> warnings;  // of reading the body
  std::chrono::milliseconds ping{10'000};
};

std::unique_ptr<StreamSink> MakeSink(ExchangePtr exchange, SinkOptions options);

}  // namespace lemma::server::anthropic
