// SPDX-License-Identifier: Apache-2.0
// What the processor and the operating system allow, read once with CPUID and XGETBV (x86) or the
// auxiliary vector (arm64). Never changes while the process runs.
#pragma once

#include <string>

namespace lemma {

struct CpuFeatures {
  bool avx2 = false;      // AVX2, FMA, F16C
  bool avx_vnni = false;  // 256-bit vpdpbusd in VEX form
  bool avx512 = false;    // F, BW, DQ, VL
  bool avx512_vnni = false;
  bool avx512_bf16 = false;
  bool amx_int8 = false;  // and the kernel has granted this process the tile registers
  bool amx_bf16 = false;
  bool neon_dotprod = false;
  bool neon_i8mm = false;
};

// The first call asks the kernel for the AMX tile registers, for all threads, where there are any.
const CpuFeatures& HostCpu();
// "avx2 avx_vnni avx512 ..." for humans.
std::string CpuFeatureNames(const CpuFeatures& cpu);
// Cores this process may run on (affinity mask and container quota), at least 1.
int UsableCpus();
// Physical memory in bytes; 0 when unknown.
unsigned long long PhysicalMemoryBytes();

}  // namespace lemma
