// SPDX-License-Identifier: Apache-2.0
#include "reasoning/task.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/utf8.h"
#include "check/problem.h"

namespace lemma::reasoning {
namespace {

constexpr std::array<std::string_view, kTasks> kNames = {
    "word",  "equation", "arithmetic", "counting", "probability", "sequence",
    "proof", "code",     "summary",    "document", "structured",  "chat"};

struct Rule {
  Task task;
  std::string_view phrase;  // lower case
  std::string_view with;    // "a|b": one of these too; empty: it is enough alone
};

// The first that holds decides.
constexpr Rule kRules[] = {
    // Talk about a word is no question of its field.
    {Task::kChat, "这个词", ""},
    {Task::kChat, "英语怎么说", ""},
    {Task::kChat, "翻译成", ""},
    {Task::kChat, "translate ", " into | to "},
    {Task::kChat, "the word ", " mean"},
    // What is asked of the machine: code, a proof, a summary, JSON, an answer from a text.
    {Task::kCode, "```", ""},
    {Task::kCode, "def ", "("},
    {Task::kCode, "write a function", ""},
    {Task::kCode, "write a program", ""},
    {Task::kCode, "function", "write |create |complete the |python|javascript|in java|in c"},
    {Task::kCode, "implement", ""},
    {Task::kCode, "program that", ""},
    {Task::kCode, "a program", "code|write|create|give"},
    {Task::kCode, "script", "write |bash|shell|create |python"},
    {Task::kCode, "sql", "write|query|查询|写"},
    {Task::kCode, "regex", ""},
    {Task::kCode, "code", "fix |debug|write |this code|bug"},
    {Task::kCode, "code a ", ""},
    {Task::kCode, "python", "write|code|script|写|实现|函数|程序|编|用python"},
    {Task::kCode, "javascript", "write|code|script |写|实现|函数|程序|编"},
    {Task::kCode, "in java", "write|code|sort"},
    {Task::kCode, "c++", "write|code|写|实现|函数|程序|编"},
    {Task::kCode, "编写", "函数|程序|代码|脚本|算法"},
    {Task::kCode, "编程", ""},
    {Task::kCode, "写一个", "函数|程序|脚本|代码|算法|sql|查询"},
    {Task::kCode, "写个", "函数|程序|脚本|代码|算法"},
    {Task::kCode, "实现", "函数|算法|排序|功能|接口|("},
    {Task::kCode, "递归", "写|实现"},
    {Task::kCode, "段代码", ""},
    {Task::kCode, "的代码", ""},
    {Task::kCode, "写代码", ""},
    {Task::kProof, "prove", ""},
    {Task::kProof, "proof", ""},
    {Task::kProof, "induction", ""},
    {Task::kProof, "show that", ""},
    {Task::kProof, "demonstrate that", ""},
    {Task::kProof, "justify", ""},
    {Task::kProof, "证明", ""},
    {Task::kProof, "求证", ""},
    {Task::kProof, "归纳法", ""},
    {Task::kSummary, "summar", ""},
    {Task::kSummary, "tl;dr", ""},
    {Task::kSummary, "condense", ""},
    {Task::kSummary, "recap", ""},
    {Task::kSummary, "sum up", ""},
    {Task::kSummary, "key points", ""},
    {Task::kSummary, "main idea", ""},
    {Task::kSummary, "brief overview", ""},
    {Task::kSummary, "bullet points", "this|following|below|text|email"},
    {Task::kSummary, "shorten", "text|paragraph|passage|article|email"},
    {Task::kSummary, "boil", "down"},
    {Task::kSummary, "abstract for", ""},
    {Task::kSummary, "in one sentence", "paragraph|text|passage|article"},
    {Task::kSummary, "总结", ""},
    {Task::kSummary, "概括", ""},
    {Task::kSummary, "概述", ""},
    {Task::kSummary, "摘要", ""},
    {Task::kSummary, "归纳", "要点|大意|下|这"},
    {Task::kSummary, "提炼", ""},
    {Task::kSummary, "缩写", ""},
    {Task::kSummary, "浓缩", ""},
    {Task::kSummary, "压缩", "文字|内容|段|文章"},
    {Task::kSummary, "中心思想", ""},
    {Task::kSummary, "大意", ""},
    {Task::kStructured, "json", ""},
    {Task::kStructured, "yaml", "return|output|format|输出|返回|格式"},
    {Task::kDocument, "according to", "document|text|passage|manual|article|report|source"},
    {Task::kDocument, "based on", "document|text|passage|manual|article|context|source"},
    {Task::kDocument, "using the", "manual|document|excerpt|passage"},
    {Task::kDocument, "read the", "text|passage|article|document"},
    {Task::kDocument, "context:", ""},
    {Task::kDocument, "the sources", ""},
    {Task::kDocument, "[1]", "answer|source|citation|问|引用"},
    {Task::kDocument, "根据", "资料|材料|文档|说明书|手册|上文|原文|文件"},
    {Task::kDocument, "依据", "资料|材料|文档|说明书|手册|文件"},
    {Task::kDocument, "阅读", "材料|短文|文档|资料"},
    {Task::kDocument, "结合", "资料|材料|文档|上文"},
    {Task::kDocument, "参考", "资料|材料|文档|文件|手册"},
    // Fields of mathematics, the special ones first.
    {Task::kProbability, "probabilit", ""},
    {Task::kProbability, "likely", ""},
    {Task::kProbability, "likelihood", ""},
    {Task::kProbability, "chance", "of |that "},
    {Task::kProbability, "the odds", ""},
    {Task::kProbability, "p(a", ""},
    {Task::kProbability, "p(x", ""},
    {Task::kProbability, "概率", ""},
    {Task::kProbability, "可能性", ""},
    {Task::kProbability, "几率", ""},
    {Task::kProbability, "机率", ""},
    {Task::kProbability, "机会", "多少|多大|抽|摸"},
    {Task::kProof, "always", "divisible|even|odd|multiple|prime|true"},
    {Task::kProof, "for every", "integer|natural"},
    {Task::kProof, "for all", "integer|natural"},
    {Task::kProof, "is it true", ""},
    {Task::kProof, "explain why", "number|integer|square|divi"},
    {Task::kProof, "总能被", ""},
    {Task::kProof, "一定", "偶数|奇数|能被|是质数|相同"},
    {Task::kProof, "对所有", "吗|是否|说明"},
    {Task::kProof, "对任意", "吗|是否|说明"},
    {Task::kProof, "对每个", "吗|是否|说明|是不是|都"},
    {Task::kProof, "任意", "为什么|是否|吗|说明"},
    {Task::kProof, "是否总", ""},
    {Task::kCounting, "ways", " in how many| how many ways|number of ways"},
    {Task::kCounting, "in how many", ""},
    {Task::kCounting, "how many ways", ""},
    {Task::kCounting, "how many different", ""},
    {Task::kCounting, "how many distinct", ""},
    {Task::kCounting, "how many possible", ""},
    {Task::kCounting, "combinations", ""},
    {Task::kCounting, "permutation", ""},
    {Task::kCounting, "arrangements", ""},
    {Task::kCounting, "subsets", ""},
    {Task::kCounting, "handshake", ""},
    {Task::kCounting, "how many", "be formed|be chosen|possible"},
    {Task::kCounting, "count the", "strings|words|paths|subsets|number of"},
    {Task::kCounting, "number of", "strings|outcomes|arrange"},
    {Task::kCounting, "多少种", ""},
    {Task::kCounting, "几种", ""},
    {Task::kCounting, "不同的选法", ""},
    {Task::kCounting, "选法", ""},
    {Task::kCounting, "排法", ""},
    {Task::kCounting, "多少个不同", ""},
    {Task::kCounting, "组合", "多少|几"},
    {Task::kCounting, "组成", "位数"},
    {Task::kCounting, "握手", ""},
    {Task::kCounting, "循环赛", ""},
    {Task::kCounting, "密码", "多少个|多少种"},
    {Task::kSequence, "sequence", ""},
    {Task::kSequence, "recurrence", ""},
    {Task::kSequence, "progression", ""},
    {Task::kSequence, "fibonacci", ""},
    {Task::kSequence, "next number", ""},
    {Task::kSequence, "comes next", ""},
    {Task::kSequence, "next term", ""},
    {Task::kSequence, "th term", ""},
    {Task::kSequence, "previous one", ""},
    {Task::kSequence, "previous term", ""},
    {Task::kSequence, "sum of the first", ""},
    {Task::kSequence, "(n+1)", "a(n|b(n|="},
    {Task::kSequence, "_{n+1}", ""},
    {Task::kSequence, "_(n+1)", ""},
    {Task::kSequence, "_{k+1}", ""},
    {Task::kSequence, "+...+", ""},
    {Task::kSequence, "+ ... +", ""},
    {Task::kSequence, "…+", ""},
    {Task::kSequence, "数列", ""},
    {Task::kSequence, "等差", ""},
    {Task::kSequence, "等比", ""},
    {Task::kSequence, "递推", ""},
    {Task::kSequence, "斐波那契", ""},
    {Task::kSequence, "规律", ""},
    {Task::kSequence, "前一项", ""},
    {Task::kSequence, "下一个数", ""},
    {Task::kSequence, "后面一个数", ""},
    {Task::kEquation, "equation", ""},
    {Task::kEquation, "solve for", ""},
    {Task::kEquation, "√", ""},
    {Task::kEquation, "\\sqrt", ""},
    {Task::kEquation, "sqrt(", ""},
    {Task::kEquation, "roots of", ""},
    {Task::kEquation, "zeros of", ""},
    {Task::kEquation, "解方程", ""},
    {Task::kEquation, "方程", ""},
    {Task::kEquation, "的根", ""},
};

constexpr std::string_view kQuantityWords[] = {
    "how many", "how much",  "how long", "how far", "how old", "how fast", "what is",
    "find",     "calculate", "计算",     "几",      "多少",    "多大",     "多长",
    "多久",     "多高",      "多远",     "多重",    "求",      "算出"};
// Beside a question mark.
constexpr std::string_view kQuantities =
    "%|$|percent|ratio|total|average|sum of|difference|price|cost|each|age|weigh|平均|折|倍";

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// English phrases begin where a word does: "prove" is not in "improve".
bool Has(std::string_view text, std::string_view phrase) {
  for (size_t at = text.find(phrase); at != text.npos; at = text.find(phrase, at + 1)) {
    if (at == 0 || !IsAsciiLetter(phrase[0]) || !IsAsciiLetter(text[at - 1])) return true;
  }
  return false;
}

bool HasOneOf(std::string_view text, std::string_view phrases) {
  while (!phrases.empty()) {
    const size_t end = std::min(phrases.find('|'), phrases.size());
    if (Has(text, phrases.substr(0, end))) return true;
    phrases.remove_prefix(std::min(end + 1, phrases.size()));
  }
  return false;
}

bool Holds(const Rule& rule, std::string_view text) {
  return Has(text, rule.phrase) && (rule.with.empty() || HasOneOf(text, rule.with));
}

// The first byte that is no blank, from `at` on in steps of `step`; 0 beyond the text.
char Beside(std::string_view text, size_t at, int step) {
  for (size_t i = at + static_cast<size_t>(step); i < text.size(); i += static_cast<size_t>(step)) {
    if (text[i] != ' ') return text[i];
  }
  return 0;
}

// "x + 3 = 7": a letter that stands alone, and an equals sign. The article "a" is none: it stands
// beside words, not beside signs and digits.
bool HasUnknown(std::string_view text) {
  if (text.find('=') == text.npos) return false;
  constexpr std::string_view kSigns = "0123456789+-*/=^()";
  for (size_t i = 0; i < text.size(); ++i) {
    const bool alone = (i == 0 || !IsAsciiLetter(text[i - 1])) &&
                       (i + 1 == text.size() || !IsAsciiLetter(text[i + 1]));
    if (!IsAsciiLetter(text[i]) || !alone) continue;
    const char before = Beside(text, i, -1);
    const char behind = Beside(text, i, 1);
    const bool in_sum = (before != 0 && kSigns.find(before) != kSigns.npos) ||
                        (behind != 0 && kSigns.find(behind) != kSigns.npos);
    if ((text[i] != 'a' && text[i] != 'A') || in_sum) return true;
  }
  return false;
}

bool HasOperator(std::string_view text) {
  for (const std::string_view op :
       {"+", "*", "×", "÷", "/", "^", " - ", " times ", " plus ", " minus ", "divided by",
        "multiplied by", "% of", "add ", "subtract", "加上", "减去", "乘以", "除以"}) {
    if (text.find(op) != text.npos) return true;
  }
  const size_t minus = text.find('-');
  return minus != text.npos && minus > 0 && minus + 1 < text.size() && text[minus - 1] >= '0' &&
         text[minus - 1] <= '9' && text[minus + 1] >= '0' && text[minus + 1] <= '9';
}

// Letters of words, against digits and signs: a bare sum has few.
size_t WordBytes(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0xE0;
  }));
}

}  // namespace

std::string_view TaskName(Task task) { return kNames[static_cast<size_t>(task)]; }

Result<Task> TaskNamed(std::string_view name) {
  const auto at = std::find(kNames.begin(), kNames.end(), name);
  if (at != kNames.end()) return static_cast<Task>(at - kNames.begin());
  std::string all;
  for (const std::string_view each : kNames)
    all += fmt::format("{}{}", all.empty() ? "" : ", ", each);
  return InvalidArgument(fmt::format("task: '{}' is not known, expected one of {}", name, all));
}

TaskGuess ClassifyTask(const TaskInput& input) {
  TaskGuess out;
  out.language = service::LanguageOf(input.text);
  if (input.has_tests || input.has_schema || input.has_sources) {
    out.task = input.has_tests    ? Task::kCode
               : input.has_schema ? Task::kStructured
                                  : Task::kDocument;
    return out;
  }
  const std::string text = Lower(input.text);
  for (const Rule& rule : kRules) {
    if (Holds(rule, text)) return {rule.task, out.language, rule.phrase};
  }
  if (HasUnknown(text)) return {Task::kEquation, out.language, "="};
  const size_t numerals = check::FindNumerals(text.substr(0, 8192)).size();
  constexpr size_t kFewLetters = 24;
  if (numerals >= 2 && HasOperator(text) && WordBytes(text) <= kFewLetters) {
    return {Task::kArithmetic, out.language, "sum"};
  }
  if (numerals < 2) return out;
  for (const std::string_view word : kQuantityWords) {
    if (Has(text, word)) return {Task::kWord, out.language, word};
  }
  constexpr size_t kStory = 3;  // so many numbers and a question
  const bool asks = text.find('?') != text.npos || text.find("？") != text.npos;
  if (asks && (numerals >= kStory || HasOneOf(text, kQuantities))) {
    return {Task::kWord, out.language, "?"};
  }
  return out;
}

}  // namespace lemma::reasoning
