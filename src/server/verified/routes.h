// SPDX-License-Identifier: Apache-2.0
// Verified reasoning over HTTP: POST /v1/lemma/solve (JSON, or server-sent events as the chains
// run: reasoning/solve_json.h), POST /v1/lemma/check (reasoning/verify_json.h), verified chats of
// all dialects, and the notebook of mistakes (notebook_routes.h). Work runs on threads of its own,
// so that chats and tokenising go on; a client that leaves ends its chains within a step.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "reasoning/calibration.h"
#include "reasoning/scaffold.h"
#include "reasoning/solve.h"
#include "server/router.h"
#include "server/serving.h"

namespace lemma::server::verified {

struct SolveServiceOptions {
  int threads = 4;          // questions at a time
  size_t max_waiting = 64;  // more get 503
  // Clients do not share prefixes in the cache.
  bool isolate_clients = false;
  std::filesystem::path notebook = {};  // of mistakes; empty: none
  reasoning::Scaffolds scaffolds = {};  // the built-in ones, and those of the server's owner
  // What agreement is worth, each for one model and profile.
  std::vector<reasoning::Calibration> calibrations = {};
  // After so much silence a stream gets a comment, as ServingOptions has it; zero: never.
  std::chrono::milliseconds ping{15'000};
  // Told of every result, those that were cut among them; on several threads. May be empty.
  std::function<void(const reasoning::SolveResult&)> on_solved = {};
};

class SolveService {
 public:
  // Both must outlive it.
  SolveService(SolveServiceOptions options, Router& router, Serving& serving);
  ~SolveService();
  SolveService(const SolveService&) = delete;
  SolveService& operator=(const SolveService&) = delete;

  // What runs ends within a step; its clients are told. Any thread.
  void CancelAll();
  // Cancels what runs and waits for it; later requests get 503. Before the server's loops go.
  void Stop();

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace lemma::server::verified
