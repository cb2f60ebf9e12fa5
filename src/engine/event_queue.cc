// SPDX-License-Identifier: Apache-2.0
#include "engine/event_queue.h"

#include "base/clock.h"

namespace lemma::engine {

void EventQueue::Push(TokenEvent event) {
  bool was_empty = false;
  {
    const MutexLock lock(mutex_);
    was_empty = events_.empty();
    events_.push_back(std::move(event));
    not_empty_.NotifyOne();
  }
  if (was_empty) Notify();
}

void EventQueue::Notify() {
  const MutexLock lock(notify_mutex_);
  if (on_event_) on_event_();
}

void EventQueue::OnEvent(std::function<void()> callback) {
  const MutexLock lock(notify_mutex_);
  on_event_ = std::move(callback);
  bool readable = false;
  {
    const MutexLock events_lock(mutex_);
    readable = !events_.empty();
  }
  if (readable && on_event_) on_event_();
}

bool EventQueue::HasRoom(size_t count) {
  const MutexLock lock(mutex_);
  const bool room = events_.size() + count <= capacity_;
  was_full_ = was_full_ || !room;
  return room;
}

std::optional<TokenEvent> EventQueue::Pop(std::chrono::nanoseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  bool made_room = false;
  std::optional<TokenEvent> out;
  {
    const MutexLock lock(mutex_);
    while (events_.empty()) {
      const auto left = deadline - std::chrono::steady_clock::now();
      if (left <= std::chrono::nanoseconds::zero()) return std::nullopt;
      not_empty_.WaitFor(mutex_, left);
    }
    out = std::move(events_.front());
    events_.pop_front();
    if (was_full_ && events_.size() <= capacity_ / 2) {
      was_full_ = false;
      made_room = true;
    }
  }
  if (made_room && on_room_) on_room_();
  return out;
}

}  // namespace lemma::engine
