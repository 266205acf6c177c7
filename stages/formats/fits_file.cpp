// SPDX-License-Identifier: GPL-3.0-or-later
#include "fits_file.h"

#include <sys/statvfs.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace skymill::radio {
namespace {

/// cfitsio's own words: the meaning of the status and the messages behind it.
std::string cfitsio_words(int status) {
  std::array<char, FLEN_STATUS> meaning{};
  fits_get_errstatus(status, meaning.data());
  std::string text = "cfitsio " + std::to_string(status) + ": " + meaning.data();
  std::array<char, FLEN_ERRMSG> line{};
  constexpr int kMostLines = 3;
  for (int i = 0; i < kMostLines && fits_read_errmsg(line.data()) != 0; ++i) {
    text += std::string("; ") + line.data();
  }
  fits_clear_errmsg();
  return text;
}

bool has_no_room(const std::string& path, int system_error) {
  if (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG) return true;
  // cfitsio can lose errno on its way, so the file system itself is asked.
  const std::string folder = std::filesystem::path(path).parent_path().string();
  struct statvfs space {};
  if (statvfs(folder.empty() ? "." : folder.c_str(), &space) != 0) return false;
  return space.f_bavail * space.f_frsize < 2880 || (space.f_files > 0 && space.f_favail == 0);
}

}  // namespace

Error write_error(const std::string& path, const std::string& doing, const std::string& reason,
                  int system_error) {
  std::string message = "cannot " + doing + " of '" + path + "': " + reason;
  if (system_error != 0) message += std::string(" (") + std::strerror(system_error) + ")";
  if (has_no_room(path, system_error)) {
    return Error(ErrorKind::resources, message,
                 "there is no room left there: free some space or write to another file system");
  }
  return Error(ErrorKind::failed, message);
}

FitsFile FitsFile::in_memory(const std::string& path) {
  FitsFile file(path, true);
  int status = 0;
  errno = 0;
  fits_create_file(&file.fits_, "mem://", &status);
  if (status != 0) file.fail("begin the writing", status, errno);
  return file;
}

FitsFile FitsFile::change(const std::string& path) {
  FitsFile file(path, true);
  int status = 0;
  errno = 0;
  fits_open_diskfile(&file.fits_, path.c_str(), READWRITE, &status);
  if (status != 0) file.fail("open the header", status, errno);
  return file;
}

FitsFile FitsFile::open(const std::string& path) {
  FitsFile file(path, false);
  int status = 0;
  errno = 0;
  fits_open_diskfile(&file.fits_, path.c_str(), READONLY, &status);
  if (status != 0) file.fail("read the beginning", status, errno);
  return file;
}

FitsFile::FitsFile(FitsFile&& other) noexcept
    : path_(std::move(other.path_)),
      writing_(other.writing_),
      fits_(std::exchange(other.fits_, nullptr)) {}

FitsFile& FitsFile::operator=(FitsFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(writing_, other.writing_);
  std::swap(fits_, other.fits_);
  return *this;
}

FitsFile::~FitsFile() {
  if (fits_ == nullptr) return;
  int status = 0;
  fits_close_file(fits_, &status);
  if (status != 0) fits_clear_errmsg();
}

void FitsFile::close() {
  int status = 0;
  errno = 0;
  // fits_close_file frees the handle also when it fails.
  fits_close_file(std::exchange(fits_, nullptr), &status);
  if (status != 0) fail("write the end", status, errno);
}

void FitsFile::fail(const char* doing, int status, int system_error) const {
  const std::string words = cfitsio_words(status);
  if (writing_) throw write_error(path_, doing, words, system_error);
  const bool ends_early = status == END_OF_FILE || status == READ_ERROR;
  throw Error(ErrorKind::input, "cannot " + std::string(doing) + " of '" + path_ + "': " + words,
              ends_early ? "the file is truncated or damaged: fetch or make it again" : "");
}

}  // namespace skymill::radio
