// SPDX-License-Identifier: Apache-2.0
#include "base/cpu_features.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string_view>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace lemma {
namespace {

#if defined(__x86_64__)
struct CpuidRegs {
  uint32_t a = 0, b = 0, c = 0, d = 0;
};

CpuidRegs Cpuid(uint32_t leaf, uint32_t subleaf) {
  CpuidRegs r;
  if (!__get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d)) return {};
  return r;
}

uint64_t Xgetbv0() {
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

// Linux keeps the tile registers shut until a process asks for them
// (Documentation/arch/x86/xstate): once asked, every thread may use them and signal frames grow by
// 8 KB. Refused by older kernels and where a thread's alternate signal stack is too small.
bool RequestAmxTiles() {
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

bool Bit(uint32_t word, int bit) { return (word >> bit & 1) != 0; }

// Bits from the Intel SDM, volume 2A, CPUID; XCR0 bits from volume 1, chapter 13.
CpuFeatures Detect() {
  CpuFeatures out;
  const CpuidRegs one = Cpuid(1, 0);
  if (!Bit(one.c, 27)) return out;  // OSXSAVE
  const uint64_t xcr0 = Xgetbv0();
  const CpuidRegs seven = Cpuid(7, 0);
  const CpuidRegs seven_one = Cpuid(7, 1);
  const bool ymm = (xcr0 & 0x6) == 0x6;
  const bool zmm = (xcr0 & 0xE6) == 0xE6;
  const bool tiles = (xcr0 & 0x60000) == 0x60000 && zmm && Bit(seven.d, 24) && RequestAmxTiles();
  out.avx2 = ymm && Bit(one.c, 28) && Bit(one.c, 12) && Bit(one.c, 29) && Bit(seven.b, 5);
  out.avx_vnni = out.avx2 && Bit(seven_one.a, 4);
  out.avx512 = zmm && out.avx2 && Bit(seven.b, 16) && Bit(seven.b, 17) && Bit(seven.b, 30) &&
               Bit(seven.b, 31);
  out.avx512_vnni = out.avx512 && Bit(seven.c, 11);
  out.avx512_bf16 = out.avx512 && Bit(seven_one.a, 5);
  out.amx_int8 = tiles && out.avx512 && Bit(seven.d, 25);
  out.amx_bf16 = tiles && out.avx512 && Bit(seven.d, 22);
  return out;
}
#elif defined(__aarch64__)
CpuFeatures Detect() {
  CpuFeatures out;
  out.neon_dotprod = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
  out.neon_i8mm = (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
  return out;
}
#else
CpuFeatures Detect() { return {}; }
#endif

// Cores granted by a cgroup v2 quota ("MAX PERIOD"), or infinity.
double CgroupCpus() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double quota = 0;
  double period = 0;
  if (file >> quota >> period && quota > 0 && period > 0) return quota / period;
  return INFINITY;
}

}  // namespace

const CpuFeatures& HostCpu() {
  static const CpuFeatures features = Detect();
  return features;
}

std::string CpuFeatureNames(const CpuFeatures& cpu) {
  std::string out;
  const auto add = [&out](bool has, std::string_view name) {
    if (has) out.append(out.empty() ? "" : " ").append(name);
  };
  add(cpu.avx2, "avx2");
  add(cpu.avx_vnni, "avx_vnni");
  add(cpu.avx512, "avx512");
  add(cpu.avx512_vnni, "avx512_vnni");
  add(cpu.avx512_bf16, "avx512_bf16");
  add(cpu.amx_int8, "amx_int8");
  add(cpu.amx_bf16, "amx_bf16");
  add(cpu.neon_dotprod, "dotprod");
  add(cpu.neon_i8mm, "i8mm");
  return out.empty() ? "baseline" : out;
}

int UsableCpus() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  int count = 1;
  if (sched_getaffinity(0, sizeof(mask), &mask) == 0) count = CPU_COUNT(&mask);
  const double quota = CgroupCpus();
  if (quota < count) count = static_cast<int>(std::ceil(quota));
  return std::max(count, 1);
}

unsigned long long PhysicalMemoryBytes() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGE_SIZE);
  if (pages <= 0 || page <= 0) return 0;
  return static_cast<unsigned long long>(pages) * static_cast<unsigned long long>(page);
}

}  // namespace lemma
