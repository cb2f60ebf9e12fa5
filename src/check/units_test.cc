// SPDX-License-Identifier: Apache-2.0
#include "check/units.h"

#include <gtest/gtest.h>

#include "check/checkers.h"
#include "check/formalise.h"

namespace lemma::check {
namespace {

TEST(UnitsTest, ExactFactors) {
  struct Case {
    const char* from;
    const char* to;
    const char* factor;  // "" : none
  };
  const Case cases[] = {
      {"m", "cm", "100"},
      {"cm", "米", "1/100"},
      {"km/h", "m/s", "5/18"},
      {"千米/时", "米每秒", "5/18"},
      {"miles per hour", "km/h", "25146/15625"},
      {"inch", "cm", "127/50"},
      {"feet", "inches", "12"},
      {"平方米", "cm^2", "10000"},
      {"公顷", "亩", "15"},
      {"立方分米", "升", "1"},
      {"mL", "cm3", "1"},
      {"斤", "克", "500"},
      {"pounds", "ounces", "16"},
      {"hours", "分钟", "60"},
      {"weeks", "days", "7"},
      {"年", "个月", "12"},
      {"元", "角", "10"},
      {"元/千克", "元/斤", "1/2"},
      {"$", "cents", "100"},
      {"kg·m²", "g*cm2", "10000000"},
      {"m", "kg", ""},
      {"元", "$", ""},      // no rate
      {"年", "天", ""},     // 365 or 366
      {"个", "只", ""},     // no measures
      {"gallon", "L", ""},  // two gallons
      {"m/s/s", "m/s/s", ""},
      {"ms", "s", ""},
      {"", "", ""},
  };
  for (const Case& c : cases) {
    const auto factor = ConversionFactor(std::string_view(c.from), std::string_view(c.to));
    EXPECT_EQ(factor ? factor->ToString() : "", c.factor) << c.from << " to " << c.to;
  }
}

TEST(UnitsTest, ThereAndBackIsOne) {
  const char* lengths[] = {"m",    "km",    "dm",    "cm", "mm", "inch",
                           "feet", "yards", "miles", "里", "尺"};
  for (const char* a : lengths) {
    for (const char* b : lengths) {
      EXPECT_EQ(*ConversionFactor(std::string_view(a), std::string_view(b)) *
                    *ConversionFactor(std::string_view(b), std::string_view(a)),
                Rational(1));
    }
  }
}

Problem Rope() {
  Problem p;
  p.family = Family::kLinear;
  p.text = "绳长多少厘米";
  p.variables = {{"x", Domain::kReal, {}, "厘米", {}}};
  p.constraints = {{ParseRelations("x=120-8")->front(), {0, 3}}};
  p.query.kind = QueryKind::kValue;
  p.query.expr = Var("x");
  p.query.unit = "厘米";
  p.readings = 2;
  return p;
}

TEST(UnitsTest, AnswersInAnotherUnitOfTheSameKind) {
  const std::pair<const char*, Verdict> cases[] = {
      {"112厘米", Verdict::kVerified}, {"112 cm", Verdict::kVerified},
      {"1.12米", Verdict::kVerified},  {"1120毫米", Verdict::kVerified},
      {"112", Verdict::kVerified},     {"112米", Verdict::kRefuted},
      {"1.12 cm", Verdict::kRefuted},  {"112千克", Verdict::kUnverified},
      {"112个", Verdict::kUnverified}, {"1.1米", Verdict::kUnverified},  // rounded, perhaps
      {"11/10 米", Verdict::kRefuted},
  };
  for (const auto& [text, verdict] : cases) {
    const Report r = CheckAnswer(Rope(), ParseAnswer(text));
    EXPECT_EQ(VerdictName(r.verdict), VerdictName(verdict)) << text << " " << r.detail;
  }
}

}  // namespace
}  // namespace lemma::check
