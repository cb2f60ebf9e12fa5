// SPDX-License-Identifier: Apache-2.0
#include "cli/line_editor.h"

#include <histedit.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>

#include "cli/output.h"

namespace lemma::cli {

class LineEditor::Impl {
 public:
  explicit Impl(std::filesystem::path history_file) : history_file_(std::move(history_file)) {
    editor_ = el_init("lemma", stdin, stdout, stderr);
    history_ = history_init();
    HistEvent event;
    history(history_, &event, H_SETSIZE, 1000);
    history(history_, &event, H_SETUNIQUE, 1);
    el_set(editor_, EL_CLIENTDATA, this);
    el_set(editor_, EL_PROMPT, &Impl::Prompt);
    el_set(editor_, EL_EDITOR, "emacs");
    el_set(editor_, EL_HIST, ::history, history_);
    el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    if (!history_file_.empty()) history(history_, &event, H_LOAD, history_file_.c_str());
  }
  ~Impl() {
    history_end(history_);
    el_end(editor_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Line Read(const std::string& prompt) {
    prompt_ = prompt;
    int count = 0;
    errno = 0;
    ClearInterrupt();  // a Ctrl-C from before the prompt has nothing to stop any more
    const char* line = el_gets(editor_, &count);
    const bool whole = line != nullptr && count > 0 && line[count - 1] == '\n';
    const bool interrupted = Interrupted();
    ClearInterrupt();
    // A Ctrl-C while the line is written ends the reading before its end. One that comes in the
    // moment before or behind must not take a whole line away.
    if (interrupted && !whole) {
      el_reset(editor_);
      PrintOut("\n");
      return {Outcome::kInterrupted, {}};
    }
    if (line == nullptr || count <= 0) return {Outcome::kEnd, {}};
    std::string text(line, static_cast<size_t>(count));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return {Outcome::kLine, std::move(text)};
  }

  void Remember(const std::string& line) {
    HistEvent event;
    history(history_, &event, H_ENTER, line.c_str());
    if (history_file_.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(history_file_.parent_path(), error);
    history(history_, &event, H_SAVE, history_file_.c_str());
  }

 private:
  static const char* Prompt(EditLine* editor) {
    Impl* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return self->prompt_.c_str();
  }

  std::filesystem::path history_file_;
  std::string prompt_;
  EditLine* editor_ = nullptr;
  History* history_ = nullptr;
};

LineEditor::LineEditor(std::filesystem::path history_file) {
  if (::isatty(STDIN_FILENO) == 1) impl_ = std::make_unique<Impl>(std::move(history_file));
}

LineEditor::~LineEditor() = default;

LineEditor::Line LineEditor::Read(const std::string& prompt) {
  if (impl_) return impl_->Read(prompt);
  std::string text;
  if (!std::getline(std::cin, text)) return {Outcome::kEnd, {}};
  if (!text.empty() && text.back() == '\r') text.pop_back();
  return {Outcome::kLine, std::move(text)};
}

void LineEditor::Remember(const std::string& line) {
  if (impl_) impl_->Remember(line);
}

}  // namespace lemma::cli
