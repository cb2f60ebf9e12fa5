// SPDX-License-Identifier: Apache-2.0
#include "server/anthropic/sink.h"

#include <optional>
#include <utility>

#include "server/anthropic/reply.h"

namespace lemma::server::anthropic {
namespace {

using service::StreamEvent;

class ReplySink final : public StreamSink {
 public:
  ReplySink(ExchangePtr exchange, SinkOptions options)
      : exchange_(std::move(exchange)), options_(std::move(options)) {}

  [[nodiscard]] std::string id() const override { return options_.id; }

  void OnError(const ApiError& error) override { exchange_->Send(FormatError(error)); }

  void OnStart(const StreamStart& start) override {
    ReplyHead head{options_.id, start.model, start.prompt_tokens, options_.warnings};
    if (!options_.stream) {
      builder_.emplace(std::move(head));
      return;
    }
    writer_.emplace(std::move(head));
    StreamHead stream;
    stream.headers.push_back({"Cache-Control", "no-cache"});
    exchange_->Begin(std::move(stream));
    exchange_->Write(writer_->Start());
    PingLater();
  }

  void OnEvent(const StreamEvent& event) override {
    if (!writer_) return AddToWhole(event);
    const std::string text = writer_->Add(event);
    if (text.empty()) return;
    silent_ = false;
    exchange_->Write(text);
  }

  void OnEnd() override {
    if (writer_) exchange_->End();
  }

 private:
  void AddToWhole(const StreamEvent& event) {
    if (event.kind != StreamEvent::Kind::kFinish) return builder_->Add(event);
    if (event.finish == service::FinishReason::kError) {
      return exchange_->Send(FormatError(FromStatus(event.error)));
    }
    Response response;
    response.body = builder_->Finish(event);
    exchange_->Send(std::move(response));
  }

  // All on the exchange's thread; the sink, and with it `alive_`, goes away on it too.
  void PingLater() {
    exchange_->After(options_.ping, [this, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.expired() || exchange_->gone()) return;
      if (silent_) exchange_->Write(EventWriter::Ping());
      silent_ = true;
      PingLater();
    });
  }

  const ExchangePtr exchange_;
  const SinkOptions options_;
  std::optional<EventWriter> writer_;
  std::optional<MessageBuilder> builder_;
  bool silent_ = true;  // since the last look
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

std::unique_ptr<StreamSink> MakeSink(ExchangePtr exchange, SinkOptions options) {
  return std::make_unique<ReplySink>(std::move(exchange), std::move(options));
}

}  // namespace lemma::server::anthropic
