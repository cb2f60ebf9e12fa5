// SPDX-License-Identifier: Apache-2.0
// HTTPS with a certificate made for the test, and what is wrong with bad files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "server/http/http_server.h"
#include "server/http/http_testing.h"

namespace lemma::server {
namespace {

namespace asio = boost::asio;
using ::testing::HasSubstr;

struct Files {
  std::string certificate;
  std::string key;
};

// Self-signed, P-256, good for an hour.
Files MakeCertificate() {
  const std::filesystem::path folder(::testing::TempDir());
  const Files files{folder / "lemma_tls_cert.pem", folder / "lemma_tls_key.pem"};
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>("localhost");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  EXPECT_GT(X509_sign(certificate, key, EVP_sha256()), 0);
  std::FILE* out = std::fopen(files.certificate.c_str(), "w");
  PEM_write_X509(out, certificate);
  static_cast<void>(std::fclose(out));
  out = std::fopen(files.key.c_str(), "w");
  PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  static_cast<void>(std::fclose(out));
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    const Files files = MakeCertificate();
    options_.port = 0;
    options_.tls_certificate = files.certificate;
    options_.tls_key = files.key;
    router_.Add(Method::kGet, "/hello", [](const ExchangePtr& exchange) {
      exchange->Begin({});
      exchange->Write("data: " + std::string(50'000, 'x') + "\n\n");
      exchange->End();
    });
  }

  HttpServerOptions options_;
  Router router_;
};

TEST_F(TlsTest, AnswersTwiceOnOneConnection) {
  HttpServer server(options_, router_, {});
  ASSERT_TRUE(server.Start().ok());
  EXPECT_THAT(server.url(), ::testing::StartsWith("https://127.0.0.1:"));
  asio::io_context io;
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.load_verify_file(options_.tls_certificate);
  context.set_verify_mode(asio::ssl::verify_peer);
  asio::ssl::stream<asio::ip::tcp::socket> stream(io, context);
  stream.next_layer().connect({asio::ip::address_v4::loopback(), server.port()});
  boost::system::error_code error;
  stream.handshake(asio::ssl::stream_base::client, error);
  ASSERT_FALSE(error) << error.message();
  for (int i = 0; i < 2; ++i) {
    asio::write(stream, asio::buffer(testing::GetRequest("/hello")), error);
    ASSERT_FALSE(error) << error.message();
    std::string answer;
    asio::read_until(stream, asio::dynamic_buffer(answer), "\r\n0\r\n\r\n", error);
    ASSERT_FALSE(error) << error.message();
    EXPECT_THAT(answer, ::testing::StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_GT(answer.size(), 50'000U);
  }
}

TEST_F(TlsTest, PlainTextIsNotAnswered) {
  HttpServer server(options_, router_, {});
  ASSERT_TRUE(server.Start().ok());
  testing::RawClient client(server.port());
  client.Send(testing::GetRequest("/hello"));
  EXPECT_THAT(client.ReadAll(), ::testing::Not(HasSubstr("HTTP/1.1 200")));
}

TEST_F(TlsTest, BadFilesAreNamed) {
  const std::string good = options_.tls_certificate;
  options_.tls_certificate = "/nonexistent.pem";
  HttpServer missing(options_, router_, {});
  EXPECT_THAT(missing.Start().message(), HasSubstr("TLS certificate '/nonexistent.pem'"));
  options_.tls_certificate = good;
  options_.tls_key = good;
  HttpServer wrong(options_, router_, {});
  EXPECT_THAT(wrong.Start().message(), HasSubstr("TLS key"));
  options_.tls_key.clear();
  HttpServer half(options_, router_, {});
  EXPECT_EQ(half.Start().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace lemma::server
