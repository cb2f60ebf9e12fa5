// SPDX-License-Identifier: Apache-2.0
// Which handler answers a request: by method and path. A path that ends in "/*" takes one or more
// trailing segments as Request::parameter ("/v1/models/*", "/slots/*"). Exact paths win over
// parameters, long prefixes over short ones. HEAD falls back to GET. Built before the server
// starts, then const: safe from many threads.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/api_error.h"
#include "server/http_types.h"

namespace lemma::server {

using Handler = std::function<void(ExchangePtr)>;

enum class Access : uint8_t {
  kKey,   // asks for the API key, where one is set
  kOpen,  // answers without: health checks
};

struct Route {
  Method method = Method::kGet;
  std::string pattern;
  Access access = Access::kKey;
  Handler handler;
};

class Router {
 public:
  void Add(Method method, std::string pattern, Handler handler, Access access = Access::kKey);
  // Errors on paths with this prefix take this shape (the longest prefix wins). "" must be set by
  // the program.
  void SetErrorFormat(std::string prefix, ErrorFormatter format);

  struct Match {
    const Route* route = nullptr;  // null: no such path, or not by this method
    std::string parameter;
    std::vector<Method> allowed;  // methods of this path, when only the method is wrong
  };
  // REQUIRES: `path` is percent-decoded.
  [[nodiscard]] Match Find(Method method, std::string_view path) const;
  [[nodiscard]] Response FormatError(std::string_view path, const ApiError& error) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::pair<std::string, ErrorFormatter>> formats_;
};

}  // namespace lemma::server
