// SPDX-License-Identifier: Apache-2.0
#include "reasoning/notebook_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "reasoning/solve_plan.h"

namespace lemma::reasoning {
namespace {

// Held until it goes. Every Take opens the file anew, so that threads of one program wait for each
// other, too.
class FileLock {
 public:
  static Result<FileLock> Take(const std::filesystem::path& path) {
    std::error_code error;
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
    if (error) return IoError(path.parent_path().string() + ": " + error.message());
    constexpr int kOwner = 0600;
    FileLock out;
    out.file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwner);
    if (out.file_ < 0) return Failed(path);
    while (::flock(out.file_, LOCK_EX) != 0) {
      if (errno != EINTR) return Failed(path);
    }
    return out;
  }
  ~FileLock() {
    if (file_ >= 0) ::close(file_);
  }
  FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  FileLock() = default;
  static Status Failed(const std::filesystem::path& path) {
    return IoError(path.string() + ": " + std::generic_category().message(errno));
  }
  int file_ = -1;
};

}  // namespace

Status ChangeNotebook(const std::filesystem::path& path,
                      const std::function<Status(Notebook&)>& change) {
  std::filesystem::path lock_path = path;
  lock_path += ".lock";
  LEMMA_ASSIGN_OR_RETURN(const FileLock lock, FileLock::Take(lock_path));
  LEMMA_ASSIGN_OR_RETURN(Notebook book, Notebook::Open(path));
  LEMMA_RETURN_IF_ERROR(change(book));
  return book.Save();
}

Result<NotebookTurn> NotebookTurn::Begin(std::filesystem::path path, SolveRequest& request) {
  NotebookTurn out;
  LEMMA_ASSIGN_OR_RETURN(const Notebook book, Notebook::Open(path));
  out.path_ = std::move(path);
  out.held_back_ = HeldBack(request);
  for (const Note* note : book.Find(GuessTask(request), request.question, kMostRules)) {
    out.rules_.push_back(note->id);
    if (!out.held_back_) request.notes.push_back(note->rule);
  }
  return out;
}

Status NotebookTurn::End(const SolveRequest& request, const SolveResult& result) {
  const bool proven = result.status == SolveStatus::kVerified;
  auto note = Notebook::Learn(request, result);
  if (rules_.empty() && !note) return OkStatus();
  return ChangeNotebook(path_, [&](Notebook& book) -> Status {
    for (const std::string& id : rules_) book.Count(id, held_back_, proven);
    if (!note) return OkStatus();
    LEMMA_ASSIGN_OR_RETURN(learned_, book.Add(*std::move(note)));
    return OkStatus();
  });
}

}  // namespace lemma::reasoning
