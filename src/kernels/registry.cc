// SPDX-License-Identifier: Apache-2.0
#include "kernels/registry.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/cpu_features.h"
#include "kernels/isa_tables.h"
#include "kernels/ops.h"

namespace lemma::kernels {
namespace {

// One row an instruction set, slowest first. `fill` is null where this build has no such code; it
// overwrites what it has kernels for, so a missing kernel stays the scalar one.
struct Isa {
  std::string_view name;
  void (*fill)(KernelTable* table);
  bool (*available)(const CpuFeatures& cpu);
};

constexpr std::array kIsas = {
    Isa{"scalar", FillScalarKernels, [](const CpuFeatures&) { return true; }},
#if defined(__x86_64__)
    Isa{"avx2", FillAvx2Kernels, [](const CpuFeatures& cpu) { return cpu.avx2; }},
    Isa{"avxvnni", FillAvxVnniKernels, [](const CpuFeatures& cpu) { return cpu.avx_vnni; }},
    Isa{"avx512", FillAvx512Kernels, [](const CpuFeatures& cpu) { return cpu.avx512_vnni; }},
    Isa{"amx", FillAmxKernels,
        [](const CpuFeatures& cpu) {
          return cpu.avx512_vnni && cpu.avx512_bf16 && cpu.amx_int8 && cpu.amx_bf16;
        }},
#else
    Isa{"avx2", nullptr, [](const CpuFeatures&) { return false; }},
    Isa{"avxvnni", nullptr, [](const CpuFeatures&) { return false; }},
    Isa{"avx512", nullptr, [](const CpuFeatures&) { return false; }},
    Isa{"amx", nullptr, [](const CpuFeatures&) { return false; }},
#endif
#if defined(__aarch64__)
    Isa{"neon", FillNeonKernels, [](const CpuFeatures&) { return true; }},
    Isa{"dotprod", FillDotprodKernels, [](const CpuFeatures& cpu) { return cpu.neon_dotprod; }},
    Isa{"i8mm", FillI8mmKernels,
        [](const CpuFeatures& cpu) { return cpu.neon_dotprod && cpu.neon_i8mm; }},
#else
    Isa{"neon", nullptr, [](const CpuFeatures&) { return false; }},
    Isa{"dotprod", nullptr, [](const CpuFeatures&) { return false; }},
    Isa{"i8mm", nullptr, [](const CpuFeatures&) { return false; }},
#endif
};

std::array<KernelTable, kIsas.size()> MakeTables() {
  std::array<KernelTable, kIsas.size()> tables;
  for (size_t i = 0; i < kIsas.size(); ++i) {
    FillScalarKernels(&tables[i]);
    if (kIsas[i].fill != nullptr && kIsas[i].available(HostCpu())) kIsas[i].fill(&tables[i]);
  }
  return tables;
}

const KernelTable& TableOf(size_t index) {
  static const std::array<KernelTable, kIsas.size()> tables = MakeTables();
  return tables[index];
}

std::vector<std::string_view> MakeAvailable() {
  std::vector<std::string_view> names;
  for (const Isa& isa : kIsas) {
    if (isa.available(HostCpu())) names.push_back(isa.name);
  }
  return names;
}

Result<size_t> FindIsa(std::string_view name, std::string_view asked_by) {
  for (size_t i = 0; i < kIsas.size(); ++i) {
    if (kIsas[i].name != name) continue;
    if (kIsas[i].available(HostCpu())) return i;
    return InvalidArgument(fmt::format("{} asks for the '{}' kernels, which {} lacks; it has: {}",
                                       asked_by, name,
                                       kIsas[i].fill == nullptr ? "this build" : "this processor",
                                       fmt::join(AvailableIsas(), ", ")));
  }
  return InvalidArgument(fmt::format("{} is '{}': expected one of: {}", asked_by, name,
                                     fmt::join(AvailableIsas(), ", ")));
}

}  // namespace

std::span<const std::string_view> AvailableIsas() {
  static const std::vector<std::string_view> names = MakeAvailable();
  return names;
}

Result<const KernelTable*> ChooseKernels(const std::optional<std::string>& isa) {
  std::string_view asked_by = "the instruction set option";
  std::string_view name = isa ? std::string_view(*isa) : std::string_view();
  if (name.empty()) {
    asked_by = "LEMMA_ISA";
    const char* env = std::getenv("LEMMA_ISA");
    name = env != nullptr ? env : "";
  }
  if (name.empty()) name = AvailableIsas().back();
  LEMMA_ASSIGN_OR_RETURN(const size_t index, FindIsa(name, asked_by));
  return &TableOf(index);
}

}  // namespace lemma::kernels
