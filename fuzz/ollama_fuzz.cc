// SPDX-License-Identifier: Apache-2.0
// Reads the input as the body of every route of the Ollama API. Checks that an error has a message,
// that warnings are bounded, and that replies made of the body's own texts are JSON on one line.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "server/ollama/keep_alive.h"
#include "server/ollama/reply.h"
#include "server/ollama/request.h"

namespace lemma::server::ollama {
namespace {

template <typename T>
void Check(const Result<T>& result, const BodyNotes& notes) {
  if (!result.ok() && result.status().message().empty()) std::abort();
  if (notes.warnings().size() > kMaxWarnings) std::abort();
}

void CheckLine(const std::string& line) {
  boost::json::error_code error;
  boost::json::parse(line, error);
  if (error || line.find('\n') != std::string::npos) std::abort();
}

void Echo(const GenerateBody& body, const BodyNotes& notes) {
  ReplyEnd end;
  end.done_reason = "stop";
  end.warnings = notes.warnings();
  for (const chat::Message& message : body.chat.conversation.messages) {
    ReplyText text;
    text.content = message.content;
    text.thinking = message.reasoning;
    text.tool_calls = message.tool_calls;
    CheckLine(ReplyLine({Api::kChat, body.model.name, {}}, text, nullptr, {}));
    CheckLine(ReplyLine({Api::kGenerate, body.model.name, {}}, text, &end, {}));
  }
}

}  // namespace
}  // namespace lemma::server::ollama

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lemma::server::ollama;  // NOLINT(google-build-using-namespace): a short main
  using lemma::server::BodyNotes;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const auto parse : {ParseGenerate, ParseChat}) {
    BodyNotes notes;
    const auto result = parse(body, notes);
    Check(result, notes);
    if (result.ok()) Echo(*result, notes);
  }
  for (const auto parse : {ParseEmbed, ParseEmbeddings}) {
    BodyNotes notes;
    Check(parse(body, notes), notes);
  }
  BodyNotes notes;
  Check(ParseShow(body, notes), notes);
  const auto seconds = ParseKeepAlive(body);
  if (seconds.ok() && *seconds != kForEver && !(*seconds >= 0)) std::abort();
  return 0;
}
