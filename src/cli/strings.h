// SPDX-License-Identifier: Apache-2.0
// What the terminal chat says to a person, in English and Chinese: one row a message. The language
// is LEMMA_LANG ("en", "zh"), else that of the locale.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace lemma::cli {

enum class Language { kEnglish, kChinese };
Language UiLanguage();

enum class Text {
  kWelcome,  // {0} model, {1} context tokens
  kHint,
  kLoading,  // {0} model
  kStopped,
  kTakenBack,
  kTruncated,       // {0} tokens
  kContextFull,     // {0} tokens
  kContextTooLong,  // {0} what the engine said
  kThinkingOpen,
  kRate,    // {0} tok/s, {1} tokens, {2} seconds, {3} used, {4} context
  kDrafts,  // {0} accepted, {1} drafted tokens; follows kRate
  kCleared,
  kSaved,   // {0} path
  kLoaded,  // {0} messages, {1} path
  kSystemSet,
  kSystemCleared,
  kThinkOn,
  kThinkOff,
  kVerifiedOn,
  kVerifiedOff,
  kThinkNever,
  kParameterSet,    // {0} name, {1} value
  kParameterBad,    // {0} reason
  kUnknownCommand,  // {0} command
  kUsage,           // {0} usage
  kNothingToShow,
  kHelp,
  kCheckAnswer,       // {0} as written
  kCheckAnswerFound,  // {0} as written, {1} rule
  kCheckNoAnswer,
  kCheckChainDiffers,
  kCertificateHolds,
  kCertificateFails,   // {0} reason
  kExtractPlace,       // {0} rule, {1} first byte, {2} byte behind
  kServeAddress,       // {0} URL
  kServeDefaultModel,  // {0} name
  kServeModel,         // {0} name
  kServeFolder,        // {0} path
  kServeDraining,
  kServeStopped,
  kError,       // {0} reason
  kSolvePlan,   // {0} task, {1} profile, {2} chains at most, {3} temperature
  kSolveChain,  // {0} number
  kSolveThinking,
  kSolveAnswering,
  kSolveCancelled,
  kSolvePruned,
  kSolveUnfinished,
  kSolveNoAnswer,
  kSolveTokens,  // {0} tokens
  kSolveRetry,   // {0} round
  kSolveAfresh,  // {0} round
  kSolveVotes,   // {0} the classes
  kSolveAnswer,  // {0} answer
  kSolveNone,
  kSolveConsistent,  // {0} agreeing, {1} of
  kSolveConfidence,  // {0} share, {1} to {2}, in percent; {3} answers counted
  kSolveCost,        // {0} chains, {1} tokens, {2} seconds, {3} trace id
  kSolveWhy,         // {0} reason
  kWhyVerified,
  kWhyAgreement,
  kWhyShort,
  kWhyAllChains,
  kWhyDeadline,
  kWhyCancelled,
  kCount,
};

// The message with its {0}, {1}... left in.
std::string_view Message(Text text, Language language);

template <typename... Args>
std::string Say(Text text, const Args&... args) {
  return fmt::format(fmt::runtime(Message(text, UiLanguage())), args...);
}

}  // namespace lemma::cli
