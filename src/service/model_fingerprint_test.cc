// SPDX-License-Identifier: Apache-2.0
#include "service/model_fingerprint.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "base/file.h"
#include "service/test_model.h"

namespace lemma::service {
namespace {

using testing::Must;

std::string Of(const std::string& bytes) {
  const auto file = Must(gguf::File::Parse(std::as_bytes(std::span(bytes))));
  return FingerprintOf(*file);
}

TEST(Fingerprint, EveryPartOfTheFileCounts) {
  const auto path = testing::TempPath("lemma_fingerprint.gguf");
  testing::WriteTiny(path);
  const std::string bytes = Must(ReadFile(path));
  std::filesystem::remove(path);
  const std::string first = Of(bytes);
  EXPECT_EQ(first.size(), 32U);
  EXPECT_EQ(Of(bytes), first);
  std::set<std::string> seen = {first};
  const auto file = Must(gguf::File::Parse(std::as_bytes(std::span(bytes))));
  size_t changes = 0;
  // One bit of the first, a middle and the last byte of every tensor, and of a name.
  for (const gguf::Tensor& tensor : file->tensors()) {
    const size_t size = tensor.view.bytes.size();
    for (const size_t at : {size_t{0}, size / 2, size - 1}) {
      std::string changed = bytes;
      changed[tensor.file_offset + at] = static_cast<char>(changed[tensor.file_offset + at] ^ 4);
      seen.insert(Of(changed));
      ++changes;
    }
  }
  std::string renamed = bytes;
  renamed[renamed.find("deepseek")] = 'D';
  seen.insert(Of(renamed));
  EXPECT_EQ(seen.size(), changes + 2);
}

TEST(Fingerprint, OtherWeightsAreAnotherModel) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    const auto path = testing::TempPath("lemma_fingerprint.gguf");
    testing::WriteTiny(path, seed);
    seen.insert(FingerprintOf(*Must(gguf::File::Open(path))));
    std::filesystem::remove(path);
  }
  EXPECT_EQ(seen.size(), 3U);
}

// A conversation goes on after a restart without computing its beginning again.
TEST(PrefixStore, ASecondLoadFindsThePagesOfTheFirst) {
  const auto folder = testing::TempPath("lemma_prefix_store");
  std::filesystem::remove_all(folder);
  LoadOptions options;
  options.threads = 1;
  options.context = 1024;
  options.prefix_store = PrefixStoreOptions{folder, 1 << 26};
  CompletionRequest request;
  for (int i = 0; i < 120; ++i) request.prompt += " word" + std::to_string(i);
  request.settings.max_tokens = 5;
  request.settings.sampling.seed = 1;
  std::string texts[2];
  size_t cached[2];
  for (int run = 0; run < 2; ++run) {
    const auto model = testing::LoadTiny(options);
    auto stream = Must(StartCompletion(*model, request));
    const auto events = testing::ReadAll(*stream);
    texts[run] = testing::TextOf(events, StreamEvent::Kind::kContent);
    cached[run] = events.back().usage.cached_tokens;
  }
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_EQ(cached[0], 0U);
  EXPECT_GE(cached[1], engine::kPageTokens);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lemma::service
