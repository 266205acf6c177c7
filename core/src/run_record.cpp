// SPDX-License-Identifier: GPL-3.0-or-later
#include "run_record.h"

#include <core/error.h>
#include <core/storage.h>
#include <core/version.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "metrics_state.h"
#include "record_file.h"
#include "row_json.h"

namespace skymill {

namespace {

using Json = nlohmann::ordered_json;

Json stage_json(const PlannedStage& stage, Metrics::State& metrics) {
  Json json;
  json["name"] = stage.name;
  json["use"] = stage.type->name;
  json["shape"] = shape_name(stage.type->shape);
  json["version"] = stage.type->version;
  json["library"] = stage.type->library;
  for (const auto& value : stage.values) {
    json["parameters"][value.name] = {{"value", value.text}, {"from", value.origin}};
  }
  const StageTiming& time = metrics.timing(stage.name);
  json["wall_s"] = static_cast<double>(time.wall_ns) * 1e-9;
  json["cpu_s"] = static_cast<double>(time.cpu_ns) * 1e-9;
  json["chunks"] = time.chunks_out.load();
  json["chunk_bytes"] = time.bytes_out.load();
  const std::lock_guard lock(metrics.mutex);
  for (const auto& [counter, amount] : metrics.counters[stage.name]) {
    json["counters"][counter] = amount;
  }
  for (const auto& [table, rows] : metrics.tables[stage.name]) {
    for (const Row& row : rows) {
      json["tables"][table].push_back(row_json(row));
    }
  }
  return json;
}

Json paths_json(std::vector<std::string> paths) {
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  Json json = Json::array();
  for (const auto& path : paths) {
    json.push_back({{"path", path}, {"bytes", bytes_on_disk(path)}});
  }
  return json;
}

/// Bytes that the kernel moved for this process: {read_bytes, write_bytes, rchar, wchar}.
Json io_json() {
  std::ifstream in("/proc/self/io");
  Json json;
  std::string name;
  long long bytes = 0;
  while (in >> name >> bytes) json[name.substr(0, name.size() - 1)] = bytes;
  return json;
}

/// Where products were made that asked for a tier, and why not on an earlier one.
Json staging_json(const Staging& staging) {
  Json json = Json::array();
  for (const StagedProduct& product : staging.products()) {
    Json item{{"stage", product.stage},
              {"product", product.path},
              {"asked", product.asked},
              {"tier", product.used ? Json(product.tier) : Json(nullptr)},
              {"folder", product.folder},
              {"reserved_bytes", product.used ? product.bytes : 0},
              {"used_bytes", product.used ? product.used->load() : 0},
              {"refused", product.refusals}};
    json.push_back(std::move(item));
  }
  return json;
}

/// What was taken up of earlier runs, and why the rest was made.
Json resumption_json(const Resumption& resumption) {
  Json json = Json::array();
  for (const auto& [index, stage] : resumption.stages()) {
    Json item{{"stage", stage.name()},
              {"journal", stage.journal_path()},
              {"stands", stage.stands()},
              {"units_taken_up", stage.taken().size()},
              {"made_anew_because", stage.because()}};
    item["units_made"] = Json::array();
    const Json why = stage.because().empty() ? Json("missing") : Json(stage.because().front());
    for (const std::string& unit : stage.made()) {
      item["units_made"].push_back({{"unit", unit}, {"because", why}});
    }
    json.push_back(std::move(item));
  }
  return json;
}

Json segments_json(const Plan& plan) {
  Json json = Json::array();
  for (const Segment& segment : plan.segments) {
    Json stages = Json::array({plan.stages[segment.head].name});
    for (const std::size_t index : segment.chain) stages.push_back(plan.stages[index].name);
    json.push_back({{"stages", stages},
                    {"chunks_in_flight", segment.tokens},
                    {"chunk_footprint_bytes", segment.chunk_footprint},
                    {"queue_bytes", segment.queued},
                    {"state_bytes", segment.state},
                    {"held_bytes", segment.held},
                    {"leased_memory_bytes", segment.leased}});
  }
  return json;
}

}  // namespace

std::string run_verdict(const RunEnd& end, const std::vector<std::string>& degradations) {
  if (end.is_partial) return "partial";
  if (end.exit_code == static_cast<int>(ErrorKind::requeue)) return "stopped";
  if (end.exit_code != 0) return "failed";
  return degradations.empty() ? "clean" : "degraded";
}

void write_run_record(const std::string& path, const RunIdentity& identity, const RunEnd& end,
                      const Plan* plan, PipelineContext::Services& services) {
  using std::chrono::duration;
  const auto now = std::chrono::system_clock::now();
  RunNotes& notes = services.notes;
  utsname system{};
  ::uname(&system);

  Json json;
  json["skymill"] = SKYMILL_VERSION;
  json["api"] = SKYMILL_ABI_TAG;
  json["run"] = identity.id;
  json["command"] = identity.command_line;
  json["description"] = identity.description_file;
  std::error_code code;  // a folder that is gone has no name
  json["folder"] = std::filesystem::current_path(code).string();
  json["host"] = {
      {"name", system.nodename}, {"kernel", system.release}, {"threads", services.threads}};
  json["started"] = utc_text(identity.started);
  json["ended"] = utc_text(now);
  json["wall_s"] = duration<double>(now - identity.started).count();
  {
    const std::lock_guard lock(notes.mutex);
    json["verdict"] = run_verdict(end, notes.degradations);
    json["exit_code"] = end.exit_code;
    if (!end.error.empty()) json["error"] = end.error;
    json["degraded_because"] = notes.degradations;
    json["warnings"] = services.watch.warnings_record();
    json["failures"] = notes.failures;
    // What the run has made itself came from nowhere else.
    std::vector<std::string> inputs = notes.inputs;
    std::erase_if(inputs, [&](const std::string& input) {
      return std::find(notes.outputs.begin(), notes.outputs.end(), input) != notes.outputs.end();
    });
    json["inputs"] = paths_json(std::move(inputs));
    json["outputs"] = paths_json(notes.outputs);
  }
  json["memory"] = {{"budget_bytes", services.memory.total()},
                    {"budget_from", services.memory.reason()},
                    {"program_bytes", services.program_bytes},
                    {"reserved_peak_bytes", services.memory.peak()},
                    {"resident_peak_bytes", peak_resident_bytes()}};
  json["io"] = io_json();
  json["staging"] = staging_json(services.staging);
  json["resumed"] = resumption_json(services.resumption);
  json["passes"] = services.watch.passes_record();
  json["samples"] = services.watch.samples_record();
  json["stages"] = Json::array();
  if (plan) {
    json["segments"] = segments_json(*plan);
    auto& metrics = services.metrics.state();
    for (const PlannedStage& stage : plan->stages) {
      json["stages"].push_back(stage_json(stage, metrics));
    }
  }

  write_record(path, json.dump(2));
}

}  // namespace skymill
