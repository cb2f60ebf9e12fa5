// SPDX-License-Identifier: Apache-2.0
// lemma version: what this build is and what it found.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/cpu_features.h"
#include "cli/command.h"
#include "cli/output.h"
#include "kernels/ops.h"

namespace lemma::cli {
namespace {

int Version(bool as_json) {
  const std::string cpu = CpuFeatureNames(HostCpu());
  boost::json::array isas;
  std::string names;
  for (const std::string_view isa : kernels::AvailableIsas()) {
    isas.emplace_back(isa);
    names += (names.empty() ? "" : " ") + std::string(isa);
  }
  if (as_json) {
    PrintJson(boost::json::object{
        {"version", LEMMA_VERSION}, {"cpu", cpu}, {"kernels", isas}, {"threads", UsableCpus()}});
    return kExitOk;
  }
  PrintOut(fmt::format("lemma {}\nprocessor: {}\nkernels: {}\nusable processors: {}\n",
                       LEMMA_VERSION, cpu, names, UsableCpus()));
  return kExitOk;
}

}  // namespace

void AddVersion(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("version", "print the version and what the processor offers");
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "print JSON");
  command->footer("Example:\n  lemma version --json");
  command->callback([as_json, &context] { context.exit_code = Version(*as_json); });
}

}  // namespace lemma::cli
