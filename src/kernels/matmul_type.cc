// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul_type.h"

namespace lemma::kernels {

std::string_view MatmulTypeName(MatmulType type) {
  return type == MatmulType::kBf16 ? "bf16" : "int8";
}

std::optional<MatmulType> FindMatmulType(std::string_view name) {
  for (const MatmulType type : {MatmulType::kInt8, MatmulType::kBf16}) {
    if (name == MatmulTypeName(type)) return type;
  }
  return std::nullopt;
}

}  // namespace lemma::kernels
