// SPDX-License-Identifier: Apache-2.0
// The answer of /v1/responses: a response object whose output grows item by item (reasoning,
// message, function calls), and the events that tell of its growth. Pure but for the sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/http_types.h"
#include "server/openai/reply.h"
#include "server/openai/responses_request.h"
#include "server/stream_pump.h"

namespace lemma::server::openai {

struct ResponseOptions {
  std::string id;
  int64_t created = 0;
  ResponsesBody body;  // for what is given back
  std::vector<std::string> warnings;
};

class ResponseBuilder {
 public:
  explicit ResponseBuilder(ResponseOptions options);
  ~ResponseBuilder();
  ResponseBuilder(const ResponseBuilder&) = delete;
  ResponseBuilder& operator=(const ResponseBuilder&) = delete;

  // Each gives the server-sent events that a streaming client gets.
  std::string Start(const StreamStart& start, TokenText text);
  std::string Add(const service::StreamEvent& event);

  // After the finish event.
  [[nodiscard]] Response Whole() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::unique_ptr<StreamSink> MakeResponseSink(ExchangePtr exchange, ResponsesBody body,
                                             std::vector<std::string> warnings);

}  // namespace lemma::server::openai
