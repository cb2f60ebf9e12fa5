// SPDX-License-Identifier: Apache-2.0
// Units and counters behind numbers, Chinese and English. Internal to the folder.
#pragma once

#include <string_view>

namespace lemma::check {

// One name for the written forms of a unit ("元", "块" -> "yuan"); empty: not a unit of measure.
std::string_view NormalUnit(std::string_view text);
// A word that counts things (个, 只, people): says nothing about size.
bool IsCounter(std::string_view text);

}  // namespace lemma::check
