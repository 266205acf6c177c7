// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "console.h"
#include "log_listener.h"

namespace skymill {

struct Log::Output {
  std::shared_ptr<spdlog::logger> logger;
};

namespace {

/// Hands formatted lines to the console, which keeps the progress line below them.
class ConsoleSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ConsoleSink(std::shared_ptr<Console> console) : console_(std::move(console)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    console_->write_line(std::string_view(line.data(), line.size()));
  }
  void flush_() override {}

  std::shared_ptr<Console> console_;
};

/// Hands warnings and errors to a listener, without time and level. Not locked: what the listener
/// does may itself be worth a warning.
class ListenerSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit ListenerSink(std::shared_ptr<LogListener> listener) : listener_(std::move(listener)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    listener_->tell(message.level >= spdlog::level::err ? "error" : "warning",
                    std::string(message.payload.data(), message.payload.size()));
  }
  void flush_() override {}

  std::shared_ptr<LogListener> listener_;
};

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

}  // namespace

Log make_log(std::shared_ptr<Console> console, LogLevel level, const std::string& file,
             std::shared_ptr<LogListener> listener) {
  std::vector<spdlog::sink_ptr> sinks;
  if (console) sinks.push_back(std::make_shared<ConsoleSink>(std::move(console)));
  if (!file.empty()) {
    try {
      sinks.push_back(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file, true));
    } catch (const spdlog::spdlog_ex& problem) {
      throw Error(ErrorKind::failed, std::string("cannot write the log: ") + problem.what());
    }
  }
  for (const auto& sink : sinks) sink->set_level(spdlog_level(level));
  spdlog::level::level_enum least = spdlog_level(level);
  if (listener) {
    sinks.push_back(std::make_shared<ListenerSink>(std::move(listener)));
    sinks.back()->set_level(spdlog::level::warn);
    least = std::min(least, spdlog::level::warn);
  }
  auto output = std::make_shared<Log::Output>();
  // Not registered by name: spdlog's registry is one per library and would not be shared anyway.
  output->logger = std::make_shared<spdlog::logger>("skymill", sinks.begin(), sinks.end());
  output->logger->set_level(least);
  output->logger->set_pattern("%H:%M:%S %^%l%$ %v");
  output->logger->flush_on(spdlog::level::info);
  return Log(std::move(output));
}

Log::Log(std::shared_ptr<Output> output, std::string stage)
    : output_(std::move(output)), stage_(std::move(stage)) {}

Log Log::named(std::string stage) const { return Log(output_, std::move(stage)); }

void Log::write(LogLevel level, std::string_view text) const {
  const auto as_spdlog = spdlog_level(level);
  if (!output_ || !output_->logger->should_log(as_spdlog)) return;
  if (stage_.empty()) {
    output_->logger->log(as_spdlog, "{}", text);
  } else {
    output_->logger->log(as_spdlog, "{}: {}", stage_, text);
  }
}

}  // namespace skymill
