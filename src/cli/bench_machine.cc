// SPDX-License-Identifier: Apache-2.0
// lemma bench --machine: what decides the speed of a model here. Decoding is bound by the read
// bandwidth, prefill by the multiply rate, small models by the cost of a round of threads.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/cpu_features.h"
#include "base/machine_info.h"
#include "base/memory_info.h"
#include "cli/bench.h"
#include "cli/output.h"
#include "kernels/bandwidth.h"
#include "kernels/machine_probe.h"

namespace lemma::cli {
namespace {

using kernels::PageSize;
using kernels::Prefetch;

struct ReadResult {
  int threads = 1;
  PageSize pages = PageSize::kHuge;
  Prefetch prefetch = Prefetch::kNone;
  size_t ahead = 0;
  double gb_s = 0;
};

struct MultiplyResult {
  const kernels::MultiplyLoop* loop = nullptr;
  int threads = 1;
  double macs_per_second = 0;
};

struct BarrierResult {
  int threads = 1;
  kernels::BarrierCost cost;
};

struct Report {
  MachineInfo info;
  int usable_cpus = 1;
  double clock_hz = 0;
  double seconds = 0;
  std::optional<double> steal;
  std::optional<double> other_load;  // share of the machine that was busy before the start
  size_t buffer_bytes = 0;
  size_t huge_granted = 0;
  std::vector<ReadResult> reads;
  std::vector<MultiplyResult> multiplies;
  std::vector<BarrierResult> barriers;
};

std::string_view NameOf(Prefetch prefetch) {
  switch (prefetch) {
    case Prefetch::kNone:
      return "none";
    case Prefetch::kT0:
      return "t0";
    case Prefetch::kT1:
      return "t1";
    case Prefetch::kNta:
      return "nta";
  }
  return "";
}
std::string_view NameOf(PageSize pages) { return pages == PageSize::kHuge ? "huge" : "4k"; }

// All counts on a small machine; powers of two and the whole on a large one.
std::vector<int> ThreadCounts(int cpus, bool quick) {
  std::vector<int> out;
  for (int n = 1; n < cpus; n = n < 4 ? n + 1 : n * 2) {
    if (n == 1 || !quick) out.push_back(n);
  }
  out.push_back(cpus);
  return out;
}

// Three times the last cache, so that nothing is left of a line when it comes again; less where
// memory is short.
size_t BufferBytes(const MachineInfo& info, bool quick) {
  const uint64_t wanted =
      std::max<uint64_t>(uint64_t{768} << 20, (quick ? 2 : 3) * LastLevelCacheBytes(info));
  const uint64_t available = AvailableMemoryBytes();
  return available > 0 ? std::min(wanted, available / 3) : wanted;
}

void AddReads(kernels::BandwidthProbe& probe, PageSize pages, bool quick, Report& report) {
  const auto measure = [&](int threads, Prefetch prefetch, size_t ahead) {
    const kernels::ReadPlan plan{threads, prefetch, ahead};
    const size_t bytes = static_cast<size_t>(threads == 1 ? 256 : 512) << 20;
    const double speed = probe.Measure(plan, bytes, 3).median;
    report.reads.push_back({threads, pages, prefetch, ahead, speed});
  };
  for (const int threads : ThreadCounts(report.usable_cpus, quick)) {
    measure(threads, Prefetch::kNone, 0);
    for (const Prefetch prefetch : {Prefetch::kT0, Prefetch::kT1, Prefetch::kNta}) {
      for (const size_t ahead : {1024, 2048, 4096, 8192}) {
        if (Interrupted()) return;
        if (!quick || (prefetch == Prefetch::kT1 && ahead == 4096))
          measure(threads, prefetch, ahead);
      }
    }
  }
}

Status MeasureReads(bool quick, Report& report) {
  report.buffer_bytes = BufferBytes(report.info, quick);
  for (const PageSize pages : {PageSize::kHuge, PageSize::kSmall}) {
    if (quick && pages == PageSize::kSmall) continue;
    LEMMA_ASSIGN_OR_RETURN(auto probe, kernels::BandwidthProbe::Create(report.buffer_bytes, pages));
    if (pages == PageSize::kHuge) report.huge_granted = probe.granted();
    report.buffer_bytes = probe.size();
    AddReads(probe, pages, quick, report);
  }
  return OkStatus();
}

void MeasureCompute(Report& report) {
  report.clock_hz = kernels::MeasureClockHz();
  for (const kernels::MultiplyLoop& loop : kernels::MultiplyLoops()) {
    for (const int threads : ThreadCounts(report.usable_cpus, true)) {
      if (Interrupted()) return;
      report.multiplies.push_back({&loop, threads, kernels::MeasureMultiplyRate(loop, threads)});
    }
  }
  for (const int threads : ThreadCounts(report.usable_cpus, false)) {
    report.barriers.push_back({threads, kernels::MeasureBarrier(threads)});
  }
}

const ReadResult* BestRead(const Report& report) {
  const auto best =
      std::max_element(report.reads.begin(), report.reads.end(),
                       [](const ReadResult& a, const ReadResult& b) { return a.gb_s < b.gb_s; });
  return best == report.reads.end() ? nullptr : &*best;
}

boost::json::object TopologyJson(const Report& report) {
  const MachineInfo& info = report.info;
  boost::json::array caches;
  for (const CacheInfo& cache : info.caches) {
    caches.push_back(boost::json::object{{"level", cache.level},
                                         {"type", cache.type},
                                         {"bytes", cache.bytes},
                                         {"shared_cpus", cache.shared_cpus}});
  }
  boost::json::object out{
      {"processor", info.processor},           {"features", CpuFeatureNames(HostCpu())},
      {"usable_cpus", report.usable_cpus},     {"online_cpus", info.online_cpus},
      {"numa_nodes", info.numa_nodes},         {"caches", caches},
      {"huge_pages", info.huge_pages},         {"huge_page_defrag", info.huge_page_defrag},
      {"memory_bytes", PhysicalMemoryBytes()}, {"clock_ghz", report.clock_hz / 1e9}};
  out["threads_per_core"] =
      info.threads_per_core ? boost::json::value(*info.threads_per_core) : boost::json::value();
  return out;
}

boost::json::array ReadsJson(const Report& report) {
  boost::json::array out;
  for (const ReadResult& r : report.reads) {
    out.push_back(boost::json::object{{"threads", r.threads},
                                      {"pages", NameOf(r.pages)},
                                      {"prefetch", NameOf(r.prefetch)},
                                      {"ahead_bytes", r.ahead},
                                      {"gb_s", r.gb_s}});
  }
  return out;
}

void PrintAsJson(const Report& report) {
  boost::json::array multiplies;
  for (const MultiplyResult& m : report.multiplies) {
    multiplies.push_back(
        boost::json::object{{"isa", m.loop->isa},
                            {"instruction", m.loop->instruction},
                            {"threads", m.threads},
                            {"mac_s", m.macs_per_second},
                            {"mac_per_cycle", m.macs_per_second / report.clock_hz / m.threads}});
  }
  boost::json::array barriers;
  for (const BarrierResult& b : report.barriers) {
    barriers.push_back(boost::json::object{
        {"threads", b.threads}, {"median_ns", b.cost.median_ns}, {"p99_ns", b.cost.p99_ns}});
  }
  boost::json::object out = TopologyJson(report);
  out["buffer_bytes"] = report.buffer_bytes;
  out["huge_page_bytes"] = report.huge_granted;
  out["read_bandwidth"] = ReadsJson(report);
  if (const ReadResult* best = BestRead(report)) out["read_bandwidth_gb_s"] = best->gb_s;
  out["multiply_rates"] = std::move(multiplies);
  out["barriers"] = std::move(barriers);
  out["steal_share"] = report.steal ? boost::json::value(*report.steal) : boost::json::value();
  out["busy_before"] =
      report.other_load ? boost::json::value(*report.other_load) : boost::json::value();
  out["seconds"] = report.seconds;
  PrintJson(out);
}

std::string TopologyText(const Report& report) {
  const MachineInfo& info = report.info;
  std::string out = fmt::format(
      "processor     {}\n"
      "instructions  {}\n"
      "processors    {} usable of {}, {}; {} NUMA node{}\n"
      "clock         {:.2f} GHz\n",
      info.processor.empty() ? "not told" : info.processor, CpuFeatureNames(HostCpu()),
      report.usable_cpus, info.online_cpus,
      info.threads_per_core ? fmt::format("{} a core as far as told", *info.threads_per_core)
                            : "threads a core not told",
      info.numa_nodes, info.numa_nodes == 1 ? "" : "s", report.clock_hz / 1e9);
  for (const CacheInfo& cache : info.caches) {
    out += fmt::format("cache         L{} {} {} KB, processors {}\n", cache.level, cache.type,
                       cache.bytes >> 10, cache.shared_cpus);
  }
  out += fmt::format("huge pages    {}, defrag {}; got {} of {} MB asked for\n",
                     info.huge_pages.empty() ? "not told" : info.huge_pages,
                     info.huge_page_defrag.empty() ? "not told" : info.huge_page_defrag,
                     report.huge_granted >> 20, report.buffer_bytes >> 20);
  if (report.steal && report.other_load) {
    out += fmt::format("disturbance   {:.1f} % stolen by other machines; {:.0f} % busy before\n",
                       100 * *report.steal, 100 * *report.other_load);
  }
  return out;
}

std::string ReadsText(const Report& report) {
  std::string out =
      fmt::format("\nread bandwidth, GB/s ({} MB)\n{:>7} {:>5} {:>8} {:>8} {:>8}\n",
                  report.buffer_bytes >> 20, "threads", "pages", "prefetch", "ahead", "GB/s");
  for (const ReadResult& r : report.reads) {
    out += fmt::format("{:>7} {:>5} {:>8} {:>8} {:>8.1f}\n", r.threads, NameOf(r.pages),
                       NameOf(r.prefetch), r.ahead, r.gb_s);
  }
  if (const ReadResult* best = BestRead(report)) {
    out += fmt::format("best: {:.1f} GB/s ({} threads, {} pages, prefetch {} {} bytes ahead)\n",
                       best->gb_s, best->threads, NameOf(best->pages), NameOf(best->prefetch),
                       best->ahead);
  }
  return out;
}

void PrintAsText(const Report& report) {
  std::string out = TopologyText(report) + ReadsText(report);
  out += fmt::format("\nmultiply rates\n{:<26} {:>7} {:>10} {:>16}\n", "instruction", "threads",
                     "GMAC/s", "MAC/cycle/thread");
  for (const MultiplyResult& m : report.multiplies) {
    out += fmt::format("{:<26} {:>7} {:>10.1f} {:>16.1f}\n",
                       fmt::format("{} {}", m.loop->isa, m.loop->instruction), m.threads,
                       m.macs_per_second / 1e9, m.macs_per_second / report.clock_hz / m.threads);
  }
  out += fmt::format("\none round of the thread pool, ns\n{:>7} {:>10} {:>10}\n", "threads",
                     "median", "p99");
  for (const BarrierResult& b : report.barriers) {
    out += fmt::format("{:>7} {:>10.0f} {:>10.0f}\n", b.threads, b.cost.median_ns, b.cost.p99_ns);
  }
  PrintOut(out);
}

// How busy the machine is before this program adds to it.
std::optional<double> LoadBefore() {
  const auto from = ReadCpuTimes();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto to = ReadCpuTimes();
  if (!from || !to) return std::nullopt;
  return BusyShare(*from, *to);
}

}  // namespace

Status RunMachineBench(const BenchCommand& command) {
  InstallInterrupt();
  Report report;
  const Stopwatch watch;
  report.info = ReadMachineInfo();
  report.usable_cpus = command.model.threads > 0 ? command.model.threads : UsableCpus();
  report.other_load = LoadBefore();
  const auto from = ReadCpuTimes();
  MeasureCompute(report);
  LEMMA_RETURN_IF_ERROR(MeasureReads(command.quick, report));
  if (Interrupted()) return {StatusCode::kCancelled, "interrupted"};
  const auto to = ReadCpuTimes();
  if (from && to) report.steal = StealShare(*from, *to);
  report.seconds = watch.Seconds();
  if (command.json) {
    PrintAsJson(report);
  } else {
    PrintAsText(report);
  }
  return OkStatus();
}

}  // namespace lemma::cli
