// SPDX-License-Identifier: Apache-2.0
#include "reasoning/eval_run.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/json.hpp>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/file.h"
#include "reasoning/recording.h"
#include "reasoning/solve_plan.h"

namespace lemma::reasoning {
namespace {

namespace json = boost::json;

struct Work {
  const EvalItem* item = nullptr;
  uint64_t seed = 0;
};

using Key = std::pair<std::string, uint64_t>;

// The report of the tests alone, for a chain that was judged without them.
check::CheckReport Scored(const EvalItem& item, const Chain& chain) {
  VerifyRequest request;
  request.check.answer = chain.content;
  request.tests = item.tests;
  request.entry_point = item.entry_point;
  request.support = item.support;
  auto report = Verify(request);
  return report.ok() ? *std::move(report) : check::CheckReport{};
}

EvalRecord RecordOf(const EvalJob& job, const Work& work, const SolveResult& result) {
  EvalRecord out;
  out.id = work.item->id;
  out.family = work.item->family;
  out.seed = work.seed;
  out.gold = work.item->gold;
  out.status = result.status;
  out.answer = result.answer;
  out.agreeing = result.agreeing;
  out.voters = result.votes.voters();
  out.samples = result.chains.size();
  out.tokens = result.tokens;
  out.seconds = result.seconds;
  if (!work.item->tests.empty()) {
    out.tests = EvidenceOf(job, *work.item).tests.empty() ? "unseen" : "known";
  }
  if (result.chosen) {
    const Chain& chain = result.chains[*result.chosen];
    out.content = chain.content;
    const bool unseen = out.tests == "unseen";
    out.right = IsRight(*work.item, unseen ? Scored(*work.item, chain) : chain.report);
  }
  return out;
}

// What came of one item.
struct Done {
  EvalRecord record;
  std::string chains;  // Keep::kChains: the line for the recording
  std::optional<Note> note;
};

SolveRequest RequestFor(const EvalJob& job, const Work& work) {
  SolveRequest out = job.base;
  out.question = work.item->question;
  out.evidence = EvidenceOf(job, *work.item);
  out.options.seed = work.seed;
  if (job.notes != nullptr) {
    constexpr size_t kMost = 2;
    for (const Note* note : job.notes->Find(GuessTask(out), out.question, kMost)) {
      out.notes.push_back(note->rule);
    }
  }
  return out;
}

// Threads that solve, and what they have done.
class Pool {
 public:
  Pool(std::vector<std::unique_ptr<ChainSource>> sources, const Scaffolds& scaffolds,
       const EvalJob& job, std::vector<Work> work)
      : sources_(std::move(sources)), scaffolds_(scaffolds), job_(job), work_(std::move(work)) {
    for (auto& source : sources_) {
      threads_.emplace_back([this, s = source.get()] { Run(*s); });
    }
  }
  ~Pool() {
    Stop();
    for (std::thread& thread : threads_) thread.join();
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  void Stop() { stop_.store(true); }

  // The next result; nullopt when none came within the time. The error of a chain.
  std::optional<Result<Done>> Next(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, timeout, [this] { return !done_.empty(); });
    if (done_.empty()) return std::nullopt;
    auto out = std::move(done_.front());
    done_.pop_front();
    return out;
  }

 private:
  void Run(ChainSource& source) {
    while (!stop_.load()) {
      const size_t at = next_.fetch_add(1);
      if (at >= work_.size()) return;
      const Work& work = work_[at];
      const SolveRequest request = RequestFor(job_, work);
      source.BeginItem(work.item->id, work.seed);
      SolveHooks hooks;
      hooks.cancelled = [this] { return stop_.load(); };
      auto result = Solve(source, scaffolds_, request, hooks);
      if (stop_.load()) return;
      auto done = result.ok() ? DoneOf(work, request, *result)
                              : Result<Done>(result.status().WithContext(work.item->id));
      const std::lock_guard lock(mutex_);
      done_.push_back(std::move(done));
      ready_.notify_one();
    }
  }

  Result<Done> DoneOf(const Work& work, const SolveRequest& request,
                      const SolveResult& result) const {
    Done out;
    out.record = RecordOf(job_, work, result);
    if (job_.keep == Keep::kChains) out.chains = RecordingLine(work.item->id, work.seed, result);
    if (job_.learns != nullptr) out.note = Notebook::Learn(request, result);
    return out;
  }

  std::vector<std::unique_ptr<ChainSource>> sources_;
  const Scaffolds& scaffolds_;
  const EvalJob& job_;
  const std::vector<Work> work_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Result<Done>> done_;
  std::vector<std::thread> threads_;
};

// The fields of one manifest that are missing in the other or differ, with commas.
std::string Differing(std::string_view a, std::string_view b) {
  boost::system::error_code error;
  const json::value left = json::parse(a, error);
  const json::value right = error ? json::value() : json::parse(b, error);
  if (error || !left.is_object() || !right.is_object()) return "no JSON object";
  std::string out;
  const auto add = [&out](std::string_view name) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", name);
  };
  for (const auto& field : left.get_object()) {
    const json::value* other = right.get_object().if_contains(field.key());
    if (other == nullptr || *other != field.value()) add(field.key());
  }
  for (const auto& field : right.get_object()) {
    if (!left.get_object().contains(field.key())) add(field.key());
  }
  return out;
}

// Writes the manifest, or compares it with the one that is there.
Status ClaimDirectory(const EvalJob& job) {
  std::error_code error;
  std::filesystem::create_directories(job.directory, error);
  if (error) return IoError(job.directory.string() + ": " + error.message());
  const std::filesystem::path path = job.directory / "manifest.json";
  if (std::filesystem::exists(path)) {
    constexpr size_t kMostBytes = 1 << 20;
    LEMMA_ASSIGN_OR_RETURN(const std::string there, ReadFile(path.string(), kMostBytes));
    if (there == job.manifest + "\n") return OkStatus();
    const std::string fields = Differing(job.manifest, there);
    if (fields.empty()) return OkStatus();  // written in another way
    return FailedPrecondition(fmt::format(
        "{}: holds a run with other settings (manifest.json: {}); choose another folder",
        job.directory.string(), fields));
  }
  LEMMA_ASSIGN_OR_RETURN(AtomicFileWriter writer, AtomicFileWriter::Create(path.string()));
  LEMMA_RETURN_IF_ERROR(writer.Append(job.manifest + "\n"));
  return writer.Commit();
}

// Cuts off a last line that was not written to its end, so that the next one begins on its own.
Status MendResults(const std::filesystem::path& path) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size == 0) return OkStatus();
  std::ifstream in(path, std::ios::binary);
  uintmax_t good = 0;
  for (std::string line; std::getline(in, line) && !in.eof();) good += line.size() + 1;
  if (good < size) std::filesystem::resize_file(path, good, error);
  return error ? IoError(path.string() + ": " + error.message()) : OkStatus();
}

Status WriteLines(const std::filesystem::path& path, const std::vector<std::string>& lines) {
  LEMMA_ASSIGN_OR_RETURN(AtomicFileWriter writer, AtomicFileWriter::Create(path.string()));
  for (const std::string& line : lines) LEMMA_RETURN_IF_ERROR(writer.Append(line + "\n"));
  return writer.Commit();
}

// The formats of lm-evaluation-harness (--log_samples) and of HumanEval's own scorer.
Status WriteForOthers(const EvalJob& job, const std::vector<EvalRecord>& records) {
  std::map<std::string, std::pair<size_t, const EvalItem*>> items;
  for (size_t i = 0; i < job.items.size(); ++i) items[job.items[i].id] = {i, &job.items[i]};
  std::vector<std::string> samples;
  std::vector<std::string> code;
  for (const EvalRecord& r : records) {
    const auto& [number, item] = items.at(r.id);
    samples.push_back(json::serialize(json::object{{"doc_id", number},
                                                   {"doc", {{"question", item->question}}},
                                                   {"target", r.gold},
                                                   {"resps", json::array{json::array{r.content}}},
                                                   {"filtered_resps", json::array{r.answer}},
                                                   {"exact_match", r.right ? 1 : 0}}));
    if (item->tests.empty()) continue;
    code.push_back(
        json::serialize(json::object{{"task_id", r.id}, {"completion", CodeOf(r.content)}}));
  }
  LEMMA_RETURN_IF_ERROR(WriteLines(job.directory / "lm_eval_samples.jsonl", samples));
  if (code.empty()) return OkStatus();
  return WriteLines(job.directory / "humaneval_samples.jsonl", code);
}

// What goes into other files than the results, before them: a result that is there is complete.
Status KeepBeside(const EvalJob& job, const Done& done, std::ofstream& chains) {
  if (job.keep == Keep::kChains) {
    chains << done.chains << "\n" << std::flush;
    if (!chains) return IoError((job.directory / "chains.jsonl").string() + ": cannot be written");
  }
  if (!done.note) return OkStatus();
  LEMMA_RETURN_IF_ERROR(job.learns->Add(*done.note).status());
  return job.learns->Save();
}

}  // namespace

VerifyRequest EvidenceOf(const EvalJob& job, const EvalItem& item) {
  VerifyRequest out = job.base.evidence;
  const bool known = job.tests_known.value_or(item.tests_known) == Switch::kOn;
  out.tests = known ? item.tests : "";
  out.entry_point = known ? item.entry_point : "";
  out.support = known ? item.support : "";
  return out;
}

Result<std::vector<EvalRecord>> RunEval(const SourceFactory& sources, const Scaffolds& scaffolds,
                                        const EvalJob& job, const EvalHooks& hooks) {
  LEMMA_RETURN_IF_ERROR(ClaimDirectory(job));
  const std::filesystem::path path = job.directory / "results.jsonl";
  LEMMA_RETURN_IF_ERROR(MendResults(path));
  LEMMA_ASSIGN_OR_RETURN(std::vector<EvalRecord> old, ReadEvalRecords(job.directory));
  std::map<Key, EvalRecord> records;
  for (EvalRecord& each : old) records.emplace(Key{each.id, each.seed}, each);
  std::vector<Work> work;
  for (const uint64_t seed : job.seeds) {
    for (const EvalItem& item : job.items) {
      if (records.count({item.id, seed}) == 0) work.push_back({&item, seed});
    }
  }
  const size_t all = records.size() + work.size();
  std::ofstream out(path, std::ios::app);
  std::ofstream chains;
  if (job.keep == Keep::kChains) {
    LEMMA_RETURN_IF_ERROR(MendResults(job.directory / "chains.jsonl"));
    chains.open(job.directory / "chains.jsonl", std::ios::app);
  }
  std::vector<std::unique_ptr<ChainSource>> each;
  for (size_t i = 0; i < std::min(job.parallel, work.size()); ++i) each.push_back(sources());
  Pool pool(std::move(each), scaffolds, job, work);
  while (records.size() < all) {
    if (hooks.cancelled && hooks.cancelled()) {
      return Status(StatusCode::kCancelled, "interrupted; the same command goes on from here");
    }
    auto next = pool.Next(std::chrono::milliseconds(100));
    if (!next) continue;
    if (!next->ok()) return next->status();
    Done done = **std::move(next);
    const EvalRecord& record = done.record;
    LEMMA_RETURN_IF_ERROR(KeepBeside(job, done, chains));
    out << EvalRecordJson(record) << "\n" << std::flush;
    if (!out) return IoError(path.string() + ": cannot be written");
    const auto placed = records.insert_or_assign(Key{record.id, record.seed}, record).first;
    if (hooks.on_record) hooks.on_record(records.size(), all, placed->second);
  }
  std::vector<EvalRecord> ordered;
  for (const uint64_t seed : job.seeds) {
    for (const EvalItem& item : job.items) {
      if (const auto at = records.find({item.id, seed}); at != records.end()) {
        ordered.push_back(at->second);
      }
    }
  }
  LEMMA_RETURN_IF_ERROR(WriteForOthers(job, ordered));
  return ordered;
}

}  // namespace lemma::reasoning
