// SPDX-License-Identifier: Apache-2.0
// Who may ask: API keys (kept as SHA-256, compared in constant time), the Host field against DNS
// rebinding, and the Origin of browsers. Const after it was built: safe from many threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "server/api_error.h"
#include "server/http_types.h"

namespace lemma::server {

class ApiKeys {
 public:
  // A key as clients send it, or "sha256:" and 64 hexadecimal digits of its hash. At least 16
  // characters, printable, without spaces.
  Status Add(std::string_view key);
  // One key a line; empty lines and lines that begin with '#' are left out. Errors name the line.
  Status AddFile(const std::string& path);
  [[nodiscard]] bool empty() const { return hashes_.empty(); }
  // A name for the key's owner that tells nothing of the key; nullopt when it is none of them.
  [[nodiscard]] std::optional<std::string> NameOf(std::string_view key) const;

 private:
  using Hash = std::array<uint8_t, 32>;
  std::vector<Hash> hashes_;
};

// The key of a request: "Authorization: Bearer KEY" or "x-api-key: KEY".
std::optional<std::string_view> KeyOf(const Request& request);

struct GuardOptions {
  bool loopback = true;                    // what the server listens on
  std::string bound_host;                  // as given; its name is a good Host
  std::vector<std::string> allowed_hosts;  // further names, without port
  std::vector<std::string> cors_origins;   // "https://chat.example.org"
};

// Whether the Host field names this server: localhost, 127.0.0.1 and [::1], the bound name, the
// allowed ones; and, where the server is reachable from outside, any address in digits (a name in
// DNS cannot be rebound to it). Ports do not count.
bool HostAllowed(const GuardOptions& options, std::string_view host);

enum class OriginVerdict : uint8_t {
  kNone,     // no browser, or the server's own page
  kListed,   // in cors_origins: answer with CORS headers
  kRefused,  // another site
};
OriginVerdict CheckOrigin(const GuardOptions& options, const Request& request);

// Host and Origin of a request; nullopt when both are fine.
std::optional<ApiError> CheckSource(const GuardOptions& options, const Request& request);
// Sets `request.client`. Asks for a key unless there is none.
std::optional<ApiError> CheckKey(const ApiKeys& keys, Request& request);

// The headers that let a listed origin read the answer; with those of a preflight for OPTIONS.
std::vector<Header> CorsHeaders(const Request& request);
// A preflight from a listed origin, to be answered without a handler.
bool IsPreflight(const GuardOptions& options, const Request& request);

}  // namespace lemma::server
