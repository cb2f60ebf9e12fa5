// SPDX-License-Identifier: Apache-2.0
#include "server/router.h"

#include <algorithm>

namespace lemma::server {
namespace {

constexpr std::string_view kAnyTail = "/*";

// The trailing part that a pattern takes from a path; nullopt when it does not match. An exact
// pattern takes nothing.
struct Taken {
  size_t fixed = 0;  // bytes of the path that the pattern spells out
  std::string_view parameter;
};

std::optional<Taken> Take(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with(kAnyTail)) {
    if (pattern != path) return std::nullopt;
    return Taken{path.size() + 1, {}};  // wins over a parameter
  }
  const std::string_view prefix = pattern.substr(0, pattern.size() - 1);
  if (!path.starts_with(prefix) || path.size() == prefix.size()) return std::nullopt;
  return Taken{prefix.size(), path.substr(prefix.size())};
}

}  // namespace

void Router::Add(Method method, std::string pattern, Handler handler, Access access) {
  routes_.push_back({method, std::move(pattern), access, std::move(handler)});
}

void Router::SetErrorFormat(std::string prefix, ErrorFormatter format) {
  formats_.emplace_back(std::move(prefix), std::move(format));
}

Router::Match Router::Find(Method method, std::string_view path) const {
  Match match;
  size_t fixed = 0;
  for (const Method wanted : {method, method == Method::kHead ? Method::kGet : method}) {
    for (const Route& route : routes_) {
      const auto taken = Take(route.pattern, path);
      if (!taken) continue;
      if (route.method != wanted) {
        match.allowed.push_back(route.method);
      } else if (taken->fixed > fixed) {
        fixed = taken->fixed;
        match.route = &route;
        match.parameter = std::string(taken->parameter);
      }
    }
    if (match.route != nullptr) break;
  }
  if (match.route != nullptr) match.allowed.clear();
  std::sort(match.allowed.begin(), match.allowed.end());
  match.allowed.erase(std::unique(match.allowed.begin(), match.allowed.end()), match.allowed.end());
  return match;
}

Response Router::FormatError(std::string_view path, const ApiError& error) const {
  const ErrorFormatter* best = nullptr;
  size_t length = 0;
  for (const auto& [prefix, format] : formats_) {
    if (path.starts_with(prefix) && (best == nullptr || prefix.size() > length)) {
      best = &format;
      length = prefix.size();
    }
  }
  if (best == nullptr) {
    Response response = ErrorHead(error);
    response.content_type = "text/plain; charset=utf-8";
    response.body = error.message + "\n";
    return response;
  }
  return (*best)(error);
}

}  // namespace lemma::server
