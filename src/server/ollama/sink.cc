// SPDX-License-Identifier: Apache-2.0
#include "server/ollama/sink.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "server/finish_notes.h"
#include "server/sse.h"
#include "service/text_tools.h"

namespace lemma::server::ollama {
namespace {

using service::StreamEvent;

class ReplySink final : public StreamSink {
 public:
  ReplySink(ExchangePtr exchange, SinkOptions options)
      : exchange_(std::move(exchange)), options_(std::move(options)) {}

  void OnError(const ApiError& error) override { exchange_->Send(FormatError(error)); }

  void OnStart(const StreamStart& start) override {
    head_ = {options_.api, start.model, {}};
    load_seconds_ = start.load_seconds;
    if (const service::LoadedModel* loaded = start.loaded) {
      token_text_ = [loaded](int32_t token) {
        return std::string(service::TokenBytes(*loaded, token));
      };
    }
    WarnOfContext(start);
    if (!options_.stream) return;
    StreamHead head;
    head.content_type = "application/x-ndjson";
    exchange_->Begin(std::move(head));
  }

  void OnEvent(const StreamEvent& event) override {
    if (event.kind == StreamEvent::Kind::kFinish) return Finish(event);
    if (event.kind == StreamEvent::Kind::kThinking && !options_.show_thinking) return;
    Append(event, text_);
    if (!options_.stream || text_.empty()) return;
    WriteLine(ReplyLine(Head(), text_, nullptr, token_text_));
    text_ = {};
  }

  void OnEnd() override {
    if (options_.stream) exchange_->End();
  }

 private:
  void WarnOfContext(const StreamStart& start) {
    if (options_.num_ctx && *options_.num_ctx > start.context) {
      options_.warnings.push_back(fmt::format("options.num_ctx: {} was asked, the context is {}",
                                              *options_.num_ctx, start.context));
    }
    if (start.truncation.dropped_messages > 0) {
      options_.warnings.push_back(
          fmt::format("truncated: the {} oldest messages ({} tokens) were left out of the prompt",
                      start.truncation.dropped_messages, start.truncation.dropped_tokens));
    }
  }

  void Finish(const StreamEvent& event) {
    if (event.finish == service::FinishReason::kError) {
      const ApiError error = FromStatus(event.error);
      if (!options_.stream) return exchange_->Send(FormatError(error));
      return WriteLine(ErrorBody(error.message));
    }
    ReplyEnd end;
    end.done_reason = DoneReason(event.finish);
    end.usage = event.usage;
    end.total = std::chrono::steady_clock::now() - begin_;
    end.load = std::chrono::nanoseconds(static_cast<int64_t>(load_seconds_ * 1e9));
    end.warnings = options_.warnings;
    for (std::string& note : FinishNotes(event)) end.warnings.push_back(std::move(note));
    const std::string line = ReplyLine(Head(), text_, &end, token_text_);
    if (options_.stream) return WriteLine(line);
    Response response;
    response.body = line;
    exchange_->Send(std::move(response));
  }

  const ReplyHead& Head() {
    head_.created_at = Timestamp(std::chrono::system_clock::now());
    return head_;
  }

  void WriteLine(const std::string& json) { exchange_->Write(NdjsonLine(json)); }

  const ExchangePtr exchange_;
  SinkOptions options_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double load_seconds_ = 0;
  TokenText token_text_;
  ReplyHead head_;
  ReplyText text_;  // not written yet
};

}  // namespace

std::unique_ptr<StreamSink> MakeSink(ExchangePtr exchange, SinkOptions options) {
  return std::make_unique<ReplySink>(std::move(exchange), std::move(options));
}

}  // namespace lemma::server::ollama
