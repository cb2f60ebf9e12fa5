// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_loop.h"

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <thread>

#include "base/log.h"
#include "cli/output.h"
#include "cli/strings.h"

namespace lemma::cli {
namespace {

// How the load of the first model went; written by the registry's thread.
struct FirstLoad {
  std::atomic<bool> failed{false};
  Status status;  // of `failed`
};

// Without a model that was named, the server would only say 500: it ends.
std::shared_ptr<FirstLoad> LoadFirst(service::ModelRegistry& models, FirstModel kind) {
  auto first = std::make_shared<FirstLoad>();
  models.AcquireWhenReady("", {}, [first, kind](const Result<service::ModelLease>& lease) {
    if (lease.ok()) return Log(LogLevel::kInfo, fmt::format("model {} is ready", lease->name()));
    Log(LogLevel::kError, lease.status().message());
    if (kind != FirstModel::kNeeded || lease.status().code() == StatusCode::kCancelled) return;
    first->status = lease.status();
    first->failed = true;
  });
  return first;
}

}  // namespace

Status ServeUntilStopped(server::App& app, const ServeLoopOptions& options) {
  auto first = std::make_shared<FirstLoad>();
  if (options.first != FirstModel::kLater) first = LoadFirst(app.models(), options.first);
  constexpr std::chrono::milliseconds kPoll{50};
  while (options.stops() == 0 && !first->failed) std::this_thread::sleep_for(kPoll);
  if (first->failed) {
    app.Stop();
    return first->status;
  }
  PrintErr(Say(Text::kServeDraining) + "\n");
  app.Drain(options.drain, [&options] { return options.stops() > 1; });
  const Status books = options.stops() > 1 ? OkStatus() : app.CheckIntegrity();
  app.Stop();
  LEMMA_RETURN_IF_ERROR(books);
  PrintErr(Say(Text::kServeStopped) + "\n");
  return OkStatus();
}

}  // namespace lemma::cli
