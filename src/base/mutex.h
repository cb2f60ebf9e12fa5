// SPDX-License-Identifier: Apache-2.0
// std::mutex with the annotations that clang's -Wthread-safety checks (libstdc++'s has none).
// Imitates the wrappers of leveldb's port/ in purpose: every guarded member says its mutex.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define LEMMA_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define LEMMA_THREAD_ANNOTATION(x)
#endif
#define LEMMA_GUARDED_BY(x) LEMMA_THREAD_ANNOTATION(guarded_by(x))
#define LEMMA_REQUIRES(...) LEMMA_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define LEMMA_EXCLUDES(...) LEMMA_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace lemma {

class LEMMA_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void Lock() LEMMA_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void Unlock() LEMMA_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class LEMMA_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) LEMMA_THREAD_ANNOTATION(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() LEMMA_THREAD_ANNOTATION(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits release and retake the mutex. Spurious wake-ups happen: wait in a loop on the state.
class CondVar {
 public:
  void Wait(Mutex& mutex) LEMMA_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False when the time passed without a notification.
  bool WaitFor(Mutex& mutex, std::chrono::nanoseconds timeout) LEMMA_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool notified = condition_.wait_for(lock, timeout) == std::cv_status::no_timeout;
    lock.release();
    return notified;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace lemma
