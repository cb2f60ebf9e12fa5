// SPDX-License-Identifier: Apache-2.0
// The numbers of a story with their units and what stands around them: what the second reading of
// stories (story_units.cc) works on. Internal to the folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/numeral.h"

namespace lemma::check {

// One number of the story with what stands around it in its clause.
struct StoryAmount {
  int index = 0;
  Rational value;
  std::string unit;
  std::string per;       // of a rate: units are unit / per
  bool inverse = false;  // "every n units one per"
  bool factor = false;   // n 倍
  std::string_view clause;
  std::string_view before;
  std::string_view after;  // behind the unit
};

struct StoryScene {
  std::vector<StoryAmount> amounts;
  std::vector<int> ignored;
  std::string_view question;
  std::string asked;      // unit
  std::string asked_per;  // 每组有多少人: 组
  std::string unit;       // asked for, as written
};
// Unset: a number has no unit, there is none, or more than four; or the question asks for no unit.
// The views are of `text`. Texts with words that need more understanding have no scene.
std::optional<StoryScene> ReadScene(std::string_view text);

}  // namespace lemma::check
