// SPDX-License-Identifier: Apache-2.0
#include "reasoning/chain.h"

#include <array>

namespace lemma::reasoning {

std::string_view ChainEndName(ChainEnd end) {
  constexpr std::array<std::string_view, 6> kNames = {"running",    "answered",  "no_answer",
                                                      "unfinished", "cancelled", "pruned"};
  return kNames[static_cast<size_t>(end)];
}

ChainEnd EndOfChain(const service::StreamEvent& event) {
  using service::FinishReason;
  switch (event.finish) {
    case FinishReason::kCancelled:
      return ChainEnd::kCancelled;
    case FinishReason::kStop:
    case FinishReason::kStopString:
      return event.thinking_unfinished ? ChainEnd::kUnfinished : ChainEnd::kAnswered;
    default:
      return ChainEnd::kUnfinished;
  }
}

}  // namespace lemma::reasoning
