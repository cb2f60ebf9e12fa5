// SPDX-License-Identifier: Apache-2.0
// POST /v1/messages and /v1/messages/count_tokens, and the shape of errors below /v1/messages.
#pragma once

#include "server/router.h"
#include "server/serving.h"

namespace lemma::server::anthropic {

// `serving` must outlive the router.
void AddRoutes(Router& router, Serving& serving);

}  // namespace lemma::server::anthropic
