// SPDX-License-Identifier: Apache-2.0
// Members put at the end of a JSON object that is text already. Pure.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace lemma::server::verified {

// REQUIRES: `object` has at least one member.
std::string With(std::string object, std::string_view name, const boost::json::value& value);
// "warnings", if there are any.
std::string WithWarnings(std::string object, const std::vector<std::string>& warnings);

}  // namespace lemma::server::verified
