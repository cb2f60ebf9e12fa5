// SPDX-License-Identifier: Apache-2.0
// The parts of `lemma bench`: the speed of a model, the machine's limits, and where the time of a
// pass goes. Each prints its result (text or one line of JSON) and returns what went wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/command.h"

namespace lemma::cli {

struct BenchCommand {
  ModelOptions model;
  std::vector<size_t> prompts = {512};  // one prefill test each; {0}: none
  std::vector<size_t> depths;           // decode tests start here; empty: at the first prompt
  std::vector<size_t> batches = {1};    // sequences decoded at once
  size_t generate = 64;                 // steps of a decode test; 0: none
  size_t chunk = 512;                   // tokens a forward pass in prefill
  size_t rounds = 3;
  bool machine = false;
  bool quick = false;  // of --machine: about two seconds
  bool timeline = false;
  bool json = false;
};

// The speed of prefill and decode, each test once a round.
Status RunSpeedBench(const BenchCommand& command);
// Topology, read bandwidth, multiply rates, barrier cost. At most half a minute.
Status RunMachineBench(const BenchCommand& command);
// The share of each part of the forward pass, for one prefill chunk and for decode steps.
Status RunTimelineBench(const BenchCommand& command);

// Of samples in any order; quartiles by linear interpolation between the two nearest.
// REQUIRES: not empty.
struct Spread {
  double median = 0;
  double lower = 0;  // first quartile
  double upper = 0;  // third quartile
};
Spread SpreadOf(std::vector<double> samples);

}  // namespace lemma::cli
