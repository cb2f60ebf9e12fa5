// SPDX-License-Identifier: Apache-2.0
// Verified reasoning over HTTP: POST /v1/lemma/solve (JSON, or server-sent events as the chains
// run: reasoning/solve_json.h) and POST /v1/lemma/check (reasoning/verify_json.h). Work runs on
// threads of its own, so that chats and tokenising go on; a client that leaves ends its chains
// within a step.
#pragma once

#include <cstddef>
#include <memory>

#include "server/router.h"
#include "server/serving.h"

namespace lemma::server::verified {

struct SolveLimits {
  int threads = 4;          // questions at a time
  size_t max_waiting = 64;  // more get 503
  // Clients do not share prefixes in the cache.
  bool isolate_clients = false;
};

class SolveService {
 public:
  // Both must outlive it.
  SolveService(SolveLimits limits, Router& router, Serving& serving);
  ~SolveService();
  SolveService(const SolveService&) = delete;
  SolveService& operator=(const SolveService&) = delete;

  // Cancels what runs and waits for it; later requests get 503. Before the server's loops go.
  void Stop();

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace lemma::server::verified
