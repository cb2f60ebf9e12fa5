// SPDX-License-Identifier: Apache-2.0
// Compares this folder's formats with another implementation of them in a shared library that
// exports quantize_<type> and dequantize_row_<type> (ggml's ggml-quants.c does). Decoding must
// agree bit for bit; encoders are compared by root mean square error and by speed.
//
//   quant_peer_compare LIB.so [ROWS]             the table
//   quant_peer_compare LIB.so --goldens FILE     writes tests/data/quant_goldens.bin
//
// One way to build LIB.so: gcc -O3 -shared -fPIC -DNDEBUG -I include -I src -I src/ggml-cpu
// src/ggml-quants.c and a file with ggml_row_size and ggml_abort.
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/half.h"

namespace lemma::tensor {
namespace {

using PeerEncode = size_t (*)(const float*, void*, int64_t rows, int64_t columns, const float*);
using PeerDecode = void (*)(const void*, float*, int64_t count);
using Floats = std::vector<float>;
using Bytes = std::vector<std::byte>;

constexpr size_t kColumns = 1536;
constexpr size_t kGoldenElems = 768;

struct Peer {
  const DTypeInfo* info;
  PeerEncode encode;
  PeerDecode decode;
};

std::vector<Peer> LoadPeers(const char* path) {
  void* library = dlopen(path, RTLD_LAZY);
  std::vector<Peer> peers;
  if (library == nullptr) return peers;
  for (const DTypeInfo& info : AllDTypes()) {
    std::string name(info.name);
    for (char& c : name) c = c == 'K' ? 'K' : static_cast<char>(std::tolower(c));
    const auto encode = reinterpret_cast<PeerEncode>(dlsym(library, ("quantize_" + name).c_str()));
    const auto decode =
        reinterpret_cast<PeerDecode>(dlsym(library, ("dequantize_row_" + name).c_str()));
    if (encode != nullptr && decode != nullptr) peers.push_back({&info, encode, decode});
  }
  return peers;
}

struct DataSet {
  const char* name;
  Floats x;
};

std::vector<DataSet> MakeData(size_t rows, std::mt19937& random) {
  const size_t n = rows * kColumns;
  std::normal_distribution<float> normal;
  std::student_t_distribution<float> heavy(4.0F);
  std::exponential_distribution<float> exponential;
  Floats gauss(n), laplace(n), t4(n), scaled(n), shifted(n);
  for (size_t i = 0; i < n; ++i) {
    gauss[i] = normal(random) * 0.02F;
    laplace[i] = (random() % 2 == 0 ? 0.02F : -0.02F) * exponential(random);
    t4[i] = heavy(random) * 0.02F;
    const size_t row = i / kColumns;
    const float wave =
        std::sin(static_cast<float>(i % kColumns) * 0.013F + static_cast<float>(row));
    scaled[i] = normal(random) * 0.02F * std::exp(0.7F * wave + (i % 97 == 0 ? 1.2F : 0.0F));
    shifted[i] = normal(random) * 0.02F + 0.01F;
  }
  return {
      {"gauss", gauss}, {"laplace", laplace}, {"t4", t4}, {"scaled", scaled}, {"shifted", shifted}};
}

// A few columns matter far more than the others, as in measured importance.
Floats MakeImportance(size_t columns, std::mt19937& random) {
  std::normal_distribution<float> normal;
  Floats importance(columns);
  for (float& w : importance) {
    const float z = normal(random);
    w = z * z + (random() % 50 == 0 ? 20.0F : 0.05F);
  }
  return importance;
}

double Rmse(const Floats& x, const Floats& y, const float* importance) {
  double sum = 0.0;
  double total = 0.0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double error = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    const double w = importance == nullptr ? 1.0 : static_cast<double>(importance[i % kColumns]);
    sum += w * error * error;
    total += w;
  }
  return std::sqrt(sum / total);
}

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Ratios {
  double rmse;   // ours / theirs
  double speed;  // ours, million elements a second
  double peer_speed;
};

Ratios Compare(const Peer& peer, const Floats& x, const float* importance) {
  const size_t rows = x.size() / kColumns;
  const size_t row_bytes = kColumns / peer.info->block_elems * peer.info->block_bytes;
  Bytes ours(rows * row_bytes);
  Bytes theirs(rows * row_bytes);
  const double start = Seconds();
  for (size_t r = 0; r < rows; ++r) {
    peer.info->encode(&x[r * kColumns], &ours[r * row_bytes], kColumns, importance);
  }
  const double middle = Seconds();
  peer.encode(x.data(), theirs.data(), static_cast<int64_t>(rows), kColumns, importance);
  const double end = Seconds();
  Floats a(x.size());
  Floats b(x.size());
  peer.info->decode(ours.data(), a.data(), a.size());
  peer.info->decode(theirs.data(), b.data(), b.size());
  const double n = static_cast<double>(x.size()) * 1e-6;
  return {Rmse(x, a, importance) / Rmse(x, b, importance), n / (middle - start),
          n / (end - middle)};
}

size_t DecodeMismatches(const Peer& peer, const Bytes& blocks) {
  const size_t n = blocks.size() / peer.info->block_bytes * peer.info->block_elems;
  Floats a(n);
  Floats b(n);
  peer.info->decode(blocks.data(), a.data(), n);
  peer.decode(blocks.data(), b.data(), static_cast<int64_t>(n));
  size_t bad = 0;
  for (size_t i = 0; i < n; ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    bad += std::bit_cast<uint32_t>(a[i]) != std::bit_cast<uint32_t>(b[i]);
  }
  return bad;
}

Bytes RandomBlocks(const DTypeInfo& info, size_t blocks, std::mt19937& random) {
  Bytes bytes(blocks * info.block_bytes);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random());
  return bytes;
}

int PrintTable(const std::vector<Peer>& peers, size_t rows) {
  std::mt19937 random(7);
  const Floats importance = MakeImportance(kColumns, random);
  const std::vector<DataSet> data = MakeData(rows, random);
  fmt::print("{:8} {:8} {:>9} | RMSE ratio plain, weighted | Mel/s ours, peer | with importance\n",
             "type", "data", "decode");
  int worse = 0;
  for (const Peer& peer : peers) {
    const size_t mismatches = DecodeMismatches(peer, RandomBlocks(*peer.info, 4000, random));
    for (const DataSet& set : data) {
      const Ratios plain = Compare(peer, set.x, nullptr);
      const Ratios weighted = Compare(peer, set.x, importance.data());
      fmt::print("{:8} {:8} {:>9} | {:.4f} {:.4f} | {:6.1f} {:6.1f} | {:6.1f} {:6.1f}\n",
                 peer.info->name, set.name, mismatches == 0 ? "exact" : "DIFFERS", plain.rmse,
                 weighted.rmse, plain.speed, plain.peer_speed, weighted.speed, weighted.peer_speed);
      worse += mismatches != 0 || plain.rmse > 1.02 || weighted.rmse > 1.02;
    }
  }
  return worse == 0 ? 0 : 1;
}

void Append(std::string& out, const void* data, size_t bytes) {
  out.append(static_cast<const char*>(data), bytes);
}

// The peer's encoding of x and its decoding of that.
void AppendEncoded(std::string& out, const Peer& peer, const Bytes& blocks) {
  Floats decoded(kGoldenElems);
  peer.decode(blocks.data(), decoded.data(), kGoldenElems);
  Append(out, blocks.data(), blocks.size());
  Append(out, decoded.data(), decoded.size() * sizeof(float));
}

// File: x f32[768] | importance f32[768] | types x { gguf id u32 | encoded without importance |
// f32[768] | encoded with importance | f32[768] | random blocks | f32[768] }.
std::string MakeGoldens(const std::vector<Peer>& peers) {
  std::mt19937 random(11);
  const Floats importance = MakeImportance(kGoldenElems, random);
  const std::vector<DataSet> data = MakeData(1, random);
  Floats x;
  for (const size_t set : {0, 2, 4}) {
    x.insert(x.end(), data[set].x.begin(), data[set].x.begin() + 256);
  }
  std::string out;
  Append(out, x.data(), x.size() * sizeof(float));
  Append(out, importance.data(), importance.size() * sizeof(float));
  for (const Peer& peer : peers) {
    const size_t blocks = kGoldenElems / peer.info->block_elems;
    Bytes bytes(blocks * peer.info->block_bytes);
    Append(out, &peer.info->gguf_id, sizeof(uint32_t));
    peer.encode(x.data(), bytes.data(), 1, kGoldenElems, nullptr);
    AppendEncoded(out, peer, bytes);
    peer.encode(x.data(), bytes.data(), 1, kGoldenElems, importance.data());
    AppendEncoded(out, peer, bytes);
    do {
      bytes = RandomBlocks(*peer.info, blocks, random);
    } while (!RowIsFinite(peer.info->dtype, bytes));
    AppendEncoded(out, peer, bytes);
  }
  return out;
}

int Main(int argc, char** argv) {
  const std::vector<Peer> peers = argc > 1 ? LoadPeers(argv[1]) : std::vector<Peer>();
  if (peers.empty()) {
    fmt::print(stderr, "usage: quant_peer_compare LIB.so [ROWS | --goldens FILE]\n");
    return 2;
  }
  if (argc > 3 && std::string_view(argv[2]) == "--goldens") {
    const std::string goldens = MakeGoldens(peers);
    std::FILE* file = std::fopen(argv[3], "wb");
    if (file == nullptr) return 1;
    const size_t written = std::fwrite(goldens.data(), 1, goldens.size(), file);
    return std::fclose(file) == 0 && written == goldens.size() ? 0 : 1;
  }
  return PrintTable(peers, argc > 2 ? static_cast<size_t>(std::max(1, std::atoi(argv[2]))) : 100);
}

}  // namespace
}  // namespace lemma::tensor

int main(int argc, char** argv) { return lemma::tensor::Main(argc, argv); }
