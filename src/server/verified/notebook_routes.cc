// SPDX-License-Identifier: Apache-2.0
#include "server/verified/notebook_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "reasoning/notebook_file.h"
#include "server/verified/object_text.h"
#include "service/thinking.h"

namespace lemma::server::verified {
namespace {

namespace json = boost::json;
using reasoning::Note;
using reasoning::Notebook;

void CheckRule(ObjectReader& in, const std::string& rule) {
  if (rule.empty()) return in.Fail("rule", "is missing");
  if (rule.size() > reasoning::kMostRuleBytes) {
    in.Fail("rule", fmt::format("{} bytes, at most {}", rule.size(), reasoning::kMostRuleBytes));
  }
}

Response JsonReply(std::string body) {
  Response response;
  response.body = std::move(body);
  return response;
}

Result<std::string> OneNote(const Notebook& book, std::string_view id) {
  const auto& notes = book.notes();
  const auto found =
      std::find_if(notes.begin(), notes.end(), [id](const Note& note) { return note.id == id; });
  if (found == notes.end()) return NotFound(fmt::format("notebook: there is no rule '{}'", id));
  return book.Json(*found);
}

// What one request does with the file; its answer.
using Work = std::function<Result<Response>(const std::filesystem::path& path)>;

Result<Response> List(const std::filesystem::path& path) {
  LEMMA_ASSIGN_OR_RETURN(const Notebook book, Notebook::Open(path));
  std::string out = R"({"object":"list","data":[)";
  for (const Note& note : book.notes()) out += book.Json(note) + ",";
  if (out.back() == ',') out.pop_back();
  return JsonReply(out + "]}");
}

Result<Response> Export(const std::filesystem::path& path) {
  LEMMA_ASSIGN_OR_RETURN(const Notebook book, Notebook::Open(path));
  Response response;
  response.content_type = "application/x-ndjson";
  response.headers.push_back({"Content-Disposition", "attachment; filename=\"notebook.jsonl\""});
  for (const Note& note : book.notes()) response.body += book.Json(note) + "\n";
  return response;
}

Result<Response> Show(const std::filesystem::path& path, const std::string& id) {
  LEMMA_ASSIGN_OR_RETURN(const Notebook book, Notebook::Open(path));
  LEMMA_ASSIGN_OR_RETURN(std::string note, OneNote(book, id));
  return JsonReply(std::move(note));
}

// A change, and the rule that it was about as it is then.
Result<Response> Change(const std::filesystem::path& path, const std::vector<std::string>& warnings,
                        const std::function<Result<std::string>(Notebook&)>& change) {
  std::string out;
  LEMMA_RETURN_IF_ERROR(reasoning::ChangeNotebook(path, [&](Notebook& book) -> Status {
    LEMMA_ASSIGN_OR_RETURN(const std::string id, change(book));
    LEMMA_ASSIGN_OR_RETURN(out, OneNote(book, id));
    return OkStatus();
  }));
  return JsonReply(WithWarnings(std::move(out), warnings));
}

Result<Response> Remove(const std::filesystem::path& path, const std::string& id) {
  LEMMA_RETURN_IF_ERROR(
      reasoning::ChangeNotebook(path, [&](Notebook& book) { return book.Remove(id); }));
  return JsonReply(json::serialize(json::object{{"id", id}, {"deleted", true}}));
}

ApiError ErrorOf(const Status& status) {
  ApiError error = FromStatus(status);
  if (status.code() == StatusCode::kNotFound) {  // a rule, no model
    error.kind = ErrorKind::kNotFound;
    error.param.clear();
  }
  if (status.code() == StatusCode::kResourceExhausted) {  // waiting does not help
    error.kind = ErrorKind::kInvalidRequest;
    error.retry_after_seconds.reset();
  }
  return error;
}

class Routes : public std::enable_shared_from_this<Routes> {
 public:
  Routes(Serving& serving, std::filesystem::path path, RunSoon run)
      : serving_(serving), path_(std::move(path)), run_(std::move(run)) {}

  // Reads and changes of files wait for the disk: not on the exchange's thread.
  void Do(const ExchangePtr& exchange, Work work) {
    if (path_.empty()) {
      ApiError error;
      error.kind = ErrorKind::kNotFound;
      error.message = "this server keeps no notebook (lemma serve --notebook)";
      return serving_.SendError(exchange, error);
    }
    // The last one to hold the exchange is its own thread.
    auto held = std::make_shared<ExchangePtr>(exchange);
    const auto self = shared_from_this();
    const bool taken = run_([self, held, post = exchange->poster(), work = std::move(work)] {
      const auto done = work(self->path_);
      post([self, held, done] {
        const ExchangePtr answer = std::move(*held);
        if (answer->gone()) return;
        if (done.ok()) return answer->Send(*done);
        self->serving_.SendError(answer, ErrorOf(WithoutPath(done.status(), self->path_)));
      });
    });
    if (taken) return;
    ApiError error;
    error.kind = ErrorKind::kOverloaded;
    error.message = "too many requests wait";
    error.retry_after_seconds = 1;
    serving_.SendError(exchange, error);
  }

  void Add(const ExchangePtr& exchange) {
    BodyNotes notes;
    auto note = ParseNewRule(exchange->request().body, notes);
    if (!note.ok()) return serving_.SendError(exchange, FromStatus(note.status()));
    Do(exchange, [note = *note, warnings = notes.warnings()](const std::filesystem::path& path) {
      return Change(path, warnings, [&](Notebook& book) { return book.Add(note); });
    });
  }

  void Edit(const ExchangePtr& exchange) {
    BodyNotes notes;
    auto rule = ParseChangedRule(exchange->request().body, notes);
    if (!rule.ok()) return serving_.SendError(exchange, FromStatus(rule.status()));
    const std::string id = exchange->request().parameter;
    Do(exchange,
       [rule = *rule, id, warnings = notes.warnings()](const std::filesystem::path& path) {
         return Change(path, warnings, [&](Notebook& book) -> Result<std::string> {
           LEMMA_RETURN_IF_ERROR(book.Edit(id, rule));
           return id;
         });
       });
  }

 private:
  Serving& serving_;
  const std::filesystem::path path_;
  const RunSoon run_;
};

}  // namespace

Result<Note> ParseNewRule(std::string_view body, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value parsed, ParseBody(body));
  ObjectReader in(parsed.get_object(), "", notes);
  Note out;
  out.source = "user";
  std::string task = "word";
  in.Read("rule", out.rule);
  in.Read("question", out.question);
  in.Read("task", task);
  CheckRule(in, out.rule);
  if (out.question.empty()) in.Fail("question", "is missing: one of the kind the rule is for");
  if (const auto known = reasoning::TaskNamed(task); known.ok()) {
    out.task = task;
  } else {
    notes.Fail(known.status());
  }
  in.Finish();
  LEMMA_RETURN_IF_ERROR(notes.status());
  const bool chinese = service::LanguageOf(out.question) == service::TextLanguage::kChinese;
  out.language = chinese ? "zh" : "en";
  return out;
}

Result<std::string> ParseChangedRule(std::string_view body, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value parsed, ParseBody(body));
  ObjectReader in(parsed.get_object(), "", notes);
  std::string out;
  in.Read("rule", out);
  CheckRule(in, out);
  in.Finish();
  LEMMA_RETURN_IF_ERROR(notes.status());
  return out;
}

Status WithoutPath(const Status& status, const std::filesystem::path& path) {
  const std::string& message = status.message();
  if (path.empty() || !message.starts_with(path.string())) return status;
  return {status.code(), "notebook" + message.substr(path.string().size())};
}

void AddNotebookRoutes(Router& router, Serving& serving, std::filesystem::path path, RunSoon run) {
  const auto routes = std::make_shared<Routes>(serving, std::move(path), std::move(run));
  constexpr const char* kAll = "/v1/lemma/notebook";
  constexpr const char* kOne = "/v1/lemma/notebook/*";
  router.Add(Method::kGet, kAll,
             [routes](const ExchangePtr& exchange) { routes->Do(exchange, List); });
  router.Add(Method::kGet, "/v1/lemma/notebook/export",
             [routes](const ExchangePtr& exchange) { routes->Do(exchange, Export); });
  router.Add(Method::kGet, kOne, [routes](const ExchangePtr& exchange) {
    routes->Do(exchange, [id = exchange->request().parameter](const std::filesystem::path& file) {
      return Show(file, id);
    });
  });
  router.Add(Method::kPost, kAll, [routes](const ExchangePtr& exchange) { routes->Add(exchange); });
  router.Add(Method::kPost, kOne,
             [routes](const ExchangePtr& exchange) { routes->Edit(exchange); });
  router.Add(Method::kDelete, kOne, [routes](const ExchangePtr& exchange) {
    routes->Do(exchange, [id = exchange->request().parameter](const std::filesystem::path& file) {
      return Remove(file, id);
    });
  });
}

}  // namespace lemma::server::verified
