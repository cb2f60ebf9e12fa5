// SPDX-License-Identifier: Apache-2.0
// What an answer should tell beside its text and the reason of its end, for the `warnings` of every
// dialect.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/generate.h"

namespace lemma::server {

// A full context, an unfinished chain of thought, a loop that was ended; usually nothing.
// REQUIRES: an event of kind kFinish.
std::vector<std::string> FinishNotes(const service::StreamEvent& finish);
// That messages were left out of the prompt, if any were.
std::optional<std::string> TruncationNote(const service::Truncation& truncation);

}  // namespace lemma::server
