// SPDX-License-Identifier: Apache-2.0
// A conversation of the terminal chat, and its file: JSON {"lemma_session": 1, "system": text,
// "messages": [{"role", "content", "thinking"}]}. Plain data; one thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"
#include "chat/message.h"

namespace lemma::cli {

struct Session {
  std::string system;
  std::vector<chat::Message> messages;  // user and assistant in turn
};

// A bare NAME means NAME.json in the user's folder of conversations; anything with a slash is a
// path.
std::filesystem::path SessionPath(const std::string& name);
// For the owner's eyes alone (0600). A file that is there is replaced only if it is a saved
// conversation: else InvalidArgument. Makes the user's folder of conversations, no other.
Status SaveSession(const Session& session, const std::filesystem::path& path);
// The error names the file and the field.
Result<Session> LoadSession(const std::filesystem::path& path);

// $XDG_DATA_HOME/lemma, or ~/.local/share/lemma; empty when neither is known.
std::filesystem::path DataFolder();

}  // namespace lemma::cli
