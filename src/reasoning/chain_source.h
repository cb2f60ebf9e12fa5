// SPDX-License-Identifier: Apache-2.0
// Where chains of thought come from: a model, or a script in tests. The same request gives the same
// chains. Threads: a run is used by one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "reasoning/policy.h"
#include "service/generate.h"

namespace lemma::reasoning {

// What a source can do for a policy; see FitToReach (solve_plan.h).
enum class Reach : uint8_t {
  kEngine,       // everything
  kWholeChains,  // whole chains of a server: no steps, no calculator, no word in their thinking;
                 // what was asked for is paid, needed or not
  kRecorded,     // whole chains that were sampled before (recording.h): only the vote is open
};

// Chains that were started together and share one prefill.
class ChainRun {
 public:
  virtual ~ChainRun() = default;  // cancels what still runs
  ChainRun() = default;
  ChainRun(const ChainRun&) = delete;
  ChainRun& operator=(const ChainRun&) = delete;

  // As service::TextStream.
  virtual std::optional<service::StreamEvent> Next(std::chrono::nanoseconds timeout) = 0;
  virtual void CancelChain(size_t chain) = 0;
  virtual void EndThinking() = 0;
  // Those that Next has looked at.
  [[nodiscard]] virtual const std::vector<int32_t>& tokens(size_t chain) const = 0;
};

class ChainSource {
 public:
  virtual ~ChainSource() = default;
  ChainSource() = default;
  ChainSource(const ChainSource&) = delete;
  ChainSource& operator=(const ChainSource&) = delete;

  // The item of a set that the next chains are for (eval_run.h). Most sources need not know.
  virtual void BeginItem(std::string_view /*id*/, uint64_t /*seed*/) {}
  virtual Result<std::unique_ptr<ChainRun>> Start(const service::ChatRequest& request) = 0;
  // How fast it is here; measured once, on first use. For deadlines only.
  virtual Pace MeasuredPace() = 0;
  // Tokens of a prompt, for the same.
  virtual size_t PromptTokens(const chat::Conversation& conversation) = 0;
  [[nodiscard]] virtual Reach reach() const { return Reach::kEngine; }
};

// The model must outlive it.
std::unique_ptr<ChainSource> MakeModelSource(service::LoadedModel& model);

// The profile that suits a model: "bundled" for the one of this repository, "r1" for models that
// think, else "generic".
std::string_view ProfileFor(const service::LoadedModel& model);

}  // namespace lemma::reasoning
