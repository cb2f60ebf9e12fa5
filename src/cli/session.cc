// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdlib>

#include "base/file.h"

namespace lemma::cli {
namespace {

namespace json = boost::json;
constexpr uint64_t kMaxSessionBytes = 64ULL << 20;

std::string TextField(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<chat::Message> ParseMessage(const json::value& value, size_t index) {
  const auto bad = [index](std::string_view what) {
    return DataLoss(fmt::format("messages[{}]: {}", index, what));
  };
  if (!value.is_object()) return bad("expected an object");
  const json::object& object = value.get_object();
  chat::Message message;
  const std::string role = TextField(object, "role");
  if (role == "user") {
    message.role = chat::Role::kUser;
  } else if (role == "assistant") {
    message.role = chat::Role::kAssistant;
  } else {
    return bad(fmt::format("role '{}', expected user or assistant", role));
  }
  const json::value* content = object.if_contains("content");
  if (content == nullptr || !content->is_string()) return bad("content: expected a string");
  message.content = std::string(content->get_string());
  message.reasoning = TextField(object, "thinking");
  return message;
}

std::filesystem::path SessionsFolder() { return DataFolder() / "sessions"; }

Status CheckReplaceable(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error) && LoadSession(path).ok()) return OkStatus();
  return InvalidArgument(
      fmt::format("'{}' exists and is no saved conversation: it is left as it is", path.string()));
}

}  // namespace

std::filesystem::path DataFolder() {
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data != '\0') {
    return std::filesystem::path(data) / "lemma";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return std::filesystem::path(home) / ".local" / "share" / "lemma";
  }
  return {};
}

std::filesystem::path SessionPath(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const std::filesystem::path file = name.ends_with(".json") ? name : name + ".json";
  return SessionsFolder() / file;
}

Status SaveSession(const Session& session, const std::filesystem::path& path) {
  json::array messages;
  for (const chat::Message& message : session.messages) {
    json::object row{{"role", chat::RoleName(message.role)}, {"content", message.content}};
    if (!message.reasoning.empty()) row["thinking"] = message.reasoning;
    messages.push_back(std::move(row));
  }
  const json::object file{
      {"lemma_session", 1}, {"system", session.system}, {"messages", std::move(messages)}};
  std::error_code error;
  if (path.parent_path() == SessionsFolder()) {
    std::filesystem::create_directories(path.parent_path(), error);
  }
  if (std::filesystem::symlink_status(path, error).type() !=
      std::filesystem::file_type::not_found) {
    LEMMA_RETURN_IF_ERROR(CheckReplaceable(path));
  }
  LEMMA_ASSIGN_OR_RETURN(auto writer,
                         AtomicFileWriter::Create(path, AtomicFileWriter::Readers::kOwner));
  LEMMA_RETURN_IF_ERROR(writer.Append(json::serialize(file) + "\n"));
  return writer.Commit();
}

Result<Session> LoadSession(const std::filesystem::path& path) {
  LEMMA_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxSessionBytes));
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  const auto bad = [&path](std::string_view what) {
    return DataLoss(fmt::format("'{}' is no saved conversation: {}", path.string(), what));
  };
  if (error) return bad(error.message());
  if (!value.is_object()) return bad("expected an object");
  const json::object& object = value.get_object();
  const json::value* version = object.if_contains("lemma_session");
  if (version == nullptr || *version != 1) return bad("\"lemma_session\": 1 is missing");
  const json::value* messages = object.if_contains("messages");
  if (messages == nullptr || !messages->is_array()) return bad("\"messages\" is no list");
  Session session;
  session.system = TextField(object, "system");
  for (size_t i = 0; i < messages->get_array().size(); ++i) {
    auto message = ParseMessage(messages->get_array()[i], i);
    if (!message.ok()) return bad(message.status().message());
    session.messages.push_back(std::move(*message));
  }
  return session;
}

}  // namespace lemma::cli
