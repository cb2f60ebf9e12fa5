// SPDX-License-Identifier: Apache-2.0
// lemma serve: the HTTP server.
#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <utility>

#include "cli/command.h"
#include "cli/notebook.h"
#include "cli/output.h"
#include "cli/serve_log.h"
#include "cli/serve_loop.h"
#include "cli/serve_models.h"
#include "cli/strings.h"
#include "server/app/app.h"

namespace lemma::cli {
namespace {

using std::chrono::milliseconds;

struct ServeCommand {
  ServedModels served;
  server::AppOptions app;
  std::vector<std::string> keys;
  std::string key_file;
  std::string notebook;  // on, off or a file; empty: on, unless there are keys
  std::vector<std::string> calibrations;
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

Status FillHttp(const ServeCommand& options, server::HttpServerOptions& http) {
  http.limits.body_bytes = options.body_mib << 20;
  for (const std::string& key : options.keys) LEMMA_RETURN_IF_ERROR(http.keys.Add(key));
  if (!options.key_file.empty()) LEMMA_RETURN_IF_ERROR(http.keys.AddFile(options.key_file));
  return OkStatus();
}

void PrintBanner(server::App& app, const ServedModels& options) {
  PrintErr(Say(Text::kServeAddress, app.url()) + "\n");
  for (const service::ModelInfo& info : app.models().List()) {
    PrintErr(Say(info.is_default ? Text::kServeDefaultModel : Text::kServeModel, info.name) + "\n");
  }
  if (!app.models().List().empty() && !options.models.empty()) return;
  PrintErr(
      Say(Text::kServeFolder, options.folder.empty() ? DefaultModelsFolder() : options.folder) +
      "\n");
}

// The user's own notebook is for users of this machine; who gives keys to others says so first.
std::filesystem::path NotebookFor(const ServeCommand& given, const server::ApiKeys& keys) {
  const bool has_home = NotebookPath("on").has_parent_path();
  if (given.notebook.empty()) return has_home && keys.empty() ? NotebookPath("on") : "";
  return given.notebook == "off" ? "" : NotebookPath(given.notebook);
}

Status Serve(const ServeCommand& given) {
  server::AppOptions options = given.app;
  LEMMA_RETURN_IF_ERROR(FillRegistry(given.served, options.models));
  // That limit is told, and comes first.
  options.models.load.max_queued = options.serving.max_requests;
  LEMMA_RETURN_IF_ERROR(FillHttp(given, options.http));
  options.notebook = NotebookFor(given, options.http.keys);
  options.calibrations.assign(given.calibrations.begin(), given.calibrations.end());
  ServeLoopOptions loop;
  loop.first = options.models.models.empty() ? FirstModel::kWanted : FirstModel::kNeeded;
  if (given.lazy) loop.first = FirstModel::kLater;
  if (!given.lazy) LEMMA_RETURN_IF_ERROR(CheckFirstModel(options.models));
  loop.drain = milliseconds(static_cast<int64_t>(given.drain_seconds * 1000));
  loop.stops = [] { return stop_signals.load(std::memory_order_relaxed); };
  options.serving.ping = milliseconds(static_cast<int64_t>(given.ping_seconds * 1000));
  const auto form = given.log_json ? ServeLogForm::kJson : ServeLogForm::kText;
  options.on_access = [form](const server::AccessRecord& record) { LogAccess(record, form); };
  RaiseDescriptorLimit();
  InstallStopSignals();
  SetServeLog(given.log_level, form);
  LEMMA_ASSIGN_OR_RETURN(const auto app, server::App::Create(std::move(options)));
  LEMMA_RETURN_IF_ERROR(app->Start());
  PrintBanner(*app, given.served);
  return ServeUntilStopped(*app, loop);
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

void AddServedModels(CLI::App& command, ServedModels& options) {
  command
      .add_option("-m,--model", options.models,
                  "GGUF file, a name in the models folder, or NAME=FILE; may be repeated, the "
                  "first one is the default")
      ->envname("LEMMA_MODEL");
  command.add_option("--models-dir", options.folder,
                     "folder whose *.gguf files are served, too; default: the models folder");
  AddRuntimeOptions(command, options.runtime, WithEngine::kYes);
  command
      .add_option("--keep-alive", options.keep_alive,
                  "how long an unused model stays loaded: seconds, or as 10m; -1 = until memory "
                  "is needed")
      ->capture_default_str();
  command
      .add_option("--memory", options.memory_gb,
                  "GB for all loaded models together; default: what is free")
      ->check(NumberCheck(0.001, 1e6));
  command.add_option("--prefix-cache", options.prefix_folder,
                     "folder that keeps the computed beginnings of prompts over restarts; holds "
                     "what prompts say");
  command.add_option("--prefix-cache-gb", options.prefix_gb, "GB that the folder may take")
      ->check(NumberCheck(0.001, 1e6))
      ->capture_default_str();
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
  AddServedModels(*command, options->served);
  command->add_option("--notebook", options->notebook,
                      "mistake notebook of requests that ask for it and of /v1/lemma/notebook: on "
                      "(your own), off or a file; default: on, with API keys off");
  command->add_option(
      "--calibration", options->calibrations,
      "table of a model (lemma eval --calibration): verified answers tell agreement "
      "as a percentage, too; may be repeated");
  command->add_option("--scaffolds", options->app.scaffolds,
                      "folder with scaffolds of your own, for \"scaffold\" of requests");
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
