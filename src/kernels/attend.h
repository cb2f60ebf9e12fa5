// SPDX-License-Identifier: Apache-2.0
// What the attention kernels of an instruction set are called with: many query rows against one
// segment of at most 512 tokens, so that K and V are read once for all of them. A call sequence is
//   scores -> add_key_bias (optional) -> softmax -> values,
// once a segment; segments are folded in order. A row's bits depend on that row alone: tokens that
// it does not see have weight exactly 0, and adding them changes nothing.
//
// bf16 and q8_0 keys (and values) use the arithmetic of TDPBF16PS, which every table repeats: per
// step of 32 inputs one fma chain over the even and one over the odd inputs, both from 0; then
// sum += even + odd. Inputs below 2^-50 are rounded to 0, so that no partial result is ever a
// denormal, which that instruction would flush: all bits agree.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kv_layout.h"

namespace lemma::kernels {

constexpr size_t kSegmentPages = 8;
constexpr size_t kSegmentTokens = kSegmentPages * kAttendPage;
// Floats between the score rows of a task; not a power of two, to spread over the cache sets.
constexpr size_t kScoreStride = kSegmentTokens + 16;

// Rows, at most 32 a call, are (query row, head) pairs of one sequence and one KV head. Buffers
// that tiles are stored to hold a multiple of 16 rows, marked *.
struct AttendTask {
  size_t rows = 0;
  size_t head_dim = 0;
  size_t tokens = 0;                  // of the segment, that the row with the longest view sees
  const uint32_t* visible = nullptr;  // [rows] tokens of the segment that the row sees, may be 0
  // [rows*][PaddedKeyDim]; for paired K written by round_query, one of the two.
  const float* q = nullptr;
  const uint16_t* q_bf16 = nullptr;
  const uint8_t* const* k_pages = nullptr;  // as stored, or as KernelTable::widen left them
  const uint8_t* const* v_pages = nullptr;
  const float* const* k_scales = nullptr;  // q8_0: per page, [64]
  const float* const* v_scales = nullptr;
  float log2_scale = 0.0F;  // turns a dot product into a power of two
  float* scores = nullptr;  // [rows*][kScoreStride]: dot products, then weights (see softmax)
  float* max = nullptr;     // [rows]: largest score
  float* sum = nullptr;     // [rows]: of 2^((score - max) * log2_scale)
  float* out = nullptr;     // [rows*][padded head_dim], not normalised
};
using AttendFn = void (*)(const AttendTask& task);

// Rotated keys of a bias vector: score[row][t] += sum_i a[i] cos(i, t) + b[i] sin(i, t), one fma
// chain in the order a0, b0, a1, b1, ... from 0. `angles` has, per page, [half][2][64 tokens]:
// cosines and sines of the rotary frequencies; `pairs` lists the frequencies with a bias.
struct KeyBiasTask {
  size_t rows = 0;
  size_t tokens = 0;
  const float* const* angles = nullptr;
  const uint32_t* pairs = nullptr;
  size_t num_pairs = 0;
  const float* factors = nullptr;  // [rows][num_pairs][2]
  float* scores = nullptr;         // as above
};
using KeyBiasFn = void (*)(const KeyBiasTask& task);

// Joins a segment's state into the rows' totals: both max, sum, out as in AttendTask. Rows that
// see nothing of the segment stay as they are.
struct FoldTask {
  size_t rows = 0;
  size_t head_dim = 0;
  float log2_scale = 0.0F;
  const uint32_t* visible = nullptr;  // of the next segment
  const float* next_max = nullptr;
  const float* next_sum = nullptr;
  const float* next_out = nullptr;
  float* max = nullptr;
  float* sum = nullptr;
  float* out = nullptr;
};
using FoldFn = void (*)(const FoldTask& task);

// int8 -> bf16, exact, `count` a multiple of 1024; `next` is what comes after, to be fetched.
using WidenFn = void (*)(const uint8_t* from, const uint8_t* next, size_t count, uint8_t* to);

// FloatToFiniteBf16 of a query of `dim` values, in the form that the table's score kernels of
// paired K read: as floats to `q` or as bf16 to `q_bf16`, then zeros up to PaddedKeyDim.
using RoundQueryFn = void (*)(const float* from, size_t dim, float* q, uint16_t* q_bf16);

struct AttentionKernels {
  RoundQueryFn round_query = nullptr;
  AttendFn scores[kNumKvTypes] = {};  // by K type
  KeyBiasFn add_key_bias = nullptr;
  // By V type: weights 2^((score - max) * log2_scale), 0 from visible on, with max and sum. For f32
  // and f16 as f32; for paired V rounded to bf16 (for q8_0 after the token's scale), in a form of
  // the table's own.
  AttendFn softmax[kNumKvTypes] = {};
  AttendFn values[kNumKvTypes] = {};  // by V type
  FoldFn fold = nullptr;
  void (*scale)(const float* from, size_t n, float factor, float* to) = nullptr;
  // Where not null, q8_0 pages are widened to bf16 once for all rows; the kernels get those.
  WidenFn widen_q8_0 = nullptr;
};

}  // namespace lemma::kernels
