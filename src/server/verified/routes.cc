// SPDX-License-Identifier: Apache-2.0
#include "server/verified/routes.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/json.hpp>
#include <functional>
#include <optional>
#include <random>
#include <utility>

#include "reasoning/notebook_file.h"
#include "reasoning/verify_json.h"
#include "server/dialect/lemma_field.h"
#include "server/openai/reply.h"
#include "server/sse.h"
#include "server/verified/chat.h"
#include "server/verified/notebook_routes.h"
#include "server/verified/object_text.h"
#include "server/verified/running_source.h"
#include "server/verified/solve_body.h"
#include "server/worker_pool.h"

namespace lemma::server::verified {
namespace {

namespace json = boost::json;

// One request while it is worked on. Exchange and sink are used on the exchange's thread alone.
struct Job {
  ExchangePtr exchange;
  Exchange::Poster post;
  ModelRef model;  // by its plain name
  reasoning::SolveRequest request;
  std::vector<std::string> warnings;
  reasoning::ChainTexts texts = reasoning::ChainTexts::kNo;
  bool notebook = false;
  bool stream = false;
  bool chain_text = false;
  std::unique_ptr<StreamSink> sink;  // of a chat; else null
  std::string_view suffix;           // behind the model's name, as the chat has it
  std::atomic<bool> gone{false};
  std::shared_ptr<void> place;  // among the requests that are served
  service::ModelLease lease;
};

// 53 bits: JSON's numbers carry them.
uint64_t FreshSeed() {
  std::random_device device;
  const uint64_t high = device();
  const uint64_t low = device();
  return (high << 32 | low) & ((uint64_t{1} << 53) - 1);
}

ApiError Busy(std::string message) {
  ApiError error;
  error.kind = ErrorKind::kOverloaded;
  error.message = std::move(message);
  error.retry_after_seconds = 1;
  return error;
}

// Both may be empty.
struct Listener {
  std::function<void(const reasoning::SolveEvent&)> on_event;
  // Chains run: the request was right, and what is sent from now on is an answer. Each time.
  std::function<void()> on_running;
};

// What is solved: the result as JSON, and for a chat its events.
struct Solved {
  reasoning::SolveResult result;
  std::string json;
};

}  // namespace

struct SolveService::Impl : std::enable_shared_from_this<SolveService::Impl> {
  Impl(SolveServiceOptions the_options, Serving& the_serving)
      : options(std::move(the_options)),
        serving(the_serving),
        workers(options.threads, options.max_waiting),
        quick_workers(2, options.max_waiting) {}

  static std::shared_ptr<Job> MakeJob(const ExchangePtr& exchange, const SolveFields& fields) {
    auto job = std::make_shared<Job>();
    job->exchange = exchange;
    job->post = exchange->poster();
    job->texts = fields.texts;
    job->notebook = fields.notebook;
    return job;
  }

  void HandleSolve(const ExchangePtr& exchange) {
    BodyNotes notes;
    auto body = ParseSolve(exchange->request().body, notes);
    if (!body.ok()) return serving.SendError(exchange, FromStatus(body.status()));
    const auto job = MakeJob(exchange, body->fields);
    job->model = std::move(body->model);
    job->warnings = notes.warnings();
    job->stream = body->stream;
    job->chain_text = body->chain_text;
    reasoning::SolveRequest& request = job->request;
    request.question = std::move(body->question);
    request.before = std::move(body->before);
    request.evidence = std::move(body->fields.evidence);
    request.options = std::move(body->fields.options);
    request.options.seed = body->fields.seed ? *body->fields.seed : FreshSeed();
    request.options.client = HashOf(exchange->request().client);
    if (options.isolate_clients) request.options.cache_salt = request.options.client;
    Begin(job);
  }

  void HandleChat(const ExchangePtr& exchange, ModelRef model, const service::ChatRequest& chat,
                  std::unique_ptr<StreamSink> sink) {
    const auto lemma = model.lemma;
    const SolveFields fields = lemma ? lemma->fields : SolveFields();
    auto question = QuestionOf(chat, fields, FreshSeed());
    if (!question.ok()) return sink->OnError(FromStatus(question.status()));
    const auto job = MakeJob(exchange, fields);
    job->model = std::move(model);
    if (job->model.name.ends_with(kVerifiedSuffix)) job->suffix = kVerifiedSuffix;
    job->request = std::move(question->request);
    job->warnings = std::move(question->warnings);
    job->sink = std::move(sink);
    Begin(job);
  }

  void Begin(const std::shared_ptr<Job>& job) {
    if (job->notebook && options.notebook.empty()) {
      return Refuse(job,
                    InvalidArgument("notebook: this server keeps none (lemma serve --notebook)"));
    }
    ApiError error;
    job->place = serving.Admit(job->exchange, error);
    if (!job->place) return Fail(job, error);
    job->model.name = PlainModelName(std::move(job->model.name));
    job->exchange->OnGone([job] { job->gone = true; });
    serving.models().AcquireWhenReady(
        job->model.name, job->model.keep_alive_seconds,
        [self = shared_from_this(), job](Result<service::ModelLease> lease) {
          self->OnModel(job, std::move(lease));
        });
  }

  // On the registry's thread, or on the exchange's.
  void OnModel(const std::shared_ptr<Job>& job, Result<service::ModelLease> lease) {
    if (!lease.ok()) return Fail(job, FromStatus(lease.status()));
    job->lease = std::move(lease).value();
    if (!workers.Post([this, job] { Run(job); })) Fail(job, Busy("too many questions wait"));
  }

  // What is wrong with the request, by the name that its route has for it.
  void Refuse(const std::shared_ptr<Job>& job, const Status& status) {
    Fail(job, FromStatus(job->sink ? NameOptionOfChat(status, job->model.lemma.get()) : status));
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
    if (job->request.options.profile.empty()) {
      job->request.options.profile = reasoning::ProfileFor(*job->lease);
    }
    if (job->sink) return RunChat(job);
    bool begun = false;
    std::string text;  // not sent yet
    Listener listener;
    if (job->stream) {
      listener.on_running = [&] {
        if (!std::exchange(begun, true)) BeginEvents(job);
        Write(job, std::exchange(text, {}));
      };
      listener.on_event = [&](const reasoning::SolveEvent& event) {
        const bool told = event.kind != reasoning::SolveEvent::Kind::kText || job->chain_text;
        if (told) text += SseEvent("progress", SolveEventJson(event));
        if (begun) Write(job, std::exchange(text, {}));
      };
    }
    const auto solved = SolveJob(*job, listener);
    job->lease = {};
    if (!solved.ok() && !begun) return Refuse(job, solved.status());
    if (job->stream && !begun) listener.on_running();
    text = solved.ok() ? WithWarnings(solved->json, job->warnings)
                       : json::serialize(openai::ErrorObject(FromStatus(solved.status())));
    const std::string_view name = solved.ok() ? "result" : "error";
    job->post([job, text, name] {
      const ExchangePtr exchange = std::move(job->exchange);
      if (exchange->gone()) return;
      if (!job->stream) {
        Response response;
        response.body = text;
        return exchange->Send(std::move(response));
      }
      exchange->Write(SseEvent(name, text));
      exchange->End();
    });
  }

  // With the notebook, where it is wanted.
  Result<Solved> SolveJob(Job& job, const Listener& listener) {
    RunningSource source(reasoning::MakeModelSource(*job.lease), listener.on_running);
    reasoning::SolveHooks hooks;
    hooks.cancelled = [this, &job] { return job.gone || stopping; };
    hooks.on_event = listener.on_event;
    std::optional<reasoning::NotebookTurn> notebook;
    if (job.notebook) {
      auto begun = reasoning::NotebookTurn::Begin(options.notebook, job.request);
      if (!begun.ok()) return WithoutPath(begun.status(), options.notebook);
      notebook = std::move(begun).value();
    }
    Solved out;
    auto result = reasoning::Solve(source, options.scaffolds, job.request, hooks);
    if (result.status().code() == StatusCode::kNotFound) {  // of an option's name, not of a model
      return InvalidArgument(result.status().message());
    }
    if (!result.ok()) return result.status();
    out.result = std::move(result).value();
    if (options.on_solved) options.on_solved(out.result);
    if (stopping && out.result.stopped_by == reasoning::StopReason::kCancelled) {
      return Status(StatusCode::kCancelled, "the server is shutting down");
    }
    for (const reasoning::Calibration& table : options.calibrations) {
      table.Apply(job.lease->name(), out.result);
    }
    out.json = SolveResultJson(out.result, job.texts);
    if (notebook) out.json = With(std::move(out.json), "notebook", EndTurn(*notebook, job, out));
    return out;
  }

  // An answer is not lost because the notebook cannot be written.
  json::object EndTurn(reasoning::NotebookTurn& notebook, const Job& job,
                       const Solved& solved) const {
    const Status status = WithoutPath(notebook.End(job.request, solved.result), options.notebook);
    json::object out{{"rules", json::array(notebook.rules().begin(), notebook.rules().end())},
                     {"held_back", notebook.held_back()},
                     {"learned", nullptr}};
    if (!notebook.learned().empty()) out["learned"] = notebook.learned();
    if (!status.ok()) out["error"] = status.message();
    return out;
  }

  // The same into the sink of a chat.
  void RunChat(const std::shared_ptr<Job>& job) {
    StreamStart start;
    start.model = job->lease.name() + std::string(job->suffix);
    start.seed = job->request.options.seed;
    start.context = job->lease->engine().context_tokens();
    start.warnings = job->warnings;
    const auto language = reasoning::ClassifyTask({job->request.question}).language;
    bool begun = false;
    Listener listener;
    listener.on_running = [&] {
      if (!std::exchange(begun, true)) StartChat(job, start);
    };
    listener.on_event = [&](const reasoning::SolveEvent& event) {
      SendEvent(job, service::StreamEvent::Kind::kThinking, ProgressLine(event, language));
    };
    const auto solved = SolveJob(*job, listener);
    job->lease = {};
    if (!solved.ok() && !begun) return Refuse(job, solved.status());
    if (!begun) StartChat(job, start);
    service::StreamEvent finish;
    finish.kind = service::StreamEvent::Kind::kFinish;
    if (solved.ok()) {
      SendEvent(job, service::StreamEvent::Kind::kContent, AnswerText(solved->result));
      finish.usage.prompt_tokens = solved->result.prompt_tokens;
      finish.usage.generated_tokens = solved->result.tokens;
      finish.usage.decode_seconds = solved->result.seconds;
      finish.finish = EndOf(solved->result);
      finish.lemma = solved->json;
    } else {
      finish.finish = service::FinishReason::kError;
      finish.error = solved.status();
    }
    job->post([job, finish] {
      const ExchangePtr exchange = std::move(job->exchange);
      const auto sink = std::move(job->sink);
      if (exchange->gone()) return;
      sink->OnEvent(finish);
      sink->OnEnd();
    });
  }

  void StartChat(const std::shared_ptr<Job>& job, const StreamStart& start) const {
    job->post([job, start, ping = options.ping] {
      if (job->exchange->gone()) return;
      job->sink->OnStart(start);
      KeepAwake(job, ping);
    });
  }

  // Chains of a large model may run for minutes before there is a word to send.
  static void KeepAwake(const std::shared_ptr<Job>& job, std::chrono::milliseconds ping) {
    if (ping.count() <= 0) return;
    const uint64_t writes = job->exchange->writes();
    job->exchange->After(ping, [weak = std::weak_ptr<Job>(job), writes, ping] {
      const auto running = weak.lock();
      if (!running || !running->exchange || running->exchange->gone()) return;
      if (running->exchange->writes() == writes) Ping(*running);
      KeepAwake(running, ping);
    });
  }

  static void Ping(Job& job) {
    if (job.sink) return job.sink->OnSilence();
    job.exchange->Write(kSseKeepAlive);
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

  void BeginEvents(const std::shared_ptr<Job>& job) const {
    job->post([job, ping = options.ping] {
      if (job->exchange->gone()) return;
      job->exchange->Begin({});
      KeepAwake(job, ping);
    });
  }

  // A client that reads far too slowly is cut off by the exchange.
  static void Write(const std::shared_ptr<Job>& job, std::string text) {
    if (text.empty()) return;
    job->post([job, text = std::move(text)] {
      if (!job->exchange->gone()) job->exchange->Write(text);
    });
  }

  void HandleCheck(const ExchangePtr& exchange) {
    const auto parsed = reasoning::ParseVerifyRequest(exchange->request().body);
    if (!parsed.ok()) return serving.SendError(exchange, FromStatus(parsed.status()));
    auto held = std::make_shared<ExchangePtr>(exchange);
    const bool taken =
        quick_workers.Post([this, held, post = exchange->poster(), request = *parsed] {
          const auto report = reasoning::Verify(request.request);
          post([this, held, report] {
            const ExchangePtr answer = std::move(*held);
            if (!report.ok()) return serving.SendError(answer, FromStatus(report.status()));
            Response response;
            response.body = CheckReportJson(*report);
            answer->Send(std::move(response));
          });
        });
    if (!taken) serving.SendError(exchange, Busy("too many checks wait"));
  }

  const SolveServiceOptions options;
  Serving& serving;
  std::atomic<bool> stopping{false};
  // The last members: their threads use the others. What takes a moment does not wait for chains.
  WorkerPool workers;
  WorkerPool quick_workers;
};

SolveService::SolveService(SolveServiceOptions options, Router& router, Serving& serving)
    : impl_(std::make_shared<Impl>(std::move(options), serving)) {
  router.Add(Method::kPost, "/v1/lemma/solve",
             [impl = impl_](const ExchangePtr& exchange) { impl->HandleSolve(exchange); });
  router.Add(Method::kPost, "/v1/lemma/check",
             [impl = impl_](const ExchangePtr& exchange) { impl->HandleCheck(exchange); });
  AddNotebookRoutes(router, serving, impl_->options.notebook,
                    [impl = impl_](std::function<void()> task) {
                      return impl->quick_workers.Post(std::move(task));
                    });
  serving.SetVerified([impl = impl_](const ExchangePtr& exchange, ModelRef model,
                                     const service::ChatRequest& request,
                                     std::unique_ptr<StreamSink> sink) {
    impl->HandleChat(exchange, std::move(model), request, std::move(sink));
  });
}

SolveService::~SolveService() { Stop(); }

void SolveService::CancelAll() { impl_->stopping = true; }

void SolveService::Stop() {
  CancelAll();
  impl_->workers.Stop();
  impl_->quick_workers.Stop();
}

}  // namespace lemma::server::verified
