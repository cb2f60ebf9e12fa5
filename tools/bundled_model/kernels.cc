// SPDX-License-Identifier: Apache-2.0
// Fused CPU kernels of the bundled model's trainer (called by ctypes from fused.py).
//
// Matrix products stay with the tensor library; this file holds everything between them: RMSNorm
// with the residual sum, rotary embedding with the QKV bias, causal attention over packed
// sequences, SwiGLU, softmax cross-entropy and AdamW. Activations are bfloat16, sums and the
// residual float32. Build: g++ -O3 -march=native -ffast-math -fopenmp -shared -fPIC kernels.cc -o
// kernels.so

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

using Bf16 = uint16_t;
constexpr int kLanes = 16;
typedef float Vec __attribute__((vector_size(64)));
typedef float VecU __attribute__((vector_size(64), aligned(4)));
typedef int32_t VecI __attribute__((vector_size(64)));
constexpr int kHeadDim = 32;
constexpr int kRows = 8;  // Query rows per block.

inline float ToFloat(Bf16 v) {
  uint32_t bits = static_cast<uint32_t>(v) << 16;
  float f;
  std::memcpy(&f, &bits, 4);
  return f;
}

inline Bf16 ToBf16(float f) {
  uint32_t bits;
  std::memcpy(&bits, &f, 4);
  return static_cast<Bf16>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

typedef uint32_t VecW __attribute__((vector_size(64)));
typedef uint16_t VecH __attribute__((vector_size(32)));
typedef uint16_t VecHU __attribute__((vector_size(32), aligned(2)));

inline Vec LoadVec(const Bf16* p) {
  VecW bits = __builtin_convertvector(VecH(*reinterpret_cast<const VecHU*>(p)), VecW) << 16;
  Vec out;
  std::memcpy(&out, &bits, 64);
  return out;
}

inline void StoreVec(Vec x, Bf16* p) {
  VecW bits;
  std::memcpy(&bits, &x, 64);
  bits = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  *reinterpret_cast<VecHU*>(p) = __builtin_convertvector(bits, VecH);
}

inline Vec Exp(Vec x) {
  Vec t = x * 1.44269504f;
  t = t < -126.0f ? Vec{} - 126.0f : t;
  VecI n = __builtin_convertvector(t - 0.5f, VecI);
  Vec f = t - __builtin_convertvector(n, Vec);
  Vec p = f * 1.5403530e-4f + 1.3333558e-3f;
  p = p * f + 9.6181291e-3f;
  p = p * f + 5.5504109e-2f;
  p = p * f + 2.4022651e-1f;
  p = p * f + 6.9314718e-1f;
  p = p * f + 1.0f;
  VecI bits = (n + 127) << 23;
  Vec scale;
  std::memcpy(&scale, &bits, 64);
  return p * scale;
}

// One (sequence, kv head): its keys and values in float, and transposed copies for the row blocks.
struct Panel {
  int length = 0, padded = 0;
  std::vector<float> k, v, kt, vt, dk, dv, s, dp;

  void Resize(int n) {
    length = n;
    padded = (n + kRows + kLanes - 1) / kLanes * kLanes;
    size_t size = static_cast<size_t>(padded) * kHeadDim;
    k.assign(size, 0), v.assign(size, 0), kt.assign(size, 0), vt.assign(size, 0);
    s.resize(static_cast<size_t>(kRows) * padded), dp.resize(s.size());
  }
};

void LoadPanel(const Bf16* k, const Bf16* v, int64_t stride, int n, Panel* p) {
  p->Resize(n);
  for (int j = 0; j < n; ++j) {
    for (int d = 0; d < kHeadDim; ++d) {
      float kf = ToFloat(k[j * stride + d]), vf = ToFloat(v[j * stride + d]);
      p->k[j * kHeadDim + d] = kf;
      p->v[j * kHeadDim + d] = vf;
      p->kt[d * p->padded + j] = kf;
      p->vt[d * p->padded + j] = vf;
    }
  }
}

// out[r][j] = sum_d a[r][d] * bt[d][j] for j < columns (a multiple of 16).
void RowsTimesTransposed(const float (*a)[kHeadDim], const float* bt, int padded, int columns,
                         float* out) {
  for (int j = 0; j < columns; j += kLanes) {
    Vec acc[kRows] = {};
    for (int d = 0; d < kHeadDim; ++d) {
      Vec b = *reinterpret_cast<const VecU*>(bt + static_cast<size_t>(d) * padded + j);
      for (int r = 0; r < kRows; ++r) acc[r] += a[r][d] * b;
    }
    for (int r = 0; r < kRows; ++r) {
      *reinterpret_cast<VecU*>(out + static_cast<size_t>(r) * padded + j) = acc[r];
    }
  }
}

// out[r][d] = sum_j a[r][j] * b[j][d] for j < count.
void RowsTimesMatrix(const float* a, int padded, const float* b, int count,
                     float (*out)[kHeadDim]) {
  Vec acc[kRows][2] = {};
  for (int j = 0; j < count; ++j) {
    Vec b0 = *reinterpret_cast<const VecU*>(b + static_cast<size_t>(j) * kHeadDim);
    Vec b1 = *reinterpret_cast<const VecU*>(b + static_cast<size_t>(j) * kHeadDim + kLanes);
    for (int r = 0; r < kRows; ++r) {
      float s = a[static_cast<size_t>(r) * padded + j];
      acc[r][0] += s * b0;
      acc[r][1] += s * b1;
    }
  }
  for (int r = 0; r < kRows; ++r) std::memcpy(out[r], acc[r], sizeof(float) * kHeadDim);
}

// out[j][d] += sum_r a[r][j] * b[r][d] for j < count.
void AddTransposedTimesRows(const float* a, int padded, const float (*b)[kHeadDim], int count,
                            float* out) {
  Vec rows[kRows][2];
  std::memcpy(rows, b, sizeof(rows));
  for (int j = 0; j < count; ++j) {
    VecU* o = reinterpret_cast<VecU*>(out + static_cast<size_t>(j) * kHeadDim);
    Vec x = o[0], y = o[1];
    for (int r = 0; r < kRows; ++r) {
      float s = a[static_cast<size_t>(r) * padded + j];
      x += s * rows[r][0];
      y += s * rows[r][1];
    }
    o[0] = x;
    o[1] = y;
  }
}

void LoadRows(const Bf16* src, int64_t stride, int first, int n, float scale,
              float (*out)[kHeadDim]) {
  for (int r = 0; r < kRows; ++r) {
    for (int d = 0; d < kHeadDim; d += kLanes) {
      Vec v = first + r < n ? LoadVec(src + (first + r) * stride + d) * scale : Vec{};
      std::memcpy(&out[r][d], &v, 64);
    }
  }
}

// Rows of scores become probabilities; beyond the diagonal about 1e-38 is left. Returns
// log-sum-exp.
float SoftmaxRow(float* s, int last, int columns) {
  float top = -1e30f;
  for (int j = 0; j <= last; ++j) top = s[j] > top ? s[j] : top;
  for (int j = last + 1; j < columns; ++j) s[j] = -1e30f;
  Vec sum = {};
  for (int j = 0; j < columns; j += kLanes) {
    VecU* p = reinterpret_cast<VecU*>(s + j);
    Vec e = Exp(Vec(*p) - top);
    *p = e;
    sum += e;
  }
  float lanes[kLanes], total = 0;
  std::memcpy(lanes, &sum, 64);
  for (int i = 0; i < kLanes; ++i) total += lanes[i];
  float inverse = 1 / total;
  for (int j = 0; j < columns; ++j) s[j] *= inverse;
  return top + std::log(total);
}

}  // namespace

extern "C" {

// Shapes: qkv [tokens, (heads + 2*kv_heads)*32], out [tokens, heads*32]; starts/lengths per
// sequence.
void AttentionForward(const Bf16* qkv, Bf16* out, float* lse, const int32_t* starts,
                      const int32_t* lengths, int sequences, int heads, int kv_heads) {
  int64_t stride = static_cast<int64_t>(heads + 2 * kv_heads) * kHeadDim,
          out_stride = static_cast<int64_t>(heads) * kHeadDim;
  const int group = heads / kv_heads;
  const float scale = 1 / std::sqrt(static_cast<float>(kHeadDim));
#pragma omp parallel
  {
    Panel p;
#pragma omp for schedule(dynamic, 4)
    for (int item = 0; item < sequences * kv_heads; ++item) {
      const int seq = item / kv_heads, kv = item % kv_heads, n = lengths[seq];
      const Bf16* base = qkv + starts[seq] * stride;
      LoadPanel(base + (heads + kv) * kHeadDim, base + (heads + kv_heads + kv) * kHeadDim, stride,
                n, &p);
      for (int head = kv * group; head < (kv + 1) * group; ++head) {
        for (int i = 0; i < n; i += kRows) {
          alignas(64) float q[kRows][kHeadDim], o[kRows][kHeadDim];
          LoadRows(base + head * kHeadDim, stride, i, n, scale, q);
          int columns = (i + kRows + kLanes - 1) / kLanes * kLanes;
          RowsTimesTransposed(q, p.kt.data(), p.padded, columns, p.s.data());
          for (int r = 0; r < kRows; ++r) {
            float l = SoftmaxRow(&p.s[static_cast<size_t>(r) * p.padded], i + r, columns);
            if (i + r < n) lse[static_cast<int64_t>(starts[seq] + i + r) * heads + head] = l;
          }
          RowsTimesMatrix(p.s.data(), p.padded, p.v.data(), i + kRows, o);
          for (int r = 0; r < kRows && i + r < n; ++r) {
            Bf16* dst = out + (starts[seq] + i + r) * out_stride + head * kHeadDim;
            for (int d = 0; d < kHeadDim; d += kLanes)
              StoreVec(*reinterpret_cast<const VecU*>(&o[r][d]), dst + d);
          }
        }
      }
    }
  }
}

void AttentionBackward(const Bf16* qkv, const Bf16* out, const Bf16* dout, const float* lse,
                       Bf16* dqkv, const int32_t* starts, const int32_t* lengths, int sequences,
                       int heads, int kv_heads) {
  int64_t stride = static_cast<int64_t>(heads + 2 * kv_heads) * kHeadDim,
          out_stride = static_cast<int64_t>(heads) * kHeadDim;
  const int group = heads / kv_heads;
  const float scale = 1 / std::sqrt(static_cast<float>(kHeadDim));
#pragma omp parallel
  {
    Panel p;
#pragma omp for schedule(dynamic, 4)
    for (int item = 0; item < sequences * kv_heads; ++item) {
      const int seq = item / kv_heads, kv = item % kv_heads, n = lengths[seq];
      const Bf16* base = qkv + starts[seq] * stride;
      Bf16* dbase = dqkv + starts[seq] * stride;
      LoadPanel(base + (heads + kv) * kHeadDim, base + (heads + kv_heads + kv) * kHeadDim, stride,
                n, &p);
      p.dk.assign(p.k.size(), 0), p.dv.assign(p.k.size(), 0);
      for (int head = kv * group; head < (kv + 1) * group; ++head) {
        for (int i = 0; i < n; i += kRows) {
          alignas(64) float q[kRows][kHeadDim], o[kRows][kHeadDim], g[kRows][kHeadDim],
              dq[kRows][kHeadDim];
          const int64_t row = starts[seq];
          LoadRows(base + head * kHeadDim, stride, i, n, scale, q);
          LoadRows(out + row * out_stride + head * kHeadDim, out_stride, i, n, 1, o);
          LoadRows(dout + row * out_stride + head * kHeadDim, out_stride, i, n, 1, g);
          int columns = (i + kRows + kLanes - 1) / kLanes * kLanes;
          RowsTimesTransposed(q, p.kt.data(), p.padded, columns, p.s.data());
          RowsTimesTransposed(g, p.vt.data(), p.padded, columns, p.dp.data());
          for (int r = 0; r < kRows; ++r) {
            float* s = &p.s[static_cast<size_t>(r) * p.padded];
            float* dp = &p.dp[static_cast<size_t>(r) * p.padded];
            float l = i + r < n ? lse[(row + i + r) * heads + head] : 1e30f, delta = 0;
            for (int d = 0; d < kHeadDim; ++d) delta += o[r][d] * g[r][d];
            for (int j = 0; j < columns; j += kLanes) {
              VecU* pj = reinterpret_cast<VecU*>(s + j);
              *pj = Exp(Vec(*pj) - l);
            }
            for (int j = i + r + 1; j < columns; ++j) s[j] = 0;
            for (int j = 0; j < columns; ++j) dp[j] = s[j] * (dp[j] - delta);
          }
          RowsTimesMatrix(p.dp.data(), p.padded, p.k.data(), i + kRows, dq);
          AddTransposedTimesRows(p.dp.data(), p.padded, q, i + kRows, p.dk.data());
          AddTransposedTimesRows(p.s.data(), p.padded, g, i + kRows, p.dv.data());
          for (int r = 0; r < kRows && i + r < n; ++r) {
            Bf16* dst = dbase + (i + r) * stride + head * kHeadDim;
            for (int d = 0; d < kHeadDim; d += kLanes)
              StoreVec(*reinterpret_cast<const VecU*>(&dq[r][d]) * scale, dst + d);
          }
        }
      }
      for (int j = 0; j < n; ++j) {
        Bf16* dk = dbase + j * stride + (heads + kv) * kHeadDim;
        Bf16* dv = dbase + j * stride + (heads + kv_heads + kv) * kHeadDim;
        for (int d = 0; d < kHeadDim; ++d) {
          dk[d] = ToBf16(p.dk[static_cast<size_t>(j) * kHeadDim + d]);
          dv[d] = ToBf16(p.dv[static_cast<size_t>(j) * kHeadDim + d]);
        }
      }
    }
  }
}

// In place: adds the bias, rotates query and key heads (NEOX pairs d, d+16) by +angle.
void BiasRope(Bf16* qkv, const float* bias, const int32_t* pos, const float* cos_table,
              const float* sin_table, int tokens, int heads, int kv_heads) {
  const int width = (heads + 2 * kv_heads) * kHeadDim, half = kHeadDim / 2;
#pragma omp parallel for schedule(static)
  for (int t = 0; t < tokens; ++t) {
    Bf16* row = qkv + static_cast<int64_t>(t) * width;
    const float* c = cos_table + static_cast<int64_t>(pos[t]) * half;
    const float* s = sin_table + static_cast<int64_t>(pos[t]) * half;
    for (int h = 0; h < heads + 2 * kv_heads; ++h) {
      Bf16* x = row + h * kHeadDim;
      const float* b = bias + h * kHeadDim;
      for (int d = 0; d < half; ++d) {
        float u = ToFloat(x[d]) + b[d], v = ToFloat(x[d + half]) + b[d + half];
        bool rotate = h < heads + kv_heads;
        float cd = rotate ? c[d] : 1.0f, sd = rotate ? s[d] : 0.0f;
        x[d] = ToBf16(u * cd - v * sd);
        x[d + half] = ToBf16(v * cd + u * sd);
      }
    }
  }
}

// In place on the gradient: rotates back by -angle and adds the column sums into dbias.
void BiasRopeBackward(Bf16* dqkv, float* dbias, const int32_t* pos, const float* cos_table,
                      const float* sin_table, int tokens, int heads, int kv_heads) {
  const int width = (heads + 2 * kv_heads) * kHeadDim, half = kHeadDim / 2;
#pragma omp parallel
  {
    std::vector<float> sum(width, 0.0f);
#pragma omp for schedule(static)
    for (int t = 0; t < tokens; ++t) {
      Bf16* row = dqkv + static_cast<int64_t>(t) * width;
      const float* c = cos_table + static_cast<int64_t>(pos[t]) * half;
      const float* s = sin_table + static_cast<int64_t>(pos[t]) * half;
      for (int h = 0; h < heads + 2 * kv_heads; ++h) {
        Bf16* x = row + h * kHeadDim;
        float* b = sum.data() + h * kHeadDim;
        for (int d = 0; d < half; ++d) {
          float u = ToFloat(x[d]), v = ToFloat(x[d + half]);
          bool rotate = h < heads + kv_heads;
          float cd = rotate ? c[d] : 1.0f, sd = rotate ? s[d] : 0.0f;
          float du = u * cd + v * sd, dv = v * cd - u * sd;
          x[d] = ToBf16(du);
          x[d + half] = ToBf16(dv);
          b[d] += du;
          b[d + half] += dv;
        }
      }
    }
#pragma omp critical
    for (int i = 0; i < width; ++i) dbias[i] += sum[i];
  }
}

// x_out = x_in + y (y may be null); h = x_out / rms * w; inv holds 1/rms per token.
void AddRmsNorm(const float* x_in, const Bf16* y, float* x_out, const float* w, Bf16* h, float* inv,
                int tokens, int dim, float eps) {
#pragma omp parallel for schedule(static)
  for (int t = 0; t < tokens; ++t) {
    const int64_t at = static_cast<int64_t>(t) * dim;
    float sum = 0;
    for (int d = 0; d < dim; ++d) {
      float v = x_in[at + d] + (y ? ToFloat(y[at + d]) : 0.0f);
      x_out[at + d] = v;
      sum += v * v;
    }
    float r = 1 / std::sqrt(sum / dim + eps);
    inv[t] = r;
    for (int d = 0; d < dim; ++d) h[at + d] = ToBf16(x_out[at + d] * r * w[d]);
  }
}

// dx += gradient through the norm; dw += its weight gradient; dx16 = bfloat16 copy of the sum.
void RmsNormBackward(const Bf16* dh, const float* x, const float* inv, const float* w, float* dx,
                     Bf16* dx16, float* dw, int tokens, int dim) {
#pragma omp parallel
  {
    std::vector<float> sum(dim, 0.0f);
#pragma omp for schedule(static)
    for (int t = 0; t < tokens; ++t) {
      const int64_t at = static_cast<int64_t>(t) * dim;
      float dot = 0, r = inv[t];
      for (int d = 0; d < dim; ++d) {
        float g = ToFloat(dh[at + d]), n = x[at + d] * r;
        sum[d] += g * n;
        dot += g * w[d] * n;
      }
      dot /= dim;
      for (int d = 0; d < dim; ++d) {
        float n = x[at + d] * r;
        float v = dx[at + d] + r * (ToFloat(dh[at + d]) * w[d] - n * dot);
        dx[at + d] = v;
        dx16[at + d] = ToBf16(v);
      }
    }
#pragma omp critical
    for (int d = 0; d < dim; ++d) dw[d] += sum[d];
  }
}

// gu [tokens, 2*ff] = gate | up; out = silu(gate) * up.
void SwiGlu(const Bf16* gu, Bf16* out, int tokens, int ff) {
#pragma omp parallel for schedule(static)
  for (int t = 0; t < tokens; ++t) {
    const Bf16* g = gu + static_cast<int64_t>(t) * 2 * ff;
    for (int i = 0; i < ff; i += kLanes) {
      Vec a = LoadVec(g + i), b = LoadVec(g + ff + i);
      StoreVec(a / (1.0f + Exp(-a)) * b, out + static_cast<int64_t>(t) * ff + i);
    }
  }
}

// Overwrites gu with its gradient.
void SwiGluBackward(Bf16* gu, const Bf16* dout, int tokens, int ff) {
#pragma omp parallel for schedule(static)
  for (int t = 0; t < tokens; ++t) {
    Bf16* g = gu + static_cast<int64_t>(t) * 2 * ff;
    const Bf16* dy = dout + static_cast<int64_t>(t) * ff;
    for (int i = 0; i < ff; i += kLanes) {
      Vec a = LoadVec(g + i), b = LoadVec(g + ff + i), d = LoadVec(dy + i);
      Vec sig = 1.0f / (1.0f + Exp(-a));
      StoreVec(d * b * sig * (1.0f + a * (1.0f - sig)), g + i);
      StoreVec(d * a * sig, g + ff + i);
    }
  }
}

// Mean cross-entropy over rows; logits become their gradient times `scale`. Adds the loss sum to
// *loss.
void CrossEntropy(Bf16* logits, const int64_t* target, double* loss, int rows, int vocab,
                  float scale) {
  double total = 0;
#pragma omp parallel for schedule(static) reduction(+ : total)
  for (int t = 0; t < rows; ++t) {
    Bf16* z = logits + static_cast<int64_t>(t) * vocab;
    thread_local std::vector<float> e;
    e.resize(vocab);
    float top = -1e30f, sum = 0;
    for (int i = 0; i < vocab; ++i) {
      e[i] = ToFloat(z[i]);
      top = e[i] > top ? e[i] : top;
    }
    total += top - e[target[t]];
    for (int i = 0; i < vocab; i += kLanes) {
      VecU* p = reinterpret_cast<VecU*>(e.data() + i);
      *p = Exp(Vec(*p) - top);
    }
    for (int i = 0; i < vocab; ++i) sum += e[i];
    total += std::log(sum);
    float k = scale / sum;
    e[target[t]] -= sum;
    for (int i = 0; i < vocab; ++i) z[i] = ToBf16(e[i] * k);
  }
  *loss += total;
}

// dtable[ids[t]] += dx[t], split by columns so that threads never share a cell.
void EmbeddingBackward(const int64_t* ids, const float* dx, float* dtable, int tokens, int dim) {
#pragma omp parallel for schedule(static)
  for (int part = 0; part < dim / kLanes; ++part) {
    for (int t = 0; t < tokens; ++t) {
      const float* s = dx + static_cast<int64_t>(t) * dim + part * kLanes;
      float* d = dtable + ids[t] * dim + part * kLanes;
      for (int l = 0; l < kLanes; ++l) d[l] += s[l];
    }
  }
}

// AdamW on flat arrays; also refreshes the bfloat16 copy and clears the gradient.
void AdamW(float* w, Bf16* w16, float* g, float* m, float* v, const float* decay, int64_t n,
           float lr, float beta1, float beta2, float eps, float fix1, float fix2, float clip) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; ++i) {
    float gi = g[i] * clip;
    g[i] = 0;
    float mi = m[i] = beta1 * m[i] + (1 - beta1) * gi;
    float vi = v[i] = beta2 * v[i] + (1 - beta2) * gi * gi;
    float step = mi * fix1 / (std::sqrt(vi * fix2) + eps) + decay[i] * w[i];
    float wi = w[i] - lr * step;
    w[i] = wi;
    w16[i] = ToBf16(wi);
  }
}

}  // extern "C"
