// SPDX-License-Identifier: Apache-2.0
// The table of processors with AMX: AVX-512 for few rows, tiles for many.
#include "kernels/isa_tables.h"

namespace lemma::kernels {

void FillAmxKernels(KernelTable* table) {
  FillAvx512Kernels(table);
  FillAmxGemms(table);
  FillAmxBf16Gemms(table);
  FillAmxAttention(&table->attention);
  table->usual_kv = KvType::kBf16;
  table->usual_prefill = MatmulType::kBf16;
  table->name = "amx";
  table->description = "AMX int8 and bf16, AVX-512 VNNI";
}

}  // namespace lemma::kernels
