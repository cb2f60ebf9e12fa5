// SPDX-License-Identifier: Apache-2.0
// Products of up to 16 rows with the K-quants on the tile unit: sequences that decode together.
// Each weight is used by one tile product only, so unpacking must go on while the tile unit works.
// Two panels (32 outputs) x 256 inputs are an "item". In step s of an item the tiles load inputs 64
// s and on, its "region" s, and region s - 1, which they have left, takes the weights of the next
// item. So no tile load meets a store of the last two steps: one that has not reached the cache
// would stop it. The bits are those of scalar/scalar_matmul.cc.
#pragma once

#include "kernels/amx/planes-inl.h"
#include "kernels/amx/tiles-inl.h"
#include "kernels/gemm.h"

namespace lemma::kernels {
namespace {

template <class Format>
class NarrowGemm {
 public:
  static constexpr size_t kMaxRows = kTileRows;

  explicit NarrowGemm(const GemmTask& task)
      : task_(task),
        blocks_(task.k / kSuperBlock),
        items_((task.group_end - task.group_begin + 1) / kPanels * blocks_) {}

  void Run() {
    ConfigureTiles(task_.rows);
    next_ = TilesOf(0);
    PrepareCodes();
    PrepareScales();
    Unpack<0>(next_);
    Unpack<1>(next_);
    Unpack<2>(next_);
    for (size_t p = 0; p < kPanels; ++p) PrepareMins(p);
    for (item_ = 0; item_ < items_; ++item_) {
      before_ = at_;
      at_ = PlaceOf(item_);
      current_ = next_;
      next_ = TilesOf(item_ + 1);
      ahead_ = TilesOf(item_ + kItemsAhead);
      CompilerFence();
      Step<0>();
      Step<1>();
      Step<2>();
      Step<3>();
      if (item_ > 0 && before_.block + 1 == blocks_) Store(before_.pair);
    }
    before_ = at_;
    StoreTiles();
    CompilerFence();
    Join<0, kPanels * kTileRows>();
    Store(before_.pair);
    _tile_release();
  }

 private:
  static constexpr size_t kPanels = 2;
  static constexpr size_t kPage = 4096;    // bytes of 256 inputs in a plane
  static constexpr size_t kRegion = 1024;  // of 64 inputs
  static constexpr size_t kTileInts = kTileRows * kTileRows;
  static constexpr size_t kItemsAhead = 5;  // that weights are asked for
  static constexpr PlaneKind kKind = PlanesOf<Format>::kKind;
  static constexpr bool kTwo = kKind == PlaneKind::kSplit || kKind == PlaneKind::kWide;

  struct Tiles {
    const uint8_t* of[kPanels];
  };
  struct Place {
    size_t pair;  // of groups
    size_t block;
  };
  // Sums of an item are stored in step 0 of the next one and joined in its other steps.
  struct alignas(kPage) Buffers {
    uint8_t high[kPanels][kPage];
    uint8_t low[kPanels][kPage];
    uint16_t mins[kPanels][kTileInts * 2];
    int32_t high_sums[kPanels][kTileInts];
    float min_sums[2][kPanels][kTileInts];  // of even and odd items
    int32_t low_sums[kPanels][kTileInts];
    float acc[kPanels][kTileInts];
  };

  [[nodiscard]] Place PlaceOf(size_t item) const { return {item / blocks_, item % blocks_}; }
  // The tiles of an item; of the last one for those behind it.
  [[nodiscard]] Tiles TilesOf(size_t item) const {
    const Place at = PlaceOf(item < items_ ? item : items_ - 1);
    const size_t first = task_.group_begin + at.pair * kPanels;
    const size_t second = first + 1 < task_.group_end ? first + 1 : first;
    const uint8_t* block = task_.groups + at.block * Format::kTileBytes;
    return {{block + first * task_.group_bytes, block + second * task_.group_bytes}};
  }

  void PrepareCodes() {
    for (size_t p = 0; p < kPanels; ++p) Format::GetScales(next_.of[p], &codes_[p]);
  }
  // In place of those of the item before, which are no longer needed then.
  void PrepareScales() {
    PanelScales* scales = scales_[(item_ + 1) % 2];
    for (size_t p = 0; p < kPanels; ++p) {
      _mm512_store_ps(scales[p].d, Simd::LoadHalves(next_.of[p] + Format::kD));
      if constexpr (Format::kHasMin) {
        _mm512_store_ps(scales[p].dmin, Simd::LoadHalves(next_.of[p] + Format::kDmin));
      }
    }
  }
  void PrepareMins(size_t p) {
    if constexpr (Format::kHasMin) {
      for (size_t pair = 0; pair < kSuperBlock / Format::kGroup / 2; ++pair) {
        UnpackMins<Format>(codes_[p], pair, buffers_.mins[p]);
      }
    }
  }
  template <size_t kStep>
  void Unpack(const Tiles& tiles) {
    for (size_t p = 0; p < kPanels; ++p) UnpackRegion<kStep>(tiles, p);
  }
  template <size_t kStep>
  void UnpackRegion(const Tiles& tiles, size_t p) {
    UnpackPlanes<Format>(tiles.of[p], codes_[p], 2 * kStep, buffers_.high[p], buffers_.low[p]);
    UnpackPlanes<Format>(tiles.of[p], codes_[p], 2 * kStep + 1, buffers_.high[p], buffers_.low[p]);
  }

  // What the vector units do beside the products of one panel in one step.
  template <size_t kStep, size_t kPanel>
  void Beside() {
    CompilerFence();
    if constexpr (kStep == 0) {
      UnpackRegion<3>(current_, kPanel);
    } else {
      if constexpr (kStep == 1 && kPanel == 0) PrepareCodes();
      UnpackRegion<kStep - 1>(next_, kPanel);
      if constexpr (kStep == 2) PrepareMins(kPanel);
      constexpr size_t kSlot = 2 * (kStep - 1) + kPanel;
      constexpr size_t kRows = kPanels * kTileRows;
      if (item_ > 0) Join<kRows * kSlot / 6, kRows*(kSlot + 1) / 6>();
      if constexpr (kSlot == 5) PrepareScales();
    }
    constexpr size_t kLines = (Format::kTileBytes + 63) / 64;
    for (size_t i = kLines * kStep / 4; i < kLines * (kStep + 1) / 4; ++i) {
      _mm_prefetch(ahead_.of[kPanel] + 64 * i, _MM_HINT_T1);
    }
    CompilerFence();
  }

  // Adds rows [kBegin, kEnd) of the two panels of the item before.
  template <size_t kBegin, size_t kEnd>
  void Join() {
    const size_t before = item_ - 1;
    const __mmask16 started = before_.block == 0 ? 0 : 0xFFFF;
    const float* da = task_.input.d + before_.block * task_.input.stride;
    const PanelScales* scales = scales_[before % 2];
    for (size_t i = kBegin; i < kEnd; ++i) {
      const size_t p = i / kTileRows;
      const size_t row = i % kTileRows;
      const __m512 scale = _mm512_set1_ps(da[row]);
      float* acc = buffers_.acc[p] + kTileRows * row;
      __m512 sum = _mm512_maskz_load_ps(started, acc);
      const __m512 d = _mm512_load_ps(scales[p].d);
      sum = _mm512_fmadd_ps(_mm512_mul_ps(d, scale), RowSum(p, row), sum);
      if constexpr (Format::kHasMin) {
        const __m512 dmin = _mm512_load_ps(scales[p].dmin);
        const __m512 min = _mm512_load_ps(buffers_.min_sums[before % 2][p] + kTileRows * row);
        sum = _mm512_fnmadd_ps(_mm512_mul_ps(dmin, scale), min, sum);
      }
      _mm512_store_ps(acc, sum);
    }
  }
  [[nodiscard]] __m512 RowSum(size_t p, size_t row) const {
    __m512i sum = _mm512_load_si512(buffers_.low_sums[p] + kTileRows * row);
    if constexpr (kTwo) {
      const __m512i high = _mm512_load_si512(buffers_.high_sums[p] + kTileRows * row);
      constexpr int kShift = kKind == PlaneKind::kSplit ? 3 : 8;
      sum = _mm512_add_epi32(_mm512_slli_epi32(high, kShift), sum);
    }
    if constexpr (kKind == PlaneKind::kOneNegated) {
      sum = _mm512_sub_epi32(_mm512_setzero_si512(), sum);
    }
    return _mm512_cvtepi32_ps(sum);
  }

  // Tile registers: 0, 1 high sums (or mins) and 2, 3 low sums of the panels; 4 activations; 6, 7
  // weights. The sums of an item are stored when the next one needs their register.
  template <size_t kPanel>
  void MinProduct() {
    if constexpr (Format::kHasMin) {
      _tile_loadd(6, buffers_.mins[kPanel], 64);
      if constexpr (kTwo) StoreHigh<kPanel>(buffers_.high_sums[kPanel]);
      if constexpr (kPanel == 0) {
        _tile_zero(0);
        _tile_dpbf16ps(0, 5, 6);
      } else {
        _tile_zero(1);
        _tile_dpbf16ps(1, 5, 6);
      }
    }
  }
  template <size_t kPanel>
  void StoreHigh(void* to) {
    if constexpr (kPanel == 0) {
      _tile_stored(0, to, 64);
    } else {
      _tile_stored(1, to, 64);
    }
  }
  template <size_t kStep, size_t kPanel>
  void Products() {
    _tile_loadd(7, buffers_.low[kPanel] + kRegion * kStep, 64);
    if constexpr (kPanel == 0) {
      if constexpr (kStep == 0) {
        _tile_stored(2, buffers_.low_sums[0], 64);
        _tile_zero(2);
      }
      if constexpr (kKind == PlaneKind::kOneNegated) {
        _tile_dpbssd(2, 4, 7);
      } else {
        _tile_dpbsud(2, 4, 7);
      }
    } else {
      if constexpr (kStep == 0) {
        _tile_stored(3, buffers_.low_sums[1], 64);
        _tile_zero(3);
      }
      if constexpr (kKind == PlaneKind::kOneNegated) {
        _tile_dpbssd(3, 4, 7);
      } else {
        _tile_dpbsud(3, 4, 7);
      }
    }
    if constexpr (kStep == 0 && (kTwo || Format::kHasMin)) {
      void* to = Format::kHasMin ? static_cast<void*>(buffers_.min_sums[item_ % 2][kPanel])
                                 : buffers_.high_sums[kPanel];
      StoreHigh<kPanel>(to);
    }
    if constexpr (kTwo) HighProduct<kStep, kPanel>();
  }
  template <size_t kStep, size_t kPanel>
  void HighProduct() {
    _tile_loadd(6, buffers_.high[kPanel] + kRegion * kStep, 64);
    if constexpr (kPanel == 0) {
      if constexpr (kStep == 0) _tile_zero(0);
      if constexpr (kKind == PlaneKind::kWide) {
        _tile_dpbssd(0, 4, 6);
      } else {
        _tile_dpbsud(0, 4, 6);
      }
    } else {
      if constexpr (kStep == 0) _tile_zero(1);
      if constexpr (kKind == PlaneKind::kWide) {
        _tile_dpbssd(1, 4, 6);
      } else {
        _tile_dpbsud(1, 4, 6);
      }
    }
  }
  template <size_t kStep>
  void Step() {
    const size_t block = at_.block;
    if constexpr (kStep == 0 && Format::kHasMin) {
      _tile_loadd(5, task_.input.sums + block * task_.input.stride * 32, 64);
      MinProduct<0>();
      MinProduct<1>();
    }
    _tile_loadd(4, task_.input.q + (4 * block + kStep) * task_.input.stride * 64, 64);
    Products<kStep, 0>();
    Beside<kStep, 0>();
    Products<kStep, 1>();
    Beside<kStep, 1>();
  }
  void StoreTiles() {
    _tile_stored(2, buffers_.low_sums[0], 64);
    _tile_stored(3, buffers_.low_sums[1], 64);
    if constexpr (kTwo) {
      _tile_stored(0, buffers_.high_sums[0], 64);
      _tile_stored(1, buffers_.high_sums[1], 64);
    }
  }

  void Store(size_t pair) const {
    for (size_t p = 0; p < kPanels; ++p) {
      const size_t group = task_.group_begin + kPanels * pair + p;
      if (group >= task_.group_end) return;
      const size_t left = task_.n - group * kTileRows;
      const auto mask = static_cast<__mmask16>(left < kTileRows ? (1U << left) - 1 : 0xFFFFU);
      for (size_t row = 0; row < task_.rows; ++row) {
        float* y = task_.y + row * task_.n + group * kTileRows;
        __m512 sum = _mm512_load_ps(buffers_.acc[p] + kTileRows * row);
        if (task_.accumulate) sum = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, y), sum);
        _mm512_mask_storeu_ps(y, mask, sum);
      }
    }
  }

  const GemmTask& task_;
  const size_t blocks_;
  const size_t items_;
  size_t item_ = SIZE_MAX;
  Place at_ = {};
  Place before_ = {};
  Tiles current_;
  Tiles next_;
  Tiles ahead_;
  Scales codes_[kPanels];
  PanelScales scales_[2][kPanels] = {};  // of even and odd items
  Buffers buffers_;
};

}  // namespace
}  // namespace lemma::kernels
