// SPDX-License-Identifier: Apache-2.0
#include "server/llamacpp/sink.h"

#include <utility>

#include "server/sse.h"
#include "service/text_tools.h"

namespace lemma::server::llamacpp {
namespace {

using service::StreamEvent;

class ReplySink final : public StreamSink {
 public:
  ReplySink(ExchangePtr exchange, ReplyShape shape, Answer answer)
      : exchange_(std::move(exchange)), shape_(std::move(shape)), answer_(answer) {}

  void OnError(const ApiError& error) override { exchange_->Send(FormatError(error)); }

  void OnStart(const StreamStart& start) override {
    shape_.model = start.model;
    shape_.seed = start.seed;
    shape_.dropped_tokens = start.truncation.dropped_tokens;
    prompt_tokens_ = start.prompt_tokens;
    if (const service::LoadedModel* loaded = start.loaded) {
      shape_.token_text = [loaded](int32_t token) {
        return std::string(service::TokenBytes(*loaded, token));
      };
    }
    if (answer_ == Answer::kStream) exchange_->Begin({});
  }

  void OnEvent(const StreamEvent& event) override {
    if (event.kind == StreamEvent::Kind::kFinish) return Finish(event);
    if (event.kind != StreamEvent::Kind::kContent) return;
    text_.content += event.text;
    text_.tokens.insert(text_.tokens.end(), event.logprobs.begin(), event.logprobs.end());
    if (answer_ == Answer::kWhole) return;
    exchange_->Write(SseData(PieceJson(shape_, text_, prompt_tokens_)));
    text_ = {};
  }

  void OnEnd() override {
    if (answer_ == Answer::kStream) exchange_->End();
  }

 private:
  void Finish(const StreamEvent& event) {
    if (event.finish == service::FinishReason::kError) {
      const ApiError error = FromStatus(event.error);
      if (answer_ == Answer::kWhole) return exchange_->Send(FormatError(error));
      exchange_->Write(SseEvent("error", ErrorBody(error)));
      return;
    }
    std::string body = FinalJson(shape_, text_, event);
    if (answer_ == Answer::kStream) {
      exchange_->Write(SseData(body));
      return;
    }
    Response response;
    response.body = std::move(body);
    exchange_->Send(std::move(response));
  }

  const ExchangePtr exchange_;
  ReplyShape shape_;
  const Answer answer_;
  ReplyText text_;  // not written yet
  size_t prompt_tokens_ = 0;
};

}  // namespace

std::unique_ptr<StreamSink> MakeSink(ExchangePtr exchange, ReplyShape shape, Answer answer) {
  return std::make_unique<ReplySink>(std::move(exchange), std::move(shape), answer);
}

}  // namespace lemma::server::llamacpp
