// SPDX-License-Identifier: Apache-2.0
// Products of many rows with the K-quants on the tile unit; the bits are those of
// scalar/scalar_matmul.cc. Two tiles (32 rows of activations) x 16 outputs x 256 inputs are a
// "block": integer sums stay in the tile registers, then each (row, 16 outputs) takes
//   acc = fma(d * da, sum, acc); acc = fma(-(dmin * da), min_sum, acc)
// with the vector units. That epilogue, and the unpacking of the next panel of weights, run in
// slots between the tile products of the following block, so that the tile unit does not wait.
#include "kernels/amx/planes-inl.h"
#include "kernels/amx/tiles-inl.h"
#include "kernels/fixed_math.h"
#include "kernels/isa_tables.h"

namespace lemma::kernels {
namespace {

constexpr size_t kBlockRows = 2 * kTileRows;
constexpr size_t kSlots = 8;  // of a block
// Activations of this many bytes stay in the second-level cache while the weights pass.
constexpr size_t kResidentBytes = size_t{960} << 10;
constexpr size_t kInputBytes = kSuperBlock + 64;  // of a row and block

// Sums of one block as the tile unit leaves them.
struct alignas(64) Sums {
  int32_t high[kBlockRows * kTileRows];
  int32_t low[kBlockRows * kTileRows];
  float mins[kBlockRows * kTileRows];
};

// A block whose sums wait for their epilogue.
struct Pending {
  const Sums* sums = nullptr;
  const float* da = nullptr;
  const PanelScales* scales = nullptr;
  float* acc = nullptr;  // [rows][16]
  float* y = nullptr;    // of the first row, when this is the last panel of the group
  size_t rows = 0;
  size_t next = 0;
  size_t step = 0;  // rows a slot
  bool first = false;
};

// The panel that is being unpacked while another is used.
struct Unpacking {
  const uint8_t* tile = nullptr;
  Panel* panel = nullptr;
  PanelScales* scales = nullptr;
  size_t next = 0;  // unit
  size_t credit = 0;
  Scales fields;
};

template <class Format>
constexpr size_t kMinUnits = Format::kHasMin ? kSuperBlock / Format::kGroup / 8 : 0;
template <class Format>
constexpr size_t kUnits = 1 + 8 + kMinUnits<Format>;

template <class Format>
inline void UnpackUnit(Unpacking& u) {
  const size_t unit = u.next++;
  if (unit == 0) {
    Format::GetScales(u.tile, &u.fields);
    _mm512_store_ps(u.scales->d, Simd::LoadHalves(u.tile + Format::kD));
    if constexpr (Format::kHasMin) {
      _mm512_store_ps(u.scales->dmin, Simd::LoadHalves(u.tile + Format::kDmin));
    }
  } else if (unit <= 8) {
    UnpackPlanes<Format>(u.tile, u.fields, unit - 1, u.panel);
  } else if constexpr (Format::kHasMin) {
    for (size_t p = 0; p < 4; ++p) UnpackMins<Format>(u.fields, 4 * (unit - 9) + p, u.panel);
  }
}

template <class Format>
constexpr bool kTwoPlanes =
    PlanesOf<Format>::kKind == PlaneKind::kSplit || PlanesOf<Format>::kKind == PlaneKind::kWide;

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

template <class Format>
inline __m512 AddRow(const Pending& p, size_t row, __m512 d, __m512 dmin, __m512 acc) {
  const __m512 da = _mm512_set1_ps(p.da[row]);
  acc = _mm512_fmadd_ps(_mm512_mul_ps(d, da), RowSum<Format>(*p.sums, row), acc);
  if constexpr (Format::kHasMin) {
    const __m512 mins = _mm512_load_ps(p.sums->mins + kTileRows * row);
    acc = _mm512_fnmadd_ps(_mm512_mul_ps(dmin, da), mins, acc);
  }
  return acc;
}

// Where the results of one call go.
struct Output {
  size_t n = 0;
  bool accumulate = false;
  __mmask16 mask = 0;  // outputs of the pending group that exist
};

template <class Format>
inline void Epilogue(Pending& p, const Output& out, size_t count) {
  const size_t end = p.next + count < p.rows ? p.next + count : p.rows;
  const __m512 d = _mm512_load_ps(p.scales->d);
  const __m512 dmin = Format::kHasMin ? _mm512_load_ps(p.scales->dmin) : d;
  for (; p.next < end; ++p.next) {
    const size_t row = p.next;
    float* at = p.acc + kTileRows * row;
    const __m512 acc = p.first ? _mm512_setzero_ps() : _mm512_load_ps(at);
    const __m512 sum = AddRow<Format>(p, row, d, dmin, acc);
    if (p.y == nullptr) {
      _mm512_store_ps(at, sum);
      continue;
    }
    float* y = p.y + row * out.n;
    const __m512 old = out.accumulate ? _mm512_maskz_loadu_ps(out.mask, y) : _mm512_setzero_ps();
    _mm512_mask_storeu_ps(y, out.mask, out.accumulate ? _mm512_add_ps(old, sum) : sum);
  }
}

// What runs between two tile products.
template <class Format>
struct Slot {
  Pending& pending;
  Unpacking& unpacking;
  const Output& out;
  size_t slots;  // that share the unpacking of a panel

  void operator()() const {
    CompilerFence();
    if (pending.next < pending.rows) Epilogue<Format>(pending, out, pending.step);
    if (unpacking.next < kUnits<Format>) {
      unpacking.credit += kUnits<Format>;
      while (unpacking.credit >= slots && unpacking.next < kUnits<Format>) {
        unpacking.credit -= slots;
        UnpackUnit<Format>(unpacking);
      }
    }
    CompilerFence();
  }
};

// Tile registers: 0, 1 high sums (or mins) and 2, 3 low sums of rows 0-15 and 16-31; 4, 5
// activations; 6, 7 weights.
template <class Format, size_t kTiles>
inline void MinSums(const uint16_t* sums, const Panel& panel, Sums* out) {
  _tile_zero(0);
  _tile_loadd(4, sums, 64);
  _tile_loadd(6, panel.mins, 64);
  _tile_dpbf16ps(0, 4, 6);
  if constexpr (kTiles == 2) {
    _tile_zero(1);
    _tile_loadd(5, sums + 32 * kTileRows, 64);
    _tile_dpbf16ps(1, 5, 6);
  }
  _tile_stored(0, out->mins, 64);
  if constexpr (kTiles == 2) _tile_stored(1, out->mins + kTileRows * kTileRows, 64);
}

template <class Format, size_t kTiles>
inline void HighProducts() {
  constexpr bool kSigned = PlanesOf<Format>::kKind == PlaneKind::kWide;
  if constexpr (kSigned) {
    _tile_dpbssd(0, 4, 6);
    if constexpr (kTiles == 2) _tile_dpbssd(1, 5, 6);
  } else {
    _tile_dpbsud(0, 4, 6);
    if constexpr (kTiles == 2) _tile_dpbsud(1, 5, 6);
  }
}

template <class Format, size_t kTiles>
inline void LowProducts() {
  if constexpr (PlanesOf<Format>::kKind == PlaneKind::kOneNegated) {
    _tile_dpbssd(2, 4, 7);
    if constexpr (kTiles == 2) _tile_dpbssd(3, 5, 7);
  } else {
    _tile_dpbsud(2, 4, 7);
    if constexpr (kTiles == 2) _tile_dpbsud(3, 5, 7);
  }
}

// One block: kTiles * 16 rows of activations from `q`, x one panel.
template <class Format, size_t kTiles>
inline void Block(const int8_t* q, const uint16_t* min_sums, const Panel& panel,
                  const Slot<Format>& slot, Sums* out) {
  if constexpr (Format::kHasMin) MinSums<Format, kTiles>(min_sums, panel, out);
  if constexpr (kTwoPlanes<Format>) _tile_zero(0);
  if constexpr (kTwoPlanes<Format> && kTiles == 2) _tile_zero(1);
  _tile_zero(2);
  if constexpr (kTiles == 2) _tile_zero(3);
  for (size_t s = 0; s < kSuperBlock / 64; ++s) {
    _tile_loadd(4, q + 64 * s, kSuperBlock);
    if constexpr (kTwoPlanes<Format>) _tile_loadd(6, panel.high + 1024 * s, 64);
    if constexpr (kTiles == 2) _tile_loadd(5, q + kTileRows * kSuperBlock + 64 * s, kSuperBlock);
    if constexpr (kTwoPlanes<Format>) HighProducts<Format, kTiles>();
    slot();
    _tile_loadd(7, panel.low + 1024 * s, 64);
    LowProducts<Format, kTiles>();
    slot();
  }
  if constexpr (kTwoPlanes<Format>) {
    _tile_stored(0, out->high, 64);
    if constexpr (kTiles == 2) _tile_stored(1, out->high + kTileRows * kTileRows, 64);
  }
  _tile_stored(2, out->low, 64);
  if constexpr (kTiles == 2) _tile_stored(3, out->low + kTileRows * kTileRows, 64);
}

// Walks the panels of a call: the groups in spans that the work space holds, their inputs in
// chunks that stay cached, and for each chunk all panels of one group after the other.
struct Cursor {
  size_t group_end, blocks, span, chunk;  // constant
  size_t span_begin, span_end, chunk_begin, chunk_end, group, block;

  Cursor(const GemmTask& task, size_t group_span, size_t block_chunk)
      : group_end(task.group_end),
        blocks(task.k / kSuperBlock),
        span(group_span),
        chunk(block_chunk),
        span_begin(task.group_begin),
        group(task.group_begin) {
    BeginSpan();
  }
  [[nodiscard]] bool done() const { return span_begin >= group_end; }
  void Advance() {
    if (++block < chunk_end) return;
    block = chunk_begin;
    if (++group < span_end) return;
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
    const size_t padded = task.input.stride;
    size_t chunk = kResidentBytes / (padded * kInputBytes);
    const size_t blocks = task.k / kSuperBlock;
    if (chunk == 0) chunk = 1;
    const size_t chunks = (blocks + chunk - 1) / chunk;
    chunk_ = (blocks + chunks - 1) / chunks;  // of even size
    // With all of K in one chunk a group is finished before the next one begins.
    span_ = kGemmScratch / (padded * kTileRows);
    out_.n = task.n;
    out_.accumulate = task.accumulate;
  }

  void Run() {
    ConfigureTiles(task_.rows < kTileRows ? task_.rows : kTileRows);
    Cursor ahead(task_, span_, chunk_);
    BeginUnpack(ahead, 0);
    while (unpacking_.next < kUnits<Format>) UnpackUnit<Format>(unpacking_);
    size_t index = 0;
    for (Cursor at = ahead; !at.done(); at = ahead, ++index) {
      ahead.Advance();
      if (!ahead.done()) BeginUnpack(ahead, index + 1);
      RunPanel(at, index);
    }
    Flush();
    _tile_release();
  }

 private:
  void BeginUnpack(const Cursor& at, size_t index) {
    unpacking_.tile = task_.groups + at.group * task_.group_bytes + at.block * Format::kTileBytes;
    unpacking_.panel = &panels_[index % 2];
    unpacking_.scales = &scales_[index % 3];
    unpacking_.next = 0;
    unpacking_.credit = 0;
  }

  void RunPanel(const Cursor& at, size_t index) {
    const GemmInput& in = task_.input;
    const size_t blocks = (task_.rows + kBlockRows - 1) / kBlockRows;
    const Slot<Format> slot{pending_, unpacking_, out_, kSlots * blocks};
    const Panel& panel = panels_[index % 2];
    const size_t local = chunk_ < at.blocks ? at.group - at.span_begin : 0;
    for (size_t m = 0; m < task_.rows; m += kBlockRows) {
      const size_t row = at.block * in.stride + m;
      const size_t rows = task_.rows - m < kBlockRows ? task_.rows - m : kBlockRows;
      Sums* sums = &sums_[turn_++ % 2];
      const int8_t* q = in.q + row * kSuperBlock;
      const uint16_t* min_sums = in.sums + row * 32;
      if (rows > kTileRows) {
        Block<Format, 2>(q, min_sums, panel, slot, sums);
      } else {
        Block<Format, 1>(q, min_sums, panel, slot, sums);
      }
      pending_.sums = sums;
      pending_.da = in.d + row;
      pending_.scales = &scales_[index % 3];
      pending_.acc = task_.scratch + (local * in.stride + m) * kTileRows;
      pending_.first = at.block == 0;
      pending_.rows = rows;
      pending_.step = (rows + kSlots - 1) / kSlots;
      pending_.next = 0;
      pending_.y = nullptr;
      if (at.block + 1 == at.blocks) {
        const size_t left = task_.n - at.group * kTileRows;
        pending_.y = task_.y + m * task_.n + at.group * kTileRows;
        out_.mask = static_cast<__mmask16>(left < kTileRows ? (1U << left) - 1 : 0xFFFFU);
      }
    }
    while (unpacking_.next < kUnits<Format>) UnpackUnit<Format>(unpacking_);
  }

  void Flush() {
    CompilerFence();
    Epilogue<Format>(pending_, out_, pending_.rows);
  }

  const GemmTask& task_;
  size_t chunk_;
  size_t span_;
  size_t turn_ = 0;
  Pending pending_;
  Unpacking unpacking_;
  Output out_;
  Panel panels_[2];
  PanelScales scales_[3];
  Sums sums_[2];
};

template <class Format>
void RunGemm(const GemmTask& task) {
  if (task.group_begin >= task.group_end || task.rows == 0) return;
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

// Sums of each 16 bytes of q, in order.
inline __m512i SumsOf16(const int8_t* q) {
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i sums = _mm512_setzero_si512();
  for (size_t i = 0; i < 4; ++i) {
    __m512i s = _mm512_dpbusd_epi32(_mm512_setzero_si512(), ones, _mm512_load_si512(q + 64 * i));
    s = _mm512_add_epi32(s, _mm512_shuffle_epi32(s, _MM_PERM_CDAB));
    s = _mm512_add_epi32(s, _mm512_shuffle_epi32(s, _MM_PERM_BADC));
    sums = _mm512_mask_mov_epi32(sums, static_cast<__mmask16>(0x1111U << i), s);
  }
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, sums);
}

// The bits of q and d are those of KernelTable::quantize.
inline void QuantizeInto(const float* x, int8_t* q, uint16_t* sums, float* d) {
  const uint32_t amax_bits = AbsMaxBits(x);
  const float amax = BitsToFloat(amax_bits);
  const bool odd = amax_bits >= 0x7F800000U;
  if (odd || amax < 0x1p-100F) {
    *d = odd ? BitsToFloat(0x7FC00000U) : 0.0F;
    for (size_t i = 0; i < 4; ++i) _mm512_store_si512(q + 64 * i, _mm512_setzero_si512());
    _mm512_store_si512(sums, _mm512_setzero_si512());
    return;
  }
  const __m512 inverse = _mm512_set1_ps(127.0F / amax);
  for (size_t i = 0; i < kSuperBlock; i += 16) {
    const __m512i rounded = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + i), inverse));
    _mm_store_si128(reinterpret_cast<__m128i*>(q + i), _mm512_cvtepi32_epi8(rounded));
  }
  const __m512i s = SumsOf16(q);
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
    QuantizeInto(from, out.q + at * kSuperBlock, out.sums + 32 * at, out.d + at);
  }
}

}  // namespace

void FillAmxGemms(KernelTable* table) {
  using tensor::DType;
  const auto set = [table](DType dtype, GemmFn fn) {
    table->gemm[static_cast<size_t>(dtype)] = fn;
  };
  table->gemm_min_rows = 7;
  table->quantize_gemm = QuantizeRow;
  set(DType::kQ2K, RunGemm<FormatQ2K>);
  set(DType::kQ3K, RunGemm<FormatQ3K>);
  set(DType::kQ4K, RunGemm<FormatQ4K>);
  set(DType::kQ5K, RunGemm<FormatQ5K>);
  set(DType::kQ6K, RunGemm<FormatQ6K>);
  set(DType::kIQ4XS, RunGemm<FormatIQ4XS>);
}

}  // namespace lemma::kernels
