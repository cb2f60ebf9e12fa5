// SPDX-License-Identifier: Apache-2.0
// Follows the tokens of one sample as they join it, and may answer with tokens that must come next
// or with the end. So rules about the text (a budget of thinking, a guard against loops) act at an
// exact token: the output stays a function of the request. Made and called on the engine thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace lemma::engine {

struct WatchVerdict {
  std::vector<int32_t> force;  // follow at once, without a draw; the watch is told of them too
  bool end = false;            // the sample ends here, with FinishReason::kWatch
  std::optional<float> temperature = {};  // of the draws from here on; 0 or more
};

class TokenWatch {
 public:
  virtual ~TokenWatch() = default;
  TokenWatch() = default;
  TokenWatch(const TokenWatch&) = delete;
  TokenWatch& operator=(const TokenWatch&) = delete;

  // After each token, forced ones included (of a verdict about a forced token only the temperature
  // counts).
  // Must be cheap: all sequences wait. Stop tokens do not come here.
  virtual WatchVerdict OnToken(int32_t token) = 0;
};

// One watch a sample.
using WatchFactory = std::function<std::unique_ptr<TokenWatch>(size_t sample)>;

}  // namespace lemma::engine
