// SPDX-License-Identifier: Apache-2.0
#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

#include "base/cpu_features.h"
#include "base/log.h"

namespace lemma {
namespace {

void CpuRelax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Some tens of microseconds; after that the futex behind atomic::wait is cheaper.
constexpr int kSpins = 4000;

template <typename T>
void SpinThenWait(const std::atomic<T>& word, T old, int spins) {
  for (int i = 0; i < spins; ++i) {
    if (word.load(std::memory_order_acquire) != old) return;
    CpuRelax();
  }
  word.wait(old, std::memory_order_acquire);
}

}  // namespace

class ThreadPool::Impl {
 public:
  Impl(int threads, int spins) : spins_(spins), helpers_(static_cast<size_t>(threads - 1)) {
    for (size_t i = 0; i < helpers_.size(); ++i) {
      try {
        helpers_[i] = std::thread([this, i] { Loop(static_cast<int>(i) + 1); });
      } catch (const std::system_error&) {  // a limit of the system: go on with those there are
        helpers_.resize(i);
        Log(LogLevel::kWarning, "the system refuses more threads; fewer are used");
      }
    }
  }

  ~Impl() {
    stop_ = true;
    Publish(nullptr);
    for (std::thread& t : helpers_) t.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] int workers() const { return static_cast<int>(helpers_.size()) + 1; }

  void Run(const FunctionRef<void(int)>& body) {
    running_.store(static_cast<uint32_t>(helpers_.size()), std::memory_order_relaxed);
    Publish(&body);
    body(0);
    for (;;) {
      const uint32_t left = running_.load(std::memory_order_acquire);
      if (left == 0) return;
      SpinThenWait(running_, left, spins_);
    }
  }

 private:
  void Publish(const FunctionRef<void(int)>* body) {
    body_ = body;
    phase_.fetch_add(1, std::memory_order_release);
    phase_.notify_all();
  }

  void Loop(int worker) {
    uint32_t seen = 0;
    for (;;) {
      SpinThenWait(phase_, seen, spins_);
      const uint32_t now = phase_.load(std::memory_order_acquire);
      if (now == seen) continue;
      seen = now;
      if (stop_) return;
      (*body_)(worker);
      if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
    }
  }

  const int spins_;
  bool stop_ = false;  // written before the last Publish
  const FunctionRef<void(int)>* body_ = nullptr;
  alignas(64) std::atomic<uint32_t> phase_{0};
  alignas(64) std::atomic<uint32_t> running_{0};
  std::vector<std::thread> helpers_;
};

ThreadPool::ThreadPool(int threads) : threads_(std::max(threads, 1)) {
  const int spins = threads_ <= UsableCpus() ? kSpins : 0;
  impl_ = std::make_unique<Impl>(threads_, spins);
  threads_ = impl_->workers();
}

ThreadPool::~ThreadPool() = default;

void ThreadPool::Run(FunctionRef<void(int)> body) {
  if (threads_ == 1) return body(0);
  impl_->Run(body);
}

void ThreadPool::ParallelFor(size_t count, size_t grain,
                             FunctionRef<void(size_t, size_t, int)> body) {
  if (count == 0) return;
  const size_t step = std::max<size_t>(grain, 1);
  if (threads_ == 1 || count <= step) return body(0, count, 0);
  std::atomic<size_t> next{0};
  Run([&](int worker) {
    for (;;) {
      const size_t begin = next.fetch_add(step, std::memory_order_relaxed);
      if (begin >= count) return;
      body(begin, std::min(begin + step, count), worker);
    }
  });
}

}  // namespace lemma
