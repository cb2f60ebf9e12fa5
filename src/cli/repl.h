// SPDX-License-Identifier: Apache-2.0
// The chat in the terminal: reads lines, answers, obeys /commands. One thread (the main one);
// Ctrl-C stops the answer under way.
#pragma once

#include <string>

#include "chat/message.h"
#include "cli/line_editor.h"
#include "cli/session.h"
#include "service/generate.h"

namespace lemma::cli {

class Repl {
 public:
  struct Options {
    service::GenerateSettings settings;
    std::string system;
    chat::Thinking thinking = chat::Thinking::kDefault;
    bool verbose = true;
    bool verified = false;  // answers come from reasoning/solve.h
  };
  Repl(service::LoadedModel& model, Options options);

  // Until the person leaves. Returns the exit code.
  int Run();
  // One question and its answer, printed. An error is returned, not printed.
  Status Ask(const std::string& text);

 private:
  enum class Next { kGoOn, kLeave };
  Next Command(const std::string& line);
  void Set(const std::string& rest);
  void SetParameterFrom(const std::string& rest);
  void Show(const std::string& what) const;
  void Think(const std::string& what);
  void Verified(const std::string& what);
  void Save(const std::string& name) const;
  void Load(const std::string& name);
  // As Ask, with several chains and exact checks.
  Status AskVerified(const std::string& text);
  // The rest of a """ block; false when it was interrupted or the input ended.
  bool ReadBlock(std::string& text);
  // What went wrong, in words for the chat.
  [[nodiscard]] std::string Explain(const Status& status) const;
  void PrintFinish(const service::StreamEvent& finish) const;
  [[nodiscard]] chat::Conversation Conversation() const;

  service::LoadedModel& model_;
  Options options_;
  Session session_;
  LineEditor editor_;
};

}  // namespace lemma::cli
