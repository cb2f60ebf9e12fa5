// SPDX-License-Identifier: Apache-2.0
// The notebook of mistakes over HTTP (reasoning/notebook.h has its fields):
//   GET    /v1/lemma/notebook         {"object":"list","data":[rule, ...]}
//   GET    /v1/lemma/notebook/export  the file: a rule a line (application/x-ndjson)
//   GET    /v1/lemma/notebook/ID      one rule
//   POST   /v1/lemma/notebook         {"rule", "question", "task"}: adds one
//   POST   /v1/lemma/notebook/ID      {"rule"}: changes it; its counts begin anew
//   DELETE /v1/lemma/notebook/ID
// Who has a key of the server may do all of it. Every change is on the disk before its answer.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "reasoning/notebook.h"
#include "server/object_reader.h"
#include "server/router.h"
#include "server/serving.h"

namespace lemma::server::verified {

// A new rule of a user's. InvalidArgument names the field.
Result<reasoning::Note> ParseNewRule(std::string_view body, BodyNotes& notes);
// The text that a rule gets.
Result<std::string> ParseChangedRule(std::string_view body, BodyNotes& notes);

// "FILE: line 3: ..." as "notebook: line 3: ...": where it lies is no business of clients.
Status WithoutPath(const Status& status, const std::filesystem::path& path);

// Runs a task beside the server's threads; false: too many wait.
using RunSoon = std::function<bool(std::function<void()>)>;
// Without a path all of them say that there is no notebook. `serving` must outlive the router.
void AddNotebookRoutes(Router& router, Serving& serving, std::filesystem::path path, RunSoon run);

}  // namespace lemma::server::verified
