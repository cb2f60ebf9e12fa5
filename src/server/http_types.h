// SPDX-License-Identifier: Apache-2.0
// What a handler sees of HTTP: a request that was read whole, and the exchange to answer it on,
// either at once or as a stream of chunks. No socket, no library type.
// Threads: every exchange lives on one server thread. Its methods, and the callbacks given to it,
// run on that thread; only Post may be called from any.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lemma::server {

enum class Method : uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };
std::string_view MethodName(Method method);  // "GET", ...

struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

struct Request {
  Method method = Method::kGet;
  std::string path;       // percent-decoded, begins with '/'
  std::string query;      // after the '?', as sent
  std::string parameter;  // of the route that matched, percent-decoded; else empty
  std::vector<Header> headers;
  std::string body;
  std::string peer;    // address of the client, without the port
  std::string client;  // who it counts as for fairness: a name of its key, else the peer

  // The first header of that name, whatever its case; nullopt when absent.
  [[nodiscard]] std::optional<std::string_view> Find(std::string_view name) const;
  // The decoded value of a query parameter; "" for one without "=".
  [[nodiscard]] std::optional<std::string> QueryValue(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<Header> headers;  // beside content type and length
  std::string body;
};

// The head of an answer that is streamed.
struct StreamHead {
  int status = 200;
  std::string content_type = "text/event-stream";  // NDJSON: "application/x-ndjson"
  std::vector<Header> headers;
};

enum class WriteState : uint8_t {
  kReady,  // more may follow
  kFull,   // taken, but the client reads slowly: wait for OnDrain before producing more
  kGone,   // the client has left; nothing is sent any more
};

// One request and its answer. Exactly one of Send or Begin is called, once; after Begin any number
// of Write, then End or Abort. An exchange that is dropped without an answer sends a 500.
// Derived from by the server, and by tests.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  using Callback = std::function<void()>;

  Exchange() = default;
  virtual ~Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  [[nodiscard]] virtual const Request& request() const = 0;

  virtual void Send(Response response) = 0;
  virtual void Begin(StreamHead head) = 0;
  // Queues bytes and returns at once; an event of server-sent events or a line of NDJSON is best
  // written whole. Far more than the bound without waiting ends the connection.
  virtual WriteState Write(std::string_view bytes) = 0;
  virtual void End() = 0;
  // Closes the connection without the mark of a complete answer.
  virtual void Abort() = 0;

  [[nodiscard]] virtual bool gone() const = 0;
  // True while Write would return kReady.
  [[nodiscard]] virtual bool writable() const = 0;
  // Pieces written so far: who looks twice sees whether the client got anything between.
  [[nodiscard]] virtual uint64_t writes() const = 0;
  // The queue has room again after kFull.
  virtual void OnDrain(Callback callback) = 0;
  // The client left before the answer was complete, or the server stops; called at most once, never
  // from within another call. Both callbacks are dropped when the answer is complete.
  virtual void OnGone(Callback callback) = 0;

  // Runs `task` on this exchange's thread, later. Any thread. The poster may outlive the exchange
  // (not the server): take it where a callback must not keep the exchange alive.
  using Poster = std::function<void(Callback)>;
  [[nodiscard]] virtual Poster poster() const = 0;
  void Post(Callback task) const { poster()(std::move(task)); }
  // Runs `task` on this thread after a while. It is not called off: capture weakly.
  virtual void After(std::chrono::milliseconds delay, Callback task) = 0;
};

using ExchangePtr = std::shared_ptr<Exchange>;

// "%2F" and the like; nullopt for a bad escape or a NUL.
std::optional<std::string> PercentDecode(std::string_view text);
// "Not Found"; empty for a status without a name here.
std::string_view StatusText(int status);

}  // namespace lemma::server
