// SPDX-License-Identifier: Apache-2.0
// What the end of a sample should tell beside its reason, for the `warnings` of every dialect.
#pragma once

#include <string>
#include <vector>

#include "service/generate.h"

namespace lemma::server {

// A full context, an unfinished chain of thought, a loop that was ended; usually nothing.
// REQUIRES: an event of kind kFinish.
std::vector<std::string> FinishNotes(const service::StreamEvent& finish);

}  // namespace lemma::server
