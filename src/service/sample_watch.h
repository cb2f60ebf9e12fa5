// SPDX-License-Identifier: Apache-2.0
// The rules about a sample's text that act at an exact token, on the engine thread: the budget of
// thinking, its end on request, the limit of the answer, and the loop guard. Reports are written
// there and may be read by the consumer once it has the sample's finish event.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/stream_parser.h"
#include "engine/token_watch.h"
#include "service/generate.h"
#include "service/loaded_model.h"
#include "service/loop_guard.h"

namespace lemma::service {

// Tokens that close the thinking, by how its text ends.
struct ClosingTokens {
  std::vector<int32_t> after_text;
  std::vector<int32_t> after_line;
  std::vector<int32_t> after_blank_line;
};
// `sentence` is plain text, whatever it spells; empty: none. REQUIRES: think_close not empty.
ClosingTokens MakeClosingTokens(const LoadedModel& model, std::string_view sentence,
                                std::string_view think_close);

struct WatchReport {
  ThinkingEnd closed_by = ThinkingEnd::kNone;  // when it was not the model
  std::optional<LoopReport> loop;
  bool step_ended = false;   // the sample ended behind WatchRules::step_end
  bool answer_full = false;  // it has WatchRules::answer_limit
};

struct WatchRules {
  const tokenizer::Tokenizer* tokens = nullptr;
  chat::StreamParserOptions parser;  // of tools it knows nothing
  std::optional<size_t> budget;
  ClosingTokens closing;  // REQUIRES: not empty where the parser knows thinking
  bool loop_guard = true;
  CalculatorMode calculator = CalculatorMode::kOff;
  std::optional<float> answer_temperature;
  std::optional<size_t> answer_limit;
  std::string step_end;          // empty: steps do not end a sample
  std::vector<int32_t> written;  // tokens before the first that is watched
};

// Of one request; shared by its watches and its consumer.
struct WatchShared {
  WatchShared(WatchRules the_rules, size_t samples)
      : rules(std::move(the_rules)), reports(samples) {}
  const WatchRules rules;
  std::atomic<bool> end_thinking{false};
  std::vector<WatchReport> reports;
};

// Where a sample stands behind WatchRules::written, before its first draw.
struct WatchStart {
  std::optional<float> temperature;  // that of the answer, where it has begun
  bool answer_full = false;          // nothing may follow
};
// REQUIRES: no watch of it was made yet.
WatchStart StartOfWatch(const std::shared_ptr<WatchShared>& shared);

engine::WatchFactory MakeWatchFactory(std::shared_ptr<WatchShared> shared);

}  // namespace lemma::service
