// SPDX-License-Identifier: Apache-2.0
// What the sinks of all dialects share: an answer that is streamed as it comes, or sent whole, and
// an error in the dialect's shape. Threads: as StreamSink says.
#pragma once

#include <string>
#include <string_view>

#include "server/api_error.h"
#include "server/http_types.h"
#include "server/stream_pump.h"

namespace lemma::server {

enum class Answer : uint8_t { kWhole, kStream };
inline Answer AnswerFor(bool stream) { return stream ? Answer::kStream : Answer::kWhole; }

class ReplySink : public StreamSink {
 public:
  ReplySink(ExchangePtr exchange, Answer answer, ErrorFormatter format_error);

  void OnError(const ApiError& error) final;
  void OnSilence() final;

 protected:
  [[nodiscard]] bool streams() const { return answer_ == Answer::kStream; }
  // What OnSilence writes into a stream: a comment of server-sent events, unless the dialect has
  // another way; empty for nothing.
  [[nodiscard]] virtual std::string Silence() const;

  // For streams. Write leaves out empty texts.
  void Begin(StreamHead head = {});
  void Write(std::string_view text);
  void End();
  // For whole answers.
  void Send(Response response);
  void SendJson(std::string body);

 private:
  const ExchangePtr exchange_;
  const Answer answer_;
  const ErrorFormatter format_error_;
};

}  // namespace lemma::server
