// SPDX-License-Identifier: GPL-3.0-or-later
#include "batch_record.h"

#include <core/error.h>
#include <core/units.h>
#include <core/version.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "record_file.h"

namespace skymill {

namespace {

using Json = nlohmann::ordered_json;
using Outcome = ItemRow::Outcome;

constexpr std::array kOutcomes{Outcome::done,   Outcome::skipped,  Outcome::waiting,
                               Outcome::failed, Outcome::rejected, Outcome::stopped};

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text + "  ";
}

Json row_json(const ItemRow& row) {
  Json json;
  json["item"] = row.item;
  json["state"] = state_name(row.state);
  json["outcome"] = outcome_name(row.outcome);
  json["reason"] = row.reason;
  json["recoverable"] = row.recoverable;
  json["seconds"] = row.seconds;
  json["bytes"] = row.bytes;
  json["outputs"] = row.outputs;
  json["record"] = row.record;
  return json;
}

}  // namespace

std::string_view state_name(WorkItem::State state) {
  switch (state) {
    case WorkItem::State::ready:
      return "ready";
    case WorkItem::State::waiting:
      return "waiting";
    case WorkItem::State::skipped:
      return "skipped";
    default:
      return "rejected";
  }
}

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return "done";
    case Outcome::skipped:
      return "skipped";
    case Outcome::waiting:
      return "waiting";
    case Outcome::failed:
      return "failed";
    case Outcome::rejected:
      return "rejected";
    default:
      return "stopped";
  }
}

void BatchRecord::add(ItemRow row) {
  const auto same = std::find_if(rows_.begin(), rows_.end(),
                                 [&](const ItemRow& old) { return old.item == row.item; });
  if (same != rows_.end()) {
    *same = std::move(row);
  } else {
    rows_.push_back(std::move(row));
  }
}

std::vector<std::pair<std::string, std::size_t>> BatchRecord::counts() const {
  std::vector<std::pair<std::string, std::size_t>> counts;
  for (const Outcome outcome : kOutcomes) {
    const auto count = std::count_if(rows_.begin(), rows_.end(),
                                     [&](const ItemRow& row) { return row.outcome == outcome; });
    if (count) counts.emplace_back(outcome_name(outcome), static_cast<std::size_t>(count));
  }
  return counts;
}

int BatchRecord::exit_code() const {
  if (stopped_) return static_cast<int>(ErrorKind::requeue);
  const bool bad = std::any_of(rows_.begin(), rows_.end(), [](const ItemRow& row) {
    return row.outcome == Outcome::failed || row.outcome == Outcome::rejected;
  });
  return bad ? static_cast<int>(ErrorKind::failed) : 0;
}

std::string BatchRecord::verdict() const {
  if (stopped_) return "stopped";
  return exit_code() == 0 ? "clean" : "partial";
}

std::string BatchRecord::table() const {
  std::size_t width = 4;
  for (const ItemRow& row : rows_) width = std::max(width, row.item.size());
  std::string text;
  for (const ItemRow& row : rows_) {
    std::string line = padded(row.item, width) + padded(std::string(outcome_name(row.outcome)), 8);
    line += padded(row.seconds > 0 ? format_quantity(row.seconds, "s") : "", 9);
    line += padded(row.bytes ? format_quantity(static_cast<double>(row.bytes), "B") : "", 10);
    line += row.reason;
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  std::string sum;
  for (const auto& [outcome, count] : counts()) {
    sum += (sum.empty() ? "" : ", ") + std::to_string(count) + " " + outcome;
  }
  return text + (sum.empty() ? "nothing to do" : sum) + ": " + verdict() + "\n";
}

void BatchRecord::write(const std::string& path, const RunIdentity& identity) const {
  const auto now = std::chrono::system_clock::now();
  Json json;
  json["skymill"] = SKYMILL_VERSION;
  json["run"] = identity.id;
  json["command"] = identity.command_line;
  json["description"] = identity.description_file;
  json["started"] = utc_text(identity.started);
  json["ended"] = utc_text(now);
  json["wall_s"] = std::chrono::duration<double>(now - identity.started).count();
  json["verdict"] = verdict();
  json["exit_code"] = exit_code();
  json["counts"] = Json::object();
  for (const auto& [outcome, count] : counts()) json["counts"][outcome] = count;
  json["items"] = Json::array();
  for (const ItemRow& row : rows_) json["items"].push_back(row_json(row));
  write_record(path, json.dump(2));
}

}  // namespace skymill
