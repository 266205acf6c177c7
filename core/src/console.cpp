// SPDX-License-Identifier: GPL-3.0-or-later
#include "console.h"

#include <core/units.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

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
  progress_ = std::move(line);
  write_all(kEraseLine + progress_);
}

Progress::Progress(std::shared_ptr<Console> console, Log log, std::string what, std::size_t total)
    : console_(std::move(console)),
      log_(std::move(log)),
      what_(std::move(what)),
      total_(total),
      start_(Clock::now()),
      shown_(start_) {}

Progress::~Progress() {
  if (console_) console_->show_progress({});
}

std::string Progress::line(Clock::time_point now) const {
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  std::string text = what_ + ": " + std::to_string(done_);
  if (total_ > 0) {
    const double share = static_cast<double>(done_) / static_cast<double>(total_);
    text += " of " + std::to_string(total_) + " (" + std::to_string(static_cast<int>(100 * share)) +
            " %)";
    text += ", " + format_quantity(elapsed, "s");
    if (done_ > 0 && done_ < total_) {
      text += ", ETA " + format_quantity(elapsed * (1 - share) / share, "s");
    }
  } else {
    text += ", " + format_quantity(elapsed, "s");
  }
  return text;
}

void Progress::step() {
  const std::lock_guard lock(mutex_);
  ++done_;
  const auto now = Clock::now();
  const bool terminal = console_ && console_->is_terminal();
  const auto pause = terminal ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
  if (now - shown_ < pause) return;
  shown_ = now;
  if (terminal) {
    console_->show_progress(line(now));
  } else {
    log_.info(line(now));
  }
}

}  // namespace skymill
