// SPDX-License-Identifier: Apache-2.0
// The log of `lemma serve` on standard error: a line for people, or a JSON object. Never the text
// of a request.
#pragma once

#include <cstdint>
#include <string>

#include "server/http/http_server.h"

namespace lemma::cli {

enum class ServeLogForm : uint8_t { kText, kJson };

// `least_level`: "debug", "info", "warning" or "error".
void SetServeLog(const std::string& least_level, ServeLogForm form);
// One line a request.
void LogAccess(const server::AccessRecord& record, ServeLogForm form);

}  // namespace lemma::cli
