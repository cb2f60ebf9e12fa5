// SPDX-License-Identifier: Apache-2.0
#include "service/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "base/cpu_features.h"
#include "base/file.h"
#include "engine/engine.h"

namespace lemma::service {
namespace {

// Activations, logits, tokenizer tables, program.
constexpr uint64_t kFixedBytes = 96ULL << 20;
// Sequences of full length that the default cache holds.
constexpr size_t kDefaultSequences = 4;
constexpr size_t kLeastContext = 256;

std::optional<uint64_t> ParseNumber(std::string_view text) {
  const size_t begin = text.find_first_of("0123456789");
  if (begin == std::string_view::npos) return std::nullopt;
  uint64_t value = 0;
  const auto parsed = std::from_chars(text.data() + begin, text.data() + text.size(), value);
  if (parsed.ec != std::errc()) return std::nullopt;
  return value;
}

std::optional<uint64_t> ReadNumber(const char* path) {
  const Result<std::string> text = ReadFile(path, 1 << 16);
  return text.ok() ? ParseNumber(*text) : std::nullopt;
}

std::optional<uint64_t> SystemAvailable() {
  const Result<std::string> text = ReadFile("/proc/meminfo", 1 << 16);
  if (!text.ok()) return std::nullopt;
  const size_t at = text->find("MemAvailable:");
  if (at == std::string::npos) return std::nullopt;
  const auto kib = ParseNumber(std::string_view(*text).substr(at));
  if (!kib) return std::nullopt;
  return *kib * 1024;
}

// Control groups, version 2 and 1. Page cache counts as used there but can be taken back.
std::optional<uint64_t> ContainerAvailable() {
  struct Paths {
    const char* limit;
    const char* used;
    const char* stat;
    std::string_view cache_key;
  };
  constexpr Paths kPaths[] = {
      {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat",
       "\ninactive_file "},
      {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes",
       "/sys/fs/cgroup/memory/memory.stat", "\ntotal_inactive_file "},
  };
  for (const Paths& paths : kPaths) {
    const auto limit = ReadNumber(paths.limit);
    const auto used = ReadNumber(paths.used);
    if (!limit || !used) continue;
    uint64_t cache = 0;
    if (const Result<std::string> stat = ReadFile(paths.stat, 1 << 20); stat.ok()) {
      const size_t at = stat->find(paths.cache_key);
      if (at != std::string::npos)
        cache = ParseNumber(std::string_view(*stat).substr(at)).value_or(0);
    }
    const uint64_t busy = *used - std::min(*used, cache);
    return *limit - std::min(*limit, busy);
  }
  return std::nullopt;
}

size_t PagesFor(size_t tokens) { return (tokens + engine::kPageTokens - 1) / engine::kPageTokens; }

}  // namespace

std::optional<uint64_t> AvailableMemoryBytes() {
  std::optional<uint64_t> available = SystemAvailable();
  if (const auto container = ContainerAvailable()) {
    available = available ? std::min(*available, *container) : container;
  }
  if (available) return available;
  const uint64_t physical = PhysicalMemoryBytes();
  if (physical == 0) return std::nullopt;
  return physical;
}

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
  const uint64_t fixed = needs.weight_bytes + kFixedBytes;
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
