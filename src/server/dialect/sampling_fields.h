// SPDX-License-Identifier: Apache-2.0
// Sampling fields that the dialects read alike. Pure.
#pragma once

#include "server/object_reader.h"
#include "service/generate.h"

namespace lemma::server {

// "top_p": 0 means the likeliest token alone, as clients of other servers expect.
void ReadTopP(ObjectReader& in, service::SamplingOverrides& sampling);

}  // namespace lemma::server
