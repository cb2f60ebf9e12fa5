// SPDX-License-Identifier: Apache-2.0
// The Python programs on the two sides of RunPythonTests. Messages: 4 bytes of length, big-endian,
// then JSON; values are tagged lists (see `encode`).
#pragma once

#include <string>

namespace lemma::sandbox {

// Serves calls of the code in /box/candidate.py: requests on descriptor 3, replies on 4.
std::string CandidateSource();

// Runs /box/tests.py: replies on descriptor 3, requests on 4, the verdict on 5 (one JSON object).
std::string TesterSource();

}  // namespace lemma::sandbox
