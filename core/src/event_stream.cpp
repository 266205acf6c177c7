// SPDX-License-Identifier: GPL-3.0-or-later
#include "event_stream.h"

#include <core/error.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace skymill {

EventStream::EventStream(const std::string& path, Log log)
    : path_(path), is_standard_output_(path == "-"), log_(std::move(log)) {
  file_ = is_standard_output_
              ? STDOUT_FILENO
              : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0) {
    throw Error(ErrorKind::failed,
                "cannot write the events to '" + path + "': " + std::strerror(errno),
                "give another place with --events");
  }
}

EventStream::~EventStream() {
  if (!is_standard_output_) ::close(file_);
}

void EventStream::write(const nlohmann::ordered_json& event) {
  if (!is_open_) return;
  // A path or message that is not UTF-8 must not end the run.
  const std::string line =
      event.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
  int problem = 0;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t written = 0; written < line.size() && problem == 0;) {
      const ssize_t got = ::write(file_, line.data() + written, line.size() - written);
      if (got > 0) written += static_cast<std::size_t>(got);
      if (got <= 0 && errno != EINTR) problem = errno;
    }
  }
  // After the lock is gone, since a warning is an event too.
  if (problem != 0 && is_open_.exchange(false)) {
    log_.warning("no more events to '" + path_ + "': " + std::strerror(problem));
  }
}

}  // namespace skymill
