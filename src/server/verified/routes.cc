// SPDX-License-Identifier: Apache-2.0
#include "server/verified/routes.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/json.hpp>
#include <utility>

#include "reasoning/verify_json.h"
#include "server/sse.h"
#include "server/verified/solve_body.h"
#include "server/worker_pool.h"

namespace lemma::server::verified {
namespace {

namespace json = boost::json;

// One request while it is worked on.
struct Job {
  ExchangePtr exchange;
  Exchange::Poster post;
  SolveBody body;
  std::vector<std::string> warnings;
  std::atomic<bool> gone{false};
  service::ModelLease lease;
};

std::string WithWarnings(std::string result, const std::vector<std::string>& warnings) {
  if (warnings.empty()) return result;
  json::array list(warnings.begin(), warnings.end());
  result.pop_back();
  return result + ",\"warnings\":" + json::serialize(list) + "}";
}

}  // namespace

struct SolveService::Impl : std::enable_shared_from_this<SolveService::Impl> {
  Impl(SolveLimits the_limits, Serving& the_serving)
      : limits(the_limits), serving(the_serving), workers(limits.threads, limits.max_waiting) {}

  void HandleSolve(const ExchangePtr& exchange) {
    BodyNotes notes;
    auto body = ParseSolve(exchange->request().body, notes);
    if (!body.ok()) return serving.SendError(exchange, FromStatus(body.status()));
    auto job = std::make_shared<Job>();
    job->exchange = exchange;
    job->post = exchange->poster();
    job->body = std::move(body).value();
    job->warnings = notes.warnings();
    const uint64_t client = HashOf(exchange->request().client);
    job->body.request.options.client = client;
    if (limits.isolate_clients) job->body.request.options.cache_salt = client;
    exchange->OnGone([job] { job->gone = true; });
    serving.models().AcquireWhenReady(
        job->body.model.name, job->body.model.keep_alive_seconds,
        [self = shared_from_this(), job](Result<service::ModelLease> lease) {
          self->OnModel(job, std::move(lease));
        });
  }

  // On the registry's thread, or on the exchange's.
  void OnModel(const std::shared_ptr<Job>& job, Result<service::ModelLease> lease) {
    if (!lease.ok()) return Fail(job, FromStatus(lease.status()));
    job->lease = std::move(lease).value();
    if (!workers.Post([this, job] { Run(job); })) {
      ApiError error;
      error.kind = ErrorKind::kOverloaded;
      error.message = "too many questions wait";
      error.retry_after_seconds = 1;
      Fail(job, error);
    }
  }

  // The last use of the job's exchange is on its own thread.
  void Fail(const std::shared_ptr<Job>& job, const ApiError& error) {
    job->post([self = shared_from_this(), job, error] {
      self->serving.SendError(job->exchange, error);
      job->exchange.reset();
    });
  }

  void Run(const std::shared_ptr<Job>& job) {
    reasoning::SolveRequest& request = job->body.request;
    if (request.options.profile.empty()) {
      request.options.profile = reasoning::ProfileFor(*job->lease);
    }
    const auto source = reasoning::MakeModelSource(*job->lease);
    reasoning::SolveHooks hooks;
    hooks.cancelled = [this, &job] { return job->gone || stopping; };
    bool begun = false;
    if (job->body.stream) {
      hooks.on_event = [&](const reasoning::SolveEvent& event) { Tell(job, event, begun); };
    }
    const auto result = reasoning::Solve(*source, scaffolds, request, hooks);
    job->lease = {};
    if (!result.ok() && !begun) return Fail(job, FromStatus(result.status()));
    const std::string text =
        result.ok()
            ? WithWarnings(SolveResultJson(*result, job->body.texts), job->warnings)
            : json::serialize(json::object{{"error", {{"message", result.status().message()}}}});
    const std::string_view name = result.ok() ? "result" : "error";
    job->post([job, text, name, begun] {
      const ExchangePtr exchange = std::move(job->exchange);
      if (exchange->gone()) return;
      if (!begun) {
        Response response;
        response.body = text;
        return exchange->Send(std::move(response));
      }
      exchange->Write(SseEvent(name, text));
      exchange->End();
    });
  }

  void Tell(const std::shared_ptr<Job>& job, const reasoning::SolveEvent& event, bool& begun) {
    if (event.kind == reasoning::SolveEvent::Kind::kText && !job->body.chain_text) return;
    const bool first = !std::exchange(begun, true);
    const std::string text = SolveEventJson(event);
    job->post([job, text, first] {
      if (job->exchange->gone()) return;
      if (first) job->exchange->Begin({});
      // A client that reads far too slowly is cut off by the exchange.
      job->exchange->Write(SseEvent("progress", text));
    });
  }

  void HandleCheck(const ExchangePtr& exchange) {
    const auto parsed = reasoning::ParseVerifyRequest(exchange->request().body);
    if (!parsed.ok()) return serving.SendError(exchange, FromStatus(parsed.status()));
    auto held = std::make_shared<ExchangePtr>(exchange);
    const bool taken = workers.Post([this, held, post = exchange->poster(), request = *parsed] {
      const auto report = reasoning::Verify(request.request);
      post([this, held, report] {
        const ExchangePtr answer = std::move(*held);
        if (!report.ok()) return serving.SendError(answer, FromStatus(report.status()));
        Response response;
        response.body = CheckReportJson(*report);
        answer->Send(std::move(response));
      });
    });
    if (taken) return;
    ApiError error;
    error.kind = ErrorKind::kOverloaded;
    error.message = "too many checks wait";
    error.retry_after_seconds = 1;
    serving.SendError(exchange, error);
  }

  const SolveLimits limits;
  Serving& serving;
  const reasoning::Scaffolds scaffolds;
  std::atomic<bool> stopping{false};
  WorkerPool workers;  // the last member: its threads use the others
};

SolveService::SolveService(SolveLimits limits, Router& router, Serving& serving)
    : impl_(std::make_shared<Impl>(limits, serving)) {
  router.Add(Method::kPost, "/v1/lemma/solve",
             [impl = impl_](const ExchangePtr& exchange) { impl->HandleSolve(exchange); });
  router.Add(Method::kPost, "/v1/lemma/check",
             [impl = impl_](const ExchangePtr& exchange) { impl->HandleCheck(exchange); });
}

SolveService::~SolveService() { Stop(); }

void SolveService::Stop() {
  impl_->stopping = true;
  impl_->workers.Stop();
}

}  // namespace lemma::server::verified
