// SPDX-License-Identifier: Apache-2.0
#include "server/api_error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace lemma::server {
namespace {

struct KindRow {
  ErrorKind kind;
  int status;
  std::string_view code;
};

constexpr std::array<KindRow, 15> kKinds{{
    {ErrorKind::kInvalidRequest, 400, "invalid_request"},
    {ErrorKind::kContextOverflow, 400, "context_length_exceeded"},
    {ErrorKind::kUnsupported, 400, "unsupported"},
    {ErrorKind::kUnauthorized, 401, "invalid_api_key"},
    {ErrorKind::kForbidden, 403, "forbidden"},
    {ErrorKind::kModelNotFound, 404, "model_not_found"},
    {ErrorKind::kNotFound, 404, "not_found"},
    {ErrorKind::kMethodNotAllowed, 405, "method_not_allowed"},
    {ErrorKind::kTooLarge, 413, "request_too_large"},
    {ErrorKind::kRateLimited, 429, "rate_limit_exceeded"},
    {ErrorKind::kOverloaded, 503, "overloaded"},
    {ErrorKind::kModelLoading, 503, "model_loading"},
    {ErrorKind::kStopping, 503, "shutting_down"},
    {ErrorKind::kDeadline, 408, "deadline_exceeded"},
    {ErrorKind::kInternal, 500, "internal_error"},
}};

const KindRow& RowOf(ErrorKind kind) {
  const auto* row = std::find_if(kKinds.begin(), kKinds.end(),
                                 [kind](const KindRow& each) { return each.kind == kind; });
  return row == kKinds.end() ? kKinds.back() : *row;
}

// "temperature: 3 is out of range" names the field "temperature"; "messages[2].content: ..." too.
std::string FieldOf(std::string_view message) {
  const size_t colon = message.find(": ");
  if (colon == std::string_view::npos) return {};
  const std::string_view field = message.substr(0, colon);
  const bool name = std::all_of(field.begin(), field.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '[' ||
           c == ']';
  });
  return name ? std::string(field) : std::string();
}

}  // namespace

int ApiError::status() const { return status_override != 0 ? status_override : RowOf(kind).status; }

std::string_view ErrorCode(ErrorKind kind) { return RowOf(kind).code; }

ApiError FromStatus(const Status& status) {
  ApiError error;
  error.message = status.message();
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
      error.kind = ErrorKind::kInvalidRequest;
      error.param = FieldOf(status.message());
      // What service::FitPrompt and engine::Engine::Submit say, with the counts.
      if (error.param.starts_with("prompt") &&
          error.message.find("do not fit the context") != std::string::npos) {
        error.kind = ErrorKind::kContextOverflow;
      }
      break;
    case StatusCode::kUnsupported:
      error.kind = ErrorKind::kUnsupported;
      error.param = FieldOf(status.message());
      break;
    case StatusCode::kNotFound:
      error.kind = ErrorKind::kModelNotFound;
      error.param = "model";
      break;
    case StatusCode::kResourceExhausted:
      error.kind = ErrorKind::kOverloaded;
      error.retry_after_seconds = 1;
      break;
    case StatusCode::kDeadlineExceeded:
      error.kind = ErrorKind::kDeadline;
      break;
    case StatusCode::kCancelled:
      error.kind = ErrorKind::kStopping;
      break;
    default:
      error.kind = ErrorKind::kInternal;
  }
  return error;
}

Response ErrorHead(const ApiError& error) {
  Response response;
  response.status = error.status();
  if (error.retry_after_seconds) {
    response.headers.push_back({"Retry-After", std::to_string(*error.retry_after_seconds)});
  }
  return response;
}

}  // namespace lemma::server
