// SPDX-License-Identifier: Apache-2.0
// Where in a template something went wrong: line, column (in code points, from 1) and an excerpt of
// that line. Internal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace lemma::chat::jinja {

// "12:5 near `{{- foo | bar }}`".
std::string Locate(std::string_view source, size_t offset);
// The same error with " (at 12:5 near `...`)" after its message.
Status WithLocation(const Status& status, std::string_view source, size_t offset);

}  // namespace lemma::chat::jinja
