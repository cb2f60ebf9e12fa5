// SPDX-License-Identifier: Apache-2.0
// How much was computed for each client, so that equals get equal shares (virtual token counters,
// Sheng et al. 2024). A client that comes back, or comes first, is lifted to just below the busy
// one that was served least: it goes first for a while, but cannot save up idle time.
// Engine thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace lemma::engine {

class ClientLedger {
 public:
  // `credit`: by how much a client that was idle may be behind, in units of Charge.
  explicit ClientLedger(uint64_t credit) : credit_(credit) {}

  // A request of the client came, and went.
  void Arrive(uint64_t client);
  void Leave(uint64_t client);
  void Charge(uint64_t client, uint64_t work);
  // 0 for a client that never came.
  [[nodiscard]] uint64_t Served(uint64_t client) const;
  // Clients that are remembered: those with requests, and a bounded number of others.
  [[nodiscard]] size_t size() const { return accounts_.size(); }

 private:
  static constexpr size_t kMostIdle = 1024;
  struct Account {
    uint64_t served = 0;
    size_t requests = 0;
  };
  // To the least that any client with requests was served.
  void RaiseFloor();
  [[nodiscard]] uint64_t Lifted(uint64_t served) const;

  uint64_t credit_;
  uint64_t floor_ = 0;
  size_t idle_ = 0;
  std::unordered_map<uint64_t, Account> accounts_;
};

}  // namespace lemma::engine
