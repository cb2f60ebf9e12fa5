// SPDX-License-Identifier: Apache-2.0
#include "server/http/guard.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cctype>

#include "base/file.h"

namespace lemma::server {
namespace {

constexpr size_t kLeastKeyBytes = 16;
constexpr size_t kMostKeyBytes = 512;
constexpr std::string_view kHashMark = "sha256:";

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "host", "host:80", "[::1]:80" without the port; empty when it is none of these.
std::string_view WithoutPort(std::string_view authority) {
  const size_t colon =
      authority.starts_with('[') ? authority.find(':', authority.find(']')) : authority.find(':');
  if (colon == std::string_view::npos) return authority;
  const std::string_view port = authority.substr(colon + 1);
  if (!std::all_of(port.begin(), port.end(), IsDigit)) return {};
  return authority.substr(0, colon);
}

// Four numbers up to 255, or an address in brackets.
bool IsAddress(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) {
    const std::string_view inside = host.substr(1, host.size() - 2);
    return !inside.empty() && std::all_of(inside.begin(), inside.end(), [](char c) {
      return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '.';
    });
  }
  int parts = 0;
  while (true) {
    const size_t end = std::min(host.find('.'), host.size());
    const std::string_view part = host.substr(0, end);
    if (part.empty() || part.size() > 3 || !std::all_of(part.begin(), part.end(), IsDigit)) {
      return false;
    }
    if (part.size() == 3 && part > "255") return false;
    ++parts;
    if (end == host.size()) return parts == 4;
    host.remove_prefix(end + 1);
  }
}

std::optional<int> HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

}  // namespace

Status ApiKeys::Add(std::string_view key) {
  Hash hash{};
  if (key.starts_with(kHashMark)) {
    const std::string hex = Lower(key.substr(kHashMark.size()));
    if (hex.size() != 2 * hash.size()) {
      return InvalidArgument("api key: expected 64 hexadecimal digits after 'sha256:'");
    }
    for (size_t i = 0; i < hash.size(); ++i) {
      const auto high = HexValue(hex[2 * i]);
      const auto low = HexValue(hex[2 * i + 1]);
      if (!high || !low) return InvalidArgument("api key: bad digit after 'sha256:'");
      hash[i] = static_cast<uint8_t>(*high * 16 + *low);
    }
  } else {
    const bool printable =
        std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (key.size() < kLeastKeyBytes || key.size() > kMostKeyBytes || !printable) {
      return InvalidArgument(
          fmt::format("api key: expected {} to {} printable characters without spaces",
                      kLeastKeyBytes, kMostKeyBytes));
    }
    SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), hash.data());
  }
  hashes_.push_back(hash);
  return OkStatus();
}

Status ApiKeys::AddFile(const std::string& path) {
  constexpr uint64_t kMaxFileBytes = 1 << 20;
  LEMMA_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxFileBytes));
  std::string_view rest = text;
  for (size_t line = 1; !rest.empty(); ++line) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view key = Trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (key.empty() || key.starts_with('#')) continue;
    LEMMA_RETURN_IF_ERROR(Add(key).WithContext(fmt::format("{}, line {}", path, line)));
  }
  if (empty()) return InvalidArgument(fmt::format("{}: no API key in it", path));
  return OkStatus();
}

std::optional<std::string> ApiKeys::NameOf(std::string_view key) const {
  if (key.size() > kMostKeyBytes) return std::nullopt;
  Hash hash{};
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), hash.data());
  bool found = false;
  for (const Hash& each : hashes_) {  // all of them: the time tells nothing
    found |= CRYPTO_memcmp(each.data(), hash.data(), hash.size()) == 0;
  }
  if (!found) return std::nullopt;
  return fmt::format("key:{:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3]);
}

std::optional<std::string_view> KeyOf(const Request& request) {
  constexpr std::string_view kBearer = "bearer ";
  if (const auto field = request.Find("authorization")) {
    if (Lower(field->substr(0, kBearer.size())) == kBearer) {
      return Trim(field->substr(kBearer.size()));
    }
  }
  if (const auto field = request.Find("x-api-key")) return Trim(*field);
  return std::nullopt;
}

bool HostAllowed(const GuardOptions& options, std::string_view host) {
  const std::string name = Lower(WithoutPort(host));
  if (name.empty()) return false;
  for (const std::string_view own : {"localhost", "127.0.0.1", "[::1]"}) {
    if (name == own) return true;
  }
  if (!options.bound_host.empty() &&
      (name == Lower(options.bound_host) || name == "[" + Lower(options.bound_host) + "]")) {
    return true;
  }
  for (const std::string& allowed : options.allowed_hosts) {
    if (name == Lower(allowed)) return true;
  }
  return !options.loopback && IsAddress(name);
}

OriginVerdict CheckOrigin(const GuardOptions& options, const Request& request) {
  const auto origin = request.Find("origin");
  if (!origin) {
    const bool reads = request.method == Method::kGet || request.method == Method::kHead;
    const bool foreign = request.Find("sec-fetch-site") == "cross-site";
    return foreign && !reads ? OriginVerdict::kRefused : OriginVerdict::kNone;
  }
  for (const std::string& listed : options.cors_origins) {
    if (*origin == listed) return OriginVerdict::kListed;
  }
  const size_t scheme = origin->find("://");
  const auto host = request.Find("host");
  if (scheme != std::string_view::npos && host && origin->substr(scheme + 3) == *host) {
    return OriginVerdict::kNone;
  }
  return OriginVerdict::kRefused;
}

std::optional<ApiError> CheckSource(const GuardOptions& options, const Request& request) {
  ApiError error;
  error.kind = ErrorKind::kForbidden;
  const auto host = request.Find("host");
  if (!host || !HostAllowed(options, *host)) {
    error.message =
        "the Host field does not name this server; start it with --allowed-host NAME if it should";
    return error;
  }
  if (CheckOrigin(options, request) == OriginVerdict::kRefused) {
    error.message =
        "requests from web pages of other origins are refused; start the server with "
        "--cors-origin ORIGIN to allow one";
    return error;
  }
  return std::nullopt;
}

std::optional<ApiError> CheckKey(const ApiKeys& keys, Request& request) {
  request.client = request.peer;
  if (keys.empty()) return std::nullopt;
  const auto key = KeyOf(request);
  const auto name = key ? keys.NameOf(*key) : std::nullopt;
  if (name) {
    request.client = *name;
    return std::nullopt;
  }
  ApiError error;
  error.kind = ErrorKind::kUnauthorized;
  error.message =
      key ? "the API key is not valid" : "an API key is required: send 'Authorization: Bearer KEY'";
  return error;
}

std::vector<Header> CorsHeaders(const Request& request) {
  std::vector<Header> headers;
  headers.push_back(
      {"Access-Control-Allow-Origin", std::string(request.Find("origin").value_or(""))});
  headers.push_back({"Vary", "Origin"});
  if (request.method == Method::kOptions) {
    headers.push_back({"Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS"});
    headers.push_back({"Access-Control-Allow-Headers",
                       std::string(request.Find("access-control-request-headers")
                                       .value_or("authorization, content-type"))});
    headers.push_back({"Access-Control-Max-Age", "600"});
  } else {
    headers.push_back({"Access-Control-Expose-Headers", "x-request-id, request-id, Retry-After"});
  }
  return headers;
}

bool IsPreflight(const GuardOptions& options, const Request& request) {
  return request.method == Method::kOptions && request.Find("access-control-request-method") &&
         CheckOrigin(options, request) == OriginVerdict::kListed;
}

}  // namespace lemma::server
