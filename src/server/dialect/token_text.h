// SPDX-License-Identifier: Apache-2.0
// The bytes of tokens, for the logprobs of every dialect.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "server/stream_pump.h"

namespace lemma::server {

// Perhaps a part of a character. Empty function: nothing is known, and every token is "".
using TokenText = std::function<std::string_view(int32_t token)>;

// Good as long as `start.loaded`; empty when that is null.
TokenText TextOfTokens(const StreamStart& start);

}  // namespace lemma::server
