// SPDX-License-Identifier: Apache-2.0
#include "server/http/request_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <utility>

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
  if (error == http::error::body_limit) return 413;
  if (error == http::error::bad_version) return 505;
  return 400;
}

}  // namespace

struct RequestReader::Parser {
  http::request_parser<http::string_body> http;
};

RequestReader::RequestReader(const RequestLimits& limits)
    : limits_(limits), parser_(std::make_unique<Parser>()) {
  parser_->http.eager(true);
  parser_->http.header_limit(static_cast<uint32_t>(limits.header_bytes));
  parser_->http.body_limit(limits.body_bytes);
}

RequestReader::~RequestReader() = default;

RequestReader::State RequestReader::Feed(std::string_view bytes) {
  if (state_ == State::kFailed) return state_;
  pending_.append(bytes);
  if (state_ == State::kDone) return state_;
  auto& http = parser_->http;
  std::string_view rest = pending_;
  while (!rest.empty() && !http.is_done()) {
    boost::system::error_code error;
    const bool before_head = !http.is_header_done();
    const size_t used = http.put(boost::asio::buffer(rest.data(), rest.size()), error);
    rest.remove_prefix(used);
    if (before_head && http.is_header_done() && CheckHead() == State::kFailed) return state_;
    if (error == http::error::need_more) break;
    if (error) return Fail(StatusFor(error), error.message());
    if (used == 0) break;
  }
  // Beast counts a header against its limit only once its end is in sight.
  if (!http.is_header_done() && rest.size() > limits_.header_bytes) {
    return Fail(431, "the header is too large");
  }
  pending_.erase(0, pending_.size() - rest.size());
  if (http.is_done()) {
    request_.body = std::move(http.get().body());
    state_ = State::kDone;
  }
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

std::string RequestReader::TakeRest() { return std::exchange(pending_, {}); }

size_t RequestReader::body_received() const { return parser_->http.get().body().size(); }

RequestReader::State RequestReader::Fail(int status, std::string error) {
  error_status_ = status;
  error_ = std::move(error);
  return state_ = State::kFailed;
}

}  // namespace lemma::server
