// SPDX-License-Identifier: Apache-2.0
// Figures of a running server in Prometheus' text format (version 0.0.4). Counting is lock-free but
// for the table of routes and codes. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "engine/engine.h"
#include "reasoning/solve.h"
#include "server/http/http_server.h"
#include "server/serving.h"
#include "server/stream_pump.h"

namespace lemma::server {

// Counts of seconds by upper bound, as Prometheus wants them.
class Histogram {
 public:
  static constexpr std::array<double, 16> kBounds{
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120};
  void Add(double seconds);
  // Lines of NAME_bucket, NAME_sum and NAME_count, with the type and help before them.
  void Write(std::string_view name, std::string_view help, std::string& out) const;

 private:
  std::array<std::atomic<uint64_t>, kBounds.size() + 1> buckets_{};
  std::atomic<uint64_t> microseconds_{0};
};

class Metrics : public StreamObserver {
 public:
  void OnStreamEvent(const service::StreamEvent& event, double since_request,
                     double since_last) override;
  void OnClientGone(size_t samples) override;
  void OnAccess(const AccessRecord& record) LEMMA_EXCLUDES(mutex_);
  // A question that verified reasoning has dealt with, by whatever dialect it came.
  void OnSolved(const reasoning::SolveResult& result);

  struct ModelStats {
    std::string name;
    service::ModelState state = service::ModelState::kUnloaded;
    uint64_t memory_bytes = 0;
    std::optional<engine::EngineStats> engine;  // of a loaded one
  };
  [[nodiscard]] std::string Text(const HttpCounts& http, const ServingCounts& serving,
                                 const std::vector<ModelStats>& models) const
      LEMMA_EXCLUDES(mutex_);

 private:
  static constexpr size_t kFinishKinds = 16;
  static constexpr size_t kSolveStatuses =
      static_cast<size_t>(reasoning::SolveStatus::kRefuted) + 1;
  static constexpr size_t kStopReasons = static_cast<size_t>(reasoning::StopReason::kCancelled) + 1;

  void WriteQuestions(std::string& out) const;

  Histogram first_token_;
  Histogram between_tokens_;
  Histogram queue_;
  std::array<std::atomic<uint64_t>, kFinishKinds> finishes_{};  // by service::FinishReason
  std::atomic<uint64_t> prompt_tokens_{0};
  std::atomic<uint64_t> cached_tokens_{0};
  std::atomic<uint64_t> generated_tokens_{0};
  std::atomic<uint64_t> thinking_tokens_{0};
  std::atomic<uint64_t> loops_{0};
  std::atomic<uint64_t> budget_ends_{0};
  std::atomic<uint64_t> clients_gone_{0};
  std::array<std::atomic<uint64_t>, kSolveStatuses> solved_{};  // by reasoning::SolveStatus
  std::array<std::atomic<uint64_t>, kStopReasons> stops_{};     // by reasoning::StopReason
  std::atomic<uint64_t> chains_{0};
  std::atomic<uint64_t> chain_tokens_{0};
  std::atomic<uint64_t> retries_{0};
  Histogram solve_seconds_;
  mutable Mutex mutex_;
  std::map<std::pair<std::string, int>, uint64_t> responses_ LEMMA_GUARDED_BY(mutex_);
};

}  // namespace lemma::server
