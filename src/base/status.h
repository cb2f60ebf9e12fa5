// SPDX-License-Identifier: Apache-2.0
// Errors as values. A function that can fail returns Status, or Result<T> when it also has a
// value. Both are [[nodiscard]]. The message names the field, file, offset or line and what was
// expected; callers add context with Status::WithContext. Values are plain: no thread rule.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace lemma {

enum class StatusCode {
  kOk,
  kInvalidArgument,     // the caller's request is wrong
  kDataLoss,            // a file or stream is damaged
  kNotFound,            // a named thing does not exist
  kUnsupported,         // well-formed, but this build cannot do it
  kResourceExhausted,   // a limit, memory, pages or disk
  kFailedPrecondition,  // not in this state
  kCancelled,
  kDeadlineExceeded,
  kIo,        // the operating system refused
  kInternal,  // our own bug
};

// "data loss", "not found", ...
std::string_view StatusCodeName(StatusCode code);

class [[nodiscard]] Status {
 public:
  Status() = default;  // ok
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] bool ok() const { return code_ == StatusCode::kOk; }
  [[nodiscard]] StatusCode code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }

  // The same error, with "context: " put before its message. Ok stays ok.
  [[nodiscard]] Status WithContext(std::string_view context) const;
  // "data loss: message", or "ok".
  [[nodiscard]] std::string ToString() const;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

inline Status OkStatus() { return {}; }
Status InvalidArgument(std::string message);
Status DataLoss(std::string message);
Status NotFound(std::string message);
Status Unsupported(std::string message);
Status ResourceExhausted(std::string message);
Status FailedPrecondition(std::string message);
Status IoError(std::string message);
Status InternalError(std::string message);

// A value or the Status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
  static_assert(!std::is_same_v<T, Status>);

 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor): `return v;`
  Result(Status status) : status_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    if (status_.ok()) status_ = InternalError("Result made from an ok Status without a value");
  }

  [[nodiscard]] bool ok() const { return value_.has_value(); }
  [[nodiscard]] const Status& status() const { return status_; }
  // REQUIRES: ok().
  [[nodiscard]] T& value() & { return *value_; }
  [[nodiscard]] const T& value() const& { return *value_; }
  [[nodiscard]] T&& value() && { return std::move(*value_); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return std::move(*value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace lemma

#define LEMMA_CONCAT_INNER_(a, b) a##b
#define LEMMA_CONCAT_(a, b) LEMMA_CONCAT_INNER_(a, b)

// Returns the Status of `expr` from the enclosing function if it is an error.
#define LEMMA_RETURN_IF_ERROR(expr)                \
  do {                                             \
    ::lemma::Status lemma_status_ = (expr);        \
    if (!lemma_status_.ok()) return lemma_status_; \
  } while (false)

// LEMMA_ASSIGN_OR_RETURN(auto x, F()): declares x from the Result, or returns its Status.
// A declaration cannot stand in parentheses: NOLINTBEGIN(bugprone-macro-parentheses)
#define LEMMA_ASSIGN_OR_RETURN(decl, expr) \
  LEMMA_ASSIGN_OR_RETURN_IMPL_(LEMMA_CONCAT_(lemma_result_, __LINE__), decl, expr)
#define LEMMA_ASSIGN_OR_RETURN_IMPL_(tmp, decl, expr) \
  auto tmp = (expr);                                  \
  if (!tmp.ok()) return tmp.status();                 \
  decl = std::move(tmp).value()
// NOLINTEND(bugprone-macro-parentheses)
