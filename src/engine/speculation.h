// SPDX-License-Identifier: Apache-2.0
// Speculative decoding without a second model: tokens that the text itself suggests are computed
// in the same pass as the token they follow, and kept as far as the sampler chooses the same ones
// (Leviathan et al. 2023, with prompt lookup as the draft). The sampler draws each token from the
// seed, its number and the logits alone, and kernels give a row the same bits in any batch: so the
// output is that of the plain run, bit for bit. What stands here decides about speed only.
// Engine thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/draft_index.h"

namespace lemma::engine {

enum class Speculation : uint8_t {
  kOff,
  kAuto,    // when the estimates below say that it pays
  kAlways,  // whenever a draft is found: for tests and measurements
};

struct SpeculationOptions {
  Speculation mode = Speculation::kAuto;
  size_t max_draft = 5;  // tokens of one sequence
  size_t max_rows = 8;   // of all sequences in one step, drafts included
};

// How often drafts of one sequence were right, by the length of the agreement that suggested them.
// Drafts that were not computed count too: the token that came is compared with the one proposed.
class DraftRecord {
 public:
  DraftRecord();
  // The share of draft tokens that were right after `agreement` tokens that agreed, 0..1.
  [[nodiscard]] double Chance(size_t agreement) const;
  void Count(size_t agreement, bool right);

 private:
  static constexpr size_t kClasses = 7;
  struct Tally {
    double right = 0;
    double all = 0;
  };
  std::array<Tally, kClasses> tallies_;
};

// The drafts of one sequence.
class SequenceDrafts {
 public:
  // Looks for at most `most` tokens that may follow `tokens`; may find none.
  void Propose(std::span<const int32_t> tokens, size_t most);
  // Only the first `count` of them go into the step; they make it longer by `cost` plain steps.
  void Keep(size_t count, double cost);
  // No step is under way.
  void Clear();

  [[nodiscard]] std::span<const int32_t> tokens() const { return std::span(draft_).first(kept_); }
  [[nodiscard]] size_t proposed() const { return draft_.size(); }
  // That the sampler will choose token `index` of the proposal, given the ones before it.
  [[nodiscard]] double Chance(size_t index) const { return record_.Chance(agreement_ + index); }
  // Token `index` after the present ones turned out to be `token`. True when the step holds the
  // logits after it: it was in the draft and is as drafted.
  bool Check(size_t index, int32_t token);
  // The step gave `accepted` tokens beside the plain one.
  void Settle(size_t accepted);
  // False when drafts of this sequence cost more than they won: it has to earn new credit, a little
  // for each token. So no text loses more than a percent and a half step.
  [[nodiscard]] bool HasCredit() const { return credit_ > 0; }

 private:
  DraftIndex index_;
  DraftRecord record_;
  std::vector<int32_t> draft_;
  size_t agreement_ = 0;
  size_t kept_ = 0;
  double cost_ = 0;
  double credit_ = 0.5;  // in plain steps
};

// Times of decode steps by their number of rows, from the latest few of each.
class StepCosts {
 public:
  static constexpr size_t kMaxRows = 16;

  void Record(size_t rows, double seconds);
  // Time of a step of `rows` over one of `base`; at least 1. Measured where it was measured lately,
  // else by the slope of what was, else a guess that leads to measuring.
  // REQUIRES: 0 < base <= rows <= kMaxRows.
  [[nodiscard]] double Ratio(size_t base, size_t rows) const;

 private:
  static constexpr size_t kKept = 5;
  struct Times {
    std::array<double, kKept> latest{};
    uint64_t count = 0;
    uint64_t last_step = 0;
  };
  [[nodiscard]] bool Known(size_t rows) const;
  // The lower quartile: what else runs on the machine only adds to a time.
  [[nodiscard]] double Typical(size_t rows) const;

  std::array<Times, kMaxRows + 1> times_;
  uint64_t steps_ = 0;
};

struct DraftPlan {
  std::vector<size_t> counts;  // draft tokens of each sequence to compute
  double cost = 0;             // by how many plain steps they make the step longer, by estimate
};

// For a step of one row a sequence: the drafts that promise the most tokens per second; none when
// nothing promises clearly more than the plain step.
DraftPlan PlanDrafts(std::span<const SequenceDrafts* const> sequences, const StepCosts& costs,
                     const SpeculationOptions& options);

}  // namespace lemma::engine
