// SPDX-License-Identifier: Apache-2.0
#include "server/ollama/options.h"

#include <boost/json.hpp>
#include <string_view>

#include "server/dialect/sampling_fields.h"

namespace lemma::server::ollama {
namespace {

// num_predict: 0 computes the prompt only; -1 and -2 mean "until the model stops, or the context
// ends".
void ReadLimits(ObjectReader& in, service::GenerateSettings& settings,
                std::optional<size_t>& num_ctx) {
  std::optional<int64_t> predict;
  in.Read("num_predict", predict);
  if (predict && *predict >= 0) settings.max_tokens = static_cast<size_t>(*predict);
  in.Read("num_ctx", num_ctx);
  in.ReadTexts("stop", settings.stop);
}

// repeat_last_n: -1 is everything, 0 switches the penalty off; here 0 is everything.
void ReadRepeat(ObjectReader& in, service::SamplingOverrides& sampling) {
  std::optional<int64_t> last;
  in.Read("repeat_penalty", sampling.repeat_penalty);
  in.Read("repeat_last_n", last);
  if (!last) return;
  if (*last < -1) in.Fail("repeat_last_n", "out of range, expected -1 or more");
  if (*last == 0) {
    sampling.repeat_penalty = 1.0F;
  } else {
    sampling.repeat_last_n = *last < 0 ? 0 : static_cast<size_t>(*last);
  }
}

void ReadSampling(ObjectReader& in, service::SamplingOverrides& sampling) {
  in.Read("temperature", sampling.temperature);
  in.Read("top_k", sampling.top_k);
  ReadTopP(in, sampling);
  in.Read("min_p", sampling.min_p);
  in.Read("typical_p", sampling.typical_p);
  in.Read("presence_penalty", sampling.presence_penalty);
  in.Read("frequency_penalty", sampling.frequency_penalty);
  ReadRepeat(in, sampling);
  std::optional<int64_t> seed;
  in.Read("seed", seed);
  if (seed && *seed >= 0) sampling.seed = static_cast<uint64_t>(*seed);  // negative: a random one
}

void ReadWithoutEffect(ObjectReader& in) {
  for (const std::string_view name :
       {"num_batch", "num_gpu", "main_gpu", "num_thread", "use_mmap", "use_mlock", "numa",
        "low_vram", "f16_kv", "logits_all", "vocab_only", "draft_num_predict"}) {
    in.NoEffect(name, "the server decides it when it loads the model");
  }
  in.NoEffect("num_keep", "a prompt is never shortened silently");
  for (const std::string_view name :
       {"tfs_z", "mirostat", "mirostat_eta", "mirostat_tau", "penalize_newline"}) {
    in.NoEffect(name, "this sampler does not exist here");
  }
}

}  // namespace

void ReadOptions(const boost::json::object& options, BodyNotes& notes,
                 service::GenerateSettings& settings, std::optional<size_t>& num_ctx) {
  ObjectReader in(options, "options", notes);
  ReadLimits(in, settings, num_ctx);
  ReadSampling(in, settings.sampling);
  ReadWithoutEffect(in);
  in.Finish();
}

}  // namespace lemma::server::ollama
