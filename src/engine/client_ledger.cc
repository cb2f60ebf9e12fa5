// SPDX-License-Identifier: Apache-2.0
#include "engine/client_ledger.h"

#include <algorithm>

namespace lemma::engine {

uint64_t ClientLedger::Lifted(uint64_t served) const {
  return std::max(served, floor_ - std::min(floor_, credit_));
}

void ClientLedger::Arrive(uint64_t client) {
  RaiseFloor();
  const auto [found, fresh] = accounts_.try_emplace(client);
  Account& account = found->second;
  if (account.requests == 0) {
    account.served = Lifted(account.served);
    idle_ -= fresh ? 0 : 1;
  }
  ++account.requests;
}

void ClientLedger::Leave(uint64_t client) {
  const auto found = accounts_.find(client);
  if (found == accounts_.end() || found->second.requests == 0) return;
  RaiseFloor();
  if (--found->second.requests > 0) return;
  ++idle_;
  if (idle_ <= kMostIdle) return;
  // Those that would be lifted anyway need no memory; if that is not enough, all idle ones go.
  const size_t before = accounts_.size();
  const auto idle = [](const auto& item) { return item.second.requests == 0; };
  std::erase_if(accounts_, [&](const auto& item) {
    return idle(item) && Lifted(item.second.served) != item.second.served;
  });
  idle_ -= before - accounts_.size();
  if (idle_ <= kMostIdle) return;
  std::erase_if(accounts_, idle);
  idle_ = 0;
}

void ClientLedger::Charge(uint64_t client, uint64_t work) {
  const auto found = accounts_.find(client);
  if (found == accounts_.end()) return;
  found->second.served += work;
}

uint64_t ClientLedger::Served(uint64_t client) const {
  const auto found = accounts_.find(client);
  return found == accounts_.end() ? 0 : found->second.served;
}

void ClientLedger::RaiseFloor() {
  uint64_t least = UINT64_MAX;
  for (const auto& [client, account] : accounts_) {
    if (account.requests > 0) least = std::min(least, account.served);
  }
  if (least != UINT64_MAX) floor_ = std::max(floor_, least);
}

}  // namespace lemma::engine
