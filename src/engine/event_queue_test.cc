// SPDX-License-Identifier: Apache-2.0
#include "engine/event_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace lemma::engine {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

TokenEvent Event(size_t sample) {
  TokenEvent event;
  event.sample = sample;
  return event;
}

TEST(EventQueueTest, TellsWhenAnEventComesIntoTheEmptyQueue) {
  EventQueue queue(8);
  int calls = 0;
  queue.OnEvent([&] { ++calls; });
  EXPECT_EQ(calls, 0);
  queue.Push(Event(0));
  queue.Push(Event(1));
  EXPECT_EQ(calls, 1);
  while (queue.Pop(nanoseconds(0))) {
  }
  queue.Push(Event(2));
  EXPECT_EQ(calls, 2);
}

TEST(EventQueueTest, TellsAtOnceWhenSetLateAndNothingAfterItWasTakenAway) {
  EventQueue queue(8);
  queue.Push(Event(0));
  int calls = 0;
  queue.OnEvent([&] { ++calls; });
  EXPECT_EQ(calls, 1);
  queue.OnEvent({});
  EXPECT_TRUE(queue.Pop(nanoseconds(0)));
  queue.Push(Event(1));
  EXPECT_EQ(calls, 1);
}

TEST(EventQueueTest, TheCalleeMayPop) {
  EventQueue queue(8);
  size_t got = 0;
  queue.OnEvent([&] {
    while (queue.Pop(nanoseconds(0))) ++got;
  });
  for (size_t i = 0; i < 5; ++i) queue.Push(Event(i));
  EXPECT_EQ(got, 5u);
}

// A consumer that sleeps until it is told, and then reads until nothing is left, misses nothing;
// the callback comes and goes while events arrive.
TEST(EventQueueTest, NoEventIsMissedBetweenThreads) {
  constexpr size_t kEvents = 20000;
  EventQueue queue(kEvents);
  std::atomic<int> told{0};
  std::thread producer([&] {
    for (size_t i = 0; i < kEvents; ++i) queue.Push(Event(i));
  });
  size_t next = 0;
  const auto deadline = std::chrono::steady_clock::now() + seconds(60);
  while (next < kEvents && std::chrono::steady_clock::now() < deadline) {
    if (next % 7 == 0) queue.OnEvent({});
    queue.OnEvent([&] {
      told.fetch_add(1);
      told.notify_one();
    });
    told.wait(0);
    told.store(0);
    while (const auto event = queue.Pop(nanoseconds(0))) ASSERT_EQ(event->sample, next++);
  }
  EXPECT_EQ(next, kEvents);
  queue.OnEvent({});
  producer.join();
}

}  // namespace
}  // namespace lemma::engine
