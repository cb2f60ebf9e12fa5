// SPDX-License-Identifier: Apache-2.0
#include "check/answer_units.h"

#include <algorithm>

namespace lemma::check {
namespace {

struct UnitRow {
  std::string_view text;
  std::string_view normal;
};

// Written forms of one unit. Counters (个, 只, people) are units of their own: they never refute.
constexpr UnitRow kUnits[] = {
    {"元", "yuan"},       {"块", "yuan"},
    {"块钱", "yuan"},     {"元钱", "yuan"},
    {"¥", "yuan"},        {"角", "jiao"},
    {"分钱", "fen"},      {"$", "dollar"},
    {"dollar", "dollar"}, {"dollars", "dollar"},
    {"美元", "dollar"},   {"cent", "cent"},
    {"cents", "cent"},    {"m", "m"},
    {"米", "m"},          {"meter", "m"},
    {"meters", "m"},      {"metres", "m"},
    {"km", "km"},         {"千米", "km"},
    {"公里", "km"},       {"kilometers", "km"},
    {"cm", "cm"},         {"厘米", "cm"},
    {"dm", "dm"},         {"分米", "dm"},
    {"mm", "mm"},         {"毫米", "mm"},
    {"kg", "kg"},         {"千克", "kg"},
    {"公斤", "kg"},       {"g", "g"},
    {"克", "g"},          {"grams", "g"},
    {"吨", "t"},          {"小时", "h"},
    {"h", "h"},           {"hour", "h"},
    {"hours", "h"},       {"个小时", "h"},
    {"分钟", "min"},      {"minute", "min"},
    {"minutes", "min"},   {"min", "min"},
    {"秒", "s"},          {"s", "s"},
    {"second", "s"},      {"seconds", "s"},
    {"天", "day"},        {"day", "day"},
    {"days", "day"},      {"岁", "year"},
    {"年", "year"},       {"year", "year"},
    {"years", "year"},    {"years old", "year"},
    {"平方米", "m2"},     {"平方厘米", "cm2"},
    {"升", "l"},          {"毫升", "ml"},
    {"miles", "mile"},    {"mile", "mile"},
    {"feet", "ft"},       {"foot", "ft"},
};

constexpr std::string_view kCounters[] = {
    "个",     "只",    "本",       "人",         "名",     "位",       "张",      "支",
    "枝",     "棵",    "头",       "匹",         "辆",     "架",       "台",      "件",
    "条",     "页",    "朵",       "颗",         "块糖",   "盒",       "箱",      "袋",
    "瓶",     "杯",    "次",       "种",         "组",     "排",       "道",      "题",
    "步",     "把",    "面",       "层",         "间",     "座",       "份",      "根",
    "筐",     "套",    "双",       "下",         "段",     "种方法",   "种选法",  "种不同的选法",
    "种可能", "ways",  "way",      "people",     "person", "chickens", "rabbits", "eggs",
    "apples", "books", "students", "committees", "heads",  "legs",     "times",   "items",
    "cards"};

}  // namespace

std::string_view NormalUnit(std::string_view text) {
  for (const UnitRow& row : kUnits) {
    if (row.text == text) return row.normal;
  }
  return {};
}

bool IsCounter(std::string_view text) {
  return std::find(std::begin(kCounters), std::end(kCounters), text) != std::end(kCounters);
}

}  // namespace lemma::check
