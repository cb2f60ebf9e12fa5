// SPDX-License-Identifier: Apache-2.0
// The engine thread's own state and one step over it: cancel, plan, forward, sample. Internal to
// src/engine; used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/client_ledger.h"
#include "engine/generation.h"
#include "engine/kv_pages.h"
#include "engine/page_store.h"
#include "engine/prefill_pace.h"
#include "engine/sampler.h"
#include "engine/speculation.h"

namespace lemma::engine {

// Pages of a prompt that come from the store.
struct PageLoad {
  std::vector<uint64_t> hashes;                 // of the pages, in order
  size_t first_page = 0;                        // of the sequence, that hashes[0] stands for
  size_t asked = 0;                             // of the hashes
  std::deque<std::shared_ptr<PageRead>> reads;  // asked for and not yet taken
};

// Prompts whose pass goes on beside the steps that decode.
struct FlyingPass {
  struct Slice {
    SequenceId sequence = 0;
    size_t count = 0;
    bool wants_logits = false;
  };
  std::vector<Slice> slices;
  std::unique_ptr<model::LayeredPass> pass;
  std::vector<SequenceId> orphans;  // of samples that ended: the pass still writes to their pages
};

// One sequence of a request.
struct Sample {
  size_t index = 0;
  Sampler sampler;
  std::vector<int32_t> tokens;  // prompt, then generated
  size_t generated = 0;
  std::optional<SequenceId> sequence =
      std::nullopt;                          // absent before the first step and after a preemption
  bool started = false;                      // planned since it has its sequence
  PrefixMatch cached = {};                   // what it will probably find, while it has no sequence
  std::unique_ptr<PageLoad> load = nullptr;  // it does not run before that is done
  size_t saved_pages = 0;                    // of the prompt, from the first: the store has them
  bool in_pass = false;                      // of the FlyingPass
  size_t cached_tokens = 0;
  double first_token_time = 0;
  SequenceDrafts drafts = {};
  size_t drafted_tokens = 0;
  size_t accepted_tokens = 0;
  std::unique_ptr<TokenWatch> watch = nullptr;  // may be null
};

// A request that the engine thread has taken on.
struct Active {
  std::shared_ptr<GenerationShared> shared;
  GenerateRequest request;
  uint64_t arrival = 0;
  double submit_time = 0;
  double start_time = 0;
  double prefill_done_time = 0;
  bool forked = false;          // the samples beyond the first exist
  std::vector<Sample> samples;  // unfinished ones
};

// How a sample ends; converts from a bare reason.
struct Ending {
  Ending(FinishReason r) : reason(r) {}  // NOLINT(google-explicit-constructor)
  Ending(FinishReason r, Status e) : reason(r), error(std::move(e)) {}
  Ending(FinishReason r, SampledToken t) : reason(r), token(std::move(t)) {}

  FinishReason reason;
  Status error;
  SampledToken token;  // the stop token of kStop
};

class StepLoop {
 public:
  StepLoop(std::unique_ptr<StepModel> model, std::unique_ptr<kernels::KvStorage> kv,
           const EngineOptions& options, std::unique_ptr<PageStore> store);

  void Admit(std::shared_ptr<GenerationShared> shared, GenerateRequest request, double submit_time);
  // One iteration. False when there was nothing to compute.
  bool Step();
  // When a Step will have something to do though nothing comes from outside: the next deadline.
  [[nodiscard]] std::optional<double> WakeTime() const;
  // Requests that started or ended without a start, since the last call.
  size_t TakeDepartures() { return std::exchange(departures_, 0); }
  // How many tokens something else may compute between two steps without holding up the streams.
  [[nodiscard]] size_t SideTokens() const;
  // Ends everything with kCancelled.
  void CancelAll();

  [[nodiscard]] EngineStats stats() const;
  [[nodiscard]] const KvPages& pages() const { return pages_; }

 private:
  struct Ref {
    Active* active;
    Sample* sample;
  };

  // Ends what was cancelled or is past its deadline.
  void ReapEnded();
  void EndAll(Active& active, FinishReason reason);
  // That it was cancelled, or is past its deadline.
  [[nodiscard]] std::optional<FinishReason> ReasonToEnd(const Active& active,
                                                        const Sample& sample) const;
  void DropFinished();
  std::vector<Ref> Candidates();
  std::vector<SequenceState> States(const std::vector<Ref>& refs) const;
  [[nodiscard]] SequenceState StateOf(const Active& active, const Sample& sample) const;
  // The limits of this step.
  [[nodiscard]] SchedulerLimits Limits(std::span<const SequenceState> states) const;
  void Preempt(Sample& sample);
  // Gives those that have none a sequence, with what the cache has. True when there was one.
  bool Attach(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices);
  void Detach(Sample& sample);
  // Asks the store for the pages behind those that the sample has; it is started with that.
  void BeginLoad(const Active& active, Sample& sample);
  void AskForPages(const Active& active, const Sample& sample);
  // Takes what the store has read. True when there was something.
  bool TakeLoads();
  // One page; false when the load ends here.
  bool TakeLoad(Sample& sample);
  // Offers the store the pages of the prompt that are computed.
  void SavePages(const Active& active, Sample& sample);
  // The first step of a request.
  void CountStart(Active& active, Sample& sample);
  // Marks those that run as started; the others give back what Attach gave them.
  void SettleStarts(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices);
  // The slices that run, already extended; empty when nothing can.
  std::vector<PlannedSlice> Plan(std::vector<Ref>& refs);
  // Gives decoding sequences draft tokens when the step has nothing but them.
  void AddDrafts(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices);
  // Tokens of a sample that are computed as a prompt, when these are computed otherwise than
  // generated ones; 0 when all are computed alike.
  [[nodiscard]] size_t PrefillEnd(const Active& active) const;
  // A token as the page table knows it: marked where it is computed as a generated one.
  [[nodiscard]] std::vector<int32_t> PageTokensOf(const Active& active, size_t position,
                                                  std::span<const int32_t> tokens) const;
  // Draft tokens of this sequence that could be of use.
  [[nodiscard]] size_t DraftLimit(const Active& active, const Sample& sample) const;
  // Extends the sequences. An error is one of the whole batch.
  Status BuildBatch(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices,
                    model::ForwardBatch& batch);
  void RunSlices(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices);
  void FailSlices(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices,
                  const Status& status);
  [[nodiscard]] bool IsPrompt(const Ref& ref) const;
  // Takes the prompts out of `slices`.
  std::vector<PlannedSlice> SplitPrompts(const std::vector<Ref>& refs,
                                         std::vector<PlannedSlice>& slices) const;
  void BeginPass(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& prompts);
  // Goes on with the pass for about so many seconds, at least one layer; absent: to its end.
  void AdvancePass(std::optional<double> seconds);
  void EndPass(const Status& status);
  // False when all its prompts were cancelled or are past their deadlines.
  [[nodiscard]] bool PassIsWanted();
  void DropUnwantedPass();
  // The one that holds the sequence, if it has not ended.
  std::optional<Ref> FindSequence(SequenceId id);
  void AfterForward(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices);
  // `row`: of logits_, the first of this slice; moved behind its last.
  void AfterSlice(Active& active, Sample& sample, size_t count, size_t& row);
  void ReportPrefill(Active& active, const Sample& sample);
  // Samples from row after row as long as the draft is right, and takes back the rest of it.
  void SampleDraftedRows(Active& active, Sample& sample, std::span<float> logits);
  void ForkSamples(Active& active, Sample& first);
  void SampleRow(Active& active, Sample& sample, std::span<float> logits);
  // Adds a token to the output; false when it was the last.
  bool Join(Active& active, Sample& sample, SampledToken token);
  // The same, and does what the watch answers.
  void JoinWatched(Active& active, Sample& sample, SampledToken token);
  void Finish(Active& active, Sample& sample, Ending ending);
  // The same for samples that were not forked off yet, which end with the first.
  void FinishWithForks(Active& active, Sample& sample, const Ending& ending);
  Usage MakeUsage(const Active& active, const Sample& sample) const;
  [[nodiscard]] size_t Computed(const Sample& sample) const;

  std::unique_ptr<StepModel> model_;
  std::unique_ptr<kernels::KvStorage> kv_;
  EngineOptions options_;
  KvPages pages_;
  std::vector<std::unique_ptr<Active>> active_;
  std::vector<float> logits_;
  std::unique_ptr<FlyingPass> flying_;  // may be null
  double forward_seconds_ = 0;          // of the latest step that decoded, and its rows
  size_t forward_rows_ = 0;
  StepCosts costs_;
  PrefillPace pace_;
  std::unique_ptr<PageStore> store_;  // may be null
  ClientLedger ledger_;
  EngineStats stats_;
  uint64_t next_arrival_ = 0;
  size_t departures_ = 0;
};

}  // namespace lemma::engine
