// SPDX-License-Identifier: Apache-2.0
// A stream of generation as the answer of /v1/messages: server-sent events, with a ping in
// silence, or one object at the end. Threads: as StreamSink says.
#pragma once

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
};

std::unique_ptr<StreamSink> MakeSink(ExchangePtr exchange, SinkOptions options);

}  // namespace lemma::server::anthropic
