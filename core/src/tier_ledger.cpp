// SPDX-License-Identifier: GPL-3.0-or-later
#include "tier_ledger.h"

#include <core/error.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "durable.h"
#include "proc.h"

namespace fs = std::filesystem;

namespace skymill {

namespace {

constexpr const char* kTitle = "skymill tier ledger 1";

std::string checksum_line(const std::string& body) {
  char line[32];
  std::snprintf(line, sizeof line, "end %016llx\n",
                static_cast<unsigned long long>(XXH3_64bits(body.data(), body.size())));
  return line;
}

[[noreturn]] void unusable(const std::string& folder) {
  throw Error(ErrorKind::resources,
              "cannot use the folder '" + folder + "': " + std::strerror(errno),
              "let this user write there, or take the tier out of the machine file");
}

}  // namespace

bool LedgerEntry::is_alive() const { return process_start(pid) == started; }

TierLedger::TierLedger(const std::string& folder, Access access) : folder_(folder) {
  if (access == Access::change && ::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
    unusable(folder);
  }
  struct stat info {};
  if (::lstat(folder.c_str(), &info) != 0) {
    if (access == Access::look && errno == ENOENT) return;
    unusable(folder);
  }
  if (!S_ISDIR(info.st_mode)) {
    errno = ENOTDIR;
    unusable(folder);
  }
  const std::string lock = folder + "/lock";
  lock_ = access == Access::change ? ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)
                                   : ::open(lock.c_str(), O_RDONLY | O_CLOEXEC);
  if (lock_ < 0) {
    if (access == Access::look && errno == ENOENT) return;
    unusable(folder);
  }
  int result = 0;
  do {
    result = ::flock(lock_, access == Access::change ? LOCK_EX : LOCK_SH);
  } while (result != 0 && errno == EINTR);
  try {
    if (result != 0) unusable(folder);
    read();
  } catch (const Error&) {
    ::close(lock_);
    throw;
  }
}

TierLedger::~TierLedger() {
  if (lock_ >= 0) ::close(lock_);
}

void TierLedger::read() {
  const std::string path = folder_ + "/ledger";
  std::error_code code;
  if (!fs::exists(path, code)) return;
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto damaged = [&](const std::string& how) {
    return Error(ErrorKind::failed, "the ledger '" + path + "' is damaged: " + how,
                 "when no skymill runs on this machine, remove that file and then run "
                 "'skymill clean'");
  };
  const auto end = text.rfind("end ");
  if (end == std::string::npos) throw damaged("it has no end");
  if (text.substr(end) != checksum_line(text.substr(0, end))) {
    throw damaged("its checksum does not fit its " + std::to_string(text.size()) + " bytes");
  }
  std::istringstream lines(text.substr(0, end));
  std::string line;
  if (!std::getline(lines, line) || line != kTitle) {
    throw damaged("it begins with '" + line + "' and not with '" + kTitle + "'");
  }
  while (std::getline(lines, line)) {
    LedgerEntry entry;
    std::istringstream words(line);
    words >> entry.pid >> entry.started >> entry.bytes >> entry.folder;
    // The folder is removed when its owner is dead, so it must be one of ours and not a way out.
    if (!words || entry.folder.front() == '.' || entry.folder.find('/') != std::string::npos) {
      throw damaged("it holds the line '" + line + "'");
    }
    std::getline(words >> std::ws, entry.purpose);
    entries.push_back(std::move(entry));
  }
}

void TierLedger::save() const {
  std::ostringstream body;
  body << kTitle << '\n';
  for (const LedgerEntry& entry : entries) {
    std::string purpose = entry.purpose;
    std::replace(purpose.begin(), purpose.end(), '\n', ' ');
    body << entry.pid << ' ' << entry.started << ' ' << entry.bytes << ' ' << entry.folder << ' '
         << purpose << '\n';
  }
  const std::string path = folder_ + "/ledger";
  const std::string draft = path + ".new";
  std::ofstream out(draft, std::ios::binary | std::ios::trunc);
  out << body.str() << checksum_line(body.str());
  out.close();
  if (!out) refuse("cannot write '" + draft + "'");
  fsync_path(draft);
  if (::rename(draft.c_str(), path.c_str()) != 0) refuse("cannot write '" + path + "'");
}

}  // namespace skymill
