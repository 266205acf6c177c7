// SPDX-License-Identifier: GPL-3.0-or-later
#include "run_watch.h"

#include <core/storage.h>
#include <core/units.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "metrics_state.h"
#include "record_file.h"
#include "row_json.h"

namespace skymill {

namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr auto kTick = milliseconds(100);
constexpr double kBetweenSampleEvents_s = 1;
constexpr auto kBetweenLines = milliseconds(100);  ///< on a terminal
constexpr auto kBetweenLogLines = std::chrono::seconds(30);

Json sample_json(const RunSample& sample) {
  return {{"resident_bytes", sample.resident_bytes},
          {"cpu_s", sample.cpu_s},
          {"read_bytes", sample.read_bytes},
          {"written_bytes", sample.written_bytes},
          {"storage_read_bytes", sample.storage_read_bytes},
          {"storage_written_bytes", sample.storage_written_bytes}};
}

/// Milliseconds and micro-CPU-seconds say nothing; without them the record is shorter.
double rounded(double seconds) { return std::round(seconds * 1000) / 1000; }

}  // namespace

RunWatch::RunWatch(Metrics& metrics) : metrics_(metrics) {
  metrics_.state().on_row = [this](const std::string& stage, const std::string& table,
                                   const Row& row_of_table) { row(stage, table, row_of_table); };
}

RunWatch::~RunWatch() {
  stop();
  metrics_.state().on_row = nullptr;
}

void RunWatch::start(const std::string& run_id, Outlets outlets) {
  run_id_ = run_id;
  start_ = Clock::now();
  shown_ = start_;
  outlets_ = std::move(outlets);
  if (outlets_->listener) {
    outlets_->listener->set(
        [this](const char* level, const std::string& text) { hear(level, text); });
  }
  const RunSample first = sample_now(0);
  written_before_ = first.written_bytes;
  samples_.add(first);
  thread_ = std::thread([this] { go(); });
}

void RunWatch::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  sample(true);
  if (outlets_->listener) outlets_->listener->set(nullptr);
  if (outlets_->console) outlets_->console->show_progress({});
}

void RunWatch::go() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kTick, [this] { return is_stopping_; })) return;
    }
    sample();
    show();
  }
}

double RunWatch::seconds(Clock::time_point time) const {
  return std::chrono::duration<double>(time - start_).count();
}

void RunWatch::tell(const char* event, const Json& fields) const {
  if (!wants_events()) return;
  Json json{{"event", event},
            {"run", run_id_},
            {"time", utc_text(std::chrono::system_clock::now())},
            {"t_s", std::round(seconds(Clock::now()) * 1e6) / 1e6}};
  json.update(fields);
  outlets_->events->write(json);
}

void RunWatch::degraded(const std::string& stage, const std::string& reason) const {
  if (wants_events()) tell("degraded", {{"stage", stage}, {"reason", reason}});
}

void RunWatch::input(const std::string& stage, const std::string& path) const {
  if (wants_events()) tell("input", {{"stage", stage}, {"path", path}});
}

void RunWatch::output(const std::string& stage, const std::string& path) const {
  if (!wants_events()) return;
  tell("output", {{"stage", stage}, {"path", path}, {"bytes", bytes_on_disk(path)}});
}

void RunWatch::add_pass(const PassWatch& pass) {
  const std::lock_guard lock(mutex_);
  passes_.push_back(&pass);
}

void RunWatch::remove_pass(const PassWatch& pass, PassRecord record, const std::string& summary) {
  {
    const std::lock_guard lock(mutex_);
    std::erase(passes_, &pass);
    past_passes_.push_back(std::move(record));
  }
  if (!outlets_) return;
  if (outlets_->console) outlets_->console->show_progress({});
  if (!summary.empty()) outlets_->log.info(summary);
}

void RunWatch::stage_ended(const std::string& stage) const {
  const StageTiming& time = metrics_.state().timing(stage);
  tell("stage_ended", {{"stage", stage},
                       {"wall_s", static_cast<double>(time.wall_ns) * 1e-9},
                       {"cpu_s", static_cast<double>(time.cpu_ns) * 1e-9},
                       {"chunks", time.chunks_out.load()},
                       {"chunk_bytes", time.bytes_out.load()}});
}

void RunWatch::row(const std::string& stage, const std::string& table,
                   const Row& row_of_table) const {
  if (UnitInWork::take(stage, table, row_of_table) || !wants_events()) return;
  tell("row", {{"stage", stage}, {"table", table}, {"row", row_json(row_of_table)}});
}

void RunWatch::hear(const char* level, const std::string& text) {
  {
    const std::lock_guard lock(mutex_);
    ++warning_count_;
    if (warnings_.size() < kMostWarnings) warnings_.push_back(text);
  }
  if (wants_events()) tell("warning", {{"level", level}, {"text", text}});
}

void RunWatch::sample(bool is_last) {
  const RunSample now = sample_now(seconds(Clock::now()));
  {
    const std::lock_guard lock(mutex_);
    samples_.add(now);
  }
  if (now.time_s < told_sample_s_ + kBetweenSampleEvents_s && !is_last) return;
  told_sample_s_ = now.time_s;
  if (wants_events()) tell("sample", sample_json(now));
}

void RunWatch::show() {
  if (!outlets_) return;
  const auto now = Clock::now();
  const bool on_terminal = outlets_->console && outlets_->console->is_terminal();
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    if (passes_.empty() || now - shown_ < (on_terminal ? kBetweenLines : kBetweenLogLines)) return;
    shown_ = now;
    for (const PassWatch* pass : passes_)
      text += (text.empty() ? "" : " | ") + pass->line(now, passes_.size() > 1);
    const std::int64_t written =
        samples_.kept().empty() ? 0 : samples_.kept().back().written_bytes - written_before_;
    text += "; " + format_quantity(static_cast<double>(written), "B") + " written";
  }
  if (on_terminal) {
    outlets_->console->show_progress(std::move(text));
  } else {
    outlets_->log.info(text);
  }
}

Json RunWatch::samples_record() const {
  const std::lock_guard lock(mutex_);
  Json json;
  json["interval_s"] = samples_.interval_s();
  for (const RunSample& sample : samples_.kept()) {
    json["time_s"].push_back(rounded(sample.time_s));
    Json values = sample_json(sample);
    values["cpu_s"] = rounded(sample.cpu_s);
    for (const auto& [name, value] : values.items()) json[name].push_back(value);
  }
  return json;
}

Json RunWatch::passes_record() const {
  const std::lock_guard lock(mutex_);
  Json json = Json::array();
  for (const PassRecord& pass : past_passes_) {
    json.push_back({{"stages", pass.stages},
                    {"started_s", rounded(pass.started_s)},
                    {"ended_s", rounded(pass.ended_s)},
                    {"units", pass.units},
                    {"stopped", pass.stopped},
                    {"failed", pass.failed}});
  }
  return json;
}

Json RunWatch::warnings_record() const {
  const std::lock_guard lock(mutex_);
  return {{"count", warning_count_}, {"texts", warnings_}};
}

}  // namespace skymill
