// SPDX-License-Identifier: Apache-2.0
// Chains from any server that speaks OpenAI's chat completions: one request a chain, those of a
// group at the same time. Whole chains only (Reach::kWholeChains). Thinking is what the server
// gives as "reasoning_content" (or "reasoning"), else what stands in <think> tags. Busy servers
// (429, 503) and passing troubles (500, 502, 504, a reply that was cut off) are tried again, a
// bounded number of times, after Retry-After where it is given. Threads: a source and its runs are
// used by one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/status.h"
#include "reasoning/chain_source.h"

namespace lemma::reasoning {

struct RemoteOptions {
  std::string url;              // "http://127.0.0.1:8080/v1"
  std::string model;            // as the server calls it
  std::string api_key;          // sent as a bearer token, shown nowhere; empty: none
  double reply_seconds = 3600;  // for one chain
  size_t tries = 5;             // of one chain
  double first_wait = 1;        // seconds before the second try; doubles with each
};
// A server that asks for more patience than this is an error.
inline constexpr double kMostRetryAfter = 300;  // seconds

// InvalidArgument: the URL.
Result<std::unique_ptr<ChainSource>> MakeRemoteSource(const RemoteOptions& options);

// The model of a server that has only one (GET /models). InvalidArgument lists several.
Result<std::string> OnlyRemoteModel(const RemoteOptions& options);

}  // namespace lemma::reasoning
