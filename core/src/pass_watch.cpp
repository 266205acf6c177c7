// SPDX-License-Identifier: GPL-3.0-or-later
#include "pass_watch.h"

#include <core/units.h>

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <variant>

#include "row_json.h"
#include "run_watch.h"

namespace skymill {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kWorthASummary_s = 10;

thread_local UnitInWork* unit_of_thread = nullptr;

double seconds_between(PassWatch::Clock::time_point from, PassWatch::Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

std::string stop_of(const Row& row) {
  for (const auto& [name, value] : row) {
    const auto* text = std::get_if<std::string>(&value);
    if (name == "stop" && text) return *text;
  }
  return {};
}

}  // namespace

double seconds_left(double mean_s, std::size_t left, const std::vector<double>& running_s,
                    std::size_t workers) {
  double work = mean_s * static_cast<double>(left);
  double longest = 0;
  for (const double elapsed : running_s) {
    const double rest = std::max(0.0, mean_s - elapsed);
    work -= mean_s - rest;
    longest = std::max(longest, rest);
  }
  return std::max(longest,
                  work / static_cast<double>(std::max<std::size_t>(1, std::min(workers, left))));
}

PassWatch::PassWatch(RunWatch& run, PassFacts facts)
    : run_(run),
      facts_(std::move(facts)),
      start_(Clock::now()),
      exceptions_(std::uncaught_exceptions()),
      is_close_(facts_.makes_units || run.wants_events()) {
  if (run_.wants_events()) {
    Json fields{{"stages", facts_.stages}, {"workers", facts_.workers}};
    if (facts_.units > 0) fields["units"] = facts_.units;
    run_.tell("pass_started", fields);
  }
  run_.add_pass(*this);
}

PassWatch::~PassWatch() {
  const bool failed = std::uncaught_exceptions() > exceptions_;
  const auto now = Clock::now();
  run_.remove_pass(
      *this, {facts_.stages, run_.seconds(start_), run_.seconds(now), done_.load(), stops_, failed},
      failed ? "" : summary(now));
  if (!run_.wants_events()) return;
  if (!failed) {
    for (const std::string& stage : facts_.ending) run_.stage_ended(stage);
  }
  run_.tell("pass_ended", {{"stages", facts_.stages},
                           {"seconds", seconds_between(start_, now)},
                           {"units", done_.load()},
                           {"stopped", stops_},
                           {"failed", failed}});
}

void PassWatch::done(const WatchedUnit& unit) {
  if (!unit.is_made) return;
  done_.fetch_add(1, std::memory_order_relaxed);
  if (!is_close_ && unit.stop.empty()) return;
  const auto now = Clock::now();
  done_ns_ += std::chrono::nanoseconds(now - unit.start).count();
  {
    const std::lock_guard lock(mutex_);
    running_.erase(unit.number);
    if (!unit.stop.empty()) ++stops_[unit.stop];
  }
  if (run_.wants_events()) {
    Json fields{{"stages", facts_.stages},
                {"unit", unit.number},
                {"span", unit.span},
                {"seconds", seconds_between(unit.start, now)},
                {"bytes", unit.bytes}};
    if (!unit.stop.empty()) fields["stop"] = unit.stop;
    if (!unit.rows.empty()) fields["rows"] = Json::array();
    for (const WatchedUnit::TableRow& row : unit.rows) {
      fields["rows"].push_back(
          {{"stage", row.stage}, {"table", row.table}, {"row", row_json(row.row)}});
    }
    run_.tell("unit_done", fields);
  }
  run_.show();
}

/// Seconds until the rest is done, from the mean of what is; negative when not known.
double PassWatch::left_s(Clock::time_point now) const {
  const std::size_t gone = done_ + left_out_;
  if (done_ == 0 || facts_.units <= gone) return -1;
  const std::size_t left = facts_.units - gone;
  // Units that come from a reader wait for it, not for a worker: the rate counts.
  if (!facts_.makes_units) {
    return seconds_between(start_, now) * static_cast<double>(left) / static_cast<double>(done_);
  }
  std::vector<double> running_s;
  for (const auto& [number, start] : running_) running_s.push_back(seconds_between(start, now));
  const double mean_s = 1e-9 * static_cast<double>(done_ns_) / static_cast<double>(done_);
  return seconds_left(mean_s, left, running_s, facts_.workers);
}

std::string PassWatch::stops_text() const {
  std::vector<std::pair<std::string, std::size_t>> stops(stops_.begin(), stops_.end());
  std::stable_sort(stops.begin(), stops.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [stop, count] : stops) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + stop;
  }
  return text;
}

std::string PassWatch::line(Clock::time_point now, bool brief) const {
  const std::lock_guard lock(mutex_);
  std::string text = facts_.title + ": ";
  if (facts_.units > 0 || done_ > 0) text += std::to_string(done_.load());
  if (facts_.units > 0) {
    text += " of " + std::to_string(facts_.units) + " (" +
            std::to_string(100 * done_ / facts_.units) + " %)";
  }
  if (brief) {
    const double left = left_s(now);
    if (text.back() == ' ') text += format_quantity(seconds_between(start_, now), "s") + " gone";
    return left < 0 ? text : text + ", ETA " + format_quantity(left, "s");
  }
  if (text.back() != ' ') text += ", ";
  if (const double left = left_s(now); left >= 0)
    text += "ETA " + format_quantity(left, "s") + ", ";
  text += format_quantity(seconds_between(start_, now), "s") + " gone";
  if (facts_.makes_units) text += ", " + std::to_string(running_.size()) + " running";
  if (left_out_ > 0) text += ", " + std::to_string(left_out_.load()) + " left out";
  if (!stops_.empty()) text += "; stopped: " + stops_text();
  return text;
}

std::string PassWatch::summary(Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  const double seconds = seconds_between(start_, now);
  if (done_ == 0 || seconds < kWorthASummary_s) return {};
  return facts_.title + ": " + std::to_string(done_.load()) + " in " +
         format_quantity(seconds, "s") + (stops_.empty() ? "" : "; stopped: " + stops_text());
}

UnitInWork::UnitInWork(PassWatch& pass, WatchedUnit& unit, const AnyChunk& given)
    : pass_(pass), unit_(unit), outer_(unit_of_thread) {
  unit_.is_made = false;
  clear();
  unit_of_thread = this;
  if (!pass_.is_close_) return;
  unit_.start = PassWatch::Clock::now();
  unit_.span.clear();
  {
    const std::lock_guard lock(pass_.mutex_);
    pass_.running_.emplace(unit_.number, unit_.start);
  }
  if (!pass_.run_.wants_events()) return;
  Json fields{{"stages", pass_.facts_.stages}, {"unit", unit_.number}};
  if (!given.empty()) unit_.span = given.span().text();
  if (!unit_.span.empty()) fields["span"] = unit_.span;
  pass_.run_.tell("unit_started", fields);
}

UnitInWork::~UnitInWork() {
  unit_of_thread = outer_;
  if (unit_.is_made) return;
  ++pass_.left_out_;
  if (!pass_.is_close_) return;
  {
    const std::lock_guard lock(pass_.mutex_);
    pass_.running_.erase(unit_.number);
  }
  if (!pass_.run_.wants_events()) return;
  pass_.run_.tell("unit_failed",
                  {{"stages", pass_.facts_.stages},
                   {"unit", unit_.number},
                   {"seconds", seconds_between(unit_.start, PassWatch::Clock::now())}});
}

void UnitInWork::made(const AnyChunk& chunk) {
  unit_.is_made = true;
  if (!pass_.run_.wants_events()) return;
  unit_.span = chunk.span().text();
  unit_.bytes = chunk.bytes();
}

void UnitInWork::clear() {
  unit_.stop.clear();
  unit_.rows.clear();
}

bool UnitInWork::take(const std::string& stage, const std::string& table, const Row& row) {
  if (!unit_of_thread) return false;
  WatchedUnit& unit = unit_of_thread->unit_;
  if (std::string stop = stop_of(row); !stop.empty()) unit.stop = std::move(stop);
  if (unit_of_thread->pass_.run_.wants_events()) unit.rows.push_back({stage, table, row});
  return true;
}

}  // namespace skymill
