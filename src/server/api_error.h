// SPDX-License-Identifier: Apache-2.0
// What can go wrong with a request, before a dialect gives it its own shape. Plain data.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "server/http_types.h"

namespace lemma::server {

enum class ErrorKind : uint8_t {
  kInvalidRequest,    // 400; `param` names the field where there is one
  kContextOverflow,   // 400; the message gives the counts
  kUnsupported,       // 400: understood, and not possible here
  kUnauthorized,      // 401
  kForbidden,         // 403: host or origin not allowed
  kModelNotFound,     // 404
  kNotFound,          // 404: route, response id
  kMethodNotAllowed,  // 405
  kTooLarge,          // 413
  kRateLimited,       // 429: this client's share is used up
  kOverloaded,        // 503: the queue is full
  kModelLoading,      // 503; the message tells the progress
  kStopping,          // 503
  kDeadline,          // 408: timeout_ms passed before the first token
  kInternal,          // 500
};

struct ApiError {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
  std::string param;                       // name of the field; may be empty
  std::optional<int> retry_after_seconds;  // becomes the header Retry-After
  int status_override = 0;                 // 0: the kind's own

  [[nodiscard]] int status() const;
};

// A stable word for programs: "invalid_request", "context_length_exceeded", "model_not_found", ...
std::string_view ErrorCode(ErrorKind kind);

// A Status from the layers below. InvalidArgument that begins with "field: " sets `param`;
// ResourceExhausted becomes kOverloaded with Retry-After.
ApiError FromStatus(const Status& status);

// A dialect's shape of an error: status, Retry-After and body.
using ErrorFormatter = std::function<Response(const ApiError&)>;
// What all formatters share: status and headers, an empty body.
Response ErrorHead(const ApiError& error);

}  // namespace lemma::server
