// SPDX-License-Identifier: Apache-2.0
// Products of the bf16 class (kernels/gemm.h) on the tile unit. A "unit" is a chunk of inputs of
// two panels of 16 outputs; its weights are decoded into tiles that stay in the first-level cache,
// and all rows pass over them in blocks of 32 rows x 32 outputs, whose sums wait in the work space
// for the next chunk. While the tile unit works, the vector units decode the weights of the next
// unit.
//
// Loading tiles bounds the inner loop: four loads for four products is the least that eight
// registers allow. The inputs come by streaming loads, which leave the weights in the first-level
// cache (docs/performance.md has the account in cycles).
#include <type_traits>

#include "kernels/amx/bf16_panel-inl.h"
#include "kernels/amx/tiles-inl.h"
#include "kernels/fixed_math.h"
#include "kernels/isa_tables.h"
#include "kernels/kernels.h"
#include "kernels/simd/exp-inl.h"

namespace lemma::kernels {
namespace {

constexpr size_t kTileFloats = kTileRows * kTileRows;
constexpr size_t kPanelValues = kBf16Chunk * kTileRows;
constexpr size_t kPairValues = 2 * kPanelValues;

// Decodes the two panels of a unit, part by part.
template <class Widen>
class Decoder {
 public:
  Decoder() = default;
  Decoder(const uint8_t* const tiles[2], size_t panels, size_t count, uint16_t* out)
      : panel_parts_(Bf16Steps(count) * kPartsOfStep), parts_(panels * panel_parts_), out_(out) {
    for (size_t p = 0; p < panels; ++p) widen_[p] = Widen(tiles[p], count);
  }
  [[nodiscard]] size_t parts() const { return parts_; }
  void Part() {
    const size_t panel = next_ < panel_parts_ ? 0 : 1;
    const size_t part = next_ - panel * panel_parts_;
    widen_[panel].Part(part, out_ + panel * kPanelValues + part * kPartValues);
    ++next_;
  }
  // Up to part `end`.
  void Advance(size_t end) {
    const size_t last = end < parts_ ? end : parts_;
    while (next_ < last) Part();
  }

 private:
  size_t panel_parts_ = 0;
  size_t parts_ = 0;
  size_t next_ = 0;
  uint16_t* out_ = nullptr;
  Widen widen_[2];
};

struct Bf16Block {
  const uint16_t* x;  // tiles of rows 0-15; those of rows 16-31 are x_stride values further
  size_t x_stride;
  const uint16_t* w;   // tiles of panel 0; those of panel 1 are kPanelValues further
  float* sums;         // [16][16] of rows 0-15 and panel 0; rows 16-31 follow
  size_t sums_stride;  // floats to panel 1
  size_t steps;
  size_t parts_before;   // of the next unit that are decoded when this block begins, ...
  size_t parts;          // ... and when it ends
  const uint8_t* ahead;  // `lines` cache lines of weights to ask for
  size_t lines;
};

enum class Sums : uint8_t { kNew, kContinued };

// A block whose sums are still in the tile registers. They are stored one by one when the next
// block needs their registers: stores in a row would let the tile unit wait.
struct Waiting {
  float* sums = nullptr;  // null: none
  size_t stride = 0;
  size_t tiles = 0;  // of 16 rows
  size_t panels = 0;
};

// Tile registers: 0, 1 rows 0-15 and 2, 3 rows 16-31 of panels 0 and 1; 4, 5 inputs; 6, 7 weights.
template <int kTile>
inline void StoreTile(const Waiting& w) {
  float* to = w.sums + kTile / 2 * kTileFloats + kTile % 2 * w.stride;
  if constexpr (kTile == 0) _tile_stored(0, to, 64);  // the intrinsics want literals
  if constexpr (kTile == 1) _tile_stored(1, to, 64);
  if constexpr (kTile == 2) _tile_stored(2, to, 64);
  if constexpr (kTile == 3) _tile_stored(3, to, 64);
}

template <int kTile>
inline void ZeroTile() {
  if constexpr (kTile == 0) _tile_zero(0);
  if constexpr (kTile == 1) _tile_zero(1);
  if constexpr (kTile == 2) _tile_zero(2);
  if constexpr (kTile == 3) _tile_zero(3);
}

template <int kTile>
inline void LoadTile(const Bf16Block& b) {
  const float* from = b.sums + kTile / 2 * kTileFloats + kTile % 2 * b.sums_stride;
  if constexpr (kTile == 0) _tile_stream_loadd(0, from, 64);
  if constexpr (kTile == 1) _tile_stream_loadd(1, from, 64);
  if constexpr (kTile == 2) _tile_stream_loadd(2, from, 64);
  if constexpr (kTile == 3) _tile_stream_loadd(3, from, 64);
}

inline void StoreWaiting(Waiting* w) {
  CompilerFence();
  if (w->sums != nullptr) {
    StoreTile<0>(*w);
    if (w->panels == 2) StoreTile<1>(*w);
    if (w->tiles == 2) StoreTile<2>(*w);
    if (w->tiles == 2 && w->panels == 2) StoreTile<3>(*w);
  }
  w->sums = nullptr;
  CompilerFence();
}

// Makes a register ready for the sums of block `b`.
template <int kTile>
inline void Begin(const Bf16Block& b, Sums sums, const Waiting& waiting) {
  if (waiting.sums != nullptr) StoreTile<kTile>(waiting);
  if (sums == Sums::kNew) {
    ZeroTile<kTile>();
  } else {
    LoadTile<kTile>(b);
  }
}

template <size_t kM, size_t kN>
inline void FirstStep(const Bf16Block& b, Sums sums, const Waiting& waiting) {
  _tile_loadd(6, b.w, 64);
  _tile_stream_loadd(4, b.x, 64);
  Begin<0>(b, sums, waiting);
  _tile_dpbf16ps(0, 4, 6);
  if constexpr (kN == 2) {
    _tile_loadd(7, b.w + kPanelValues, 64);
    Begin<1>(b, sums, waiting);
    _tile_dpbf16ps(1, 4, 7);
  }
  if constexpr (kM == 2) {
    _tile_stream_loadd(5, b.x + b.x_stride, 64);
    Begin<2>(b, sums, waiting);
    _tile_dpbf16ps(2, 5, 6);
  }
  if constexpr (kM == 2 && kN == 2) {
    Begin<3>(b, sums, waiting);
    _tile_dpbf16ps(3, 5, 7);
  }
}

template <size_t kM, size_t kN>
inline void Step(const uint16_t* x, size_t x_stride, const uint16_t* w) {
  _tile_loadd(6, w, 64);
  _tile_stream_loadd(4, x, 64);
  _tile_dpbf16ps(0, 4, 6);
  if constexpr (kN == 2) {
    _tile_loadd(7, w + kPanelValues, 64);
    _tile_dpbf16ps(1, 4, 7);
  }
  if constexpr (kM == 2) {
    _tile_stream_loadd(5, x + x_stride, 64);
    _tile_dpbf16ps(2, 5, 6);
    if constexpr (kN == 2) _tile_dpbf16ps(3, 5, 7);
  }
}

// What the sums become.
struct Plain {};  // y, perhaps accumulated
struct Gated {};  // silu(sums of the even panels) * sums of the odd ones, rounded for a product

// What the sums of a block become, a row at a time: that too is work for between tile products.
template <class Kind>
class Epilogue {
 public:
  Epilogue() = default;
  // `sums` are those of rows [row, row + rows) and of `panels` panels from `panel` on.
  Epilogue(const Bf16GemmTask& task, const Waiting& sums, size_t row, size_t panel)
      : task_(&task), sums_(sums), first_(row), panel_(panel) {
    const size_t left = task.rows - row;
    rows_ = left < sums.tiles * kTileRows ? left : sums.tiles * kTileRows;
  }
  // Up to row `end` of the block.
  void Advance(size_t end) {
    const size_t last = end < rows_ ? end : rows_;
    for (; next_ < last; ++next_) Row();
  }

 private:
  void Row() const {
    const float* sums = sums_.sums + next_ * kTileRows;
    if constexpr (std::is_same_v<Kind, Plain>) {
      StoreSum(panel_, sums);
      if (sums_.panels == 2) StoreSum(panel_ + 1, sums + sums_.stride);
    } else {
      StoreGated(panel_ / 2, sums, sums + sums_.stride);
    }
  }

  void StoreSum(size_t group, const float* from) const {
    const size_t left = task_->n - group * kTileRows;
    const auto mask = static_cast<__mmask16>(left < kTileRows ? (1U << left) - 1 : 0xFFFFU);
    float* y = task_->y + (first_ + next_) * task_->n + group * kTileRows;
    __m512 sum = _mm512_load_ps(from);
    if (task_->accumulate) sum = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, y), sum);
    _mm512_mask_storeu_ps(y, mask, sum);
  }

  // To the input of the product that follows.
  void StoreGated(size_t group, const float* gate, const float* up) const {
    const __m512 value = SiluTimes(_mm512_load_ps(gate), _mm512_load_ps(up));
    uint16_t* to = task_->gated + Bf16RowStart(first_ + next_, task_->n) +
                   group / 2 * kBf16TileValues + group % 2 * kTileRows;
    _mm256_store_si256(reinterpret_cast<__m256i*>(to), FiniteBf16(_mm512_castps_si512(value)));
    if (group % 2 == 0 && (group + 1) * kTileRows >= task_->n) {  // fills up the last step
      _mm256_store_si256(reinterpret_cast<__m256i*>(to + kTileRows), _mm256_setzero_si256());
    }
  }

  const Bf16GemmTask* task_ = nullptr;
  Waiting sums_;
  size_t first_ = 0;
  size_t panel_ = 0;
  size_t rows_ = 0;
  size_t next_ = 0;
};

// What is done while the tile unit multiplies a block: the next unit is decoded, and what the block
// before summed up is finished.
template <class Widen, class Kind>
struct Meanwhile {
  Decoder<Widen> next;
  Epilogue<Kind> before;
};

template <size_t kM, size_t kN, class Widen, class Kind>
[[gnu::noinline]] void MultiplyBlock(const Bf16Block& b, Sums sums, Waiting* waiting,
                                     Meanwhile<Widen, Kind>& meanwhile) {
  if (waiting->tiles != kM || waiting->panels != kN) StoreWaiting(waiting);
  CompilerFence();
  FirstStep<kM, kN>(b, sums, *waiting);
  CompilerFence();
  *waiting = {b.sums, b.sums_stride, kM, kN};
  for (size_t i = 0; i < b.lines; ++i) _mm_prefetch(b.ahead + 64 * i, _MM_HINT_T1);
  for (size_t s = 1; s < b.steps; ++s) {
    Step<kM, kN>(b.x + s * kBf16TileValues, b.x_stride, b.w + s * kBf16TileValues);
    CompilerFence();
    meanwhile.next.Advance(b.parts_before + (b.parts - b.parts_before) * (s + 1) / b.steps);
    meanwhile.before.Advance(kGemmRowStep * (s + 1) / b.steps);
    CompilerFence();
  }
  meanwhile.before.Advance(kGemmRowStep);
}

template <class Widen, class Kind>
void RunBlock(const Bf16Block& b, size_t tiles, size_t panels, Sums sums, Waiting* waiting,
              Meanwhile<Widen, Kind>& meanwhile) {
  if (tiles == 2 && panels == 2) return MultiplyBlock<2, 2>(b, sums, waiting, meanwhile);
  if (tiles == 2) return MultiplyBlock<2, 1>(b, sums, waiting, meanwhile);
  if (panels == 2) return MultiplyBlock<1, 2>(b, sums, waiting, meanwhile);
  return MultiplyBlock<1, 1>(b, sums, waiting, meanwhile);
}

// Where panels come from. Plain: panel i is group begin + i of one matrix. Gated: of two matrices
// of one shape in turn, so panel 2i and 2i + 1 are group begin + i of each.
template <class Kind>
struct PanelSource;
template <>
struct PanelSource<Plain> {
  const Bf16GemmTask& task;
  [[nodiscard]] size_t begin() const { return task.group_begin; }
  [[nodiscard]] size_t end() const { return task.group_end; }
  [[nodiscard]] const uint8_t* Group(size_t panel) const {
    return task.groups + panel * task.group_bytes;
  }
};
template <>
struct PanelSource<Gated> {
  const Bf16GemmTask& task;
  [[nodiscard]] size_t begin() const { return 2 * task.group_begin; }
  [[nodiscard]] size_t end() const { return 2 * task.group_end; }
  [[nodiscard]] const uint8_t* Group(size_t panel) const {
    return (panel % 2 == 0 ? task.groups : task.up_groups) + panel / 2 * task.group_bytes;
  }
};

// The units of a call: spans of panels that the work space holds, for each span the chunks of
// inputs, for each chunk the pairs of panels.
struct Unit {
  size_t span_begin, span_end, k, panel;  // of the panels that PanelSource numbers
};

template <class Widen, class Kind>
class Bf16Gemm {
 public:
  explicit Bf16Gemm(const Bf16GemmTask& task)
      : task_(task),
        source_{task},
        steps_(Bf16Steps(task.k)),
        sums_stride_((task.rows + kGemmRowStep - 1) / kGemmRowStep * kGemmRowStep * kTileRows +
                     kTileRows),
        span_(kGemmScratch / sums_stride_ / 2 * 2) {}

  void Run() {
    ConfigureTiles(kTileRows);
    Unit unit = SpanFrom(source_.begin());
    Decoder<Widen> first = DecoderOf(unit, panels_[0]);
    first.Advance(first.parts());
    for (size_t turn = 0; unit.span_begin < source_.end(); ++turn) {
      const Unit following = After(unit);
      const bool more = following.span_begin < source_.end();
      meanwhile_.next = more ? DecoderOf(following, panels_[(turn + 1) % 2]) : Decoder<Widen>();
      RunUnit(unit, following, panels_[turn % 2]);
      meanwhile_.next.Advance(meanwhile_.next.parts());
      unit = following;
    }
    StoreWaiting(&waiting_);
    meanwhile_.before = finished_;
    meanwhile_.before.Advance(kGemmRowStep);
    _tile_release();
  }

 private:
  [[nodiscard]] Unit SpanFrom(size_t panel) const {
    const size_t end = panel + span_ < source_.end() ? panel + span_ : source_.end();
    return {panel, end, 0, panel};
  }
  [[nodiscard]] Unit After(Unit unit) const {
    unit.panel += 2;
    if (unit.panel < unit.span_end) return unit;
    unit.panel = unit.span_begin;
    unit.k += kBf16Chunk;
    return unit.k < task_.k ? unit : SpanFrom(unit.span_end);
  }
  [[nodiscard]] size_t PanelsOf(const Unit& unit) const {
    return unit.span_end - unit.panel < 2 ? 1 : 2;
  }
  [[nodiscard]] size_t InputsOf(const Unit& unit) const {
    return task_.k - unit.k < kBf16Chunk ? task_.k - unit.k : kBf16Chunk;
  }
  [[nodiscard]] const uint8_t* TilesOf(const Unit& unit, size_t panel) const {
    return source_.Group(unit.panel + panel) + unit.k / Widen::kTileInputs * Widen::kTileBytes;
  }
  [[nodiscard]] Decoder<Widen> DecoderOf(const Unit& unit, uint16_t* out) const {
    const size_t panels = PanelsOf(unit);
    const uint8_t* tiles[2] = {TilesOf(unit, 0), TilesOf(unit, panels - 1)};
    return Decoder<Widen>(tiles, panels, InputsOf(unit), out);
  }

  // `after` is the unit that is decoded meanwhile; the weights of the one behind it are asked for.
  void RunUnit(const Unit& unit, const Unit& after, const uint16_t* panels) {
    const size_t blocks = (task_.rows + kGemmRowStep - 1) / kGemmRowStep;
    const Unit ahead = after.span_begin < source_.end() ? After(after) : after;
    const bool more = ahead.span_begin < source_.end();
    const size_t lines = more ? InputsOf(ahead) / Widen::kTileInputs * Widen::kTileBytes / 64 : 0;
    Bf16Block b;
    b.x_stride = steps_ * kBf16TileValues;
    b.w = panels;
    b.sums_stride = sums_stride_;
    b.steps = Bf16Steps(InputsOf(unit));
    for (size_t i = 0; i < blocks; ++i) {
      const size_t m = i * kGemmRowStep;
      b.parts_before = meanwhile_.next.parts() * i / blocks;
      b.parts = meanwhile_.next.parts() * (i + 1) / blocks;
      b.x = task_.x + Bf16RowStart(m, task_.k) + unit.k / kBf16Step * kBf16TileValues;
      b.sums = task_.scratch + (unit.panel - unit.span_begin) * sums_stride_ + m * kTileRows;
      // The first half of the blocks asks for one panel, the second for the other.
      const size_t panel = 2 * i < blocks ? 0 : 1;
      const size_t half = (blocks + 1) / 2;
      const size_t from = lines * (i - panel * half) / half;
      b.lines = lines * (i - panel * half + 1) / half - from;
      b.ahead = more ? TilesOf(ahead, panel < PanelsOf(ahead) ? panel : 0) + 64 * from : nullptr;
      const size_t tiles = task_.rows - m > kTileRows ? 2 : 1;
      const Sums sums = unit.k == 0 ? Sums::kNew : Sums::kContinued;
      // Sums that wait and are to go on must be in memory first.
      if (waiting_.sums == b.sums) StoreWaiting(&waiting_);
      meanwhile_.before = finished_;
      finished_ = {};
      RunBlock(b, tiles, PanelsOf(unit), sums, &waiting_, meanwhile_);
      if (unit.k + kBf16Chunk >= task_.k) finished_ = {task_, waiting_, m, unit.panel};
    }
  }

  const Bf16GemmTask& task_;
  const PanelSource<Kind> source_;
  const size_t steps_;
  const size_t sums_stride_;  // floats from one panel's sums to the next one's
  const size_t span_;
  Waiting waiting_;
  Epilogue<Kind> finished_;  // of the block that waits, if its sums are complete
  Meanwhile<Widen, Kind> meanwhile_;
  alignas(64) uint16_t panels_[2][kPairValues];
};

template <class Widen, class Kind>
void RunBf16Gemm(const Bf16GemmTask& task) {
  if (task.group_begin >= task.group_end || task.rows == 0) return;
  Bf16Gemm<Widen, Kind> gemm(task);
  gemm.Run();
}

// FloatToFiniteBf16, 16 values at a time, laid out as Bf16GemmTask::x says.
void RoundRow(const float* from, size_t k, size_t row, uint16_t* x) {
  uint16_t* to = x + Bf16RowStart(row, k);
  for (size_t i = 0; i < Bf16Steps(k) * kBf16Step; i += 16) {
    const __m512i bits = LoadUpTo16(from + i, k > i ? k - i : 0);
    uint16_t* at = to + i / kBf16Step * kBf16TileValues + i % kBf16Step;
    _mm256_store_si256(reinterpret_cast<__m256i*>(at), FiniteBf16(bits));
  }
}

template <class Widen>
void Set(tensor::DType dtype, KernelTable* table) {
  table->bf16_gemm[static_cast<size_t>(dtype)] = RunBf16Gemm<Widen, Plain>;
  table->bf16_gated[static_cast<size_t>(dtype)] = RunBf16Gemm<Widen, Gated>;
}

}  // namespace

void FillAmxBf16Gemms(KernelTable* table) {
  using tensor::DType;
  table->round_row = RoundRow;
  Set<WidenWords<HalfWords>>(DType::kF16, table);
  Set<WidenWords<Bf16Words>>(DType::kBF16, table);
  Set<WidenSmallBlocks<FormatQ4_0>>(DType::kQ4_0, table);
  Set<WidenSmallBlocks<FormatQ4_1>>(DType::kQ4_1, table);
  Set<WidenSmallBlocks<FormatQ5_0>>(DType::kQ5_0, table);
  Set<WidenSmallBlocks<FormatQ5_1>>(DType::kQ5_1, table);
  Set<WidenSmallBlocks<FormatQ8_0>>(DType::kQ8_0, table);
  Set<WidenSmallBlocks<FormatIQ4NL>>(DType::kIQ4NL, table);
  Set<WidenSuperBlocks<FormatQ2K>>(DType::kQ2K, table);
  Set<WidenSuperBlocks<FormatQ3K>>(DType::kQ3K, table);
  Set<WidenSuperBlocks<FormatQ4K>>(DType::kQ4K, table);
  Set<WidenSuperBlocks<FormatQ5K>>(DType::kQ5K, table);
  Set<WidenSuperBlocks<FormatQ6K>>(DType::kQ6K, table);
  Set<WidenSuperBlocks<FormatIQ4XS>>(DType::kIQ4XS, table);
}

}  // namespace lemma::kernels
