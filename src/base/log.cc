// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <utility>

#include "base/mutex.h"

namespace lemma {
namespace {

struct SinkHolder {
  Mutex mutex;
  LogSink sink LEMMA_GUARDED_BY(mutex);
};

SinkHolder& Holder() {
  static SinkHolder holder;
  return holder;
}

}  // namespace

void SetLogSink(LogSink sink) {
  SinkHolder& holder = Holder();
  const MutexLock lock(holder.mutex);
  holder.sink = std::move(sink);
}

void Log(LogLevel level, std::string_view message) {
  SinkHolder& holder = Holder();
  const MutexLock lock(holder.mutex);
  if (holder.sink) holder.sink(level, message);
}

}  // namespace lemma
