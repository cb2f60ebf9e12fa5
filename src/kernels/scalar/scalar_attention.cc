// SPDX-License-Identifier: Apache-2.0
// Online softmax page by page (Milakov and Gimelshein, arXiv 1805.02867), in a fixed order.
#include "kernels/scalar/scalar_attention.h"

#include "kernels/fixed_math.h"

namespace lemma::kernels {
namespace {

constexpr float kMinusInfinity = -__builtin_inff();

struct F32 {
  static float Get(const uint8_t* page, size_t i) { return BitsToFloat(LoadU32(page + 4 * i)); }
};
struct F16 {
  static float Get(const uint8_t* page, size_t i) { return HalfToFloat(LoadU16(page + 2 * i)); }
};

// score[t] = scale * (one fma chain over the dimensions, in order); -inf beyond `count`.
template <class T>
void Scores(const AttendTask& task, const float* q, const uint8_t* k_page, size_t count,
            float* score) {
  for (size_t t = 0; t < kAttendPage; ++t) {
    const size_t base = t / 16 * task.head_dim * 16 + t % 16;
    float dot = 0.0F;
    for (size_t i = 0; i < task.head_dim; ++i) {
      dot = __builtin_fmaf(q[i], T::Get(k_page, base + 16 * i), dot);
    }
    score[t] = t < count ? dot * task.scale : kMinusInfinity;
  }
}

float PageMax(const float* score) {
  float lane[16];
  for (size_t i = 0; i < 16; ++i) {
    lane[i] =
        MaxSecond(MaxSecond(score[i], score[i + 16]), MaxSecond(score[i + 32], score[i + 48]));
  }
  for (size_t step = 8; step > 0; step /= 2) {
    for (size_t i = 0; i < step; ++i) lane[i] = MaxSecond(lane[i], lane[i + step]);
  }
  return lane[0];
}

float PageSum(const float* p) {
  float lane[16];
  for (size_t i = 0; i < 16; ++i) lane[i] = (p[i] + p[i + 16]) + (p[i + 32] + p[i + 48]);
  return SumLanes16(lane);
}

template <class T>
void AttendHead(const AttendTask& task, size_t head) {
  const size_t padded = PaddedHeadDim(task.head_dim);
  float* out = task.out + head * padded;
  float max = kMinusInfinity;
  float sum = 0.0F;
  for (size_t i = 0; i < padded; ++i) out[i] = 0.0F;
  for (size_t page = 0; page * kAttendPage < task.tokens; ++page) {
    const size_t left = task.tokens - page * kAttendPage;
    const size_t count = left < kAttendPage ? left : kAttendPage;
    float p[kAttendPage];
    Scores<T>(task, task.q + head * task.head_dim, task.k_pages[page], count, p);
    const float new_max = MaxSecond(PageMax(p), max);
    const float keep = FixedExp(max - new_max);
    for (size_t t = 0; t < kAttendPage; ++t) p[t] = t < count ? FixedExp(p[t] - new_max) : 0.0F;
    sum = __builtin_fmaf(sum, keep, PageSum(p));
    max = new_max;
    for (size_t i = 0; i < padded; ++i) {
      float acc = out[i] * keep;
      for (size_t t = 0; t < count; ++t) {
        acc = __builtin_fmaf(p[t], T::Get(task.v_pages[page], t * padded + i), acc);
      }
      out[i] = acc;
    }
  }
  task.max[head] = max;
  task.sum[head] = sum;
}

template <class T>
void Attend(const AttendTask& task) {
  for (size_t head = 0; head < task.heads; ++head) AttendHead<T>(task, head);
}

}  // namespace

void SetScalarAttention(KernelTable* table) {
  table->attend_f32 = Attend<F32>;
  table->attend_f16 = Attend<F16>;
}

}  // namespace lemma::kernels
