// SPDX-License-Identifier: Apache-2.0
// What requests of every dialect are told that ask for more than the engine can keep.
#pragma once

#include <string_view>

namespace lemma::server {

inline constexpr std::string_view kNoForms =
    "output in a given form is not supported until this server has a grammar engine; leave the "
    "field out";
inline constexpr std::string_view kNoForcedTools =
    "a call that is forced, or strict in its arguments, is not supported until this server has a "
    "grammar engine; use \"auto\"";

}  // namespace lemma::server
