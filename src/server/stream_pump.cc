// SPDX-License-Identifier: Apache-2.0
#include "server/stream_pump.h"

#include <atomic>
#include <chrono>
#include <utility>

#include "base/clock.h"

namespace lemma::server {
namespace {

// Events taken in one go; then other connections of the thread have their turn.
constexpr int kSlice = 128;

}  // namespace

// What the engine thread touches: never the pump or the exchange itself, whose destruction must
// not happen there.
struct StreamPump::Waker {
  Exchange::Poster poster;
  std::weak_ptr<StreamPump> pump;
  std::atomic<bool> scheduled{false};

  static void Wake(const std::shared_ptr<Waker>& self) {
    if (self->scheduled.exchange(true)) return;
    self->poster([self] {
      if (const auto alive = self->pump.lock()) alive->Drain();
    });
  }
};

StreamPump::StreamPump(Parts parts) : parts_(std::move(parts)) {}

StreamPump::~StreamPump() { Release(); }

std::shared_ptr<StreamPump> StreamPump::Start(Parts parts) {
  auto started = std::make_shared<StreamPump>(std::move(parts));
  started->Run();
  return started;
}

void StreamPump::Run() {
  for (const auto& stream : parts_.streams) {
    first_sample_.push_back(unfinished_);
    unfinished_ += stream->samples();
  }
  last_text_ = parts_.request_time;
  waker_ = std::make_shared<Waker>();
  waker_->poster = parts_.exchange->poster();
  waker_->pump = weak_from_this();
  // The exchange holds the pump until the answer is complete or the client has left.
  parts_.exchange->OnDrain([self = shared_from_this()] { Waker::Wake(self->waker_); });
  parts_.exchange->OnGone([self = shared_from_this()] {
    if (self->parts_.observer != nullptr && !self->released()) {
      self->parts_.observer->OnClientGone(self->unfinished_);
    }
    self->Release();
  });
  for (const auto& stream : parts_.streams) {
    stream->OnEvent([waker = waker_] { Waker::Wake(waker); });
  }
  Waker::Wake(waker_);
  if (parts_.silence.count() > 0) WatchSilence();
}

void StreamPump::WatchSilence() {
  writes_ = parts_.exchange->writes();
  parts_.exchange->After(parts_.silence, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->released()) return;
    // While the client reads slowly there is enough under way.
    const bool silent = self->parts_.exchange->writes() == self->writes_;
    if (silent && self->parts_.exchange->writable()) self->parts_.sink->OnSilence();
    self->WatchSilence();
  });
}

std::optional<service::StreamEvent> StreamPump::NextEvent() {
  for (size_t tried = 0; tried < parts_.streams.size(); ++tried) {
    const size_t index = turn_;
    turn_ = (turn_ + 1) % parts_.streams.size();
    auto event = parts_.streams[index]->Next(std::chrono::nanoseconds(0));
    if (!event) continue;
    event->sample += first_sample_[index];
    return event;
  }
  return std::nullopt;
}

void StreamPump::Drain() {
  waker_->scheduled = false;
  for (int count = 0; count < kSlice; ++count) {
    if (released() || !parts_.exchange->writable()) return;
    auto event = NextEvent();
    if (!event) return;
    const double now = MonotonicSeconds();
    if (parts_.observer != nullptr) {
      parts_.observer->OnStreamEvent(*event, now - parts_.request_time, now - last_text_);
    }
    using Kind = service::StreamEvent::Kind;
    if (event->kind == Kind::kThinking || event->kind == Kind::kContent) last_text_ = now;
    // The client is there: it was the server that cancelled.
    if (event->finish == service::FinishReason::kCancelled) {
      event->finish = service::FinishReason::kError;
      event->error =
          Status(StatusCode::kCancelled, "the server stopped before the reply was whole");
    }
    parts_.sink->OnEvent(*event);
    if (event->kind == service::StreamEvent::Kind::kFinish && --unfinished_ == 0) {
      parts_.sink->OnEnd();
      Release();
      return;
    }
  }
  Waker::Wake(waker_);
}

void StreamPump::Release() {
  for (const auto& stream : parts_.streams) stream->OnEvent({});
  parts_.streams.clear();
  parts_.held.reset();
}

void StreamPump::EndThinking() {
  parts_.exchange->Post([self = shared_from_this()] {
    for (const auto& stream : self->parts_.streams) stream->EndThinking();
  });
}

void StreamPump::Cancel() {
  parts_.exchange->Post([self = shared_from_this()] {
    for (const auto& stream : self->parts_.streams) stream->Cancel();
  });
}

}  // namespace lemma::server
