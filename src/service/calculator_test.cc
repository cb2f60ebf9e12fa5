// SPDX-License-Identifier: Apache-2.0
#include "service/calculator.h"

#include <gtest/gtest.h>

namespace lemma::service {
namespace {

std::optional<std::string> After(std::string_view text) {
  Calculator calculator;
  std::optional<std::string> last;
  for (size_t i = 0; i < text.size(); ++i) last = calculator.Push(text.substr(i, 1));
  return last;
}

TEST(CalculatorTest, FinishesSumsThatStandAlone) {
  const std::pair<const char*, const char*> sums[] = {
      {"12+7=", "19"},
      {"12 + 7 = ", "19"},
      {"12+7 = ", "19"},
      {"所以：94-70=", "24"},
      {"③ 2*35=70; 94-70=", "24"},
      {"24/2=", "12"},
      {"3×4=", "12"},
      {"96÷4=", "24"},
      {"得12-20=", "-8"},
      {"得12-20=-", "8"},
      {"x=24/(-3) = -", "8"},
      {"(12+3)*2=", "30"},
      {"2. Compute: 347+589=", "936"},
      {"3. 12+7=", "19"},
      {"- 12 + 7 = ", "19"},
      {"so:\n  - 12 + 7 = ", "19"},
      {"- - 12 + 7 = ", "-5"},
      {"x = - 3*4 = ", "-12"},
      {"x = - 3*4 = -", "12"},
      {"得：- 5 + 3 = ", "-2"},
      {"total: - 5 + 3 = ", "-2"},
      {"2. - 5 + 3 = ", "-2"},
      {"the total:\n1.5*4=", "6"},
      {"123456789*987654321=", "121932631112635269"},
  };
  for (const auto& [text, value] : sums) EXPECT_EQ(After(text), value) << text;
}

TEST(CalculatorTest, LeavesEverythingElseToTheModel) {
  for (const char* text : {
           "x+3=",               // an unknown
           "2x+3+4=",            // belongs to a term
           "half of 12 + 3 = ",  // words that may belong to it
           "12=",                // no operator
           "-12=",
           "7/2=",       // not whole
           "6/2(1+2)=",  // two readings
           "1,234+5=",   // a separator of thousands, not a sum of 234 and 5
           "12 + 7 =",   // the space is still to come
           "√3+4=",
           "5/0=",
           "三12+7=",
           "12+=",
           "20-12=-",  // not what is written
           "x+3=-",
           "12+7",
           "",
       }) {
    EXPECT_EQ(After(text), std::nullopt) << text;
  }
}

TEST(CalculatorTest, ALongLineIsNotMistaken) {
  std::string text(300, '1');
  for (size_t i = 1; i < text.size(); i += 2) text[i] = '+';
  EXPECT_EQ(After(text + "1="), std::nullopt);
  EXPECT_EQ(After(text + "1=\n1+1="), "2");
}

}  // namespace
}  // namespace lemma::service
