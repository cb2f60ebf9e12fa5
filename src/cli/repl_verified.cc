// SPDX-License-Identifier: Apache-2.0
// Verified answers in the chat: the questions go the way of `lemma solve`.
#include <random>
#include <utility>

#include "cli/output.h"
#include "cli/repl.h"
#include "cli/sampling_options.h"
#include "cli/solve_view.h"
#include "cli/strings.h"
#include "reasoning/solve.h"

namespace lemma::cli {
namespace {

// The settings of the chat that verified answers have too; the rest is the policy's.
reasoning::SolveOptions OptionsFrom(const service::LoadedModel& model,
                                    const service::GenerateSettings& settings,
                                    chat::Thinking thinking) {
  reasoning::SolveOptions out;
  out.profile = reasoning::ProfileFor(model);
  out.temperature = settings.sampling.temperature;
  out.top_p = settings.sampling.top_p;
  out.thinking_tokens = settings.thinking_budget;
  if (thinking == chat::Thinking::kOff) out.thinking_tokens = 0;
  out.answer_tokens = settings.max_tokens;
  out.seed = settings.sampling.seed ? *settings.sampling.seed : std::random_device()();
  return out;
}

}  // namespace

void Repl::Verified(const std::string& what) {
  if (what == "on" || what == "off") {
    options_.verified = what == "on";
    PrintOut(Say(options_.verified ? Text::kVerifiedOn : Text::kVerifiedOff) + "\n");
  } else {
    PrintOut(Say(Text::kUsage, "/verified on | off") + "\n");
  }
}

Status Repl::AskVerified(const std::string& text) {
  reasoning::SolveRequest request;
  request.question = text;
  request.before = Conversation().messages;
  request.options = OptionsFrom(model_, options_.settings, options_.thinking);
  const auto source = reasoning::MakeModelSource(model_);
  SolveView view(StderrIsTerminal() ? SolveView::Live::kYes : SolveView::Live::kNo);
  reasoning::SolveHooks hooks;
  hooks.cancelled = [] { return Interrupted() || OutputLost(); };
  hooks.on_event = [&view](const reasoning::SolveEvent& event) { view.OnEvent(event); };
  ClearInterrupt();
  auto result = reasoning::Solve(*source, reasoning::Scaffolds(), request, hooks);
  ClearInterrupt();
  if (!result.ok()) return result.status();
  PrintOut(view.Final(*result) + "\n");
  if (!result->chosen) {
    PrintOut(Say(Text::kTakenBack) + "\n");
    return OkStatus();
  }
  reasoning::Chain& chain = result->chains[*result->chosen];
  chat::Message question;
  question.content = text;
  chat::Message answer;
  answer.role = chat::Role::kAssistant;
  answer.content = std::move(chain.content);
  answer.reasoning = std::move(chain.thinking);
  session_.messages.push_back(std::move(question));
  session_.messages.push_back(std::move(answer));
  return OkStatus();
}

}  // namespace lemma::cli
