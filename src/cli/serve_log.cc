// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_log.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <string_view>

#include "base/log.h"
#include "chat/json_text.h"
#include "cli/output.h"

namespace lemma::cli {
namespace {

std::string TimeStamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto part =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, part);
}

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

LogLevel LevelFrom(std::string_view name) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning}) {
    if (LevelName(level) == name) return level;
  }
  return LogLevel::kError;
}

// Control characters of a request must not reach a terminal.
std::string Printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void SetServeLog(const std::string& least_level, ServeLogForm form) {
  SetLogSink([least = LevelFrom(least_level), form](LogLevel level, std::string_view text) {
    if (level < least) return;
    if (form == ServeLogForm::kJson) {
      // An access line is a JSON object already.
      const bool object = text.starts_with('{');
      PrintErr(fmt::format(R"({{"time":"{}","level":"{}",{}:{}}})"
                           "\n",
                           TimeStamp(), LevelName(level), object ? "\"access\"" : "\"message\"",
                           object ? std::string(text) : chat::JsonQuote(text)));
    } else {
      PrintErr(fmt::format("{} {} {}\n", TimeStamp(), LevelName(level), Printable(text)));
    }
  });
}

void LogAccess(const server::AccessRecord& record, ServeLogForm form) {
  if (form == ServeLogForm::kJson) {
    Log(LogLevel::kInfo,
        fmt::format(R"({{"method":"{}","path":{},"status":{},"complete":{},"bytes_in":{},)"
                    R"("bytes_out":{},"seconds":{:.6f},"client":{}}})",
                    record.method, chat::JsonQuote(record.path), record.status, record.complete,
                    record.request_bytes, record.response_bytes, record.seconds,
                    chat::JsonQuote(record.client)));
    return;
  }
  Log(LogLevel::kInfo, fmt::format("{} {} {}{} {} B {:.3f} s {}", record.method, record.path,
                                   record.status, record.complete ? "" : " (client left)",
                                   record.response_bytes, record.seconds, record.client));
}

}  // namespace lemma::cli
