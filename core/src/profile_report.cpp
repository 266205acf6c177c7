// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile_report.h"

#include <core/units.h>
#include <core/version.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "record_file.h"

namespace skymill {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kWaitNames[kProfileWaits] = {"input", "token", "memory", "lane", "worker"};

/// Whole microseconds; what is less says nothing.
double seconds(std::int64_t ns) { return std::round(static_cast<double>(ns) / 1e3) / 1e6; }

void add_bytes(Json& json, const ProfileBytes& bytes) {
  json["read_bytes"] = bytes.read;
  json["written_bytes"] = bytes.written;
  json["storage_read_bytes"] = bytes.storage_read;
  json["storage_written_bytes"] = bytes.storage_written;
}

void add_sums(Json& json, const ProfileSums& sums) {
  json["calls"] = sums.calls;
  json["wall_s"] = seconds(sums.wall_ns);
  json["cpu_s"] = seconds(sums.cpu_ns);
  json["helped_cpu_s"] = seconds(sums.helped_ns);
  for (std::size_t k = 0; k < kProfileWaits; ++k) {
    json["waits_s"][kWaitNames[k]] = seconds(sums.wait_ns[k]);
  }
  json["chunks_in"] = sums.chunks_in;
  json["chunks_out"] = sums.chunks_out;
  json["in_bytes"] = sums.bytes_in;
  json["out_bytes"] = sums.bytes_out;
  add_bytes(json, sums.io);
}

Json stage_json(const ProfiledStage& stage) {
  Json json{{"name", stage.name}};
  add_sums(json, stage.sums);
  json["peak_resident_bytes"] = stage.peak_resident_bytes;
  json["has_all_units"] = !stage.has_left_out;
  json["units"] = Json::array();
  for (const ProfiledStage::Unit& unit : stage.units) {
    Json item{{"pass", unit.pass}, {"unit", unit.number}, {"span", unit.span}};
    add_sums(item, unit.sums);
    json["units"].push_back(std::move(item));
  }
  return json;
}

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// One event of the trace; times in it are microseconds.
class TraceText {
 public:
  void add(Json event) {
    text_ += text_.empty() ? "[\n" : ",\n";
    event["pid"] = 1;
    text_ += dump(event, -1);
  }
  std::string end() { return text_ + "\n]\n"; }

 private:
  std::string text_;
};

Json span_event(const ProfileSpan& span, const ProfileResult& profile) {
  const auto us = [](std::int64_t ns) { return static_cast<double>(ns) * 1e-3; };
  std::string name = profile.stages.at(span.stage).name;
  if (span.has_unit) name += " " + std::to_string(span.unit);
  const char* kind = "work";
  if (span.kind == ProfileSpan::Kind::help) kind = "help";
  if (span.kind == ProfileSpan::Kind::wait) {
    kind = "wait";
    name =
        std::string("waits for ") + kWaitNames[static_cast<std::size_t>(span.wait)] + ": " + name;
  }
  Json event{{"ph", "X"},
             {"name", name},
             {"cat", kind},
             {"tid", span.thread},
             {"ts", us(span.begin_ns)},
             {"dur", us(span.end_ns - span.begin_ns)}};
  event["args"] = {{"pass", span.pass}, {"cpu_ms", us(span.cpu_ns) * 1e-3}};
  return event;
}

std::string cell(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// Cells of rows, the first column to the left and the others to the right.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], row[k].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = "  ";
    for (std::size_t k = 0; k < row.size(); ++k) {
      const std::string space(widths[k] - row[k].size(), ' ');
      line += k == 0 ? row[k] + space : "  " + space + row[k];
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::vector<std::string> table_row(const ProfiledStage& stage, const ProfileResult& profile) {
  const ProfileSums& sums = stage.sums;
  const double wall = seconds(sums.wall_ns);
  std::int64_t wait = 0;
  for (const std::int64_t ns : sums.wait_ns) wait += ns;
  // The larger of what goes through: of a reader's files or of its chunks.
  const auto bytes =
      static_cast<double>(std::max({sums.bytes_in, sums.bytes_out, sums.io.read, sums.io.written}));
  const bool is_stage = sums.calls > 0;
  return {stage.name,
          is_stage ? cell("%.2f", wall) : "",
          cell("%.2f", seconds(sums.cpu_ns)),
          cell("%.0f %%", 100.0 * static_cast<double>(sums.cpu_ns) /
                              static_cast<double>(std::max<std::int64_t>(1, profile.cpu_ns))),
          is_stage ? cell("%.2f", seconds(wait)) : "",
          is_stage && wall > 0 ? cell("%.2f", bytes * 1e-9 / wall) : "",
          stage.peak_resident_bytes > 0
              ? format_quantity(static_cast<double>(stage.peak_resident_bytes), "B")
              : ""};
}

}  // namespace

void write_profile(const std::string& path, const std::string& run, const ProfileResult& profile) {
  Json json{{"skymill", SKYMILL_VERSION}, {"run", run}, {"wall_s", seconds(profile.wall_ns)}};
  Json& process = json["process"];
  process["cpu_s"] = seconds(profile.cpu_ns);
  process["user_cpu_s"] = seconds(profile.user_ns);
  add_bytes(process, profile.io);
  process["peak_resident_bytes"] = profile.peak_resident_bytes;
  json["stages"] = Json::array();
  for (const ProfiledStage& stage : profile.stages) json["stages"].push_back(stage_json(stage));
  for (const ProfiledStage& other : profile.others) {
    Json item{{"cpu_s", seconds(other.sums.cpu_ns)}};
    add_bytes(item, other.sums.io);
    json["other"][other.name] = std::move(item);
  }
  json["trace"] = {{"spans", profile.spans.size()},
                   {"left_out", profile.spans_left_out},
                   {"shortest_s", seconds(profile.shortest_span_ns)}};
  write_text_whole(path, dump(json, 1));
}

void write_trace(const std::string& path, const ProfileResult& profile) {
  TraceText trace;
  trace.add({{"ph", "M"}, {"name", "process_name"}, {"args", {{"name", "skymill"}}}});
  for (std::size_t k = 0; k < profile.threads.size(); ++k) {
    const std::string name = profile.threads[k] + " " + std::to_string(k);
    trace.add({{"ph", "M"}, {"name", "thread_name"}, {"tid", k}, {"args", {{"name", name}}}});
  }
  for (const ProfileSpan& span : profile.spans) trace.add(span_event(span, profile));
  for (const ProfileTick& tick : profile.ticks) {
    const double us = static_cast<double>(tick.time_ns) * 1e-3;
    const auto count = [&](const char* name, const Json& values) {
      trace.add({{"ph", "C"}, {"name", name}, {"ts", us}, {"args", values}});
    };
    count("resident MB", {{"resident", static_cast<double>(tick.resident_bytes) * 1e-6}});
    count("bytes MB", {{"read", static_cast<double>(tick.io.read) * 1e-6},
                       {"written", static_cast<double>(tick.io.written) * 1e-6}});
  }
  write_text_whole(path, trace.end());
}

std::string profile_table(const ProfileResult& profile) {
  std::vector<std::vector<std::string>> rows{
      {"stage", "wall s", "CPU s", "of CPU", "wait s", "GB/s", "peak"}};
  for (const ProfiledStage& stage : profile.stages) rows.push_back(table_row(stage, profile));
  ProfiledStage other;
  other.name = "other";
  std::string parts;
  for (const ProfiledStage& part : profile.others) {
    other.sums.cpu_ns += part.sums.cpu_ns;
    parts +=
        (parts.empty() ? "" : ", ") + part.name + " " + cell("%.2f", seconds(part.sums.cpu_ns));
  }
  rows.push_back(table_row(other, profile));
  rows.push_back({"all", cell("%.2f", seconds(profile.wall_ns)),
                  cell("%.2f", seconds(profile.cpu_ns)), "100 %", "", "",
                  format_quantity(static_cast<double>(profile.peak_resident_bytes), "B")});
  return aligned(rows) + "  other: " + parts + "\n";
}

}  // namespace skymill
