// SPDX-License-Identifier: Apache-2.0
#include "server/ollama/sink.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "server/dialect/reply_sink.h"
#include "server/finish_notes.h"
#include "server/sse.h"

namespace lemma::server::ollama {
namespace {

using service::StreamEvent;

class GenerateSink final : public ReplySink {
 public:
  GenerateSink(ExchangePtr exchange, SinkOptions options)
      : ReplySink(std::move(exchange), AnswerFor(options.stream), FormatError),
        options_(std::move(options)) {}

  void OnStart(const StreamStart& start) override {
    head_ = {options_.api, start.model, {}};
    load_seconds_ = start.load_seconds;
    truncation_ = start.truncation;
    token_text_ = TextOfTokens(start);
    options_.warnings.insert(options_.warnings.end(), start.warnings.begin(), start.warnings.end());
    WarnOfContext(start);
    if (!streams()) return;
    StreamHead head;
    head.content_type = "application/x-ndjson";
    Begin(std::move(head));
  }

  void OnEvent(const StreamEvent& event) override {
    if (event.kind == StreamEvent::Kind::kFinish) return Finish(event);
    if (event.kind == StreamEvent::Kind::kThinking && !options_.show_thinking) return;
    Append(event, text_);
    if (!streams() || text_.empty()) return;
    WriteLine(ReplyLine(Head(), text_, nullptr, token_text_));
    text_ = {};
  }

  void OnEnd() override {
    if (streams()) End();
  }

 private:
  // Lines of JSON have no comments.
  [[nodiscard]] std::string Silence() const override { return {}; }

  void WarnOfContext(const StreamStart& start) {
    if (options_.num_ctx && *options_.num_ctx != start.context) {
      options_.warnings.push_back(fmt::format("options.num_ctx: {} was asked, the context is {}",
                                              *options_.num_ctx, start.context));
    }
    if (auto note = TruncationNote(start.truncation)) {
      options_.warnings.push_back(std::move(*note));
    }
  }

  void Finish(const StreamEvent& event) {
    if (event.finish == service::FinishReason::kError) {
      const ApiError error = FromStatus(event.error);
      if (!streams()) return Send(FormatError(error));
      return WriteLine(ErrorBody(error.message));
    }
    ReplyEnd end;
    end.done_reason = DoneReason(event.finish);
    end.usage = event.usage;
    end.total = std::chrono::steady_clock::now() - begin_;
    end.load = std::chrono::nanoseconds(static_cast<int64_t>(load_seconds_ * 1e9));
    end.warnings = options_.warnings;
    end.truncation = truncation_;
    end.lemma = event.lemma;
    for (std::string& note : FinishNotes(event)) end.warnings.push_back(std::move(note));
    std::string line = ReplyLine(Head(), text_, &end, token_text_);
    return streams() ? WriteLine(line) : SendJson(std::move(line));
  }

  const ReplyHead& Head() {
    head_.created_at = Timestamp(std::chrono::system_clock::now());
    return head_;
  }

  void WriteLine(const std::string& json) { Write(NdjsonLine(json)); }

  SinkOptions options_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double load_seconds_ = 0;
  service::Truncation truncation_;
  TokenText token_text_;
  ReplyHead head_;
  ReplyText text_;  // not written yet
};

}  // namespace

std::unique_ptr<StreamSink> MakeSink(ExchangePtr exchange, SinkOptions options) {
  return std::make_unique<GenerateSink>(std::move(exchange), std::move(options));
}

}  // namespace lemma::server::ollama
