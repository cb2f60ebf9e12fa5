// SPDX-License-Identifier: Apache-2.0
// The bounded way from the engine thread to the consumer of one request. The engine never waits:
// it stops scheduling a request whose queue is nearly full. Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>

#include "base/mutex.h"
#include "engine/request.h"

namespace lemma::engine {

class EventQueue {
 public:
  explicit EventQueue(size_t capacity) : capacity_(capacity) {}

  // Engine side. The caller has seen HasRoom; finish events are always taken.
  void Push(TokenEvent event) LEMMA_EXCLUDES(mutex_);
  // True while `count` more events fit.
  bool HasRoom(size_t count) LEMMA_EXCLUDES(mutex_);

  // Consumer side: the next event; nullopt when none came within the time.
  std::optional<TokenEvent> Pop(std::chrono::nanoseconds timeout) LEMMA_EXCLUDES(mutex_);

  // Called (on the consumer's thread) when a Pop made room again; set before use begins.
  void OnRoom(std::function<void()> callback) { on_room_ = std::move(callback); }

  // Calls `callback` when an event comes into the empty queue (on the engine's thread), and at once
  // (on this one) when there is an event now; so a callee that pops until nothing is left misses
  // none. Calls may be spurious and never overlap. It must be cheap and must not throw, call
  // OnEvent or destroy the handle; it may Pop. After OnEvent returns, no former callback runs.
  void OnEvent(std::function<void()> callback) LEMMA_EXCLUDES(notify_mutex_, mutex_);

 private:
  void Notify() LEMMA_EXCLUDES(notify_mutex_);

  const size_t capacity_;
  std::function<void()> on_room_;
  Mutex notify_mutex_;  // taken before mutex_
  std::function<void()> on_event_ LEMMA_GUARDED_BY(notify_mutex_);
  Mutex mutex_;
  CondVar not_empty_;
  std::deque<TokenEvent> events_ LEMMA_GUARDED_BY(mutex_);
  bool was_full_ LEMMA_GUARDED_BY(mutex_) = false;
};

}  // namespace lemma::engine
