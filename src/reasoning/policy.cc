// SPDX-License-Identifier: Apache-2.0
#include "reasoning/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace lemma::reasoning {
namespace {

struct Row {
  Task task;
  size_t first_chains;
  size_t max_chains;
  size_t thinking_tokens;
  std::optional<float> answer_temperature;
  size_t retries;
};

// Of the profile "r1"; others are made from it.
constexpr Row kRows[] = {
    {Task::kWord, 3, 8, 4096, std::nullopt, 2},
    {Task::kEquation, 3, 8, 4096, std::nullopt, 2},
    {Task::kArithmetic, 3, 5, 2048, std::nullopt, 2},
    {Task::kCounting, 3, 8, 4096, std::nullopt, 2},
    {Task::kProbability, 3, 8, 4096, std::nullopt, 2},
    {Task::kSequence, 3, 8, 4096, std::nullopt, 2},
    {Task::kProof, 2, 4, 6144, std::nullopt, 1},
    {Task::kCode, 2, 6, 6144, 0.2F, 2},
    {Task::kSummary, 1, 1, 2048, 0.3F, 1},
    {Task::kDocument, 1, 3, 2048, 0.2F, 1},
    {Task::kStructured, 1, 2, 1024, 0.2F, 1},
    {Task::kChat, 1, 1, 4096, std::nullopt, 0},
};

bool IsMathematics(Task task) { return task <= Task::kProof; }

std::string_view ScaffoldFor(Task task) {
  if (IsMathematics(task)) return "boxed";
  if (task == Task::kCode) return "code";
  if (task == Task::kSummary) return "summary";
  return task == Task::kDocument ? "document" : "";
}

Policy FromRow(Task task) {
  Policy out;
  out.task = task;
  out.scaffold = ScaffoldFor(task);
  for (const Row& row : kRows) {
    if (row.task != task) continue;
    out.first_chains = row.first_chains;
    out.max_chains = row.max_chains;
    out.thinking_tokens = row.thinking_tokens;
    out.answer_temperature = row.answer_temperature;
    out.retries = row.retries;
  }
  return out;
}

void MakeGeneric(Policy& policy) {
  policy.temperature = 0.7F;
  policy.top_p = 0.9F;
}

// A small model's chains are short and cheap; its sums are what it gets wrong.
void MakeBundled(Policy& policy) {
  policy.temperature = 0.8F;
  policy.thinking_tokens = 640;
  policy.answer_tokens = 160;
  policy.answer_temperature.reset();
  if (!IsMathematics(policy.task)) return;
  policy.scaffold = "four-steps";
  policy.calculator = Switch::kOn;
  policy.first_chains = 4;
  policy.max_chains = 8;
}

void MakeSeed(Policy& policy) {
  policy.temperature = 0.1F;
  policy.answer_temperature.reset();
  policy.top_k = 20;
  policy.top_p = 1.0F;
  policy.repeat_penalty = 1.1F;
  policy.first_chains = policy.max_chains = 1;
  policy.retries = 0;
  policy.thinking_tokens = policy.answer_tokens = 512;
  policy.scaffold = IsMathematics(policy.task) ? "four-steps" : "";
}

void ApplyEffort(Policy& policy) {
  if (policy.effort == Effort::kFast) {
    policy.max_chains = policy.first_chains = std::min<size_t>(policy.first_chains, 2);
    policy.thinking_tokens /= 2;
    policy.retries = std::min<size_t>(policy.retries, 1);
  } else if (policy.effort == Effort::kDeep) {
    policy.max_chains *= 2;
    policy.first_chains = std::clamp<size_t>(4, policy.first_chains, policy.max_chains);
    policy.thinking_tokens *= 2;
    policy.enough = 0.96;
  }
}

}  // namespace

std::string_view EffortName(Effort effort) {
  constexpr std::array<std::string_view, 3> kNames = {"fast", "balanced", "deep"};
  return kNames[static_cast<size_t>(effort)];
}

Result<Effort> EffortNamed(std::string_view name) {
  for (const Effort effort : {Effort::kFast, Effort::kBalanced, Effort::kDeep}) {
    if (EffortName(effort) == name) return effort;
  }
  return InvalidArgument(
      fmt::format("effort: '{}' is not known, expected fast, balanced or deep", name));
}

std::string_view SearchName(Search search) { return search == Search::kChains ? "chains" : "beam"; }

Result<Search> SearchNamed(std::string_view name) {
  for (const Search search : {Search::kChains, Search::kStepBeam}) {
    if (SearchName(search) == name) return search;
  }
  return InvalidArgument(fmt::format("search: '{}' is not known, expected chains or beam", name));
}

const std::vector<std::string_view>& ProfileNames() {
  static const std::vector<std::string_view> names = {"r1", "generic", "bundled", "seed"};
  return names;
}

Result<Policy> PolicyFor(std::string_view profile, Task task, Effort effort) {
  Policy out = FromRow(task);
  out.profile = profile;
  out.effort = effort;
  if (profile == "generic") {
    MakeGeneric(out);
  } else if (profile == "bundled") {
    MakeBundled(out);
  } else if (profile == "seed") {
    MakeSeed(out);
    return out;  // one chain, whatever the effort: it is there to be compared with
  } else if (profile != "r1") {
    return InvalidArgument(
        fmt::format("profile: '{}' is not known, expected r1, generic, bundled or seed", profile));
  }
  ApplyEffort(out);
  return out;
}

double FitToDeadline(Policy& policy, const Pace& pace, size_t prompt_tokens, double seconds) {
  // Retries come out of what is left over; their first round needs the reserve of an answer too.
  const double prefill = pace.prefill > 0 ? static_cast<double>(prompt_tokens) / pace.prefill : 0;
  const double time = std::max(seconds - prefill, 0.0) * 0.9;  // for checks and noise
  // Tokens a second of each of n chains: between those of one and of pace.chains together the time
  // of a step grows linearly.
  const auto rate = [&](size_t n) {
    const double one = 1 / std::max(pace.one_chain, 1e-9);
    const double many = static_cast<double>(pace.chains) / std::max(pace.many_chains, 1e-9);
    const double share =
        pace.chains > 1 ? static_cast<double>(n - 1) / static_cast<double>(pace.chains - 1) : 0;
    return 1 / std::max(one + share * (many - one), 1e-9);
  };
  constexpr size_t kShortest = 64;  // tokens of a chain that is worth while
  const auto tokens = [&](size_t n) { return static_cast<size_t>(time * rate(n)); };
  const size_t wanted = policy.thinking_tokens + policy.answer_tokens;
  while (policy.first_chains > 1 && tokens(policy.first_chains) < wanted) --policy.first_chains;
  const size_t each = std::max(tokens(policy.first_chains), kShortest);
  policy.answer_tokens = std::min(policy.answer_tokens, each / 4 + 1);
  policy.thinking_tokens = std::min(policy.thinking_tokens, each - policy.answer_tokens);
  // How many such waves fit.
  const double wave = static_cast<double>(policy.thinking_tokens + policy.answer_tokens) /
                      rate(policy.first_chains);
  const auto waves = static_cast<size_t>(std::max(1.0, std::floor(time / std::max(wave, 1e-9))));
  policy.max_chains = std::clamp(policy.first_chains * waves, policy.first_chains,
                                 std::max(policy.max_chains, policy.first_chains));
  return prefill + static_cast<double>(policy.thinking_tokens) / rate(policy.first_chains);
}

}  // namespace lemma::reasoning
