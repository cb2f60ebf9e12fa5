// SPDX-License-Identifier: Apache-2.0
#include "server/dialect/reply_sink.h"

#include <utility>

#include "server/sse.h"

namespace lemma::server {

ReplySink::ReplySink(ExchangePtr exchange, Answer answer, ErrorFormatter format_error)
    : exchange_(std::move(exchange)), answer_(answer), format_error_(std::move(format_error)) {}

void ReplySink::OnError(const ApiError& error) { exchange_->Send(format_error_(error)); }

void ReplySink::OnSilence() {
  if (streams()) Write(Silence());
}

std::string ReplySink::Silence() const { return std::string(kSseKeepAlive); }

void ReplySink::Begin(StreamHead head) { exchange_->Begin(std::move(head)); }

void ReplySink::Write(std::string_view text) {
  if (!text.empty()) exchange_->Write(text);
}

void ReplySink::End() { exchange_->End(); }

void ReplySink::Send(Response response) { exchange_->Send(std::move(response)); }

void ReplySink::SendJson(std::string body) {
  Response response;
  response.body = std::move(body);
  Send(std::move(response));
}

}  // namespace lemma::server
