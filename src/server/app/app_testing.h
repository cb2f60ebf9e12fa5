// SPDX-License-Identifier: Apache-2.0
// For tests: the whole server in this process, with the bundled model, over real sockets. Test code
// only.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "server/app/app.h"
#include "server/http/http_testing.h"

namespace lemma::server::testing {

namespace json = boost::json;

inline constexpr const char* kBundledModel = LEMMA_SOURCE_DIR "/models/lemma-bundled-v2-q8_0.gguf";

class AppTest : public ::testing::Test {
 protected:
  AppTest() {
    options_.http.port = 0;
    options_.models.models = {{"lemma", kBundledModel}};
    options_.models.load.threads = 1;
    options_.models.load.context = 1024;
  }
  ~AppTest() override {
    if (app_) app_->Stop();
  }

  uint16_t Start() {
    auto app = App::Create(options_);
    EXPECT_TRUE(app.ok()) << app.status().ToString();
    app_ = std::move(*app);
    const Status status = app_->Start();
    EXPECT_TRUE(status.ok()) << status.ToString();
    return app_->port();
  }

  static RawClient::Reply Post(uint16_t port, std::string_view path, std::string_view body) {
    RawClient client(port);
    client.Send(PostRequest(path, body));
    return client.ReadReply();
  }
  static RawClient::Reply Get(uint16_t port, std::string_view path) {
    RawClient client(port);
    client.Send(GetRequest(path));
    return client.ReadReply();
  }

  // All requests have ended, and nobody uses the model any more.
  bool Quiet() {
    return Eventually([this] { return app_->models().Info("")->in_use == 0; });
  }

  AppOptions options_;
  std::unique_ptr<App> app_;
};

// A model whose load begins with the first request and ends when the test says so: every test does,
// for the load uses this object.
class HeldLoad {
 public:
  auto loader() {
    return [this](const std::filesystem::path& path, const service::LoadOptions& load) {
      if (load.progress) load.progress(0.5);
      begun = true;
      while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return service::LoadedModel::Load(path, load);
    };
  }

  std::atomic<bool> begun{false};
  std::atomic<bool> go{false};
};

inline constexpr const char* kQuestion =
    R"("messages":[{"role":"user","content":"What is 37 + 58?"}],"temperature":0)";

inline std::string Chat(const std::string& more = "") {
  return std::string("{") + kQuestion + (more.empty() ? "" : "," + more) + "}";
}

// Joins the deltas of a stream.
struct Streamed {
  std::string content;
  std::string reasoning;
  std::vector<std::string> finish;
  json::value usage;
  bool done = false;
};

inline Streamed ReadStream(std::string_view text) {
  Streamed out;
  while (!text.empty()) {
    const size_t end = std::min(text.find("\n\n"), text.size());
    const std::string_view block = text.substr(0, end);
    text.remove_prefix(std::min(end + 2, text.size()));
    EXPECT_TRUE(block.starts_with("data: ")) << block;
    if (block == "data: [DONE]") {
      out.done = true;
      continue;
    }
    const json::value event = json::parse(block.substr(6));
    for (const json::value& choice : event.at("choices").as_array()) {
      const json::object& delta = choice.at("delta").as_object();
      if (const auto* part = delta.if_contains("content")) out.content += part->as_string();
      if (const auto* part = delta.if_contains("reasoning")) out.reasoning += part->as_string();
      const json::value& finish = choice.at("finish_reason");
      if (finish.is_string()) out.finish.emplace_back(finish.as_string());
    }
    if (const auto* usage = event.as_object().if_contains("usage")) out.usage = *usage;
  }
  return out;
}

}  // namespace lemma::server::testing
