// SPDX-License-Identifier: Apache-2.0
// Tells model files apart by their content: metadata, tensors, all bytes. For caches that outlive
// the process; not against those who make files collide on purpose. Reads the whole file, at about
// the speed of memory. Pure.
#pragma once

#include <string>

#include "gguf/reader.h"

namespace lemma::service {

// 32 hexadecimal digits.
std::string FingerprintOf(const gguf::File& file);

}  // namespace lemma::service
