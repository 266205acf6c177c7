// SPDX-License-Identifier: GPL-3.0-or-later
#include "console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <utility>

namespace skymill {

namespace {

void write_all(const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t got = ::write(STDERR_FILENO, text.data() + written, text.size() - written);
    if (got <= 0) return;  // nobody reads standard error any more: nothing left to tell it
    written += static_cast<std::size_t>(got);
  }
}

/// The beginning of a line of UTF-8 that fits into the terminal: one that is wrapped could not be
/// replaced.
std::string fitting(std::string line) {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return line;
  std::size_t columns = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(line[i]) & 0xC0) != 0x80;
    if (!begins || ++columns < size.ws_col) continue;
    line.resize(i);
    break;
  }
  return line;
}

constexpr const char* kEraseLine = "\r\033[K";

}  // namespace

void Console::write_line(std::string_view line) {
  const std::lock_guard lock(mutex_);
  std::string text;
  if (!progress_.empty()) text += kEraseLine;
  text += line;
  if (text.empty() || text.back() != '\n') text += '\n';
  write_all(text + progress_);
}

void Console::show_progress(std::string line) {
  if (!is_terminal_) return;
  const std::lock_guard lock(mutex_);
  progress_ = fitting(std::move(line));
  write_all(kEraseLine + progress_);
}

}  // namespace skymill
