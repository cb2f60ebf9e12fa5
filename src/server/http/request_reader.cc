// SPDX-License-Identifier: Apache-2.0
#include "server/http/request_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <utility>

#include "server/http/chunked_body.h"

namespace lemma::server {

namespace http = boost::beast::http;

namespace {

Method FromVerb(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::kGet;
    case http::verb::head:
      return Method::kHead;
    case http::verb::post:
      return Method::kPost;
    case http::verb::put:
      return Method::kPut;
    case http::verb::patch:
      return Method::kPatch;
    case http::verb::delete_:
      return Method::kDelete;
    case http::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

int StatusFor(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return 431;
  if (error == http::error::bad_version) return 505;
  return 400;
}

}  // namespace

// The head is Beast's; the body is not: its chunk parser (1.81) asserts that a last chunk never
// comes in pieces of less than five bytes.
struct RequestReader::Parser {
  explicit Parser(uint64_t max_body_bytes) : chunks(max_body_bytes) {}

  http::request_parser<http::empty_body> http;
  ChunkedBody chunks;
  uint64_t left = 0;  // of a body with a length
};

RequestReader::RequestReader(const RequestLimits& limits)
    : limits_(limits), parser_(std::make_unique<Parser>(limits.body_bytes)) {
  parser_->http.eager(false);
  parser_->http.header_limit(static_cast<uint32_t>(limits.header_bytes));
  parser_->http.body_limit(limits.body_bytes);
}

RequestReader::~RequestReader() = default;

RequestReader::State RequestReader::Feed(std::string_view bytes) {
  if (state_ == State::kFailed) return state_;
  pending_.append(bytes);
  if (state_ == State::kHeader) ReadHead();
  if (state_ == State::kBody) ReadBody();
  return state_;
}

RequestReader::State RequestReader::ReadHead() {
  auto& http = parser_->http;
  size_t used = 0;
  while (used < pending_.size() && !http.is_header_done()) {
    boost::system::error_code error;
    const size_t count =
        http.put(boost::asio::buffer(pending_.data() + used, pending_.size() - used), error);
    used += count;
    if (error == http::error::need_more || (count == 0 && !error)) break;
    if (error == http::error::body_limit) return FailTooLarge();
    if (error) return Fail(StatusFor(error), error.message());
  }
  GuessPath();
  pending_.erase(0, used);
  // Beast counts a header against its limit only once its end is in sight.
  if (!http.is_header_done()) {
    if (pending_.size() > limits_.header_bytes) return Fail(431, "the header is too large");
    return state_;
  }
  parser_->left = http.content_length().value_or(0);
  return CheckHead();
}

RequestReader::State RequestReader::ReadBody() {
  std::string_view rest = pending_;
  if (!parser_->http.chunked()) {
    const auto count = static_cast<size_t>(std::min<uint64_t>(parser_->left, rest.size()));
    request_.body.append(rest.substr(0, count));
    rest.remove_prefix(count);
    parser_->left -= count;
    if (parser_->left == 0) state_ = State::kDone;
  } else {
    switch (parser_->chunks.Feed(rest, request_.body)) {
      case ChunkedBody::State::kMore:
        break;
      case ChunkedBody::State::kDone:
        state_ = State::kDone;
        break;
      case ChunkedBody::State::kBad:
        return Fail(400, "the body is not in chunks as it should be");
      case ChunkedBody::State::kTooLarge:
        return FailTooLarge();
    }
  }
  pending_.erase(0, pending_.size() - rest.size());
  return state_;
}

RequestReader::State RequestReader::CheckHead() {
  const auto& message = parser_->http.get();
  if (message.version() != 11 && message.version() != 10) {
    return Fail(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  }
  const std::string_view target = message.target();
  if (target.size() > limits_.target_bytes) {
    return Fail(414, fmt::format("the request target has {} bytes, at most {} are taken",
                                 target.size(), limits_.target_bytes));
  }
  const auto fields = static_cast<size_t>(std::distance(message.begin(), message.end()));
  if (fields > limits_.header_fields) {
    return Fail(431, fmt::format("the request has {} header fields, at most {} are taken", fields,
                                 limits_.header_fields));
  }
  if (message.count(http::field::host) > 1) return Fail(400, "several Host fields");
  if (message.count(http::field::content_encoding) > 0) {
    return Fail(415, "Content-Encoding: compressed requests are not taken");
  }
  const auto coding = message[http::field::transfer_encoding];
  if (!coding.empty() && !boost::beast::iequals(coding, "chunked")) {
    return Fail(400, "Transfer-Encoding: only chunked is known");
  }
  if (message.count(http::field::content_length) > 1) {
    return Fail(400, "several Content-Length fields");
  }
  if (!target.starts_with('/')) return Fail(400, "the request target must be a path");
  const size_t question = std::min(target.find('?'), target.size());
  auto path = PercentDecode(target.substr(0, question));
  if (!path) return Fail(400, "the request target has a bad percent escape");
  request_.path = std::move(*path);
  request_.query = target.substr(std::min(question + 1, target.size()));
  request_.method = FromVerb(message.method());
  for (const auto& field : message) {
    request_.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  http_1_0_ = message.version() == 10;
  keep_alive_ = parser_->http.keep_alive();
  if (message.count(http::field::expect) > 0) {
    if (!boost::beast::iequals(message[http::field::expect], "100-continue")) {
      return Fail(417, "Expect: only 100-continue is known");
    }
    expects_continue_ = true;
  }
  return state_ = State::kBody;
}

void RequestReader::GuessPath() {
  if (!request_.path.empty()) return;
  std::string_view line = std::string_view(pending_).substr(0, pending_.find_first_of("\r\n"));
  const size_t begin = line.find(' ');
  if (begin == std::string_view::npos) return;
  line.remove_prefix(begin + 1);
  line = line.substr(0, line.find_first_of(" ?"));
  if (!line.starts_with('/')) return;
  line = line.substr(0, limits_.target_bytes);
  request_.path = PercentDecode(line).value_or(std::string(line));
}

std::string RequestReader::TakeRest() { return std::exchange(pending_, {}); }

RequestReader::State RequestReader::FailTooLarge() {
  return Fail(413, fmt::format("the body has more than {} bytes", limits_.body_bytes));
}

RequestReader::State RequestReader::Fail(int status, std::string error) {
  GuessPath();
  error_status_ = status;
  error_ = std::move(error);
  return state_ = State::kFailed;
}

}  // namespace lemma::server
