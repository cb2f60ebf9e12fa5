// SPDX-License-Identifier: Apache-2.0
// lemma generate: one answer (or several) to one prompt, for scripts.
#include "service/generate.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <iostream>
#include <iterator>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/sampling_options.h"

namespace lemma::cli {
namespace {

struct GenerateCommand {
  ModelOptions model;
  service::GenerateSettings settings;
  std::optional<std::string> prompt;
  std::string system;
  bool raw = false;
  bool json = false;
  bool no_think = false;
  bool hide_thinking = false;
};

// What one sample said.
struct Answer {
  std::string thinking;
  std::string content;
  service::StreamEvent finish;
};

chat::Conversation ConversationOf(const GenerateCommand& options, const std::string& prompt) {
  chat::Conversation out;
  if (!options.system.empty()) {
    out.messages.push_back({chat::Role::kSystem, options.system, {}, {}, {}, {}});
  }
  out.messages.push_back({chat::Role::kUser, prompt, {}, {}, {}, {}});
  if (options.no_think) out.thinking = chat::Thinking::kOff;
  return out;
}

Result<std::unique_ptr<service::TextStream>> Start(service::LoadedModel& model,
                                                   const GenerateCommand& options,
                                                   const std::string& prompt) {
  if (options.raw) {
    service::CompletionRequest request;
    request.prompt = prompt;
    request.settings = options.settings;
    return service::StartCompletion(model, request);
  }
  return service::StartChat(model, {ConversationOf(options, prompt), options.settings});
}

Status TellWhy(service::LoadedModel& model, const GenerateCommand& options,
               const std::string& prompt, const Status& error) {
  if (options.raw) return ExplainStart(model, prompt, error);
  return ExplainStart(model, ConversationOf(options, prompt), error);
}

// Streams sample 0 to the terminal unless JSON is wanted; collects all.
std::vector<Answer> Collect(service::TextStream& stream, const GenerateCommand& options) {
  std::vector<Answer> answers(stream.samples());
  const bool live = !options.json && stream.samples() == 1;
  bool in_thinking = false;
  for (size_t finished = 0; finished < answers.size();) {
    if (Interrupted() || OutputLost()) stream.Cancel();
    auto event = stream.Next(std::chrono::milliseconds(100));
    if (!event) continue;
    Answer& answer = answers[event->sample];
    using Kind = service::StreamEvent::Kind;
    if (event->kind == Kind::kThinking) {
      if (live && !options.hide_thinking) {
        PrintOut((in_thinking ? "" : "<think>\n") + event->text);
        in_thinking = true;
      }
      answer.thinking += event->text;
    } else if (event->kind == Kind::kContent) {
      if (live) PrintOut((in_thinking ? "\n</think>\n\n" : "") + event->text);
      in_thinking = false;
      answer.content += event->text;
    } else if (event->kind == Kind::kFinish) {
      answer.finish = std::move(*event);
      ++finished;
    }
  }
  if (live) PrintOut("\n");
  return answers;
}

boost::json::object ToJson(const Answer& answer) {
  const service::StreamUsage& usage = answer.finish.usage;
  const double seconds = usage.decode_seconds;
  boost::json::object out{{"content", answer.content}};
  if (!answer.thinking.empty()) out["thinking"] = answer.thinking;
  out["finish_reason"] = service::FinishReasonName(answer.finish.finish);
  if (answer.finish.thinking_unfinished) out["thinking_unfinished"] = true;
  out["usage"] = {
      {"prompt_tokens", usage.prompt_tokens},       {"cached_tokens", usage.cached_tokens},
      {"generated_tokens", usage.generated_tokens}, {"thinking_tokens", usage.thinking_tokens},
      {"drafted_tokens", usage.drafted_tokens},     {"accepted_tokens", usage.accepted_tokens},
      {"prefill_seconds", usage.prefill_seconds},   {"decode_seconds", seconds}};
  return out;
}

// Text does not show why it ends; JSON does. `which`: of several answers.
void WarnOfEnd(const Answer& answer, const std::string& which) {
  using service::FinishReason;
  const FinishReason reason = answer.finish.finish;
  const std::string_view where =
      answer.finish.thinking_unfinished ? ", inside the thinking: there is no answer" : "";
  if (reason == FinishReason::kLength) {
    PrintWarning(fmt::format("{}cut off: the limit of {} tokens was reached{}", which,
                             answer.finish.usage.generated_tokens, where));
  } else if (reason == FinishReason::kContextFull) {
    PrintWarning(fmt::format("{}cut off: the context is full{}", which, where));
  } else if (reason == FinishReason::kLoop) {
    PrintWarning(fmt::format("{}ended: the text went round in a circle", which));
  }
}

Status PrintAnswers(const service::TextStream& stream, const std::vector<Answer>& answers,
                    const GenerateCommand& options) {
  for (const Answer& answer : answers) {
    if (answer.finish.finish == service::FinishReason::kError) return answer.finish.error;
  }
  if (options.json) {
    boost::json::array all;
    for (const Answer& answer : answers) all.push_back(ToJson(answer));
    PrintJson(boost::json::object{{"seed", stream.seed()}, {"answers", all}});
  } else if (answers.size() > 1) {
    for (size_t i = 0; i < answers.size(); ++i) {
      PrintOut(fmt::format("--- {}\n", i + 1));
      if (!options.hide_thinking && !answers[i].thinking.empty()) {
        const bool open = answers[i].finish.thinking_unfinished;
        PrintOut(fmt::format("<think>\n{}\n{}", answers[i].thinking, open ? "" : "</think>\n\n"));
      }
      PrintOut(answers[i].content + "\n");
    }
  }
  if (OutputLost()) return OkStatus();  // main says why
  for (size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].finish.finish == service::FinishReason::kCancelled) {
      return {StatusCode::kCancelled, "interrupted"};
    }
    if (!options.json) {
      WarnOfEnd(answers[i], answers.size() > 1 ? fmt::format("answer {}: ", i + 1) : "");
    }
  }
  return OkStatus();
}

Status RunGenerate(const GenerateCommand& options) {
  std::string prompt;
  if (options.prompt) {
    prompt = *options.prompt;
  } else {
    prompt = {std::istreambuf_iterator<char>(std::cin), {}};
  }
  if (prompt.empty()) return InvalidArgument("the prompt is empty: give -p TEXT or standard input");
  InstallInterrupt();
  LEMMA_ASSIGN_OR_RETURN(const auto model, OpenModel(options.model));
  const auto stream = Start(*model, options, prompt);
  if (!stream.ok()) return TellWhy(*model, options, prompt, stream.status());
  return PrintAnswers(**stream, Collect(**stream, options), options);
}

}  // namespace

void AddGenerate(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("generate", "answer one prompt and end");
  auto options = std::make_shared<GenerateCommand>();
  AddModelOptions(*command, options->model, WithEngine::kYes);
  command->add_option("-p,--prompt", options->prompt, "the prompt; default: standard input");
  command->add_option("-n,--max-tokens", options->settings.max_tokens, "at most so many tokens")
      ->check(CountCheck(1));
  command->add_option("--samples", options->settings.samples, "answers that share one prefill")
      ->check(CLI::Range(1, 128));
  command->add_option("--system", options->system, "system text");
  command->add_flag("--raw", options->raw, "no chat template; print only the text");
  command->add_flag("--no-think", options->no_think, "answer without thinking");
  command->add_flag("--hide-thinking", options->hide_thinking, "do not print the thinking");
  command->add_flag("--ignore-eos", options->settings.ignore_eos, "go on after the end token");
  command->add_flag("--json", options->json, "print JSON: answers, reasons, usage");
  AddSamplingOptions(*command, options->settings);
  command->footer(
      "Examples:\n"
      "  lemma generate -p \"What is 37 + 58?\" --temp 0\n"
      "  lemma generate -m model.gguf -p \"Once upon\" -n 40 --temp 0 --raw\n"
      "  echo 'Solve 3x + 4 = 19' | lemma generate --samples 4 --json");
  command->callback([options, &context] {
    if (const Status status = RunGenerate(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
