// SPDX-License-Identifier: Apache-2.0
// lemma notebook: the rules that refuted answers left behind, to read, add, change and take out.
#include "cli/notebook.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/session.h"
#include "reasoning/notebook_file.h"
#include "service/thinking.h"

namespace lemma::cli {
namespace {

struct NotebookCommand {
  std::string file = "on";
  std::string id;
  std::string rule;
  std::string question;
  std::string task = "word";
  bool json = false;
};

Status List(const NotebookCommand& options) {
  LEMMA_ASSIGN_OR_RETURN(const auto book, reasoning::Notebook::Open(NotebookPath(options.file)));
  for (const reasoning::Note& note : book.notes()) {
    if (options.json) {
      PrintOut(book.Json(note) + "\n");
      continue;
    }
    PrintOut(fmt::format("{} {} {} {}/{} ({}/{}) {}{}\n", note.id, note.task, note.language,
                         note.wins, note.uses, note.held_wins, note.held, note.rule,
                         book.Enabled(note) ? "" : " [off]"));
  }
  return OkStatus();
}

Status Add(const NotebookCommand& options) {
  LEMMA_RETURN_IF_ERROR(reasoning::TaskNamed(options.task).status());
  reasoning::Note note;
  note.task = options.task;
  note.rule = options.rule;
  note.question = options.question;
  note.source = "user";
  const auto language = service::LanguageOf(options.question);
  note.language = language == service::TextLanguage::kChinese ? "zh" : "en";
  std::string id;
  LEMMA_RETURN_IF_ERROR(
      reasoning::ChangeNotebook(NotebookPath(options.file), [&](reasoning::Notebook& book) {
        auto added = book.Add(note);
        if (added.ok()) id = *added;
        return added.status();
      }));
  PrintOut(id + "\n");
  return OkStatus();
}

Status Edit(const NotebookCommand& options) {
  return reasoning::ChangeNotebook(NotebookPath(options.file), [&](reasoning::Notebook& book) {
    return book.Edit(options.id, options.rule);
  });
}

Status Remove(const NotebookCommand& options) {
  return reasoning::ChangeNotebook(NotebookPath(options.file), [&](reasoning::Notebook& book) {
    return book.Remove(options.id);
  });
}

}  // namespace

std::filesystem::path NotebookPath(const std::string& option) {
  return option == "on" ? DataFolder() / "notebook.jsonl" : std::filesystem::path(option);
}

void AddNotebook(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("notebook", "the mistake notebook (错题本): its rules");
  auto options = std::make_shared<NotebookCommand>();
  command->require_subcommand(1);
  const auto sub = [&](const char* name, const char* about, Status (*run)(const NotebookCommand&)) {
    auto* each = command->add_subcommand(name, about);
    each->add_option("--notebook", options->file, "file; default: your own");
    each->callback([options, run, &context] {
      if (const Status status = run(*options); !status.ok()) {
        context.exit_code = ReportError(status);
      }
    });
    return each;
  };
  sub("list", "one a line: id, task, language, proven of shown (of held back), rule", List)
      ->add_flag("--json", options->json, "print JSON: also the way to export");
  auto* add = sub("add", "add a rule of your own", Add);
  add->add_option("rule", options->rule, "what to keep in mind")->required();
  add->add_option("--question", options->question, "a question of the kind it is for")->required();
  add->add_option("--task", options->task, "kind of question")->capture_default_str();
  auto* edit = sub("edit", "change a rule; its counts begin anew", Edit);
  edit->add_option("id", options->id)->required();
  edit->add_option("rule", options->rule)->required();
  sub("remove", "take a rule out", Remove)->add_option("id", options->id)->required();
}

}  // namespace lemma::cli
