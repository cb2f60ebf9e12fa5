// SPDX-License-Identifier: Apache-2.0
#include "server/verified/object_text.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

namespace lemma::server::verified {

namespace json = boost::json;

std::string With(std::string object, std::string_view name, const json::value& value) {
  object.pop_back();
  return fmt::format(R"({},"{}":{}}})", object, name, json::serialize(value));
}

std::string WithWarnings(std::string object, const std::vector<std::string>& warnings) {
  if (warnings.empty()) return object;
  return With(std::move(object), "warnings", json::array(warnings.begin(), warnings.end()));
}

}  // namespace lemma::server::verified
