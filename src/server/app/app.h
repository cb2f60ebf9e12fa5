// SPDX-License-Identifier: Apache-2.0
// The whole server: models, dialects, health, metrics and HTTP, put together and taken apart in the
// right order. Used by `lemma serve`, and by tests in their own process.
// Threads: Create, Start, Drain and Stop from one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "server/http/http_server.h"
#include "server/serving.h"
#include "service/model_registry.h"

namespace lemma::server {

struct AppOptions {
  HttpServerOptions http;
  ServingOptions serving;
  service::RegistryOptions models;
  std::filesystem::path notebook = {};                   // of mistakes, for /v1/lemma; empty: none
  std::vector<std::filesystem::path> calibrations = {};  // tables of lemma eval --calibration
  std::filesystem::path scaffolds = {};  // folder of one's own for verified answers; empty: none
  // Called for every answer; may be empty. From server threads.
  std::function<void(const AccessRecord&)> on_access;
};

class App {
 public:
  static Result<std::unique_ptr<App>> Create(AppOptions options);
  // Stops at once.
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  Status Start();
  [[nodiscard]] uint16_t port() const;
  [[nodiscard]] std::string url() const;
  [[nodiscard]] service::ModelRegistry& models();

  // Takes nothing new and lets what runs finish, up to `limit`; then what still runs is cancelled
  // and its clients get the end of their answers. `hurry` (polled) makes it short.
  void Drain(std::chrono::milliseconds limit, const std::function<bool()>& hurry);
  // The books of every loaded model's cache are in order; waits for a step of each engine. Between
  // Drain and Stop.
  Status CheckIntegrity();
  void Stop();

 private:
  class Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lemma::server
