// SPDX-License-Identifier: Apache-2.0
// Prints certificates for the tests of tools/recheck_certificate.py, one a line: the golden
// problems and generated ones of every family, each with a right answer and wrong ones.
#include <cstdio>
#include <string>
#include <string_view>

#include "check/certificate.h"
#include "check/eval_mutate.h"
#include "check/formalise.h"

namespace lemma::check {
namespace {

struct Golden {
  const char* problem;
  std::vector<const char*> answers;
};

const std::vector<Golden>& GoldenProblems() {
  static const std::vector<Golden> problems = {
      {"鸡兔同笼，共有35个头，94只脚，问鸡兔各几只？",
       {"鸡23只，兔12只", "鸡24只，兔11只", "无解"}},
      {"A farmer has chickens and rabbits with 35 heads and 94 feet. How many chickens and how "
       "many rabbits are there?",
       {"23 chickens and 12 rabbits", "chickens: 12, rabbits: 23"}},
      {"鸡兔共有35只，一共有94条腿，其中兔有多少只？", {"12只", "23只"}},
      {"一个三位数，各位数字之和是12，百位比十位大2，个位比十位小1，求这个三位数。",
       {"无解", "642", "533"}},
      {"解方程：√(x+3)=x-1", {"x=(3+√17)/2", "(3-√17)/2", "-2", "无解", "x=(3±√17)/2"}},
      {"Solve for x: \\sqrt{x+3} = x-1", {"\\frac{3+\\sqrt{17}}{2}", "x=5"}},
      {"解方程 x^2-5x+6=0", {"x=2 或 x=3", "x=2", "x=-2 或 x=3"}},
      {"从10人中选3人，其中甲乙二人不能同时入选，有多少种选法？", {"112种", "120种"}},
      {"数列a1=1，a(n+1)=2a(n)+1，求a10。", {"1023", "1024"}},
      {"掷两个骰子，点数之和为7的概率是多少？", {"1/6", "7/36"}},
      {"证明：对任意整数n，n^2+n是偶数。", {"成立", "不成立"}},
      {"对于任意整数n，n^2+n能被3整除吗？", {"不成立", "成立"}},
      {"若n是奇数，则n^2-1能被8整除。", {"成立", "不成立"}},
      {"If n is not divisible by 3, then n^2+1 is divisible by 3.", {"false", "true"}},
  };
  return problems;
}

void Print(std::string_view text, std::string_view said) {
  const auto problem = Formalise(text);
  if (!problem) return;
  const Answer answer = ParseAnswer(said);
  const Report report = CheckAnswer(*problem, answer);
  static_cast<void>(std::puts(CertificateJson(*problem, answer, report).c_str()));
}

void PrintAll() {
  for (const Golden& g : GoldenProblems()) {
    for (const char* answer : g.answers) Print(g.problem, answer);
  }
  EvalRandom random(17);
  for (const std::string_view family : EvalFamilies()) {
    for (int i = 0; i < 12; ++i) {
      const EvalProblem told = GenerateProblem(family, random);
      Print(told.text, told.answer);
      if (!told.wrong.empty()) Print(told.text, told.wrong);
      for (const MutatedAnswer& m : MutateAnswer(told.answer, random)) Print(told.text, m.text);
    }
  }
}

}  // namespace
}  // namespace lemma::check

// NOLINTNEXTLINE(bugprone-exception-escape): without memory there is no test
int main() { lemma::check::PrintAll(); }
