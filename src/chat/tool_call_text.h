// SPDX-License-Identifier: Apache-2.0
// Reads the text of one tool call, as found between its marks (chat/markers.h). nullopt when it is
// malformed; the caller then shows it as content. Pure functions.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "chat/message.h"

namespace lemma::chat {

// {"name": "f", "arguments": {...}}; also "parameters", arguments as a JSON string, and the OpenAI
// nesting {"type": "function", "function": {...}}. Missing arguments are {}.
std::optional<ToolCall> ParseJsonToolCall(std::string_view text);
// One such object, or an array of them.
std::optional<std::vector<ToolCall>> ParseJsonToolCalls(std::string_view text);
// DeepSeek: function<sep>NAME\n```json\n{...}\n``` (R1, V3) or NAME<sep>{...} (V3.1), or a bare
// JSON call, which distilled models write at times.
std::optional<ToolCall> ParseDeepseekToolCall(std::string_view text);

}  // namespace lemma::chat
