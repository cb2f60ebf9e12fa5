// SPDX-License-Identifier: Apache-2.0
// The life of a server that listens: its first model is loaded, it serves until it is told to stop,
// and running requests may finish.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "base/status.h"
#include "server/app/app.h"

namespace lemma::cli {

enum class FirstModel : uint8_t {
  kLater,   // loaded when it is asked for
  kWanted,  // loaded now; when that fails the server goes on
  kNeeded,  // loaded now; when that fails the server ends, and says why
};

struct ServeLoopOptions {
  FirstModel first = FirstModel::kNeeded;
  std::chrono::milliseconds drain{30'000};  // that running requests get to finish
  // How often the server was told to stop: once drains, more stop at once. Polled.
  std::function<int()> stops;
};

// REQUIRES: the app was started. It is stopped when this returns: the error of the first load, or
// that the books of a cache were not in order.
Status ServeUntilStopped(server::App& app, const ServeLoopOptions& options);

}  // namespace lemma::cli
