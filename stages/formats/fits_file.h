// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/formats.
#pragma once

#include <core/error.h>
#include <fitsio.h>

#include <cerrno>
#include <string>
#include <utility>

namespace skymill::radio {

/// A file opened with cfitsio whose failures become `skymill::Error`s.
class FitsFile {
 public:
  /// Makes a file in memory, for the text of headers; `path` only names it in errors.
  static FitsFile in_memory(const std::string& path);
  /// Opens a file for changes; the name is taken literally (no cfitsio file syntax).
  static FitsFile change(const std::string& path);
  /// Opens a file for reading; the name is taken literally.
  static FitsFile open(const std::string& path);

  ~FitsFile();
  FitsFile(FitsFile&& other) noexcept;
  FitsFile& operator=(FitsFile&& other) noexcept;

  /// Calls `function(fitsfile*, arguments..., int* status)`.
  /// @throws Error saying what could not be done (`doing` = "write the header", …) and why
  template <class Function, class... Arguments>
  void call(const char* doing, Function function, Arguments... arguments) {
    int status = 0;
    errno = 0;
    function(fits_, arguments..., &status);
    if (status != 0) fail(doing, status, errno);
  }

  /// The same for a call whose failure the caller judges; returns cfitsio's status.
  template <class Function, class... Arguments>
  int attempt(Function function, Arguments... arguments) {
    int status = 0;
    function(fits_, arguments..., &status);
    if (status != 0) fits_clear_errmsg();
    return status;
  }

  /// Writes out and closes; nothing else may be called afterwards.
  void close();

  [[noreturn]] void fail(const char* doing, int status, int system_error) const;

 private:
  FitsFile(std::string path, bool writing) : path_(std::move(path)), writing_(writing) {}

  std::string path_;
  bool writing_ = false;
  fitsfile* fits_ = nullptr;
};

/// An error of writing a file: kind `resources` when `system_error` or the free space of the file
/// system says that there is no room, else `failed`.
/// @param reason what the library or the system said
Error write_error(const std::string& path, const std::string& doing, const std::string& reason,
                  int system_error);

}  // namespace skymill::radio
