// SPDX-License-Identifier: Apache-2.0
// lemma serve: the HTTP server.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <thread>

#include "base/log.h"
#include "base/mutex.h"
#include "chat/json_text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/sampling_options.h"
#include "cli/strings.h"
#include "server/app/app.h"
#include "server/ollama/keep_alive.h"
#include "service/loaded_model.h"

namespace lemma::cli {
namespace {

using std::chrono::milliseconds;

struct ServeCommand {
  std::vector<std::string> models;
  std::string folder;
  ModelOptions runtime;
  server::AppOptions app;
  std::vector<std::string> keys;
  std::string key_file;
  std::string keep_alive = "-1";
  std::optional<double> memory_gb;
  std::string prefix_folder;
  double prefix_gb = 8;
  double drain_seconds = 30;
  double ping_seconds = 15;
  size_t body_mib = 4;
  std::string log_level = "info";
  bool log_json = false;
  bool lazy = false;
};

// Signals since the start: the first one drains, the second one stops.
std::atomic<int> stop_signals{0};
extern "C" void OnStopSignal(int) { stop_signals.fetch_add(1, std::memory_order_relaxed); }

void InstallStopSignals() {
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// Connections are file descriptors: as many as the system lets us have.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
}

std::string TimeStamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto part = std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count() % 1000;
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

void SetServeLog(const ServeCommand& options) {
  SetLogSink([least = LevelFrom(options.log_level), json = options.log_json](
                 LogLevel level, std::string_view text) {
    if (level < least) return;
    if (json) {
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

// One line a request; never its text.
void LogAccess(const server::AccessRecord& record, bool json) {
  if (json) {
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

std::string DefaultFolder() {
  if (const char* folder = std::getenv("LEMMA_MODELS"); folder != nullptr && *folder != '\0') {
    return folder;
  }
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data != '\0') {
    return (std::filesystem::path(data) / "lemma" / "models").string();
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return {};
  return (std::filesystem::path(home) / ".local" / "share" / "lemma" / "models").string();
}

// "NAME=FILE", or a file whose stem is the name.
Result<service::ModelSpec> SpecFrom(const std::string& text) {
  service::ModelSpec spec;
  std::string file = text;
  std::error_code ignored;
  const size_t equals = text.find('=');
  if (equals != std::string::npos && !std::filesystem::exists(text, ignored)) {
    spec.name = text.substr(0, equals);
    file = text.substr(equals + 1);
    if (spec.name.empty() || file.empty()) {
      return InvalidArgument(fmt::format("--model: '{}': expected NAME=FILE", text));
    }
  }
  LEMMA_ASSIGN_OR_RETURN(spec.path, ResolveModelPath(file));
  return spec;
}

// -1, or what Ollama's keep_alive may be.
Result<double> KeepAliveFrom(const std::string& text) {
  Result<double> seconds = server::ollama::ParseKeepAlive(text);
  if (seconds.ok() && (text.front() != '-' || text == "-1" || text == "-1s")) return seconds;
  return InvalidArgument(
      fmt::format("--keep-alive: '{}': expected -1, seconds, or a time as 10m or 1h30m", text));
}

// The folder exists, or can be made.
Status CheckPrefixFolder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (std::filesystem::is_directory(folder, error) && ::access(folder.c_str(), W_OK | X_OK) == 0) {
    return OkStatus();
  }
  return InvalidArgument(
      fmt::format("--prefix-cache: '{}' is no folder that can be written to", folder));
}

Status CheckModelsFolder(const std::string& folder) {
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return OkStatus();
  return NotFound(fmt::format("--models-dir: '{}' is no folder", folder));
}

Status FillModels(const ServeCommand& options, service::RegistryOptions& models) {
  LEMMA_RETURN_IF_ERROR(CheckModelsFolder(options.folder));
  models.folder = options.folder.empty() ? DefaultFolder() : options.folder;
  for (const std::string& text : options.models) {
    LEMMA_ASSIGN_OR_RETURN(service::ModelSpec spec, SpecFrom(text));
    models.models.push_back(std::move(spec));
  }
  if (options.models.empty() && options.folder.empty()) {
    LEMMA_ASSIGN_OR_RETURN(service::ModelSpec bundled, SpecFrom(""));
    models.models.push_back(std::move(bundled));
  }
  models.load = LoadOptionsFrom(options.runtime);
  models.load.max_queued = options.app.serving.max_requests;  // that limit is told, and comes first
  LEMMA_ASSIGN_OR_RETURN(models.keep_alive_seconds, KeepAliveFrom(options.keep_alive));
  if (options.memory_gb) {
    models.memory_bytes = static_cast<uint64_t>(*options.memory_gb * 1e9);
  }
  if (!options.prefix_folder.empty()) {
    LEMMA_RETURN_IF_ERROR(CheckPrefixFolder(options.prefix_folder));
    models.load.prefix_store = {options.prefix_folder,
                                static_cast<uint64_t>(options.prefix_gb * 1e9)};
  }
  return OkStatus();
}

Status FillHttp(const ServeCommand& options, server::HttpServerOptions& http) {
  http.limits.body_bytes = options.body_mib << 20;
  for (const std::string& key : options.keys) LEMMA_RETURN_IF_ERROR(http.keys.Add(key));
  if (!options.key_file.empty()) LEMMA_RETURN_IF_ERROR(http.keys.AddFile(options.key_file));
  return OkStatus();
}

void PrintBanner(server::App& app, const ServeCommand& options) {
  PrintErr(Say(Text::kServeAddress, app.url()) + "\n");
  for (const service::ModelInfo& info : app.models().List()) {
    PrintErr(Say(info.is_default ? Text::kServeDefaultModel : Text::kServeModel, info.name) + "\n");
  }
  if (!app.models().List().empty() && !options.models.empty()) return;
  PrintErr(Say(Text::kServeFolder, options.folder.empty() ? DefaultFolder() : options.folder) +
           "\n");
}

// A first model that cannot be used is told before anybody is let in.
Status CheckFirstModel(const service::RegistryOptions& models) {
  if (models.models.empty()) return OkStatus();
  service::LoadOptions load = models.load;
  load.memory_bytes = models.memory_bytes;
  return service::LoadedModel::Check(models.models.front().path, load);
}

// How the load of the first model went; written by the registry's thread.
struct FirstLoad {
  std::atomic<bool> failed{false};
  Status status;  // of `failed`
};

// Without a model that was named, the server would only say 500: it ends.
std::shared_ptr<FirstLoad> LoadFirst(service::ModelRegistry& models, bool named) {
  auto first = std::make_shared<FirstLoad>();
  models.AcquireWhenReady("", {}, [first, named](const Result<service::ModelLease>& lease) {
    if (lease.ok()) return Log(LogLevel::kInfo, fmt::format("model {} is ready", lease->name()));
    Log(LogLevel::kError, lease.status().message());
    if (!named || lease.status().code() == StatusCode::kCancelled) return;
    first->status = lease.status();
    first->failed = true;
  });
  return first;
}

Status Serve(const ServeCommand& given) {
  server::AppOptions options = given.app;
  LEMMA_RETURN_IF_ERROR(FillModels(given, options.models));
  LEMMA_RETURN_IF_ERROR(FillHttp(given, options.http));
  if (!given.lazy) LEMMA_RETURN_IF_ERROR(CheckFirstModel(options.models));
  const bool named = !options.models.models.empty();
  options.serving.ping = milliseconds(static_cast<int64_t>(given.ping_seconds * 1000));
  options.on_access = [json = given.log_json](const server::AccessRecord& record) {
    LogAccess(record, json);
  };
  RaiseDescriptorLimit();
  InstallStopSignals();
  SetServeLog(given);
  LEMMA_ASSIGN_OR_RETURN(const auto app, server::App::Create(std::move(options)));
  LEMMA_RETURN_IF_ERROR(app->Start());
  PrintBanner(*app, given);
  auto first = std::make_shared<FirstLoad>();
  if (!given.lazy) first = LoadFirst(app->models(), named);
  constexpr milliseconds kPoll{50};
  while (stop_signals == 0 && !first->failed) std::this_thread::sleep_for(kPoll);
  if (first->failed) {
    app->Stop();
    return first->status;
  }
  PrintErr(Say(Text::kServeDraining) + "\n");
  app->Drain(milliseconds(static_cast<int64_t>(given.drain_seconds * 1000)),
             [] { return stop_signals > 1; });
  const Status books = stop_signals > 1 ? OkStatus() : app->CheckIntegrity();
  app->Stop();
  LEMMA_RETURN_IF_ERROR(books);
  PrintErr(Say(Text::kServeStopped) + "\n");
  return OkStatus();
}

CLI::Validator HostCheck() {
  return {[](const std::string& value) {
            return value.empty() || value.find_first_of("/ \t") != std::string::npos
                       ? fmt::format("'{}': expected the name of a machine", value)
                       : std::string();
          },
          "NAME"};
}

CLI::Validator OriginCheck() {
  return {[](const std::string& value) {
            const size_t scheme = value.find("://");
            const bool good = scheme != std::string::npos && scheme > 0 &&
                              value.size() > scheme + 3 &&
                              value.find_first_of("/ \t*", scheme + 3) == std::string::npos;
            return good ? std::string()
                        : fmt::format(
                              "'{}': expected an origin as https://chat.example.org, "
                              "without a path",
                              value);
          },
          "ORIGIN"};
}

void AddAddressOptions(CLI::App& command, ServeCommand& options) {
  server::HttpServerOptions& http = options.app.http;
  command
      .add_option("--host", http.host,
                  "address to listen on; others than this machine's own "
                  "need a key")
      ->envname("LEMMA_HOST")
      ->capture_default_str();
  command.add_option("--port", http.port, "port; 0 = a free one")
      ->check(NumberCheck(0, 65535))
      ->envname("LEMMA_PORT")
      ->capture_default_str();
  command.add_option("--tls-cert", http.tls_certificate, "certificate chain (PEM): speak HTTPS");
  command.add_option("--tls-key", http.tls_key, "its private key (PEM)");
  command
      .add_option("--api-key", options.keys,
                  "a key that clients must send (visible in the list of processes: rather use "
                  "--api-key-file or LEMMA_API_KEY)")
      ->envname("LEMMA_API_KEY");
  command
      .add_option("--api-key-file", options.key_file, "file with one key, or sha256:HASH, a line")
      ->check(CLI::ExistingFile);
  command
      .add_option("--allowed-host", http.guard.allowed_hosts,
                  "a further name under which clients may reach this server")
      ->check(HostCheck());
  command
      .add_option("--cors-origin", http.guard.cors_origins,
                  "a web origin whose pages may use this server")
      ->check(OriginCheck());
}

void AddLimitOptions(CLI::App& command, ServeCommand& options) {
  server::ServingOptions& serving = options.app.serving;
  command
      .add_option("--max-requests", serving.max_requests,
                  "requests served or queued at a time; more get 503")
      ->check(CountCheck(1))
      ->capture_default_str();
  command
      .add_option("--max-requests-per-client", serving.max_requests_per_client,
                  "of one key or address; more get 429; 0 = no limit")
      ->check(CountCheck())
      ->capture_default_str();
  command.add_option("--max-connections", options.app.http.max_connections, "open connections")
      ->check(CountCheck(1))
      ->capture_default_str();
  command.add_option("--max-body-mib", options.body_mib, "largest request body in MiB")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command
      .add_option("--load-wait", serving.load_wait_seconds,
                  "seconds a request waits for its model to load before it gets 503")
      ->check(NumberCheck(0, 86400))
      ->capture_default_str();
  command
      .add_option("--ping", options.ping_seconds,
                  "seconds of silence after which a stream of events gets a comment, so that "
                  "proxies keep it; 0 = never")
      ->check(NumberCheck(0, 3600))
      ->capture_default_str();
  command
      .add_option("--drain-seconds", options.drain_seconds,
                  "seconds that running requests get after SIGTERM")
      ->check(NumberCheck(0, 86400))
      ->capture_default_str();
  command.add_option("--http-threads", options.app.http.threads, "threads for connections")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command.add_option("--log-level", options.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  command.add_flag("--log-json", options.log_json, "log lines as JSON");
}

}  // namespace

void AddServe(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("serve", "HTTP server for applications (OpenAI, Ollama, Anthropic)");
  auto options = std::make_shared<ServeCommand>();
  command
      ->add_option("-m,--model", options->models,
                   "GGUF file, a name in the models folder, or NAME=FILE; may be repeated, the "
                   "first one is the default")
      ->envname("LEMMA_MODEL");
  command->add_option("--models-dir", options->folder,
                      "folder whose *.gguf files are served, too; default: the models folder");
  AddRuntimeOptions(*command, options->runtime, WithEngine::kYes);
  command
      ->add_option("--keep-alive", options->keep_alive,
                   "how long an unused model stays loaded: seconds, or as 10m; -1 = until memory "
                   "is needed")
      ->capture_default_str();
  command
      ->add_option("--memory", options->memory_gb,
                   "GB for all loaded models together; default: what is free")
      ->check(NumberCheck(0.001, 1e6));
  command->add_option("--prefix-cache", options->prefix_folder,
                      "folder that keeps the computed beginnings of prompts over restarts; holds "
                      "what prompts say");
  command->add_option("--prefix-cache-gb", options->prefix_gb, "GB that the folder may take")
      ->check(NumberCheck(0.001, 1e6))
      ->capture_default_str();
  command->add_flag("--lazy", options->lazy, "load the first model when it is asked for");
  AddAddressOptions(*command, *options);
  AddLimitOptions(*command, *options);
  command->footer(
      "Examples:\n"
      "  lemma serve\n"
      "  lemma serve -m DeepSeek-R1-Distill-Qwen-1.5B-Q4_K_M.gguf --port 8080\n"
      "  curl http://127.0.0.1:7860/v1/chat/completions -H 'Content-Type: application/json' \\\n"
      "    -d '{\"messages\":[{\"role\":\"user\",\"content\":\"What is 37 + 58?\"}]}'");
  command->callback([options, &context] {
    if (const Status status = Serve(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
