// SPDX-License-Identifier: Apache-2.0
// A stream of generation as the answer of /completion: server-sent events, or one object at the
// end. Threads: as StreamSink says.
#pragma once

#include <memory>

#include "server/dialect/reply_sink.h"
#include "server/http_types.h"
#include "server/llamacpp/reply.h"
#include "server/stream_pump.h"

namespace lemma::server::llamacpp {

std::unique_ptr<StreamSink> MakeSink(ExchangePtr exchange, ReplyShape shape, Answer answer);

}  // namespace lemma::server::llamacpp
