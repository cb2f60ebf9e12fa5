// SPDX-License-Identifier: Apache-2.0
#include "server/anthropic/sink.h"

#include <optional>
#include <utility>

#include "server/anthropic/reply.h"
#include "server/dialect/reply_sink.h"

namespace lemma::server::anthropic {
namespace {

using service::StreamEvent;

class MessageSink final : public ReplySink {
 public:
  MessageSink(ExchangePtr exchange, SinkOptions options)
      : ReplySink(std::move(exchange), AnswerFor(options.stream), FormatError),
        options_(std::move(options)) {}

  [[nodiscard]] std::string id() const override { return options_.id; }

  void OnStart(const StreamStart& start) override {
    ReplyHead head{options_.id, start.model, start.prompt_tokens, options_.warnings};
    head.warnings.insert(head.warnings.end(), start.warnings.begin(), start.warnings.end());
    if (!streams()) {
      builder_.emplace(std::move(head));
      return;
    }
    writer_.emplace(std::move(head));
    Begin();
    Write(writer_->Start());
  }

  void OnEvent(const StreamEvent& event) override {
    if (writer_) return Write(writer_->Add(event));
    if (event.kind != StreamEvent::Kind::kFinish) return builder_->Add(event);
    if (event.finish == service::FinishReason::kError) {
      return Send(FormatError(FromStatus(event.error)));
    }
    SendJson(builder_->Finish(event));
  }

  void OnEnd() override {
    if (writer_) End();
  }

 private:
  [[nodiscard]] std::string Silence() const override { return EventWriter::Ping(); }

  const SinkOptions options_;
  std::optional<EventWriter> writer_;
  std::optional<MessageBuilder> builder_;
};

}  // namespace

std::unique_ptr<StreamSink> MakeSink(ExchangePtr exchange, SinkOptions options) {
  return std::make_unique<MessageSink>(std::move(exchange), std::move(options));
}

}  // namespace lemma::server::anthropic
