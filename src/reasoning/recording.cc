// SPDX-License-Identifier: Apache-2.0
#include "reasoning/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <numeric>
#include <span>

namespace lemma::reasoning {
namespace {

namespace json = boost::json;
using service::StreamEvent;

// The chains of a group, the shortest first: the order in which a model ends them.
class ReplayRun final : public ChainRun {
 public:
  explicit ReplayRun(std::span<const RecordedChain> chains)
      : chains_(chains), tokens_(chains.size()), order_(chains.size()), cancelled_(chains.size()) {
    std::iota(order_.begin(), order_.end(), size_t{0});
    std::stable_sort(order_.begin(), order_.end(),
                     [&](size_t a, size_t b) { return chains_[a].tokens < chains_[b].tokens; });
  }

  std::optional<StreamEvent> Next(std::chrono::nanoseconds) override {
    if (at_ == order_.size()) return std::nullopt;
    const size_t chain = order_[at_];
    const RecordedChain& said = chains_[chain];
    StreamEvent event;
    event.sample = chain;
    if (step_ < 2) {
      event.kind = step_ == 0 ? StreamEvent::Kind::kThinking : StreamEvent::Kind::kContent;
      event.text = step_ == 0 ? said.thinking : said.content;
    } else {
      // All have written as much as this one by now.
      for (size_t i = 0; i < chains_.size(); ++i) {
        tokens_[i].resize(std::min(said.tokens, chains_[i].tokens));
      }
      event.kind = StreamEvent::Kind::kFinish;
      event.usage.generated_tokens = said.tokens;
      event.finish =
          said.unfinished ? service::FinishReason::kLength : service::FinishReason::kStop;
      if (cancelled_[chain]) event.finish = service::FinishReason::kCancelled;
      ++at_;
    }
    step_ = (step_ + 1) % 3;
    return event;
  }
  void CancelChain(size_t chain) override { cancelled_[chain] = true; }
  void EndThinking() override {}
  [[nodiscard]] const std::vector<int32_t>& tokens(size_t chain) const override {
    return tokens_[chain];
  }

 private:
  std::span<const RecordedChain> chains_;
  std::vector<std::vector<int32_t>> tokens_;
  std::vector<size_t> order_;
  std::vector<bool> cancelled_;
  size_t at_ = 0;
  size_t step_ = 0;
};

class ReplaySource final : public ChainSource {
 public:
  explicit ReplaySource(std::shared_ptr<const Recording> recording)
      : recording_(std::move(recording)) {}

  void BeginItem(std::string_view id, uint64_t seed) override {
    item_ = {std::string(id), seed};
    used_ = 0;
  }

  Result<std::unique_ptr<ChainRun>> Start(const service::ChatRequest& request) override {
    const auto at = recording_->find(item_);
    if (at == recording_->end()) {
      return NotFound(fmt::format("chains.jsonl: nothing of seed {}", item_.second));
    }
    const size_t count = request.settings.samples;
    if (used_ + count > at->second.size()) {
      return FailedPrecondition(fmt::format("chains.jsonl: holds {} chains, {} are wanted",
                                            at->second.size(), used_ + count));
    }
    const std::span<const RecordedChain> chains(at->second.data() + used_, count);
    used_ += count;
    return std::unique_ptr<ChainRun>(std::make_unique<ReplayRun>(chains));
  }
  Pace MeasuredPace() override { return {}; }
  size_t PromptTokens(const chat::Conversation&) override { return 0; }
  [[nodiscard]] Reach reach() const override { return Reach::kRecorded; }

 private:
  std::shared_ptr<const Recording> recording_;
  std::pair<std::string, uint64_t> item_;
  size_t used_ = 0;
};

Result<RecordedChain> ParseChain(const json::value& value) {
  if (!value.is_object()) return DataLoss("chains: expected objects");
  const json::object& row = value.as_object();
  const json::value* end = row.if_contains("end");
  const json::value* tokens = row.if_contains("tokens");
  const json::value* thinking = row.if_contains("thinking");
  const json::value* content = row.if_contains("content");
  if (end == nullptr || !end->is_string()) return DataLoss("chains: end: expected a text");
  if (thinking == nullptr || !thinking->is_string() || content == nullptr ||
      !content->is_string()) {
    return DataLoss("chains: thinking, content: expected texts");
  }
  RecordedChain out;
  boost::system::error_code error;
  if (tokens != nullptr) out.tokens = tokens->to_number<size_t>(error);
  if (tokens == nullptr || error) return DataLoss("chains: tokens: expected a count");
  out.unfinished = end->as_string() == "unfinished";
  out.thinking = std::string(thinking->as_string());
  out.content = std::string(content->as_string());
  return out;
}

Status ParseLine(const std::string& line, Recording& out) {
  boost::system::error_code error;
  const json::value parsed = json::parse(line, error);
  if (error || !parsed.is_object()) return DataLoss("expected a JSON object");
  const json::object& row = parsed.as_object();
  const json::value* id = row.if_contains("id");
  const json::value* seed = row.if_contains("seed");
  const json::value* chains = row.if_contains("chains");
  if (id == nullptr || !id->is_string()) return DataLoss("id: expected a text");
  const auto number = seed != nullptr ? seed->to_number<uint64_t>(error) : 0;
  if (seed == nullptr || error) return DataLoss("seed: expected a number");
  if (chains == nullptr || !chains->is_array()) return DataLoss("chains: expected a list");
  std::vector<RecordedChain> all;
  for (const json::value& each : chains->as_array()) {
    LEMMA_ASSIGN_OR_RETURN(RecordedChain chain, ParseChain(each));
    all.push_back(std::move(chain));
  }
  out.insert_or_assign({std::string(id->as_string()), number}, std::move(all));
  return OkStatus();
}

}  // namespace

std::string RecordingLine(std::string_view id, uint64_t seed, const SolveResult& result) {
  json::array chains;
  for (const Chain& chain : result.chains) {
    chains.push_back(json::object{{"end", ChainEndName(chain.end)},
                                  {"tokens", chain.tokens},
                                  {"thinking", chain.thinking},
                                  {"content", chain.content}});
  }
  return json::serialize(json::object{{"id", id}, {"seed", seed}, {"chains", std::move(chains)}});
}

Result<std::shared_ptr<const Recording>> ReadRecording(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "chains.jsonl";
  std::ifstream in(path);
  if (!in) return NotFound(path.string() + ": is not there; was the run made with --record?");
  auto out = std::make_shared<Recording>();
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const Status status = ParseLine(line, *out);
    if (status.ok()) continue;
    if (in.peek() == std::ifstream::traits_type::eof()) break;  // the power went
    return status.WithContext(fmt::format("{}: line {}", path.string(), number));
  }
  return std::shared_ptr<const Recording>(std::move(out));
}

std::unique_ptr<ChainSource> MakeReplaySource(std::shared_ptr<const Recording> recording) {
  return std::make_unique<ReplaySource>(std::move(recording));
}

}  // namespace lemma::reasoning
