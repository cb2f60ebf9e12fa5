// SPDX-License-Identifier: Apache-2.0
// A problem set under one policy: every item with every seed, several at a time, each result kept
// as a line of DIR/results.jsonl as soon as it is there. A run that was interrupted goes on where
// it stopped; one with other settings is refused. Beside it: manifest.json (settings), for other
// scorers lm_eval_samples.jsonl and, for code, humaneval_samples.jsonl; if asked for, every chain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "reasoning/eval_items.h"
#include "reasoning/notebook.h"
#include "reasoning/solve.h"

namespace lemma::reasoning {

struct EvalRecord {
  std::string id;
  std::string family;
  uint64_t seed = 0;
  bool right = false;
  SolveStatus status = SolveStatus::kUnverified;
  std::string answer;
  std::string gold;
  size_t agreeing = 0;
  size_t voters = 0;
  size_t samples = 0;
  size_t tokens = 0;
  double seconds = 0;
  std::string content;  // of the chosen chain
  std::string tests;    // "known" to verified reasoning, "unseen" by it; empty: there are none
};
std::string EvalRecordJson(const EvalRecord& record);
Result<EvalRecord> ParseEvalRecord(std::string_view line);
// Of DIR/results.jsonl. A last line that was cut off is left out.
Result<std::vector<EvalRecord>> ReadEvalRecords(const std::filesystem::path& directory);

enum class Keep : uint8_t {
  kResults,
  kChains,  // beside them DIR/chains.jsonl, for replays (recording.h)
};

struct EvalJob {
  std::filesystem::path directory;  // made if it is not there
  std::vector<EvalItem> items;
  std::vector<uint64_t> seeds = {1};
  SolveRequest base;     // options and what came before; the question comes from the item
  std::string manifest;  // JSON: what the run was made with; another one in DIR is an error
  size_t parallel = 4;
  Keep keep = Keep::kResults;
  // Whether tests of items are evidence for verified reasoning, so that VERIFIED code is right by
  // construction, or only score its answers; unset: as the item says.
  std::optional<Switch> tests_known;
  const Notebook* notes = nullptr;  // rules under the questions, as they are; may be null
  Notebook* learns = nullptr;       // gets what was learned, in the order of the items; may be null
};

// What the answer to the item is held against before it is scored.
VerifyRequest EvidenceOf(const EvalJob& job, const EvalItem& item);

struct EvalHooks {
  // On the calling thread, after each record: done, of all.
  std::function<void(size_t done, size_t all, const EvalRecord& record)> on_record;
  std::function<bool()> cancelled;
};

// A source for each worker: called on the calling thread.
using SourceFactory = std::function<std::unique_ptr<ChainSource>()>;

// All records of the directory, in the order of items and seeds. Cancelled: kCancelled, what was
// done is kept. FailedPrecondition: the directory holds another run.
Result<std::vector<EvalRecord>> RunEval(const SourceFactory& sources, const Scaffolds& scaffolds,
                                        const EvalJob& job, const EvalHooks& hooks);

}  // namespace lemma::reasoning
