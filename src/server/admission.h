// SPDX-License-Identifier: Apache-2.0
// How many requests are served at a time, all together and of one client. A request that finds no
// place is refused at once. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"
#include "server/api_error.h"

namespace lemma::server {

// A refusal for want of room: 503, or 429; to be tried again in a second.
ApiError Overloaded(std::string message, ErrorKind kind = ErrorKind::kOverloaded);

class Admission {
 public:
  // At most so many requests, and of one client; `most_per_client` 0: no bound of its own.
  Admission(size_t most, size_t most_per_client) : most_(most), most_per_client_(most_per_client) {}

  // A place; it is given back when destroyed, before the admission is.
  class Ticket {
   public:
    Ticket(Admission& admission, std::string client)
        : admission_(admission), client_(std::move(client)) {}
    ~Ticket() { admission_.Leave(client_); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    Admission& admission_;
    const std::string client_;
  };

  // Null when there is no place: `error` says so, and the refusal is counted.
  std::shared_ptr<Ticket> Enter(const std::string& client, ApiError& error) LEMMA_EXCLUDES(mutex_);
  // One that was refused elsewhere: by the engine's queue, by the workers'.
  void CountRefusal() LEMMA_EXCLUDES(mutex_);

  [[nodiscard]] size_t total() const LEMMA_EXCLUDES(mutex_);
  [[nodiscard]] uint64_t refused() const LEMMA_EXCLUDES(mutex_);

 private:
  void Leave(const std::string& client) LEMMA_EXCLUDES(mutex_);

  const size_t most_;
  const size_t most_per_client_;
  mutable Mutex mutex_;
  size_t total_ LEMMA_GUARDED_BY(mutex_) = 0;
  uint64_t refused_ LEMMA_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, size_t> by_client_ LEMMA_GUARDED_BY(mutex_);
};

}  // namespace lemma::server
