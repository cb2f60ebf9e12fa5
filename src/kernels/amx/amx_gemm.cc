// SPDX-License-Identifier: Apache-2.0
// Products of many rows with the K-quants on the tile unit; the bits are those of
// scalar/scalar_matmul.cc. Two tiles (32 rows of activations) x 16 outputs x 256 inputs are a
// "block": integer sums stay in the tile registers, then each (row, 16 outputs) takes
//   acc = fma(d * da, sum, acc); acc = fma(-(dmin * da), min_sum, acc)
// with the vector units. That epilogue runs in slots between the tile products of the following
// block, so that the tile unit does not wait.
#include "kernels/amx/narrow_gemm-inl.h"
#include "kernels/amx/planes-inl.h"
#include "kernels/amx/tiles-inl.h"
#include "kernels/fixed_math.h"
#include "kernels/isa_tables.h"

namespace lemma::kernels {
namespace {

constexpr size_t kBlockRows = 2 * kTileRows;
constexpr size_t kTileInts = kTileRows * kTileRows;
constexpr size_t kSecondTile = 64 * kTileRows;  // of the activations
// Panels that one pass over the activations serves, from kManyRows rows on: so many stay in the
// first-level cache, and the activations come from the second-level cache once for all of them.
constexpr size_t kPanels = 2;
constexpr size_t kManyRows = 65;
constexpr size_t kTilesAhead = 2;  // that the weights are asked for
// Activations of this many bytes stay in the second-level cache while the weights pass.
constexpr size_t kResidentBytes = size_t{960} << 10;
constexpr size_t kInputBytes = kSuperBlock + 64;  // of a row and block

template <class Format>
constexpr bool kTwoPlanes =
    PlanesOf<Format>::kKind == PlaneKind::kSplit || PlanesOf<Format>::kKind == PlaneKind::kWide;
// Slots of a block.
template <class Format>
constexpr size_t kSlots = kTwoPlanes<Format> ? 7 : 4;

// Sums of one block as the tile unit leaves them.
struct alignas(64) Sums {
  int32_t high[kBlockRows * kTileRows];
  int32_t low[kBlockRows * kTileRows];
};
struct alignas(64) MinSums {
  float sums[kBlockRows * kTileRows];
};

// A block whose sums wait for their epilogue.
struct Pending {
  const MinSums* mins = nullptr;
  const float* da = nullptr;
  const PanelScales* scales = nullptr;
  float* acc = nullptr;   // [rows][16]
  __mmask16 started = 0;  // all: acc holds the sums of earlier panels; none: it holds nothing yet
  size_t rows = 0;
};

template <class Format>
inline __m512 RowSum(const Sums& sums, size_t row) {
  constexpr PlaneKind kKind = PlanesOf<Format>::kKind;
  __m512i sum = _mm512_load_si512(sums.low + kTileRows * row);
  if constexpr (kTwoPlanes<Format>) {
    const __m512i high = _mm512_load_si512(sums.high + kTileRows * row);
    constexpr int kShift = kKind == PlaneKind::kSplit ? 3 : 8;
    sum = _mm512_add_epi32(_mm512_slli_epi32(high, kShift), sum);
  }
  if constexpr (kKind == PlaneKind::kOneNegated) {
    sum = _mm512_sub_epi32(_mm512_setzero_si512(), sum);
  }
  return _mm512_cvtepi32_ps(sum);
}

// The epilogue of one block; its fields stay in registers.
template <class Format>
struct Rows {
  const Sums* sums;
  const MinSums* mins;
  const float* da;
  float* acc;
  __mmask16 started;
  __m512 d;
  __m512 dmin;

  Rows(const Pending& p, const Sums& from)
      : sums(&from), mins(p.mins), da(p.da), acc(p.acc), started(p.started) {
    d = _mm512_load_ps(p.scales->d);
    dmin = Format::kHasMin ? _mm512_load_ps(p.scales->dmin) : d;
  }
  [[nodiscard]] __m512 Sum(size_t row) const {
    const __m512 scale = _mm512_set1_ps(da[row]);
    __m512 sum = _mm512_maskz_load_ps(started, acc + kTileRows * row);
    sum = _mm512_fmadd_ps(_mm512_mul_ps(d, scale), RowSum<Format>(*sums, row), sum);
    if constexpr (Format::kHasMin) {
      const __m512 min = _mm512_load_ps(mins->sums + kTileRows * row);
      sum = _mm512_fnmadd_ps(_mm512_mul_ps(dmin, scale), min, sum);
    }
    return sum;
  }
  // Spare rows are there, so whole slots are worked.
  template <size_t kBegin, size_t kEnd>
  void Add() const {
    for (size_t row = kBegin; row < kEnd; ++row) _mm512_store_ps(acc + kTileRows * row, Sum(row));
  }
};

// What a block works on, and what its slots do.
struct BlockTask {
  const int8_t* q;
  size_t q_step;  // bytes to the next 64 inputs
  const uint16_t* min_sums;
  const Panel* panel;
  float* mins;   // room for the sums of mins of this block
  Sums* before;  // room for the sums of the block before
  const Pending* pending;
  const uint8_t* ahead;  // `lines` cache lines of weights to ask for
  size_t lines;
};

template <class Format, size_t kTilesBefore>
struct Slots {
  const BlockTask& task;
  Rows<Format> rows;

  explicit Slots(const BlockTask& t) : task(t), rows(*t.pending, *t.before) {}

  // What runs between two tile products: some of the rows that wait. The requests for weights are
  // spread, since a burst fills the line buffers.
  template <size_t kIndex>
  void Run() {
    CompilerFence();
    constexpr size_t kRows = kTilesBefore * kTileRows;
    constexpr size_t kBegin = kRows * kIndex / kSlots<Format>;
    constexpr size_t kEnd = kRows * (kIndex + 1) / kSlots<Format>;
    const size_t last = task.lines * (kIndex + 1) / kSlots<Format>;
    for (size_t i = task.lines * kIndex / kSlots<Format>; i < last; ++i) {
      _mm_prefetch(task.ahead + 64 * i, _MM_HINT_T0);
    }
    rows.template Add<kBegin, kEnd>();
    CompilerFence();
  }
};

// Tile registers: 0, 1 high sums (or mins) and 2, 3 low sums of rows 0-15 and 16-31; 4, 5
// activations; 6, 7 weights. The sums of a block are stored when the next block needs their
// register, each just before the product that does: stores in a row stop the tile unit.
template <class Format, size_t kTiles>
inline void HighProducts() {
  if constexpr (PlanesOf<Format>::kKind == PlaneKind::kWide) {
    _tile_dpbssd(0, 4, 6);
    if constexpr (kTiles == 2) _tile_dpbssd(1, 5, 6);
  } else {
    _tile_dpbsud(0, 4, 6);
    if constexpr (kTiles == 2) _tile_dpbsud(1, 5, 6);
  }
}

template <class Format>
inline void LowProduct0() {
  if constexpr (PlanesOf<Format>::kKind == PlaneKind::kOneNegated) {
    _tile_dpbssd(2, 4, 7);
  } else {
    _tile_dpbsud(2, 4, 7);
  }
}

template <class Format>
inline void LowProduct1() {
  if constexpr (PlanesOf<Format>::kKind == PlaneKind::kOneNegated) {
    _tile_dpbssd(3, 5, 7);
  } else {
    _tile_dpbsud(3, 5, 7);
  }
}

// The sums of the mins; stores the high sums of the block before.
template <class Format, size_t kTiles>
inline void MinProducts(const BlockTask& t) {
  _tile_loadd(4, t.min_sums, 64);
  _tile_loadd(6, t.panel->mins, 64);
  if constexpr (kTwoPlanes<Format>) _tile_stored(0, t.before->high, 64);
  _tile_zero(0);
  _tile_dpbf16ps(0, 4, 6);
  if constexpr (kTiles == 2) {
    _tile_loadd(5, t.min_sums + 32 * kTileRows, 64);
    if constexpr (kTwoPlanes<Format>) _tile_stored(1, t.before->high + kTileInts, 64);
    _tile_zero(1);
    _tile_dpbf16ps(1, 5, 6);
  }
}

// The first 64 inputs of a block; stores the sums of the block before.
template <class Format, size_t kTiles>
inline void BeginBlock(const BlockTask& t) {
  if constexpr (Format::kHasMin) MinProducts<Format, kTiles>(t);
  _tile_loadd(4, t.q, 64);
  _tile_loadd(7, t.panel->low, 64);
  _tile_stored(2, t.before->low, 64);
  _tile_zero(2);
  LowProduct0<Format>();
  if constexpr (kTiles == 2) {
    _tile_loadd(5, t.q + kSecondTile, 64);
    _tile_stored(3, t.before->low + kTileInts, 64);
    _tile_zero(3);
    LowProduct1<Format>();
  }
  if constexpr (kTwoPlanes<Format>) {
    _tile_loadd(6, t.panel->high, 64);
    void* first = Format::kHasMin ? static_cast<void*>(t.mins) : t.before->high;
    _tile_stored(0, first, 64);
    if constexpr (kTiles == 2) {
      void* second =
          Format::kHasMin ? static_cast<void*>(t.mins + kTileInts) : t.before->high + kTileInts;
      _tile_stored(1, second, 64);
      _tile_zero(1);
    }
    _tile_zero(0);
    HighProducts<Format, kTiles>();
  } else if constexpr (Format::kHasMin) {
    _tile_stored(0, t.mins, 64);
    if constexpr (kTiles == 2) _tile_stored(1, t.mins + kTileInts, 64);
  }
}

// Inputs 64 kStep and on.
template <class Format, size_t kTiles, size_t kStep, class Slots>
inline void BlockStep(const BlockTask& t, Slots& slots) {
  constexpr size_t kPlanes = kTwoPlanes<Format> ? 2 : 1;
  _tile_loadd(4, t.q + t.q_step * kStep, 64);
  _tile_loadd(7, t.panel->low + 1024 * kStep, 64);
  LowProduct0<Format>();
  if constexpr (kTiles == 2) {
    _tile_loadd(5, t.q + kSecondTile + t.q_step * kStep, 64);
    LowProduct1<Format>();
  }
  slots.template Run<kPlanes*(kStep - 1) + 1>();
  if constexpr (kTwoPlanes<Format>) {
    _tile_loadd(6, t.panel->high + 1024 * kStep, 64);
    HighProducts<Format, kTiles>();
    slots.template Run<2 * kStep>();
  }
}

// The sums of a block of two tiles that a block of one tile does not store.
template <class Format>
inline void StoreSecondTiles(Sums* before) {
  if constexpr (kTwoPlanes<Format>) _tile_stored(1, before->high + kTileInts, 64);
  _tile_stored(3, before->low + kTileInts, 64);
}

// One block: kTiles * 16 rows x one panel, after one of kTilesBefore tiles.
template <class Format, size_t kTiles, size_t kTilesBefore>
[[gnu::noinline]] void Block(const BlockTask& t) {
  if constexpr (kTiles < kTilesBefore) StoreSecondTiles<Format>(t.before);
  BeginBlock<Format, kTiles>(t);
  Slots<Format, kTilesBefore> slots(t);
  slots.template Run<0>();
  BlockStep<Format, kTiles, 1>(t, slots);
  BlockStep<Format, kTiles, 2>(t, slots);
  BlockStep<Format, kTiles, 3>(t, slots);
}

// Walks the panels of a call: the groups in spans that the work space holds, their inputs in
// chunks that stay cached, and for each chunk all blocks of `width` groups one after the other.
struct Cursor {
  size_t group_end, blocks, span, chunk, width;  // constant
  size_t span_begin, span_end, chunk_begin, chunk_end, group, block;

  Cursor(const GemmTask& task, size_t group_span, size_t block_chunk, size_t groups)
      : group_end(task.group_end),
        blocks(task.k / kSuperBlock),
        span(group_span),
        chunk(block_chunk),
        width(groups),
        span_begin(task.group_begin) {
    BeginSpan();
  }
  [[nodiscard]] bool done() const { return span_begin >= group_end; }
  [[nodiscard]] size_t panels() const {
    return span_end - group < width ? span_end - group : width;
  }
  void Advance() {
    if (++block < chunk_end) return;
    block = chunk_begin;
    group += width;
    if (group < span_end) return;
    group = span_begin;
    chunk_begin = chunk_end;
    chunk_end = chunk_begin + chunk < blocks ? chunk_begin + chunk : blocks;
    block = chunk_begin;
    if (chunk_begin < blocks) return;
    span_begin = span_end;
    BeginSpan();
  }

 private:
  void BeginSpan() {
    span_end = span_begin + span < group_end ? span_begin + span : group_end;
    chunk_begin = 0;
    chunk_end = chunk < blocks ? chunk : blocks;
    group = span_begin;
    block = 0;
  }
};

template <class Format>
class Gemm {
 public:
  explicit Gemm(const GemmTask& task) : task_(task) {
    const size_t blocks = task.k / kSuperBlock;
    const size_t most = kResidentBytes / (task.input.stride * kInputBytes);
    const size_t chunks = most == 0 ? blocks : (blocks + most - 1) / most;
    chunk_ = (blocks + chunks - 1) / chunks;                  // of even size
    acc_stride_ = task.input.stride * kTileRows + kTileRows;  // off the powers of two
    span_ = kGemmScratch / acc_stride_;
    pending_.scales = scales_[0];
    pending_.da = task.input.d;
    pending_.acc = task.scratch;
    pending_.mins = &mins_[1];
  }

  void Run() {
    ConfigureTiles(task_.rows < kTileRows ? task_.rows : kTileRows);
    const size_t width = task_.rows >= kManyRows ? kPanels : 1;
    Cursor at(task_, span_, chunk_, width);
    for (size_t index = 0; !at.done(); ++index) {
      for (size_t p = 0; p < at.panels(); ++p) {
        UnpackPanel<Format>(TileOf(at, p), &panels_[index % 2][p], &scales_[index % 2][p]);
      }
      CompilerFence();
      RunPanels(at, index);
      const size_t begin = at.span_begin;
      const size_t end = at.span_end;
      at.Advance();
      if (at.span_begin != begin) {
        Flush();
        StoreSpan(begin, end);
      }
    }
    _tile_release();
  }

 private:
  [[nodiscard]] const uint8_t* TileOf(const Cursor& at, size_t panel) const {
    return task_.groups + (at.group + panel) * task_.group_bytes + at.block * Format::kTileBytes;
  }

  void RunPanels(const Cursor& at, size_t index) {
    const size_t panels = at.panels();
    constexpr size_t kLines = Format::kTileBytes / 64;
    const size_t blocks = (task_.rows + kBlockRows - 1) / kBlockRows;
    const size_t lines = (kLines + blocks - 1) / blocks;  // of each panel, a block
    for (size_t m = 0; m < task_.rows; m += kBlockRows) {
      for (size_t p = 0; p < panels; ++p) {
        const size_t stride = task_.input.stride;
        MinSums* mins = &mins_[turn_++ % 2];
        BlockTask block;
        block.q = task_.input.q + at.block * stride * kSuperBlock + m * 64;
        block.q_step = stride * 64;
        block.min_sums = task_.input.sums + (at.block * stride + m) * 32;
        block.panel = &panels_[index % 2][p];
        block.mins = mins->sums;
        block.before = &sums_;
        block.pending = &pending_;
        block.ahead =
            TileOf(at, p) + kTilesAhead * Format::kTileBytes + 64 * m / kBlockRows * lines;
        block.lines = lines;
        RunBlock(block, task_.rows - m > kTileRows);
        SetPending(at, m, p);
        pending_.mins = mins;
        pending_.scales = &scales_[index % 2][p];
      }
    }
  }

  void RunBlock(const BlockTask& block, bool two_tiles) {
    const bool two_before = pending_.rows > kTileRows;
    if (two_tiles && two_before) {
      Block<Format, 2, 2>(block);
    } else if (two_tiles) {
      Block<Format, 2, 1>(block);
    } else if (two_before) {
      Block<Format, 1, 2>(block);
    } else {
      Block<Format, 1, 1>(block);
    }
  }

  // The block of rows from `m` with panel `p` is in the tile registers.
  void SetPending(const Cursor& at, size_t m, size_t p) {
    const size_t stride = task_.input.stride;
    const size_t group = at.group + p;
    pending_.da = task_.input.d + at.block * stride + m;
    pending_.acc = task_.scratch + (group - at.span_begin) * acc_stride_ + m * kTileRows;
    pending_.started = at.block == 0 ? 0 : 0xFFFF;
    pending_.rows = task_.rows - m < kBlockRows ? task_.rows - m : kBlockRows;
  }

  void Flush() {
    if constexpr (kTwoPlanes<Format>) _tile_stored(0, sums_.high, 64);
    _tile_stored(2, sums_.low, 64);
    StoreSecondTiles<Format>(&sums_);
    CompilerFence();
    Rows<Format>(pending_, sums_).template Add<0, kBlockRows>();
    pending_.rows = 0;
  }

  // The finished groups [begin, end) to y, a row at a time: long runs of consecutive lines.
  void StoreSpan(size_t begin, size_t end) const {
    for (size_t row = 0; row < task_.rows; ++row) {
      const float* acc = task_.scratch + row * kTileRows;
      for (size_t group = begin; group < end; ++group, acc += acc_stride_) {
        const size_t left = task_.n - group * kTileRows;
        const auto mask = static_cast<__mmask16>(left < kTileRows ? (1U << left) - 1 : 0xFFFFU);
        float* y = task_.y + row * task_.n + group * kTileRows;
        __m512 sum = _mm512_load_ps(acc);
        if (task_.accumulate) sum = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, y), sum);
        _mm512_mask_storeu_ps(y, mask, sum);
      }
    }
  }

  const GemmTask& task_;
  size_t chunk_;
  size_t span_;
  size_t acc_stride_;  // floats from one group's sums to the next one's
  size_t turn_ = 0;
  Pending pending_;
  Panel panels_[2][kPanels];
  PanelScales scales_[2][kPanels] = {};
  Sums sums_;  // of the block before
  MinSums mins_[2];
};

template <class Format>
void RunGemm(const GemmTask& task) {
  if (task.group_begin >= task.group_end || task.rows == 0) return;
  if (task.rows <= NarrowGemm<Format>::kMaxRows) {
    NarrowGemm<Format> gemm(task);
    return gemm.Run();
  }
  Gemm<Format> gemm(task);
  gemm.Run();
}

inline uint32_t AbsMaxBits(const float* x) {
  const __m512i mask = _mm512_set1_epi32(0x7FFFFFFF);
  __m512i max = _mm512_setzero_si512();
  for (size_t i = 0; i < kSuperBlock; i += 16) {
    max = _mm512_max_epi32(max, _mm512_and_si512(_mm512_loadu_si512(x + i), mask));
  }
  return static_cast<uint32_t>(_mm512_reduce_max_epi32(max));
}

// Sums of each 16 of the 256 inputs, in order; 64 inputs lie `step` bytes behind the 64 before.
inline __m512i SumsOf16(const int8_t* q, size_t step) {
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i sums = _mm512_setzero_si512();
  for (size_t i = 0; i < 4; ++i) {
    __m512i s = _mm512_dpbusd_epi32(_mm512_setzero_si512(), ones, _mm512_load_si512(q + step * i));
    s = _mm512_add_epi32(s, _mm512_shuffle_epi32(s, _MM_PERM_CDAB));
    s = _mm512_add_epi32(s, _mm512_shuffle_epi32(s, _MM_PERM_BADC));
    sums = _mm512_mask_mov_epi32(sums, static_cast<__mmask16>(0x1111U << i), s);
  }
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, sums);
}

// The bits of q and d are those of KernelTable::quantize.
inline void QuantizeInto(const float* x, int8_t* q, size_t step, uint16_t* sums, float* d) {
  const uint32_t amax_bits = AbsMaxBits(x);
  const float amax = BitsToFloat(amax_bits);
  const bool odd = amax_bits >= 0x7F800000U;
  if (odd || amax < 0x1p-100F) {
    *d = odd ? BitsToFloat(0x7FC00000U) : 0.0F;
    for (size_t i = 0; i < 4; ++i) _mm512_store_si512(q + step * i, _mm512_setzero_si512());
    _mm512_store_si512(sums, _mm512_setzero_si512());
    return;
  }
  const __m512 inverse = _mm512_set1_ps(127.0F / amax);
  for (size_t i = 0; i < kSuperBlock; i += 16) {
    const __m512i rounded = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + i), inverse));
    int8_t* to = q + step * (i / 64) + i % 64;
    _mm_store_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(rounded));
  }
  const __m512i s = SumsOf16(q, step);
  const __m512i fifteen = _mm512_set1_epi32(15);
  const __m512 high = _mm512_cvtepi32_ps(_mm512_andnot_si512(fifteen, s));
  const __m512 rest = _mm512_cvtepi32_ps(_mm512_and_si512(fifteen, s));
  const __m512i pair =
      _mm512_or_si512(_mm512_castps_si512(high), _mm512_srli_epi32(_mm512_castps_si512(rest), 16));
  _mm512_store_si512(sums, pair);
  *d = amax / 127.0F;
}

void QuantizeRow(const float* x, size_t k, size_t row, const GemmInput& out) {
  const size_t blocks = (k + kSuperBlock - 1) / kSuperBlock;
  for (size_t b = 0; b < blocks; ++b) {
    const size_t at = b * out.stride + row;
    const float* from = x + b * kSuperBlock;
    alignas(64) float rest[kSuperBlock];
    if (k - b * kSuperBlock < kSuperBlock) {
      for (size_t i = 0; i < kSuperBlock; ++i) rest[i] = i < k - b * kSuperBlock ? from[i] : 0.0F;
      from = rest;
    }
    int8_t* q = out.q + b * out.stride * kSuperBlock + 64 * row;
    QuantizeInto(from, q, 64 * out.stride, out.sums + 32 * at, out.d + at);
  }
}

}  // namespace

void FillAmxGemms(KernelTable* table) {
  using tensor::DType;
  const auto set = [table](DType dtype, GemmFn fn) {
    table->gemm[static_cast<size_t>(dtype)] = fn;
  };
  table->gemm_min_rows = 9;  // measured: below, rows of eight at a time are as fast
  table->quantize_gemm = QuantizeRow;
  set(DType::kQ2K, RunGemm<FormatQ2K>);
  set(DType::kQ3K, RunGemm<FormatQ3K>);
  set(DType::kQ4K, RunGemm<FormatQ4K>);
  set(DType::kQ5K, RunGemm<FormatQ5K>);
  set(DType::kQ6K, RunGemm<FormatQ6K>);
  set(DType::kIQ4XS, RunGemm<FormatIQ4XS>);
}

}  // namespace lemma::kernels
