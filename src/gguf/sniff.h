// SPDX-License-Identifier: Apache-2.0
// Says what a file that is not GGUF looks like, so that the error helps.
#pragma once

#include <cstddef>
#include <span>

#include "base/status.h"

namespace lemma::gguf {

// The error for bytes that do not start with the magic; names what they look like when known.
Status NotGguf(std::span<const std::byte> bytes);

}  // namespace lemma::gguf
