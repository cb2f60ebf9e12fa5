// SPDX-License-Identifier: Apache-2.0
#include "server/llamacpp/sink.h"

#include <utility>

#include "server/sse.h"

namespace lemma::server::llamacpp {
namespace {

using service::StreamEvent;

class CompletionSink final : public ReplySink {
 public:
  CompletionSink(ExchangePtr exchange, ReplyShape shape, Answer answer)
      : ReplySink(std::move(exchange), answer, FormatError), shape_(std::move(shape)) {}

  void OnStart(const StreamStart& start) override {
    shape_.model = start.model;
    shape_.seed = start.seed;
    shape_.dropped_tokens = start.truncation.dropped_tokens;
    shape_.token_text = TextOfTokens(start);
    prompt_tokens_ = start.prompt_tokens;
    if (streams()) Begin();
  }

  void OnEvent(const StreamEvent& event) override {
    if (event.kind == StreamEvent::Kind::kFinish) return Finish(event);
    if (event.kind != StreamEvent::Kind::kContent) return;
    text_.content += event.text;
    text_.tokens.insert(text_.tokens.end(), event.logprobs.begin(), event.logprobs.end());
    if (!streams()) return;
    Write(SseData(PieceJson(shape_, text_, prompt_tokens_)));
    text_ = {};
  }

  void OnEnd() override {
    if (streams()) End();
  }

 private:
  void Finish(const StreamEvent& event) {
    if (event.finish == service::FinishReason::kError) {
      const ApiError error = FromStatus(event.error);
      return streams() ? Write(SseEvent("error", ErrorBody(error))) : Send(FormatError(error));
    }
    std::string body = FinalJson(shape_, text_, event);
    return streams() ? Write(SseData(body)) : SendJson(std::move(body));
  }

  ReplyShape shape_;
  ReplyText text_;  // not written yet
  size_t prompt_tokens_ = 0;
};

}  // namespace

std::unique_ptr<StreamSink> MakeSink(ExchangePtr exchange, ReplyShape shape, Answer answer) {
  return std::make_unique<CompletionSink>(std::move(exchange), std::move(shape), answer);
}

}  // namespace lemma::server::llamacpp
