// SPDX-License-Identifier: Apache-2.0
// The one way library code says something to people: a sink that the program sets at start. With
// no sink (the default) nothing is printed. Thread-safe; the sink is called under a lock.
#pragma once

#include <functional>
#include <string_view>

namespace lemma {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

using LogSink = std::function<void(LogLevel, std::string_view)>;

// Replaces the sink; an empty function turns logging off.
void SetLogSink(LogSink sink);
void Log(LogLevel level, std::string_view message);

}  // namespace lemma
