// SPDX-License-Identifier: Apache-2.0
// An exchange for tests, without a socket: what was written is kept, posted tasks run when the test
// says so, and the client reads slowly or leaves at a word. Test code only.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/http_types.h"

namespace lemma::server::testing {

class FakeExchange : public Exchange {
 public:
  explicit FakeExchange(Request request = {}) : request_(std::move(request)) {}

  [[nodiscard]] const Request& request() const override { return request_; }
  void Send(Response response) override {
    sent = std::move(response);
    Drop();
  }
  void Begin(StreamHead head) override { begun = std::move(head); }
  WriteState Write(std::string_view bytes) override {
    if (gone_ || ended) return WriteState::kGone;
    written.emplace_back(bytes);
    return full_ ? WriteState::kFull : WriteState::kReady;
  }
  void End() override {
    ended = true;
    Drop();
  }
  void Abort() override { Leave(); }
  [[nodiscard]] bool gone() const override { return gone_; }
  [[nodiscard]] bool writable() const override { return !gone_ && !full_ && !ended && !sent; }
  [[nodiscard]] uint64_t writes() const override { return written.size(); }
  void OnDrain(Callback callback) override { on_drain_ = std::move(callback); }
  void OnGone(Callback callback) override { on_gone_ = std::move(callback); }
  [[nodiscard]] Poster poster() const override {
    return [tasks = tasks_](Callback task) {
      const std::lock_guard<std::mutex> lock(tasks->mutex);
      tasks->list.push_back(std::move(task));
    };
  }
  void After(std::chrono::milliseconds, Callback task) override {
    later.push_back(std::move(task));
  }

  // Runs posted tasks until there are none.
  void RunPosted() {
    while (true) {
      Callback task;
      {
        const std::lock_guard<std::mutex> lock(tasks_->mutex);
        if (tasks_->list.empty()) return;
        task = std::move(tasks_->list.front());
        tasks_->list.pop_front();
      }
      task();
    }
  }
  void SetFull(bool full) {
    full_ = full;
    if (const Callback callback = full ? nullptr : on_drain_) callback();
  }
  void Leave() {
    gone_ = true;
    on_drain_ = nullptr;
    if (on_gone_) Post(std::exchange(on_gone_, {}));
  }
  [[nodiscard]] std::string Text() const {
    std::string text;
    for (const std::string& each : written) text += each;
    return text;
  }

  std::optional<Response> sent;
  std::optional<StreamHead> begun;
  std::vector<std::string> written;
  std::vector<Callback> later;
  bool ended = false;

 private:
  struct Tasks {
    std::mutex mutex;
    std::deque<Callback> list;
  };
  void Drop() {
    Post([drain = std::exchange(on_drain_, {}), gone = std::exchange(on_gone_, {})] {});
  }

  const Request request_;
  const std::shared_ptr<Tasks> tasks_ = std::make_shared<Tasks>();
  Callback on_drain_;
  Callback on_gone_;
  bool full_ = false;
  bool gone_ = false;
};

}  // namespace lemma::server::testing
