// SPDX-License-Identifier: Apache-2.0
#include "cli/repl.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/output.h"
#include "cli/sampling_options.h"
#include "cli/strings.h"

namespace lemma::cli {
namespace {

constexpr std::string_view kDim = "\033[2m";
constexpr std::string_view kReset = "\033[0m";

std::string Dim(std::string_view text) {
  return StdoutIsTerminal() ? fmt::format("{}{}{}", kDim, text, kReset) : std::string(text);
}

// What is not the answer itself: out of the way of a file or a pipe that takes the answer.
void Note(std::string_view text) {
  if (StdoutIsTerminal()) {
    PrintOut(text);
  } else {
    PrintErr(text);
  }
}

std::string Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  const size_t end = text.find_last_not_of(" \t\r\n");
  return std::string(text.substr(begin, end - begin + 1));
}

// The first word and the rest, both trimmed.
std::pair<std::string, std::string> SplitWord(std::string_view text) {
  const size_t space = text.find_first_of(" \t");
  if (space == std::string_view::npos) return {std::string(text), {}};
  return {std::string(text.substr(0, space)), Trim(text.substr(space))};
}

// "text" -> text, for those who write quotes.
std::string Unquote(std::string text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

// Prints thinking dimmed and content plainly as they stream in, and keeps both.
class AnswerPrinter {
 public:
  void Thinking(const std::string& text) {
    if (reasoning.empty()) Style(kDim);
    PrintOut(text);
    reasoning += text;
  }
  void Content(const std::string& text) {
    if (content.empty() && !reasoning.empty()) {
      Style(kReset);
      PrintOut("\n\n");
    }
    PrintOut(text);
    content += text;
  }
  void End() {
    Style(kReset);
    PrintOut("\n");
  }

  std::string reasoning;
  std::string content;

 private:
  static void Style(std::string_view code) {
    if (StdoutIsTerminal()) PrintOut(code);
  }
};

}  // namespace

Repl::Repl(service::LoadedModel& model, Options options)
    : model_(model),
      options_(std::move(options)),
      editor_(DataFolder().empty() ? DataFolder() : DataFolder() / "history") {
  session_.system = options_.system;
}

int Repl::Run() {
  Note(Say(Text::kWelcome, model_.name(), model_.engine().context_tokens()) + "\n");
  Note(Dim(Say(Text::kHint)) + "\n");
  while (!OutputLost()) {
    LineEditor::Line line = editor_.Read(">>> ");
    if (line.outcome == LineEditor::Outcome::kEnd) {
      if (StdoutIsTerminal()) PrintOut("\n");
      return kExitOk;
    }
    if (line.outcome == LineEditor::Outcome::kInterrupted) continue;
    std::string text = line.text;
    std::string remembered = line.text;
    if (const std::string start = Trim(text); start.starts_with("\"\"\"")) {
      text = start.substr(3);
      if (!ReadBlock(text)) continue;
      remembered = "\"\"\"" + text + "\"\"\"";
    }
    text = Trim(text);
    if (text.empty()) continue;
    editor_.Remember(remembered);
    if (text.front() == '/') {
      if (Command(text) == Next::kLeave) return kExitOk;
      continue;
    }
    if (const Status status = Ask(text); !status.ok()) PrintOut(Explain(status) + "\n");
  }
  return kExitOk;  // main says that the output is lost
}

bool Repl::ReadBlock(std::string& text) {
  for (;;) {
    if (const size_t end = text.find("\"\"\""); end != std::string::npos) {
      text.resize(end);
      return true;
    }
    const LineEditor::Line line = editor_.Read("... ");
    if (line.outcome != LineEditor::Outcome::kLine) return false;
    text += "\n" + line.text;
  }
}

chat::Conversation Repl::Conversation() const {
  chat::Conversation out;
  if (!session_.system.empty()) {
    chat::Message system;
    system.role = chat::Role::kSystem;
    system.content = session_.system;
    out.messages.push_back(std::move(system));
  }
  out.messages.insert(out.messages.end(), session_.messages.begin(), session_.messages.end());
  out.thinking = options_.thinking;
  return out;
}

std::string Repl::Explain(const Status& status) const {
  const bool too_long = status.code() == StatusCode::kResourceExhausted;
  return Say(too_long ? Text::kContextTooLong : Text::kError, status.message());
}

Status Repl::Ask(const std::string& text) {
  if (options_.verified) return AskVerified(text);
  chat::Message question;
  question.content = text;
  session_.messages.push_back(std::move(question));
  ClearInterrupt();
  auto stream = service::StartChat(model_, {Conversation(), options_.settings});
  if (!stream.ok()) {
    Status status = ExplainStart(model_, Conversation(), stream.status());
    session_.messages.pop_back();
    return status;
  }
  AnswerPrinter printer;
  service::StreamEvent finish;
  for (bool done = false; !done;) {
    if (Interrupted() || OutputLost()) (*stream)->Cancel();
    auto event = (*stream)->Next(std::chrono::milliseconds(50));
    if (!event) continue;
    using Kind = service::StreamEvent::Kind;
    if (event->kind == Kind::kThinking) printer.Thinking(event->text);
    if (event->kind == Kind::kContent) printer.Content(event->text);
    if (event->kind == Kind::kFinish) {
      finish = std::move(*event);
      done = true;
    }
  }
  ClearInterrupt();
  printer.End();
  PrintFinish(finish);
  const bool error = finish.finish == service::FinishReason::kError;
  if (error || printer.content.empty()) {
    session_.messages.pop_back();  // a turn without an answer would confuse the next one
    if (!error) Note(Say(Text::kTakenBack) + "\n");
    return finish.error;
  }
  chat::Message answer;
  answer.role = chat::Role::kAssistant;
  answer.content = printer.content;
  answer.reasoning = printer.reasoning;
  session_.messages.push_back(std::move(answer));
  return OkStatus();
}

void Repl::PrintFinish(const service::StreamEvent& finish) const {
  using service::FinishReason;
  std::string note;
  if (finish.finish == FinishReason::kCancelled) note = Say(Text::kStopped);
  if (finish.finish == FinishReason::kLength) {
    note = Say(Text::kTruncated, finish.usage.generated_tokens);
  }
  if (finish.finish == FinishReason::kContextFull) {
    note = Say(Text::kContextFull, model_.engine().context_tokens());
  }
  if (!note.empty()) Note(note + "\n");
  if (finish.thinking_unfinished) Note(Say(Text::kThinkingOpen) + "\n");
  if (!options_.verbose) return;
  const service::StreamUsage& usage = finish.usage;
  const double rate = usage.decode_seconds > 0 && usage.generated_tokens > 1
                          ? static_cast<double>(usage.generated_tokens - 1) / usage.decode_seconds
                          : 0.0;
  std::string line =
      Say(Text::kRate, rate, usage.generated_tokens, usage.prefill_seconds + usage.decode_seconds,
          usage.prompt_tokens + usage.generated_tokens, model_.engine().context_tokens());
  if (usage.drafted_tokens > 0) {
    line += Say(Text::kDrafts, usage.accepted_tokens, usage.drafted_tokens);
  }
  Note(Dim(line) + "\n\n");
}

Repl::Next Repl::Command(const std::string& line) {
  const auto [name, rest] = SplitWord(line);
  if (name == "/bye" || name == "/exit" || name == "/quit") return Next::kLeave;
  if (name == "/help" || name == "/?") {
    PrintOut(Say(Text::kHelp));
  } else if (name == "/set") {
    Set(rest);
  } else if (name == "/show") {
    Show(rest);
  } else if (name == "/think") {
    Think(rest);
  } else if (name == "/verified") {
    Verified(rest);
  } else if (name == "/clear") {
    session_.messages.clear();
    PrintOut(Say(Text::kCleared) + "\n");
  } else if (name == "/save") {
    Save(rest);
  } else if (name == "/load") {
    Load(rest);
  } else {
    PrintOut(Say(Text::kUnknownCommand, name) + "\n");
  }
  return Next::kGoOn;
}

void Repl::Set(const std::string& rest) {
  const auto [what, value] = SplitWord(rest);
  if (what == "parameter") {
    SetParameterFrom(value);
  } else if (what == "system") {
    session_.system = Unquote(value);
    PrintOut(Say(session_.system.empty() ? Text::kSystemCleared : Text::kSystemSet) + "\n");
  } else if (what == "verbose" || what == "quiet") {
    options_.verbose = what == "verbose";
  } else if (what == "think" || what == "nothink") {
    Think(what == "think" ? "on" : "off");
  } else {
    PrintOut(Say(Text::kUsage, "/set parameter NAME VALUE | system TEXT | verbose | quiet") + "\n");
  }
}

void Repl::SetParameterFrom(const std::string& rest) {
  const auto [name, value] = SplitWord(rest);
  service::GenerateSettings changed = options_.settings;
  Status status = SetParameter(changed, name, value);
  if (!status.ok()) {
    PrintOut(Say(Text::kParameterBad, status.message()) + "\n");
    return;
  }
  options_.settings = changed;
  PrintOut(Say(Text::kParameterSet, name, value) + "\n");
}

void Repl::Think(const std::string& what) {
  if (model_.prompts().family().thinking == chat::ThinkingMode::kNever) {
    PrintOut(Say(Text::kThinkNever) + "\n");
  } else if (what == "on" || what == "off") {
    options_.thinking = what == "on" ? chat::Thinking::kOn : chat::Thinking::kOff;
    PrintOut(Say(what == "on" ? Text::kThinkOn : Text::kThinkOff) + "\n");
  } else {
    PrintOut(Say(Text::kUsage, "/think on | off") + "\n");
  }
}

void Repl::Show(const std::string& what) const {
  if (what == "parameters") {
    for (const auto& [name, value] :
         DescribeParameters(options_.settings, model_.DefaultSampling(options_.thinking))) {
      PrintOut(fmt::format("  {:<20} {}\n", name, value));
    }
  } else if (what == "system") {
    PrintOut((session_.system.empty() ? Say(Text::kNothingToShow) : session_.system) + "\n");
  } else if (what == "history") {
    for (const chat::Message& message : session_.messages) {
      PrintOut(fmt::format("{}: {}\n", chat::RoleName(message.role), message.content));
    }
    if (session_.messages.empty()) PrintOut(Say(Text::kNothingToShow) + "\n");
  } else if (what == "info" || what.empty()) {
    const model::ModelConfig& config = model_.config();
    PrintOut(fmt::format(
        "  model     {}\n  file      {}\n  family    {} ({})\n  layers    {} x {} wide\n"
        "  vocab     {}\n  context   {} of {}\n  kernels   {}\n",
        model_.name(), model_.path().string(), model_.prompts().family().name, config.architecture,
        config.layers, config.embedding, config.vocab, model_.engine().context_tokens(),
        config.context_length, model_.kernels_name()));
  } else {
    PrintOut(Say(Text::kUsage, "/show info | parameters | system | history") + "\n");
  }
}

void Repl::Save(const std::string& name) const {
  if (name.empty()) {
    PrintOut(Say(Text::kUsage, "/save NAME") + "\n");
    return;
  }
  const auto path = SessionPath(name);
  const Status status = SaveSession(session_, path);
  PrintOut((status.ok() ? Say(Text::kSaved, path.string()) : Say(Text::kError, status.message())) +
           "\n");
}

void Repl::Load(const std::string& name) {
  if (name.empty()) {
    PrintOut(Say(Text::kUsage, "/load NAME") + "\n");
    return;
  }
  const auto path = SessionPath(name);
  auto session = LoadSession(path);
  if (!session.ok()) {
    PrintOut(Say(Text::kError, session.status().message()) + "\n");
    return;
  }
  session_ = std::move(*session);
  PrintOut(Say(Text::kLoaded, session_.messages.size(), path.string()) + "\n");
}

}  // namespace lemma::cli
