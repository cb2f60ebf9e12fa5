// SPDX-License-Identifier: Apache-2.0
// Memory that this process may still take: what the system reports as available, less where a
// container (cgroup v2 or v1) sets a lower limit. File pages that can be dropped count as free.
#pragma once

#include <cstdint>

namespace lemma {

// Bytes; 0 when unknown.
uint64_t AvailableMemoryBytes();

}  // namespace lemma
