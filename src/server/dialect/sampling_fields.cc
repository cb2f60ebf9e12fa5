// SPDX-License-Identifier: Apache-2.0
#include "server/dialect/sampling_fields.h"

#include <limits>

namespace lemma::server {

void ReadTopP(ObjectReader& in, service::SamplingOverrides& sampling) {
  in.Read("top_p", sampling.top_p);
  // The engine keeps the smallest set that reaches it: never less than one token.
  if (sampling.top_p == 0.0F) sampling.top_p = std::numeric_limits<float>::min();
}

}  // namespace lemma::server
