// SPDX-License-Identifier: Apache-2.0
// Conveniences of llama.cpp's server: /completion, /tokenize, /detokenize, /apply-template, /props,
// /slots. (/health and /metrics belong to the server itself.)
#pragma once

#include "server/router.h"
#include "server/serving.h"

namespace lemma::server::llamacpp {

// `serving` must outlive the router.
void AddRoutes(Router& router, Serving& serving);

}  // namespace lemma::server::llamacpp
