// SPDX-License-Identifier: Apache-2.0
// The keep_alive of the Ollama API: how long a model stays loaded after a request. A number is
// seconds; a string is a duration as Go's time.ParseDuration reads it ("5m", "1h30m", "-1s"), or a
// number of seconds. Negative means for ever, zero means until the request ends. Pure functions.
#pragma once

#include <string_view>

#include "base/status.h"

namespace lemma::server::ollama {

inline constexpr double kForEver = -1.0;

// Seconds, 0 or more, or kForEver. InvalidArgument without the field's name. "" is an error.
Result<double> ParseKeepAlive(std::string_view text);
// The same of a number. Times above 100 years are for ever.
Result<double> KeepAliveFromSeconds(double seconds);

}  // namespace lemma::server::ollama
