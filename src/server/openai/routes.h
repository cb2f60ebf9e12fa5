// SPDX-License-Identifier: Apache-2.0
// The routes of OpenAI's API: /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/models.
#pragma once

namespace lemma::server {
class Router;
class Serving;
}  // namespace lemma::server

namespace lemma::server::openai {

// Also sets this dialect's shape of errors for all paths that no other dialect claims. `serving`
// must outlive the router's use.
void AddRoutes(Router& router, Serving& serving);

}  // namespace lemma::server::openai
