// SPDX-License-Identifier: Apache-2.0
// The bytes of an HTTP request: the same request for any cuts, every failure with a status and a
// reason, limits kept; then Host, Origin and key of what came out. Input: one byte that seeds the
// cuts, the bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/rng.h"
#include "server/http/guard.h"
#include "server/http/request_reader.h"

namespace {

using lemma::server::RequestReader;

void Require(bool condition) {
  if (!condition) std::abort();
}

lemma::server::RequestLimits Limits() {
  lemma::server::RequestLimits limits;
  limits.body_bytes = 512;
  limits.header_fields = 12;
  limits.target_bytes = 64;
  return limits;
}

void Check(RequestReader& reader) {
  if (reader.state() == RequestReader::State::kFailed) {
    Require(reader.error_status() >= 400 && reader.error_status() < 600);
    Require(!reader.error().empty());
  }
  if (reader.state() != RequestReader::State::kDone) return;
  const lemma::server::Request& request = reader.request();
  Require(request.body.size() <= Limits().body_bytes);
  Require(request.headers.size() <= Limits().header_fields);
  Require(request.path.starts_with('/') && request.path.find('\0') == std::string::npos);
  lemma::server::GuardOptions options;
  options.cors_origins = {"https://a.example"};
  static_cast<void>(lemma::server::CheckSource(options, request));
  static_cast<void>(lemma::server::KeyOf(request));
  static_cast<void>(request.QueryValue("a"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  RequestReader whole(Limits());
  whole.Feed(bytes);
  Check(whole);
  RequestReader cut(Limits());
  lemma::Rng rng(data[0]);
  for (size_t at = 0; at < bytes.size();) {
    const size_t length = 1 + rng.NextBelow(1 + data[0] % 31);
    cut.Feed(bytes.substr(at, length));
    at += length;
  }
  Check(cut);
  // A bad request may be refused sooner or later; a good one is the same.
  Require((whole.state() == RequestReader::State::kDone) ==
          (cut.state() == RequestReader::State::kDone));
  if (whole.state() == RequestReader::State::kDone) {
    Require(whole.request().body == cut.request().body);
    Require(whole.request().headers == cut.request().headers);
    Require(whole.request().path == cut.request().path);
    Require(whole.TakeRest() == cut.TakeRest());
  }
  return 0;
}
