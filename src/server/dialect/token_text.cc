// SPDX-License-Identifier: Apache-2.0
#include "server/dialect/token_text.h"

#include "service/text_tools.h"

namespace lemma::server {

TokenText TextOfTokens(const StreamStart& start) {
  if (start.loaded == nullptr) return {};
  return [model = start.loaded](int32_t token) { return service::TokenBytes(*model, token); };
}

}  // namespace lemma::server
