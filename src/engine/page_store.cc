// SPDX-License-Identifier: Apache-2.0
#include "engine/page_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mutex.h"
#include "engine/page_folder.h"

namespace lemma::engine {
namespace {

namespace fs = std::filesystem;

constexpr double kLastWritesSeconds = 5;  // at the end
constexpr int kMostFailures = 3;          // in a row; then nothing more is written
constexpr uint64_t kKeepPercent = 90;     // of the bytes allowed, when pages have to go

fs::file_time_type UseTime(size_t age) {
  return fs::file_time_type::clock::now() - std::chrono::microseconds(age);
}

}  // namespace

class PageStore::Impl {
 public:
  Impl(PageStoreOptions options, PageFolder folder, std::function<void()> on_read)
      : options_(std::move(options)),
        identity_hash_(Checksum(std::as_bytes(std::span(options_.identity)))),
        folder_(std::move(folder)),
        on_read_(std::move(on_read)) {
    Trim(options_.max_bytes);
    thread_ = std::thread([this] { Run(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    {
      const MutexLock lock(mutex_);
      stop_time_ = MonotonicSeconds();
      changed_.NotifyAll();
    }
    thread_.join();
  }

  bool Contains(uint64_t hash) {
    const MutexLock lock(mutex_);
    return files_.contains(hash) || queued_.contains(hash);
  }

  bool HasRoom(size_t bytes) {
    const MutexLock lock(mutex_);
    return failures_ >= kMostFailures || unwritten_ + bytes <= options_.max_unwritten;
  }

  void Write(uint64_t hash, PageName name, std::vector<std::byte> content, size_t age) {
    const MutexLock lock(mutex_);
    if (failures_ >= kMostFailures || files_.contains(hash) || queued_.contains(hash)) return;
    unwritten_ += content.size();
    queued_.insert(hash);
    writes_.push_back({hash, std::move(name), std::move(content), UseTime(age)});
    changed_.NotifyAll();
  }

  std::shared_ptr<PageRead> Read(uint64_t hash, PageName name, size_t age) {
    auto read = std::make_shared<PageRead>();
    const MutexLock lock(mutex_);
    reads_.push_back({hash, std::move(name), read, UseTime(age)});
    changed_.NotifyAll();
    return read;
  }

  void Flush() {
    const MutexLock lock(mutex_);
    while (busy_ || !reads_.empty() || !writes_.empty()) changed_.Wait(mutex_);
  }

  PageStoreStats Stats() {
    const MutexLock lock(mutex_);
    PageStoreStats out = stats_;
    out.bytes = total_;
    return out;
  }

 private:
  struct WriteJob {
    uint64_t hash;
    PageName name;
    std::vector<std::byte> content;
    fs::file_time_type used;
  };
  struct ReadJob {
    uint64_t hash;
    PageName name;
    std::shared_ptr<PageRead> read;
    fs::file_time_type used;
  };

  void Run() {
    for (;;) {
      std::optional<ReadJob> read;
      std::optional<WriteJob> write;
      {
        const MutexLock lock(mutex_);
        busy_ = false;
        changed_.NotifyAll();
        while (reads_.empty() && writes_.empty() && !stop_time_) changed_.Wait(mutex_);
        if (stop_time_ && MonotonicSeconds() > *stop_time_ + kLastWritesSeconds) return;
        if (!reads_.empty()) {
          read = std::move(reads_.front());
          reads_.pop_front();
        } else if (!writes_.empty()) {
          write = std::move(writes_.front());
          writes_.pop_front();
        } else {
          return;
        }
        busy_ = true;
      }
      if (read) DoRead(*read);
      if (write) DoWrite(*write);
    }
  }

  void DoRead(ReadJob& job) {
    // Nobody else waits for it when the request is gone.
    if (job.read.use_count() > 1) {
      const Status status = ReadInto(job);
      const MutexLock lock(mutex_);
      stats_.pages_read += status.ok() ? 1 : 0;
      if (!status.ok()) files_.erase(job.hash);
    }
    job.read->done.store(true, std::memory_order_release);
    on_read_();
  }

  Status ReadInto(ReadJob& job) {
    const fs::path path = folder_.PathOf(identity_hash_, job.hash);
    auto file = ReadPageFile(path, FileBytes(job.name));
    Status status = file.status();
    if (status.ok()) {
      job.read->file = std::move(*file);
      auto content = ParsePageFile(job.read->file, options_.identity, job.name);
      status = content.status();
      if (status.ok()) job.read->content = *content;
    }
    if (status.ok()) {
      folder_.Touch(path, job.used);
    } else if (status.code() == StatusCode::kDataLoss) {
      std::error_code ignored;
      fs::remove(path, ignored);
      Log(LogLevel::kWarning,
          fmt::format("KV page '{}' is removed: {}", path.string(), status.message()));
      const MutexLock lock(mutex_);
      ++stats_.pages_damaged;
    } else if (status.code() != StatusCode::kNotFound) {  // another process may have removed it
      Log(LogLevel::kWarning, status.message());
    }
    return status;
  }

  void DoWrite(WriteJob& job) {
    const uint64_t bytes = FileBytes(job.name);
    if (bytes > options_.max_bytes || Failing()) return Forget(job);
    if (Total() + bytes > options_.max_bytes) {
      Trim(std::min(options_.max_bytes / 100 * kKeepPercent, options_.max_bytes - bytes));
    }
    const fs::path path = folder_.PathOf(identity_hash_, job.hash);
    Written(job, WriteFile(path, job), bytes);
  }

  bool Failing() {
    const MutexLock lock(mutex_);
    return failures_ >= kMostFailures;
  }

  void Forget(const WriteJob& job) {
    const MutexLock lock(mutex_);
    unwritten_ -= job.content.size();
    queued_.erase(job.hash);
  }

  Status WriteFile(const fs::path& path, const WriteJob& job) {
    LEMMA_ASSIGN_OR_RETURN(auto writer, AtomicFileWriter::Create(path));
    LEMMA_RETURN_IF_ERROR(writer.Append(PageFileHead(options_.identity, job.name, job.content)));
    LEMMA_RETURN_IF_ERROR(writer.Append(job.content));
    LEMMA_RETURN_IF_ERROR(writer.Commit());
    folder_.Touch(path, job.used);
    return OkStatus();
  }

  void Written(const WriteJob& job, const Status& status, uint64_t bytes) {
    Forget(job);
    bool last = false;
    {
      const MutexLock lock(mutex_);
      if (status.ok()) {
        files_.insert(job.hash);
        total_ += bytes;
        ++stats_.pages_written;
      }
      failures_ = status.ok() ? 0 : failures_ + 1;
      stats_.write_failures += status.ok() ? 0 : 1;
      last = failures_ == kMostFailures;
    }
    if (status.ok()) return;
    Log(LogLevel::kWarning,
        fmt::format("a KV page is not kept: {}{}", status.message(),
                    last ? "; no more pages are written until the next start" : ""));
  }

  uint64_t Total() {
    const MutexLock lock(mutex_);
    return total_;
  }

  // What is in the folder is the truth: other processes write there too.
  void Trim(uint64_t max_bytes) {
    size_t removed = 0;
    const std::vector<PageFileEntry> entries = folder_.Trim(max_bytes, removed);
    const MutexLock lock(mutex_);
    files_.clear();
    total_ = 0;
    for (const PageFileEntry& entry : entries) {
      total_ += entry.bytes;
      if (entry.identity == identity_hash_) files_.insert(entry.tokens);
    }
    stats_.pages_evicted += removed;
  }

  [[nodiscard]] uint64_t FileBytes(const PageName& name) const {
    return PageFileHeadBytes(options_.identity.size(), name.tokens.size()) + options_.page_bytes;
  }

  const PageStoreOptions options_;
  const uint64_t identity_hash_;
  const PageFolder folder_;
  const std::function<void()> on_read_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<ReadJob> reads_ LEMMA_GUARDED_BY(mutex_);
  std::deque<WriteJob> writes_ LEMMA_GUARDED_BY(mutex_);
  std::unordered_set<uint64_t> queued_ LEMMA_GUARDED_BY(mutex_);
  std::unordered_set<uint64_t> files_ LEMMA_GUARDED_BY(mutex_);  // of this identity
  uint64_t unwritten_ LEMMA_GUARDED_BY(mutex_) = 0;
  uint64_t total_ LEMMA_GUARDED_BY(mutex_) = 0;  // bytes of all identities
  int failures_ LEMMA_GUARDED_BY(mutex_) = 0;    // of writes, in a row
  bool busy_ LEMMA_GUARDED_BY(mutex_) = false;
  std::optional<double> stop_time_ LEMMA_GUARDED_BY(mutex_);
  PageStoreStats stats_ LEMMA_GUARDED_BY(mutex_);
  std::thread thread_;
};

Result<std::unique_ptr<PageStore>> PageStore::Open(const PageStoreOptions& options,
                                                   std::function<void()> on_read) {
  if (options.identity.size() > kMaxIdentity) {
    return InvalidArgument(fmt::format("identity of the KV pages: {} bytes, at most {} are allowed",
                                       options.identity.size(), kMaxIdentity));
  }
  LEMMA_ASSIGN_OR_RETURN(auto folder, PageFolder::Open(options.directory));
  auto impl = std::make_unique<Impl>(options, std::move(folder), std::move(on_read));
  return std::unique_ptr<PageStore>(new PageStore(std::move(impl)));
}

PageStore::PageStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PageStore::~PageStore() = default;

bool PageStore::Contains(uint64_t hash) const { return impl_->Contains(hash); }
bool PageStore::HasRoom(size_t bytes) const { return impl_->HasRoom(bytes); }
void PageStore::Write(uint64_t hash, PageName name, std::vector<std::byte> content, size_t age) {
  impl_->Write(hash, std::move(name), std::move(content), age);
}
std::shared_ptr<PageRead> PageStore::Read(uint64_t hash, PageName name, size_t age) {
  return impl_->Read(hash, std::move(name), age);
}
void PageStore::Flush() { impl_->Flush(); }
PageStoreStats PageStore::Stats() const { return impl_->Stats(); }

}  // namespace lemma::engine
