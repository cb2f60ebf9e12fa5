// SPDX-License-Identifier: Apache-2.0
// The routes of the Ollama API: /, /api/generate, /api/chat, /api/tags, /api/show, /api/ps,
// /api/version, /api/embed, /api/embeddings; and the shape of errors below /api. Routes that change
// models (pull, create, ...) answer that this server does not do that.
#pragma once

#include <string_view>

#include "server/router.h"
#include "server/serving.h"

namespace lemma::server::ollama {

// The version of the Ollama API that is followed: clients switch features by it.
inline constexpr std::string_view kApiVersion = "0.12.6";

// `serving` must outlive the router.
void AddRoutes(Router& router, Serving& serving);

}  // namespace lemma::server::ollama
