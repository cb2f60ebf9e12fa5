// SPDX-License-Identifier: Apache-2.0
#include "reasoning/step_search.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/rng.h"
#include "check/steps.h"

namespace lemma::reasoning {
namespace {

// A chain as far as it is written.
struct Path {
  size_t parent = 0;      // among those that were continued
  size_t step_begin = 0;  // of the newest step, in thinking and content together
  std::vector<int32_t> tokens;
  std::string thinking;
  std::string content;
  double logprob = 0;  // of all tokens together
  size_t sums = 0;     // that hold
  size_t flags = 0;    // that do not
  bool ended = false;
  service::StreamEvent finish;

  [[nodiscard]] std::string Text() const { return thinking + "\n" + content; }
  [[nodiscard]] double Score() const {
    // Length norm of Wu et al. 2016; what a checked sum is worth was not tuned.
    const double length = std::pow(static_cast<double>(std::max<size_t>(tokens.size(), 1)), 0.7);
    return logprob / length + 0.5 * static_cast<double>(sums) - static_cast<double>(flags);
  }
};

using Runs = std::vector<std::unique_ptr<ChainRun>>;

class Searcher {
 public:
  Searcher(ChainSource& source, const StepSearch& search, std::vector<Chain>& out,
           const StepLimits& limits, const GroupHooks& hooks)
      : source_(source), search_(search), out_(out), limits_(limits), hooks_(hooks) {}

  Result<GroupEnd> Run() {
    const bool beam = search_.policy->search == Search::kStepBeam;
    std::vector<Path> live(beam ? 1 : search_.chains);
    const size_t longest = search_.policy->thinking_tokens + search_.policy->answer_tokens;
    for (size_t step = 0; !live.empty(); ++step) {
      LEMMA_ASSIGN_OR_RETURN(std::vector<Path> next, beam ? Grow(live, step) : Write(live, step));
      live.clear();
      for (Path& path : next) {
        if (path.tokens.size() >= longest && !path.ended) {
          path.ended = true;
          path.finish.finish = service::FinishReason::kLength;
        }
        if (!path.ended) {
          live.push_back(std::move(path));
        } else if (Judge(path)) {
          return GroupEnd::kDecided;
        }
      }
      if (const auto end = Interrupted()) return *end;
      if (beam && out_.size() >= search_.chains) break;
    }
    return GroupEnd::kAllEnded;
  }

 private:
  [[nodiscard]] std::optional<GroupEnd> Interrupted() const {
    if (hooks_.cancelled && hooks_.cancelled()) return GroupEnd::kCancelled;
    const auto& deadline = limits_.group.deadline;
    if (deadline && limits_.group.clock() >= *deadline) return GroupEnd::kDeadline;
    return std::nullopt;
  }

  // From the time on at which thinking is closed each step is told so.
  void CloseThinkingInTime(const Runs& runs) {
    const auto& close = limits_.group.close_thinking;
    if (closed_ || !close || limits_.group.clock() < *close) return;
    closed_ = true;
    for (const auto& run : runs) run->EndThinking();
  }

  // One more step of each path, `samples` ways; all run together.
  Result<std::vector<Path>> Step(const std::vector<Path>& from, size_t samples, uint64_t salt) {
    Runs runs;
    for (size_t i = 0; i < from.size(); ++i) {
      service::ChatRequest request = search_.request;
      request.written = from[i].tokens;
      request.settings.samples = samples;
      request.settings.step_end = StepEnd();
      request.settings.max_tokens = search_.policy->step_tokens;
      request.settings.sampling.top_logprobs = 0;
      constexpr int kBeyondJson = 11;
      request.settings.sampling.seed =
          RandomBits(search_.seed, salt * kMostChains + i) >> kBeyondJson;
      LEMMA_ASSIGN_OR_RETURN(auto run, source_.Start(request));
      runs.push_back(std::move(run));
    }
    closed_ = false;  // these were not told yet
    std::vector<Path> out;
    for (size_t i = 0; i < from.size(); ++i) {
      std::vector<Path> next(samples);
      LEMMA_ASSIGN_OR_RETURN(const bool ended, Drain(runs, i, next));
      for (size_t k = 0; k < samples; ++k) *limits_.tokens += runs[i]->tokens(k).size();
      if (!ended) continue;  // interrupted; the others are counted
      for (size_t k = 0; k < samples; ++k) {
        out.push_back(Continued(from[i], std::move(next[k]), runs[i]->tokens(k)));
        out.back().parent = i;
      }
    }
    return out;
  }

  [[nodiscard]] std::string StepEnd() const {
    // Chains of DeepSeek's kind are written in paragraphs, those of small models in lines.
    return search_.policy->profile == "bundled" ? "\n" : "\n\n";
  }

  // Reads what run `at` writes; false: interrupted.
  Result<bool> Drain(const Runs& runs, size_t at, std::vector<Path>& next) {
    for (size_t ended = 0; ended < next.size();) {
      if (Interrupted()) return false;
      CloseThinkingInTime(runs);
      auto event = runs[at]->Next(std::chrono::milliseconds(50));
      if (!event) continue;
      Path& path = next[event->sample];
      using Kind = service::StreamEvent::Kind;
      for (const auto& token : event->logprobs) path.logprob += token.logprob.value_or(0);
      if (event->kind == Kind::kThinking) path.thinking += event->text;
      if (event->kind == Kind::kContent) path.content += event->text;
      if (event->kind != Kind::kFinish) continue;
      if (event->finish == service::FinishReason::kError) return event->error;
      path.finish = *std::move(event);
      ++ended;
    }
    return true;
  }

  // `step`, which has its own text and tokens, behind `from`. The text of a chain that goes on is
  // told from its beginning (ChatRequest::written).
  static Path Continued(const Path& from, Path step, const std::vector<int32_t>& tokens) {
    step.logprob += from.logprob;
    step.step_begin = from.Text().size();
    step.tokens = from.tokens;
    step.tokens.insert(step.tokens.end(), tokens.begin(), tokens.end());
    // Steps are cut too; the limit of the answer ends the chain.
    step.ended =
        step.finish.answer_full || (step.finish.finish != service::FinishReason::kStopString &&
                                    step.finish.finish != service::FinishReason::kLength);
    const check::StepReport steps = check::CheckSteps(step.Text());
    step.sums = steps.checked - steps.flags.size();
    step.flags = steps.flags.size();
    return step;
  }

  // A step with a false sum that does not live on, behind chain `chain`.
  void TellDropped(const Path& path, size_t chain) const {
    if (!hooks_.on_dropped) return;
    const std::string text = path.Text();
    hooks_.on_dropped(out_.size() + chain,
                      std::string_view(text).substr(std::min(path.step_begin, text.size())));
  }

  // kStepBeam: the best continuations. One with a new false sum goes, if another has none.
  Result<std::vector<Path>> Grow(const std::vector<Path>& live, size_t step) {
    const size_t wide = step == 0 ? search_.chains : search_.policy->beam_samples;
    LEMMA_ASSIGN_OR_RETURN(std::vector<Path> next, Step(live, wide, step));
    std::stable_sort(next.begin(), next.end(),
                     [](const Path& a, const Path& b) { return a.Score() > b.Score(); });
    std::vector<Path> kept;
    std::set<std::string> texts;
    const size_t places = search_.chains - std::min(out_.size(), search_.chains);
    const bool clean =
        std::any_of(next.begin(), next.end(), [](const Path& path) { return path.flags == 0; });
    for (Path& path : next) {
      const bool twice = !texts.insert(path.thinking + "\x1F" + path.content).second;
      const bool looped = path.finish.finish == service::FinishReason::kLoop;
      if (kept.size() < places && !twice && !looped && (path.flags == 0 || !clean)) {
        kept.push_back(std::move(path));
      } else if (path.flags > live[path.parent].flags) {
        TellDropped(path, path.parent);
      }
    }
    return kept;
  }

  // rewind: each path writes its next step; one with a new false sum is written anew.
  Result<std::vector<Path>> Write(const std::vector<Path>& live, size_t step) {
    std::vector<Path> done = live;
    std::vector<size_t> open(live.size());
    for (size_t i = 0; i < open.size(); ++i) open[i] = i;
    for (size_t turn = 0; turn <= kMostRewinds && !open.empty(); ++turn) {
      std::vector<Path> from;
      from.reserve(open.size());
      for (const size_t i : open) from.push_back(live[i]);
      LEMMA_ASSIGN_OR_RETURN(std::vector<Path> next,
                             Step(from, 1, step * (kMostRewinds + 1) + turn));
      if (next.size() != from.size()) break;  // interrupted
      std::vector<size_t> again;
      for (size_t k = 0; k < open.size(); ++k) {
        const size_t i = open[k];
        const bool false_step = next[k].flags > live[i].flags;
        if (false_step && turn < kMostRewinds) TellDropped(next[k], i);
        done[i] = std::move(next[k]);
        if (false_step) again.push_back(i);
      }
      open = std::move(again);
    }
    return done;
  }

  bool Judge(Path& path) {
    Chain chain;
    chain.index = search_.first_index + out_.size();
    chain.thinking = std::move(path.thinking);
    chain.content = std::move(path.content);
    chain.end = EndOfChain(path.finish);
    chain.finish = path.finish.finish;
    chain.tokens = path.tokens.size();
    if (hooks_.on_text) {
      hooks_.on_text(out_.size(), true, chain.thinking);
      hooks_.on_text(out_.size(), false, chain.content);
    }
    out_.push_back(std::move(chain));
    return hooks_.judge(out_.back());
  }

  ChainSource& source_;
  const StepSearch& search_;
  std::vector<Chain>& out_;
  const StepLimits& limits_;
  const GroupHooks& hooks_;
  bool closed_ = false;  // the steps that run were told to close their thinking
};

}  // namespace

Result<GroupEnd> RunStepSearch(ChainSource& source, const StepSearch& search,
                               std::vector<Chain>& chains, const StepLimits& limits,
                               const GroupHooks& hooks) {
  return Searcher(source, search, chains, limits, hooks).Run();
}

}  // namespace lemma::reasoning
