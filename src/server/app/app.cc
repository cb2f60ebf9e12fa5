// SPDX-License-Identifier: Apache-2.0
#include "server/app/app.h"

#include <utility>

#include "server/anthropic/routes.h"
#include "server/app/health.h"
#include "server/llamacpp/routes.h"
#include "server/metrics.h"
#include "server/ollama/routes.h"
#include "server/openai/routes.h"
#include "server/router.h"
#include "server/verified/routes.h"

namespace lemma::server {

// Members go in reverse order: first HTTP with its connections and streams, then the models.
class App::Impl {
 public:
  Status Build(AppOptions options) {
    LEMMA_ASSIGN_OR_RETURN(models_, service::ModelRegistry::Create(std::move(options.models)));
    options.serving.observer = &metrics_;
    options.serving.isolate_clients = !options.http.keys.empty();
    serving_ = ModelServing::Create(options.serving, *models_, router_);
    openai::AddRoutes(router_, *serving_);
    ollama::AddRoutes(router_, *serving_);
    anthropic::AddRoutes(router_, *serving_);
    llamacpp::AddRoutes(router_, *serving_);
    verified::SolveServiceOptions solving;
    solving.isolate_clients = options.serving.isolate_clients;
    for (const std::filesystem::path& path : options.calibrations) {
      LEMMA_ASSIGN_OR_RETURN(auto table, reasoning::Calibration::Load(path));
      solving.calibrations.push_back(std::move(table));
    }
    if (!options.scaffolds.empty()) {
      LEMMA_RETURN_IF_ERROR(solving.scaffolds.Load(options.scaffolds));
    }
    solving.ping = options.serving.ping;
    solving.on_solved = [this](const auto& result) { metrics_.OnSolved(result); };
    solving.notebook = std::move(options.notebook);
    solving_ = std::make_unique<verified::SolveService>(std::move(solving), router_, *serving_);
    http_ = std::make_unique<HttpServer>(
        std::move(options.http), router_,
        [this, next = std::move(options.on_access)](const AccessRecord& record) {
          metrics_.OnAccess(record);
          if (next) next(record);
        });
    AddHealthRoutes(router_, {*models_, *serving_, *http_, metrics_});
    return OkStatus();
  }

  Impl() = default;
  // NOLINTNEXTLINE(bugprone-exception-escape): without memory for a task the program ends
  ~Impl() { Stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // The order matters: threads that hold exchanges end before the loops go, and the loops before
  // the models that the streams on them use.
  void Stop() {
    if (stopped_) return;
    stopped_ = true;
    if (http_) http_->Stop();
    if (solving_) solving_->Stop();
    if (serving_) serving_->Stop();
    models_.reset();
    http_.reset();
  }

  HttpServer& http() { return *http_; }
  ModelServing& serving() { return *serving_; }
  verified::SolveService& solving() { return *solving_; }
  service::ModelRegistry& models() { return *models_; }

 private:
  Metrics metrics_;
  Router router_;
  std::unique_ptr<ModelServing> serving_;
  std::unique_ptr<verified::SolveService> solving_;
  std::unique_ptr<service::ModelRegistry> models_;
  std::unique_ptr<HttpServer> http_;
  bool stopped_ = false;
};

Result<std::unique_ptr<App>> App::Create(AppOptions options) {
  auto impl = std::make_unique<Impl>();
  LEMMA_RETURN_IF_ERROR(impl->Build(std::move(options)));
  return std::unique_ptr<App>(new App(std::move(impl)));
}

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
App::~App() = default;
Status App::Start() { return impl_->http().Start(); }
uint16_t App::port() const { return impl_->http().port(); }
std::string App::url() const { return impl_->http().url(); }
service::ModelRegistry& App::models() { return impl_->models(); }

void App::Drain(std::chrono::milliseconds limit, const std::function<bool()>& hurry) {
  if (impl_->http().Drain(limit, hurry)) return;
  constexpr std::chrono::milliseconds kLastWords{1000};
  impl_->serving().CancelAll();
  impl_->solving().CancelAll();
  static_cast<void>(impl_->http().Drain(kLastWords, {}));
}

Status App::CheckIntegrity() {
  for (const service::ModelInfo& info : models().List()) {
    if (info.state != service::ModelState::kReady) continue;
    const auto lease = models().Acquire(info.name);
    if (!lease.ok()) continue;  // unloaded meanwhile
    LEMMA_RETURN_IF_ERROR((*lease)->engine().CheckIntegrity().WithContext(info.name));
  }
  return OkStatus();
}

void App::Stop() { impl_->Stop(); }

}  // namespace lemma::server
