// SPDX-License-Identifier: Apache-2.0
#include "cli/strings.h"

#include <array>
#include <cstdlib>

namespace lemma::cli {
namespace {

struct TextRow {
  Text text;
  std::string_view english;
  std::string_view chinese;
};

constexpr std::string_view kHelpEnglish =
    "  /set parameter NAME VALUE   temperature, top_k, top_p, min_p, typical_p, repeat_penalty,\n"
    "                              presence_penalty, frequency_penalty, seed, max_tokens\n"
    "  /set system TEXT            the system text (empty: none)\n"
    "  /set verbose | quiet        show or hide the figures after each answer\n"
    "  /show info | parameters | system | history\n"
    "  /think on | off             think before answering, or answer at once\n"
    "  /verified on | off          several chains, answers checked exactly\n"
    "  /clear                      forget the conversation\n"
    "  /save NAME   /load NAME     keep or bring back a conversation; a NAME with / is a path,\n"
    "                              and no file but a conversation is ever replaced\n"
    "  /bye                        leave (Ctrl-D does too)\n"
    "  \"\"\"                         begins and ends a text of several lines\n"
    "  Ctrl-C                      stops the answer, not the program\n";

constexpr std::string_view kHelpChinese =
    "  /set parameter 名称 值      temperature, top_k, top_p, min_p, typical_p, repeat_penalty,\n"
    "                              presence_penalty, frequency_penalty, seed, max_tokens\n"
    "  /set system 文本            系统提示词（留空则清除）\n"
    "  /set verbose | quiet        显示或隐藏每次回答后的统计\n"
    "  /show info | parameters | system | history\n"
    "  /think on | off             先思考再回答，或直接回答\n"
    "  /verified on | off          多条推理，精确检查答案\n"
    "  /clear                      清空对话\n"
    "  /save 名称   /load 名称     保存或读回对话；含 / 的名称视为路径，\n"
    "                              除已保存的对话外不会覆盖任何文件\n"
    "  /bye                        退出（Ctrl-D 亦可）\n"
    "  \"\"\"                         多行输入的开头与结尾\n"
    "  Ctrl-C                      停止当前回答，不退出程序\n";

constexpr std::array<TextRow, static_cast<size_t>(Text::kCount)> kRows{{
    {Text::kWelcome, "{0} · context {1} tokens", "{0} · 上下文 {1} 个词元"},
    {Text::kHint, "Type a message. /help lists the commands, /bye leaves.",
     "请输入内容。/help 查看命令，/bye 退出。"},
    {Text::kLoading, "loading {0}", "正在加载 {0}"},
    {Text::kStopped, "[stopped]", "[已停止]"},
    {Text::kTakenBack, "[there was no answer: this question is not kept in the conversation]",
     "[没有得到回答：这个问题不会留在对话中]"},
    {Text::kTruncated, "[cut off: the limit of {0} tokens was reached]",
     "[已截断：达到 {0} 个词元的上限]"},
    {Text::kContextFull, "[cut off: the context of {0} tokens is full; /clear starts afresh]",
     "[已截断：{0} 个词元的上下文已满；用 /clear 重新开始]"},
    {Text::kContextTooLong, "The conversation does not fit: {0}. /clear starts afresh.",
     "对话超出上下文：{0}。用 /clear 重新开始。"},
    {Text::kThinkingOpen, "[the thinking was not finished]", "[思考未完成]"},
    {Text::kRate, "{0:.1f} tok/s · {1} tokens · {2:.1f} s · context {3}/{4}",
     "{0:.1f} 词元/秒 · {1} 个词元 · {2:.1f} 秒 · 上下文 {3}/{4}"},
    {Text::kDrafts, " · {0} of {1} drafted tokens right", " · 预测的 {1} 个词元中 {0} 个正确"},
    {Text::kCleared, "The conversation is forgotten.", "对话已清空。"},
    {Text::kSaved, "Saved to {0}.", "已保存到 {0}。"},
    {Text::kLoaded, "{0} messages from {1}.", "已从 {1} 读取 {0} 条消息。"},
    {Text::kSystemSet, "The system text is set.", "系统提示词已设置。"},
    {Text::kSystemCleared, "The system text is removed.", "系统提示词已清除。"},
    {Text::kThinkOn, "Thinking is on.", "已开启思考。"},
    {Text::kThinkOff, "Thinking is off.", "已关闭思考。"},
    {Text::kVerifiedOn, "Answers are verified now: several chains, exact checks.",
     "已开启验证：多条推理，精确检查。"},
    {Text::kVerifiedOff, "Answers are not verified any more.", "已关闭验证。"},
    {Text::kThinkNever, "This model has no thinking to switch.", "此模型没有可切换的思考。"},
    {Text::kParameterSet, "{0} = {1}", "{0} = {1}"},
    {Text::kParameterBad, "Not set: {0}", "未设置：{0}"},
    {Text::kUnknownCommand, "There is no command {0}; /help lists them.",
     "没有命令 {0}；用 /help 查看。"},
    {Text::kUsage, "usage: {0}", "用法：{0}"},
    {Text::kNothingToShow, "(nothing)", "（无）"},
    {Text::kHelp, kHelpEnglish, kHelpChinese},
    {Text::kCheckAnswer, "answer: {0}", "答案：{0}"},
    {Text::kCheckAnswerFound, "answer: {0} (found in the chain: {1})",
     "答案：{0}（取自推理过程：{1}）"},
    {Text::kCheckNoAnswer, "The text gives no answer.", "文中没有给出答案。"},
    {Text::kCheckChainDiffers, "The chain ends in another answer.", "推理过程得出的是另一个答案。"},
    {Text::kCertificateHolds, "holds", "成立"},
    {Text::kCertificateFails, "does not hold: {0}", "不成立：{0}"},
    {Text::kExtractPlace, "found by: {0}, bytes {1} to {2}", "依据：{0}，第 {1} 至 {2} 字节"},
    {Text::kServeAddress, "Lemma listens on {0} (OpenAI: {0}/v1, Ollama and Anthropic: {0})",
     "Lemma 正在监听 {0}（OpenAI：{0}/v1，Ollama 与 Anthropic：{0}）"},
    {Text::kServeDefaultModel, "  {0} (default)", "  {0}（默认）"},
    {Text::kServeModel, "  {0}", "  {0}"},
    {Text::kServeFolder, "GGUF files in {0} are served, too.", "{0} 中的 GGUF 文件也会提供服务。"},
    {Text::kServeDraining, "Stopping: running requests may finish. A second signal stops at once.",
     "正在停止：等待进行中的请求完成。再次发送信号将立即停止。"},
    {Text::kServeStopped, "Stopped.", "已停止。"},
    {Text::kError, "error: {0}", "错误：{0}"},
    {Text::kSolvePlan, "{0} · profile {1} · up to {2} chains · temperature {3:.2g}",
     "{0} · 方案 {1} · 最多 {2} 条推理 · 温度 {3:.2g}"},
    {Text::kSolveChain, "chain {0}", "推理 {0}"},
    {Text::kSolveThinking, "thinking", "思考中"},
    {Text::kSolveAnswering, "answering", "作答中"},
    {Text::kSolveCancelled, "not needed any more", "已无需继续"},
    {Text::kSolvePruned, "ended by a check", "被检查终止"},
    {Text::kSolveUnfinished, "cut off: does not vote", "被截断：不计票"},
    {Text::kSolveNoAnswer, "gives no answer", "没有给出答案"},
    {Text::kSolveTokens, "{0} tok", "{0} 词元"},
    {Text::kSolveRetry, "retry {0}, told what was computed:", "第 {0} 次重试，告知计算结果："},
    {Text::kSolveAfresh, "retry {0}, asked afresh", "第 {0} 次重试，重新提问"},
    {Text::kSolveVotes, "votes: {0}; {1} of {2} agree", "票数：{0}；{2} 条中 {1} 条一致"},
    {Text::kSolveAnswer, "answer: {0}", "答案：{0}"},
    {Text::kSolveNone, "No chain gives an answer.", "没有一条推理给出答案。"},
    {Text::kSolveConsistent, "≈ consistent: {0} of {1} chains agree; nothing is proven",
     "≈ 一致：{1} 条推理中 {0} 条相同；未经证明"},
    {Text::kSolveConfidence, "  right in {0:.0f} % ({1:.0f}-{2:.0f}) of {3} such answers",
     "  同类 {3} 个答案中 {0:.0f} %（{1:.0f}-{2:.0f}）正确"},
    {Text::kSolveCost, "{0} chains · {1} tokens · {2:.1f} s · trace {3}",
     "{0} 条推理 · {1} 个词元 · {2:.1f} 秒 · 编号 {3}"},
    {Text::kSolveWhy, "stopped: {0}", "结束原因：{0}"},
    {Text::kWhyVerified, "an answer was proven", "答案已证明"},
    {Text::kWhyAgreement, "the vote could hardly turn any more", "票数已难以改变"},
    {Text::kWhyShort, "enough chains had ended", "已有足够多的推理结束"},
    {Text::kWhyAllChains, "all chains were used", "全部推理已用完"},
    {Text::kWhyDeadline, "the time was up", "时间已到"},
    {Text::kWhyCancelled, "interrupted", "已中断"},
}};

Language FromEnvironment() {
  for (const char* name : {"LEMMA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return std::string_view(value).starts_with("zh") ? Language::kChinese : Language::kEnglish;
  }
  return Language::kEnglish;
}

}  // namespace

Language UiLanguage() {
  static const Language language = FromEnvironment();
  return language;
}

std::string_view Message(Text text, Language language) {
  const TextRow& row = kRows[static_cast<size_t>(text)];
  return language == Language::kChinese ? row.chinese : row.english;
}

}  // namespace lemma::cli
