// SPDX-License-Identifier: Apache-2.0
#include "server/admission.h"

#include <fmt/format.h>

namespace lemma::server {

ApiError Overloaded(std::string message, ErrorKind kind) {
  constexpr int kRetrySeconds = 1;
  ApiError error;
  error.kind = kind;
  error.message = std::move(message);
  error.retry_after_seconds = kRetrySeconds;
  return error;
}

std::shared_ptr<Admission::Ticket> Admission::Enter(const std::string& client, ApiError& error) {
  const MutexLock lock(mutex_);
  if (total_ >= most_) {
    ++refused_;
    error = Overloaded(fmt::format("{} requests are being served already", total_));
    return nullptr;
  }
  const auto found = by_client_.find(client);
  const size_t own = found == by_client_.end() ? 0 : found->second;
  if (most_per_client_ != 0 && own >= most_per_client_) {
    ++refused_;
    error = Overloaded(fmt::format("this client has {} requests under way already", own),
                       ErrorKind::kRateLimited);
    return nullptr;
  }
  ++by_client_[client];
  ++total_;
  return std::make_shared<Ticket>(*this, client);
}

size_t Admission::total() const {
  const MutexLock lock(mutex_);
  return total_;
}

uint64_t Admission::refused() const {
  const MutexLock lock(mutex_);
  return refused_;
}

void Admission::CountRefusal() {
  const MutexLock lock(mutex_);
  ++refused_;
}

void Admission::Leave(const std::string& client) {
  const MutexLock lock(mutex_);
  --total_;
  const auto found = by_client_.find(client);
  if (found != by_client_.end() && --found->second == 0) by_client_.erase(found);
}

}  // namespace lemma::server
