// SPDX-License-Identifier: GPL-3.0-or-later
#include "proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace skymill {

namespace {

thread_local std::atomic<std::int64_t>* own_reads = nullptr;

}  // namespace

ProcFile::ProcFile(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}

ProcFile::~ProcFile() {
  if (file_ >= 0) ::close(file_);
}

void ProcFile::count_own_reads(std::atomic<std::int64_t>& bytes) { own_reads = &bytes; }

void ProcFile::read(char* text, std::size_t size) const {
  const ssize_t got = file_ < 0 ? 0 : std::max<ssize_t>(0, ::pread(file_, text, size - 1, 0));
  text[got] = 0;
  if (own_reads) *own_reads += got;
}

ProfileBytes ProcFile::bytes() const {
  char text[512];
  read(text);
  return {figure(text, "rchar: "), figure(text, "wchar: "), figure(text, "\nread_bytes: "),
          figure(text, "\nwrite_bytes: ")};
}

std::int64_t ProcFile::figure(const char* text, const char* name) {
  const char* found = std::strstr(text, name);
  return found ? std::strtoll(found + std::strlen(name), nullptr, 10) : 0;
}

}  // namespace skymill
