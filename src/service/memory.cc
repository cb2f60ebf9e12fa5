// SPDX-License-Identifier: Apache-2.0
#include "service/memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/engine.h"

namespace lemma::service {
namespace {

// Sequences of full length that the default cache holds.
constexpr size_t kDefaultSequences = 4;
constexpr size_t kLeastContext = 256;

size_t PagesFor(size_t tokens) { return (tokens + engine::kPageTokens - 1) / engine::kPageTokens; }

}  // namespace

Result<MemoryPlan> PlanMemory(const MemoryNeeds& needs) {
  if (needs.asked_context &&
      (*needs.asked_context == 0 || *needs.asked_context > needs.trained_context)) {
    return InvalidArgument(
        fmt::format("context: {} tokens asked, expected 1 to {}, the length the "
                    "model was made for",
                    *needs.asked_context, needs.trained_context));
  }
  const uint64_t page_bytes = std::max<uint64_t>(needs.kv_bytes_per_token, 1) * engine::kPageTokens;
  const size_t usual = std::min(needs.trained_context, engine::kDefaultContext);
  MemoryPlan plan;
  plan.context = needs.asked_context.value_or(usual);
  plan.kv_pages = kDefaultSequences * PagesFor(plan.context);
  const uint64_t fixed = needs.weight_bytes + kWorkBytes;
  if (needs.available) {
    if (fixed > *needs.available) {
      return ResourceExhausted(
          fmt::format("the model needs {} for its weights and work space, {} "
                      "are available; close programs or take a smaller file",
                      FormatBytes(fixed), FormatBytes(*needs.available)));
    }
    const uint64_t left = *needs.available - fixed;
    // Half of what is left, so that the machine goes on breathing; all of it for one sequence of
    // the length that was asked for.
    const size_t fit = static_cast<size_t>(left / page_bytes);
    const size_t comfortable = fit / 2;
    const size_t one = PagesFor(plan.context);
    if (needs.asked_context && one > fit) {
      return ResourceExhausted(
          fmt::format("a context of {} tokens needs {} beside {} for the weights, {} are available",
                      plan.context, FormatBytes(one * page_bytes), FormatBytes(fixed),
                      FormatBytes(*needs.available)));
    }
    plan.kv_pages = std::min(plan.kv_pages, std::max(comfortable, needs.asked_context ? one : 0));
    plan.context = std::min(plan.context, plan.kv_pages * engine::kPageTokens);
    if (plan.context < std::min(kLeastContext, usual) && !needs.asked_context) {
      return ResourceExhausted(
          fmt::format("after {} for the weights, {} are left for the context: "
                      "too little",
                      FormatBytes(fixed), FormatBytes(left)));
    }
    if (plan.context < usual && !needs.asked_context) {
      plan.warning = fmt::format("the context is limited to {} tokens by memory ({} available)",
                                 plan.context, FormatBytes(*needs.available));
    }
  }
  plan.total_bytes = fixed + plan.kv_pages * page_bytes;
  return plan;
}

std::string FormatBytes(uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (value >= 1e9) return fmt::format("{:.2f} GB", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.1f} MB", value / 1e6);
  return fmt::format("{} bytes", bytes);
}

}  // namespace lemma::service
