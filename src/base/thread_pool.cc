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

// Whom Run waits for: everyone, or only those that came before the caller had no work left.
enum class Helpers : uint8_t { kAll, kThatCame };

template <typename T>
void SpinThenWait(const std::atomic<T>& word, T old, int spins) {
  for (int i = 0; i < spins; ++i) {
    if (word.load(std::memory_order_acquire) != old) return;
    CpuRelax();
  }
  word.wait(old, std::memory_order_acquire);
}

}  // namespace

// A phase is published once; helpers enter it one by one until the caller closes it. job_ holds
// phase << 32 | kClosed | number of helpers that entered, so that entering and closing are one
// atomic step each: a helper that the system did not schedule in time is never waited for.
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
    ranges_ = std::vector<Range>(helpers_.size() + 1);
  }

  ~Impl() {
    stop_.store(true, std::memory_order_release);
    phase_.fetch_add(1, std::memory_order_release);
    phase_.notify_all();
    for (std::thread& t : helpers_) t.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] int workers() const { return static_cast<int>(helpers_.size()) + 1; }

  // Cuts [0, units) into one range a worker.
  void Share(size_t units) {
    const size_t n = ranges_.size();
    for (size_t i = 0; i < n; ++i) {
      ranges_[i].next.store(units * i / n, std::memory_order_relaxed);
      ranges_[i].end = units * (i + 1) / n;
    }
  }

  // Calls use(unit) for the worker's own range in order, so that it reads memory as one stream,
  // and then for what others have left.
  void Take(int worker, FunctionRef<void(size_t)> use) {
    const size_t n = ranges_.size();
    for (size_t i = 0; i < n; ++i) {
      Range& range = ranges_[(static_cast<size_t>(worker) + i) % n];
      for (;;) {
        if (range.next.load(std::memory_order_relaxed) >= range.end) break;
        const size_t unit = range.next.fetch_add(1, std::memory_order_relaxed);
        if (unit >= range.end) break;
        use(unit);
      }
    }
  }

  void Run(const FunctionRef<void(int)>& body, Helpers which) {
    finished_.store(0, std::memory_order_relaxed);
    body_ = &body;
    const uint32_t phase = phase_.load(std::memory_order_relaxed) + 1;
    job_.store(uint64_t{phase} << 32, std::memory_order_release);
    phase_.store(phase, std::memory_order_release);
    phase_.notify_all();
    body(0);
    auto wanted = static_cast<uint32_t>(helpers_.size());
    if (which == Helpers::kThatCame) {
      wanted = static_cast<uint32_t>(job_.fetch_or(kClosed, std::memory_order_acq_rel) & kEntered);
    }
    for (;;) {
      const uint32_t done = finished_.load(std::memory_order_acquire);
      if (done == wanted) return;
      SpinThenWait(finished_, done, spins_);
    }
  }

 private:
  static constexpr uint64_t kClosed = uint64_t{1} << 31;
  static constexpr uint64_t kEntered = kClosed - 1;

  // The phase that was entered, or nothing when it is closed or was run already.
  bool Enter(uint32_t& seen) {
    uint64_t word = job_.load(std::memory_order_acquire);
    while (static_cast<uint32_t>(word >> 32) != seen && (word & kClosed) == 0) {
      if (job_.compare_exchange_weak(word, word + 1, std::memory_order_acq_rel)) {
        seen = static_cast<uint32_t>(word >> 32);
        return true;
      }
    }
    seen = static_cast<uint32_t>(word >> 32);
    return false;
  }

  void Loop(int worker) {
    uint32_t seen = 0;
    for (;;) {
      SpinThenWait(phase_, seen, spins_);
      if (stop_.load(std::memory_order_acquire)) return;
      if (!Enter(seen)) continue;
      (*body_)(worker);
      finished_.fetch_add(1, std::memory_order_acq_rel);
      finished_.notify_one();
    }
  }

  struct alignas(64) Range {
    std::atomic<size_t> next{0};
    size_t end = 0;
  };

  const int spins_;
  std::vector<Range> ranges_;
  const FunctionRef<void(int)>* body_ = nullptr;  // read only by helpers that entered
  std::atomic<bool> stop_{false};
  alignas(64) std::atomic<uint64_t> job_{kClosed};
  alignas(64) std::atomic<uint32_t> phase_{0};
  alignas(64) std::atomic<uint32_t> finished_{0};
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
  impl_->Run(body, Helpers::kAll);
}

void ThreadPool::ParallelFor(size_t count, size_t grain,
                             FunctionRef<void(size_t, size_t, int)> body) {
  if (count == 0) return;
  const size_t step = std::max<size_t>(grain, 1);
  if (threads_ == 1 || count <= step) return body(0, count, 0);
  const size_t units = (count + step - 1) / step;
  impl_->Share(units);
  const auto take = [&](int worker) {
    impl_->Take(worker, [&](size_t unit) {
      const size_t begin = unit * step;
      body(begin, std::min(begin + step, count), worker);
    });
  };
  impl_->Run(take, Helpers::kThatCame);
}

}  // namespace lemma
