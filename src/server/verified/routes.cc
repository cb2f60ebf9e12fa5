// SPDX-License-Identifier: Apache-2.0
#include "server/verified/routes.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/json.hpp>
#include <utility>

#include "reasoning/verify_json.h"
#include "server/sse.h"
#include "server/verified/chat.h"
#include "server/verified/solve_body.h"
#include "server/worker_pool.h"

namespace lemma::server::verified {
namespace {

namespace json = boost::json;

// One request while it is worked on. Exchange and sink are used on the exchange's thread alone.
struct Job {
  ExchangePtr exchange;
  Exchange::Poster post;
  SolveBody body;
  std::unique_ptr<StreamSink> sink;  // of a chat; else null
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
    Begin(job);
  }

  void HandleChat(const ExchangePtr& exchange, ModelRef model, const service::ChatRequest& chat,
                  std::unique_ptr<StreamSink> sink) {
    auto request = QuestionOf(chat);
    if (!request.ok()) return sink->OnError(FromStatus(request.status()));
    auto job = std::make_shared<Job>();
    job->exchange = exchange;
    job->post = exchange->poster();
    job->body.model = std::move(model);
    job->body.request = std::move(request).value();
    job->sink = std::move(sink);
    Begin(job);
  }

  void Begin(const std::shared_ptr<Job>& job) {
    job->exchange->OnGone([job] { job->gone = true; });
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
      const ExchangePtr exchange = std::move(job->exchange);
      const auto sink = std::move(job->sink);
      if (exchange->gone()) return;
      if (sink) return sink->OnError(error);
      self->serving.SendError(exchange, error);
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
    if (job->sink) return RunChat(job, *source, hooks);
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

  // The same into the sink of a chat.
  void RunChat(const std::shared_ptr<Job>& job, reasoning::ChainSource& source,
               reasoning::SolveHooks& hooks) {
    StreamStart start;
    start.model = job->lease.name() + std::string(kVerifiedSuffix);
    start.seed = job->body.request.options.seed;
    start.context = job->lease->engine().context_tokens();
    const auto language = reasoning::ClassifyTask({job->body.request.question}).language;
    bool begun = false;
    hooks.on_event = [&](const reasoning::SolveEvent& event) {
      if (!std::exchange(begun, true)) StartChat(job, start);
      SendEvent(job, service::StreamEvent::Kind::kThinking, ProgressLine(event, language));
    };
    const auto result = reasoning::Solve(source, scaffolds, job->body.request, hooks);
    job->lease = {};
    if (!result.ok() && !begun) return Fail(job, FromStatus(result.status()));
    service::StreamEvent finish;
    finish.kind = service::StreamEvent::Kind::kFinish;
    if (result.ok()) {
      SendEvent(job, service::StreamEvent::Kind::kContent, AnswerText(*result));
      finish.usage.prompt_tokens = result->prompt_tokens;
      finish.usage.generated_tokens = result->tokens;
      finish.usage.decode_seconds = result->seconds;
      finish.lemma = SolveResultJson(*result, reasoning::ChainTexts::kNo);
    } else {
      finish.finish = service::FinishReason::kError;
      finish.error = result.status();
    }
    job->post([job, finish] {
      const ExchangePtr exchange = std::move(job->exchange);
      const auto sink = std::move(job->sink);
      if (exchange->gone()) return;
      sink->OnEvent(finish);
      sink->OnEnd();
    });
  }

  static void StartChat(const std::shared_ptr<Job>& job, const StreamStart& start) {
    job->post([job, start] {
      if (job->exchange->gone()) return;
      job->sink->OnStart(start);
      KeepAwake(job);
    });
  }

  // Chains of a large model may run for minutes before there is a word to send.
  static void KeepAwake(const std::shared_ptr<Job>& job) {
    constexpr std::chrono::seconds kSilence{15};
    job->exchange->After(kSilence, [weak = std::weak_ptr<Job>(job)] {
      const auto running = weak.lock();
      if (!running || !running->exchange || running->exchange->gone()) return;
      running->sink->OnSilence();
      KeepAwake(running);
    });
  }

  static void SendEvent(const std::shared_ptr<Job>& job, service::StreamEvent::Kind kind,
                        std::string text) {
    if (text.empty()) return;
    service::StreamEvent event;
    event.kind = kind;
    event.text = std::move(text);
    job->post([job, event] {
      if (!job->exchange->gone()) job->sink->OnEvent(event);
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
  serving.SetVerified([impl = impl_](const ExchangePtr& exchange, ModelRef model,
                                     const service::ChatRequest& request,
                                     std::unique_ptr<StreamSink> sink) {
    impl->HandleChat(exchange, std::move(model), request, std::move(sink));
  });
}

SolveService::~SolveService() { Stop(); }

void SolveService::Stop() {
  impl_->stopping = true;
  impl_->workers.Stop();
}

}  // namespace lemma::server::verified
