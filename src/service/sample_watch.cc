// SPDX-License-Identifier: Apache-2.0
#include "service/sample_watch.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "service/calculator.h"
#include "service/thinking.h"

namespace lemma::service {
namespace {

using tokenizer::ControlPieces;

// Bytes of the newest text that are kept: enough to know a sentence's end and a whole character.
constexpr size_t kTailBytes = 16;
// A character has at most four tokens.
constexpr size_t kCharacterGrace = 4;

class SampleWatch final : public engine::TokenWatch {
 public:
  SampleWatch(std::shared_ptr<WatchShared> shared, size_t sample)
      : shared_(std::move(shared)),
        rules_(shared_->rules),
        report_(shared_->reports[sample]),
        parser_(rules_.parser),
        tags_possible_(!rules_.parser.think_open.empty()) {
    thinking_ = tags_possible_ && parser_.thinking() == chat::ThinkingState::kOpen;
    if (rules_.loop_guard) guard_.emplace(thinking_ ? ThinkingLoopLimits() : AnswerLoopLimits());
    if (rules_.calculator == CalculatorMode::kOn) calculator_.emplace();
    for (const int32_t token : rules_.written) OnToken(token);
    report_ = {};
    report_.answer_full = AnswerIsFull();
    forced_left_ = 0;
    step_.clear();
  }

  engine::WatchVerdict OnToken(int32_t token) override {
    ++generated_;
    const std::string_view text = TextOf(token);
    const bool thought = thinking_;
    if (tags_possible_) Follow(text);
    CountAnswer(thought, text);
    const auto sum = calculator_ ? calculator_->Push(text) : std::nullopt;
    engine::WatchVerdict verdict;
    if (thought && !thinking_) verdict.temperature = rules_.answer_temperature;
    if (forced_left_ > 0) {
      --forced_left_;
      return verdict;
    }
    if (report_.answer_full) {
      verdict.end = true;
      return verdict;
    }
    Guard(token, text, verdict);
    if (verdict.end || !verdict.force.empty()) return verdict;
    if (StepEnds(text)) {
      verdict.end = report_.step_ended = true;
      return verdict;
    }
    if (sum) ForceSum(*sum, verdict);
    return verdict;
  }

  // What the first draw behind rules.written must know.
  [[nodiscard]] WatchStart Start() const {
    const bool behind = parser_.thinking() == chat::ThinkingState::kClosed;
    return {behind ? rules_.answer_temperature : std::nullopt, AnswerIsFull()};
  }

 private:
  // The loop guard and the ends of thinking.
  void Guard(int32_t token, std::string_view text, engine::WatchVerdict& verdict) {
    const auto loop = guard_ ? guard_->Push(token, TokenTextOf(text)) : std::nullopt;
    if (loop) {
      report_.loop = LoopReport{thinking_, generated_, *loop};
      guard_.reset();  // until the answer begins
    }
    if (!thinking_) {
      verdict.end = loop.has_value();
      return;
    }
    ++thinking_tokens_;
    if (loop) Due(ThinkingEnd::kLoop, 0);
    if (rules_.budget && thinking_tokens_ >= *rules_.budget) {
      Due(ThinkingEnd::kBudget, std::min(*rules_.budget, kThinkingGrace));
    }
    if (shared_->end_thinking.load(std::memory_order_relaxed)) {
      Due(ThinkingEnd::kRequested, kThinkingGrace);
    }
    if (due_ && MayCloseHere()) Close(verdict);
  }

  // Whether the text of the step has just got its end. White space alone is no step.
  bool StepEnds(std::string_view text) {
    if (rules_.step_end.empty()) return false;
    step_ += text;
    const size_t begin = step_.find_first_not_of(" \n\r\t");
    return begin != step_.npos && step_.find(rules_.step_end, begin) != step_.npos;
  }

  [[nodiscard]] bool AnswerIsFull() const {
    return rules_.answer_limit && answer_tokens_ >= *rules_.answer_limit;
  }

  // White space before the answer is no part of it: it may belong to what closed the thinking.
  void CountAnswer(bool thought, std::string_view text) {
    if (thought || thinking_) {
      answer_tokens_ = 0;
    } else if (answer_tokens_ > 0 || text.find_first_not_of(" \n\r\t") != text.npos) {
      ++answer_tokens_;
    }
    report_.answer_full = AnswerIsFull();
  }

  // A sum does not go beyond the limit of the answer.
  void ForceSum(std::string_view sum, engine::WatchVerdict& verdict) {
    auto tokens = rules_.tokens->Encode(sum, tokenizer::SpecialTokens::kPlainText);
    if (!thinking_ && rules_.answer_limit) {
      const size_t left = *rules_.answer_limit - answer_tokens_;
      verdict.end = tokens.size() >= left;
      tokens.resize(std::min(tokens.size(), left));
    }
    Force(std::move(tokens), verdict);
  }

  void Force(std::vector<int32_t> tokens, engine::WatchVerdict& verdict) {
    forced_left_ = tokens.size();
    verdict.force = std::move(tokens);
  }

  // As SampleText reads tokens: control tokens have no text, but the tags may be such.
  [[nodiscard]] std::string_view TextOf(int32_t token) const {
    if (!rules_.tokens->IsControl(token)) return rules_.tokens->Piece(token);
    const std::string_view spelling = rules_.tokens->Piece(token, ControlPieces::kRender);
    const bool tag = spelling == rules_.parser.think_open || spelling == rules_.parser.think_close;
    return tag ? spelling : std::string_view();
  }

  // Keeps `thinking_` and the tail of the text.
  void Follow(std::string_view text) {
    deltas_.clear();
    parser_.Feed(text, deltas_);
    tail_.append(text);
    if (tail_.size() > kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
    const bool open = parser_.thinking() == chat::ThinkingState::kOpen;
    const bool content = std::any_of(deltas_.begin(), deltas_.end(), [](const chat::Delta& delta) {
      return delta.kind == chat::Delta::Kind::kContent;
    });
    // Thinking opens at the very start or never, and once.
    if (!open && (thinking_ || content)) tags_possible_ = false;
    if (open != thinking_ && rules_.loop_guard) {
      guard_.emplace(open ? ThinkingLoopLimits() : AnswerLoopLimits());
    }
    thinking_ = open;
  }

  // The first cause counts; a later one may only shorten the time.
  void Due(ThinkingEnd cause, size_t grace) {
    const size_t last = thinking_tokens_ + grace;
    if (!due_) due_ = {cause, last};
    due_->last_token = std::min(due_->last_token, last);
  }

  [[nodiscard]] bool MayCloseHere() const {
    const bool inside_character = CompleteUtf8Prefix(tail_) != tail_.size();
    if (inside_character) return thinking_tokens_ >= due_->last_token + kCharacterGrace;
    return thinking_tokens_ >= due_->last_token || EndsSentence(tail_);
  }

  void Close(engine::WatchVerdict& verdict) {
    report_.closed_by = due_->cause;
    const ClosingTokens& closing = rules_.closing;
    if (tail_.ends_with("\n\n")) return Force(closing.after_blank_line, verdict);
    Force(tail_.ends_with('\n') ? closing.after_line : closing.after_text, verdict);
  }

  struct Deadline {
    ThinkingEnd cause;
    size_t last_token;  // of thinking
  };

  const std::shared_ptr<WatchShared> shared_;
  const WatchRules& rules_;
  WatchReport& report_;
  chat::StreamParser parser_;
  std::optional<LoopGuard> guard_;
  std::optional<Calculator> calculator_;
  std::vector<chat::Delta> deltas_;
  std::string tail_;
  std::string step_;    // since the start, where steps end samples
  bool tags_possible_;  // the parser may still change its mind
  bool thinking_ = false;
  std::optional<Deadline> due_;
  size_t generated_ = 0;
  size_t thinking_tokens_ = 0;
  size_t answer_tokens_ = 0;
  size_t forced_left_ = 0;
};

}  // namespace

WatchStart StartOfWatch(const std::shared_ptr<WatchShared>& shared) {
  return SampleWatch(shared, 0).Start();
}

ClosingTokens MakeClosingTokens(const LoadedModel& model, std::string_view sentence,
                                std::string_view think_close) {
  const auto encode = [&](std::string_view before) {
    std::vector<chat::PromptPart> parts;
    if (!sentence.empty()) {
      parts.push_back({std::string(before), false});
      parts.push_back({std::string(sentence), true});
      before = "";
    }
    const std::string line = sentence.empty() && !before.empty() ? "\n" : "";
    const std::string end = sentence.empty() ? line : "\n";
    parts.push_back({end + std::string(think_close) + "\n\n", false});
    return model.EncodeParts(parts);
  };
  return {encode("\n\n"), encode("\n"), encode("")};
}

engine::WatchFactory MakeWatchFactory(std::shared_ptr<WatchShared> shared) {
  return [shared = std::move(shared)](size_t sample) -> std::unique_ptr<engine::TokenWatch> {
    return std::make_unique<SampleWatch>(shared, sample);
  };
}

}  // namespace lemma::service
