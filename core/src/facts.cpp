// SPDX-License-Identifier: GPL-3.0-or-later
#include "facts.h"

#include <core/version.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace fs = std::filesystem;

namespace skymill {

namespace {

struct Content {
  std::size_t files = 0;
  std::size_t bytes = 0;
  std::int64_t changed_ns = 0;

  void add(const struct stat& info) {
    ++files;
    bytes += static_cast<std::size_t>(info.st_size);
    const std::int64_t when =
        std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
    changed_ns = std::max(changed_ns, when);
  }
};

/// The stage, and all whose results reach it.
void add_with_givers(const Plan& plan, std::size_t index, std::set<std::size_t>& found) {
  if (!found.insert(index).second) return;
  const PlannedStage& stage = plan.stages[index];
  if (stage.input) add_with_givers(plan, *stage.input, found);
  for (const auto& [port, from] : stage.sides) add_with_givers(plan, from, found);
}

}  // namespace

std::string identity_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return "missing";
  Content content;
  if (S_ISDIR(info.st_mode)) {
    std::error_code code;
    fs::recursive_directory_iterator entry(path, code);
    while (!code && entry != fs::recursive_directory_iterator()) {
      const bool counts = entry->path().extension() != ".lock" &&
                          ::stat(entry->path().c_str(), &info) == 0 && S_ISREG(info.st_mode);
      if (counts) content.add(info);
      entry.increment(code);
    }
  } else {
    content.add(info);
  }
  return std::to_string(content.bytes) + " B in " + std::to_string(content.files) +
         (content.files == 1 ? " file" : " files") + " of " + std::to_string(content.changed_ns) +
         " ns";
}

Facts facts_of(const Plan& plan, std::size_t stage) {
  Facts facts{{"version of skymill", SKYMILL_VERSION},
              {"version of its interface", std::to_string(SKYMILL_API_VERSION)}};
  std::set<std::size_t> stages;
  add_with_givers(plan, stage, stages);
  for (const std::size_t index : stages) {
    const PlannedStage& part = plan.stages[index];
    facts["stage " + part.name] = part.type->name + " " + std::to_string(part.type->version);
    for (const ResolvedValue& value : part.values) {
      if (!value.tuning) facts["parameter " + part.name + "." + value.name] = value.text;
    }
    if (part.input) facts["input of " + part.name] = plan.stages[*part.input].name;
    for (const auto& [port, from] : part.sides) {
      facts["input " + port + " of " + part.name] = plan.stages[from].name;
    }
    if (!part.planning) continue;
    for (const std::string& input : Planner::inputs(part)) {
      facts["input '" + input + "'"] = identity_of(input);
    }
  }
  return facts;
}

std::vector<std::string> changes(const Facts& before, const Facts& now) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : now) {
    const auto old = before.find(name);
    if (old == before.end()) {
      texts.push_back(name + " is new: " + value);
    } else if (old->second != value) {
      texts.push_back(name + " changed from " + old->second + " to " + value);
    }
  }
  for (const auto& [name, value] : before) {
    if (!now.count(name)) texts.push_back(name + " is gone: " + value);
  }
  return texts;
}

}  // namespace skymill
