// SPDX-License-Identifier: Apache-2.0
// A result and its events as JSON, the same from the command line and over HTTP.
//   result: {"answer","status","summary":{"zh","en"},"certificate"|null,"checks":[...],
//            "votes":{"k","n","classes":[{"answer","chains":[...],"weight","status"}]},
//            "confidence":{"k","n","p","low","high","table"}|null,
//            "samples","tokens","prompt_tokens","seconds","stopped_by","retry_rounds",
//            "task","language","policy":{...},"chains":[...],"seed","trace_id"}
// "content" and "thinking" of the chosen chain are added for HTTP by its dialects.
#pragma once

#include <string>

#include "reasoning/solve.h"

namespace lemma::reasoning {

enum class ChainTexts : uint8_t { kNo, kYes };  // thinking and content of every chain

std::string SolveResultJson(const SolveResult& result, ChainTexts texts);
// {"type":"plan"|"chain_started"|"chain_text"|"chain_finished"|"chain_pruned"|"step_dropped"|
//         "retry"|"stopped", ...}
std::string SolveEventJson(const SolveEvent& event);
std::string PolicyJson(const Policy& policy);

}  // namespace lemma::reasoning
