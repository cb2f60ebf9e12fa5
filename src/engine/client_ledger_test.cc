// SPDX-License-Identifier: Apache-2.0
#include "engine/client_ledger.h"

#include <gtest/gtest.h>

namespace lemma::engine {
namespace {

TEST(ClientLedgerTest, ANewClientComesJustBelowTheLeastServed) {
  ClientLedger ledger(100);
  ledger.Arrive(1);
  ledger.Arrive(2);
  ledger.Charge(1, 5000);
  ledger.Charge(2, 9000);
  ledger.Arrive(3);
  EXPECT_EQ(ledger.Served(3), 4900u);
  EXPECT_EQ(ledger.Served(4), 0u);
}

TEST(ClientLedgerTest, IdleTimeIsNotSavedUpButServiceIsRemembered) {
  ClientLedger ledger(100);
  ledger.Arrive(1);
  ledger.Charge(1, 300);
  ledger.Arrive(2);
  ledger.Charge(2, 1000);
  ledger.Leave(2);
  ledger.Arrive(2);
  EXPECT_EQ(ledger.Served(2), 1200u) << "leaving and coming back wins nothing";
  ledger.Leave(2);
  ledger.Charge(1, 100000);
  ledger.Arrive(2);
  EXPECT_EQ(ledger.Served(2), 100200u);
}

TEST(ClientLedgerTest, TheFloorStaysWhenAllHaveGone) {
  ClientLedger ledger(100);
  ledger.Arrive(1);
  ledger.Charge(1, 5000);
  ledger.Leave(1);
  ledger.Arrive(2);
  EXPECT_EQ(ledger.Served(2), 4900u);
  ledger.Arrive(1);
  EXPECT_EQ(ledger.Served(1), 5000u);
}

TEST(ClientLedgerTest, SeveralRequestsOfOneClientCountAsOneClient) {
  ClientLedger ledger(0);
  ledger.Arrive(1);
  ledger.Arrive(1);
  ledger.Charge(1, 10);
  ledger.Leave(1);
  ledger.Arrive(2);
  EXPECT_EQ(ledger.Served(2), 10u) << "client 1 is still there";
  ledger.Leave(7);  // never came
  ledger.Charge(7, 10);
  EXPECT_EQ(ledger.size(), 2u);
}

TEST(ClientLedgerTest, MemoryIsBounded) {
  ClientLedger ledger(100);
  for (uint64_t client = 0; client < 20000; ++client) {
    ledger.Arrive(client);
    ledger.Charge(client, 150);
    ledger.Leave(client);
    EXPECT_LE(ledger.size(), 1026u);
  }
}

}  // namespace
}  // namespace lemma::engine
