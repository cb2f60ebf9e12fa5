// SPDX-License-Identifier: Apache-2.0
// Speed of a matrix product by format, instruction set, number of input rows M and threads: GB/s of
// weights read, and multiply-adds per cycle and thread. Cold: a row of matrices that together hold
// more than the caches. Hot: one small matrix again and again. Quantising the input is included.
// Run: kernels.bench [--type=Q4_K] [--isa=amx] [--m=1,8,512] [--threads=1,2] [--k=1536] [--n=8960]
//      [--json]. Everything at once takes minutes.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "kernels/kernel_testing.h"
#include "kernels/machine_probe.h"

namespace lemma::kernels {
namespace {

constexpr size_t kColdBytes = size_t{512} << 20;
constexpr size_t kHotRows = 1024;  // below 1 MB of 4-bit weights of 1536 inputs
constexpr double kSeconds = 0.08;  // of one pass
constexpr int kPasses = 3;

struct Settings {
  std::string type;  // empty: all
  std::string isa;   // empty: all
  std::vector<size_t> m = {1, 2, 4, 6, 8, 16, 32, 128, 512};
  std::vector<size_t> threads = {1, 2};
  size_t k = 1536;
  size_t n = 8960;
  MatmulType products = MatmulType::kInt8;
  bool json = false;
};

struct Figures {
  double microseconds = 0;
  double gb_s = 0;
  double mac_per_cycle = 0;  // and thread
};

using Weights = std::vector<std::unique_ptr<PackedMatrix>>;

// Copies of one matrix of `n` rows, at least `bytes` together.
Weights Copies(Ops& ops, const tensor::TensorView& view, size_t bytes) {
  Weights out;
  for (size_t total = 0; out.empty() || total < bytes; total += view.bytes.size()) {
    auto packed = ops.Pack(view);
    if (!packed.ok()) return {};
    out.push_back(std::move(*packed));
  }
  return out;
}

// Median time of one product of m rows.
double SecondsOf(Ops& ops, const Weights& weights, size_t m, MatmulType type) {
  const std::vector<float> x = Normal(m * weights[0]->columns(), 2);
  std::vector<float> y(m * weights[0]->rows());
  size_t next = 0;
  const auto run = [&](size_t times) {
    const Stopwatch watch;
    for (size_t i = 0; i < times; ++i) {
      ops.Matmul(*weights[next], x, y, Accumulate::kNo, type);
      next = (next + 1) % weights.size();
    }
    return watch.Seconds() / static_cast<double>(times);
  };
  const double once = std::min(run(1), run(1));
  const auto times = static_cast<size_t>(std::clamp(kSeconds / once, 1.0, 1e6));
  std::vector<double> seconds;
  for (int pass = 0; pass < kPasses; ++pass) seconds.push_back(run(times));
  std::sort(seconds.begin(), seconds.end());
  return seconds[kPasses / 2];
}

// Ops of one setting, with the matrices of one format.
class Case {
 public:
  Case(const Settings& settings, tensor::DType dtype, std::string_view isa, size_t threads)
      : threads_(threads), products_(settings.products) {
    auto ops = MakeCpuOps({.threads = static_cast<int>(threads), .isa = std::string(isa)});
    if (!ops.ok()) return;
    ops_ = std::move(*ops);
    for (const size_t rows : {settings.n, kHotRows}) {
      const auto bytes = RandomBlocks(dtype, settings.k, rows, 1);
      const size_t wanted = rows == settings.n ? kColdBytes : 0;
      (rows == settings.n ? cold_ : hot_) =
          Copies(*ops_, View(dtype, settings.k, rows, bytes), wanted);
      (rows == settings.n ? cold_bytes_ : hot_bytes_) = bytes.size();
    }
  }
  [[nodiscard]] bool ok() const { return ops_ != nullptr && !cold_.empty() && !hot_.empty(); }
  [[nodiscard]] Figures Cold(size_t m, double clock) const {
    return Measure(cold_, cold_bytes_, m, clock);
  }
  [[nodiscard]] Figures Hot(size_t m, double clock) const {
    return Measure(hot_, hot_bytes_, m, clock);
  }

 private:
  [[nodiscard]] Figures Measure(const Weights& weights, size_t bytes, size_t m,
                                double clock) const {
    const double seconds = SecondsOf(*ops_, weights, m, products_);
    const auto macs = static_cast<double>(m * weights[0]->rows() * weights[0]->columns());
    return {seconds * 1e6, static_cast<double>(bytes) / seconds / 1e9,
            macs / seconds / clock / static_cast<double>(threads_)};
  }

  size_t threads_;
  MatmulType products_;
  std::unique_ptr<Ops> ops_;
  Weights cold_, hot_;
  size_t cold_bytes_ = 0;
  size_t hot_bytes_ = 0;
};

std::string Json(const Figures& f) {
  return fmt::format("{{\"microseconds\":{:.3f},\"gb_s\":{:.3f},\"mac_per_cycle\":{:.3f}}}",
                     f.microseconds, f.gb_s, f.mac_per_cycle);
}

void Print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

void RunCase(const Settings& settings, const tensor::DTypeInfo& info, std::string_view isa) {
  for (const size_t threads : settings.threads) {
    const Case bench(settings, info.dtype, isa, threads);
    if (!bench.ok()) {
      std::fputs(fmt::format("{}/{}: skipped: no kernels or no memory\n", info.name, isa).c_str(),
                 stderr);
      continue;
    }
    for (const size_t m : settings.m) {
      if (isa == "scalar" && m > 8) continue;
      const double clock = MeasureClockHz();
      const Figures cold = bench.Cold(m, clock);
      const Figures hot = bench.Hot(m, clock);
      if (settings.json) {
        Print(
            fmt::format("{{\"type\":\"{}\",\"isa\":\"{}\",\"threads\":{},\"m\":{},\"k\":{},"
                        "\"n\":{},\"cold\":{},\"hot\":{}}}\n",
                        info.name, isa, threads, m, settings.k, settings.n, Json(cold), Json(hot)));
      } else {
        Print(
            fmt::format("{:<8} {:<8} {:>7} {:>5} | {:>10.1f} {:>7.2f} {:>9.1f} | {:>10.1f} "
                        "{:>7.2f} {:>9.1f}\n",
                        info.name, isa, threads, m, cold.microseconds, cold.gb_s,
                        cold.mac_per_cycle, hot.microseconds, hot.gb_s, hot.mac_per_cycle));
      }
    }
  }
}

// "1,8,512"; nothing when it is not such a list.
std::optional<std::vector<size_t>> Numbers(std::string_view text) {
  std::vector<size_t> out;
  while (!text.empty()) {
    size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value == 0) return std::nullopt;
    out.push_back(value);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (!text.empty() && text.front() != ',') return std::nullopt;
    if (!text.empty()) text.remove_prefix(1);
  }
  if (out.empty()) return std::nullopt;
  return out;
}

bool Apply(Settings& settings, std::string_view name, std::string_view value) {
  if (name == "--json") return settings.json = true;
  if (name == "--type") return !(settings.type = value).empty();
  if (name == "--isa") return !(settings.isa = value).empty();
  if (name == "--products") {
    const auto type = FindMatmulType(value);
    settings.products = type.value_or(MatmulType::kInt8);
    return type.has_value();
  }
  const auto numbers = Numbers(value);
  if (!numbers) return false;
  if (name == "--m") settings.m = *numbers;
  if (name == "--threads") settings.threads = *numbers;
  if (name == "--k") settings.k = numbers->front();
  if (name == "--n") settings.n = numbers->front();
  return name == "--m" || name == "--threads" || name == "--k" || name == "--n";
}

int Main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const size_t equals = std::min(arg.find('='), arg.size());
    const std::string_view value = arg.substr(std::min(equals + 1, arg.size()));
    if (!Apply(settings, arg.substr(0, equals), value) || settings.k % kSuperBlock != 0) {
      std::fputs(
          fmt::format("{}: expected --type=T --isa=I --m=1,8 --threads=1,2 --k=K (a multiple "
                      "of 256) --n=N --products=int8|bf16 --json\n",
                      arg)
              .c_str(),
          stderr);
      return 2;
    }
  }
  if (!settings.json) {
    Print(
        fmt::format("K = {}, cold N = {}, hot N = {}; times in us, MAC a cycle and thread\n"
                    "{:<8} {:<8} {:>7} {:>5} | {:>10} {:>7} {:>9} | {:>10} {:>7} {:>9}\n",
                    settings.k, settings.n, kHotRows, "type", "isa", "threads", "M", "cold us",
                    "GB/s", "MAC/cycle", "hot us", "GB/s", "MAC/cycle"));
  }
  for (const tensor::DTypeInfo& info : tensor::AllDTypes()) {
    if (!settings.type.empty() && settings.type != info.name) continue;
    for (const std::string_view isa : AvailableIsas()) {
      if (settings.isa.empty() || settings.isa == isa) RunCase(settings, info, isa);
    }
  }
  return 0;
}

}  // namespace
}  // namespace lemma::kernels

int main(int argc, char** argv) { return lemma::kernels::Main(argc, argv); }
