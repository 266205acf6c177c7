// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine.h"

#include <core/error.h>
#include <core/params.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "descriptor_parameters.h"
#include "words.h"
#include "yaml_tree.h"

namespace fs = std::filesystem;

namespace skymill {

namespace {

struct TierParams {
  std::string root;
  std::string kind;
  std::optional<std::size_t> capacity;
  std::size_t reserve = 0;
};

Schema<TierParams> tier_schema() {
  Schema<TierParams> s{"A place for files."};
  s.field("root", &TierParams::root, "Folder that exists").required();
  s.field("kind", &TierParams::kind, "What it is").choices({"tmpfs", "nvme", "hdd"}).required();
  s.field("capacity", &TierParams::capacity, "Most to lease; default: all of its file system")
      .unit("B")
      .positive();
  s.field("reserve", &TierParams::reserve, "Kept free on its file system").unit("B");
  s.check([](const TierParams& p) { return p.root.empty() || p.root.front() == '/'; },
          "'root' must begin with '/'");
  return s;
}

TierKind kind_of(const std::string& name) {
  for (const TierKind kind : {TierKind::tmpfs, TierKind::nvme}) {
    if (tier_kind_name(kind) == name) return kind;
  }
  return TierKind::hdd;
}

class MachineReader {
 public:
  explicit MachineReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Machine read(const std::string& name, const YamlNode& root) {
    machine_.source = name;
    check_keys(root);
    const YamlEntry* version = root.find("skymill_machine");
    if (!version) {
      diagnostics_.error({name, 1, 1}, "'skymill_machine' is missing",
                         "begin the file with 'skymill_machine: 1'");
    } else if (version->value.kind != YamlNode::Kind::scalar || version->value.text != "1") {
      diagnostics_.error(version->value.where, "'skymill_machine' is not 1",
                         "this program reads version 1 of machine files");
    }
    if (const YamlEntry* tiers = root.find("tiers")) read_tiers(*tiers);
    return std::move(machine_);
  }

 private:
  void check_keys(const YamlNode& root) {
    const std::vector<std::string> keys{"skymill_machine", "tiers"};
    for (const YamlEntry& entry : root.entries) {
      if (std::find(keys.begin(), keys.end(), entry.key) != keys.end()) continue;
      std::string hint = did_you_mean(entry.key, keys);
      if (hint.empty()) hint = "the keys are: " + joined(keys);
      diagnostics_.error(entry.where, "no key " + in_quotes(entry.key), hint);
    }
  }

  void read_tiers(const YamlEntry& tiers) {
    if (tiers.value.kind == YamlNode::Kind::missing) return;
    if (tiers.value.kind != YamlNode::Kind::map) {
      diagnostics_.error(tiers.value.where, "'tiers' must be a map",
                         "write 'name: { root: ..., kind: ... }' lines, the fastest first");
      return;
    }
    for (const YamlEntry& entry : tiers.value.entries) read_tier(entry);
  }

  void read_tier(const YamlEntry& entry) {
    if (entry.key == "none" || entry.key == "auto") {
      diagnostics_.error(entry.where, in_quotes(entry.key) + " cannot be a tier's name",
                         "it means something else where a stage names a tier");
    }
    if (entry.value.kind != YamlNode::Kind::map) {
      diagnostics_.error(entry.value.where, "tier " + in_quotes(entry.key) + " must be a map",
                         "write { root: /dev/shm, kind: tmpfs, capacity: 8GiB }");
      return;
    }
    Settings settings;
    const DescriptorParameters none(diagnostics_);
    for (const YamlEntry& part : entry.value.entries) {
      settings.set({part.key, part.where, none.value_of(part.key, part.value, part.where)});
    }
    const TierParams params = tier_schema().parse(settings, entry.where, diagnostics_);
    machine_.tiers.push_back({entry.key, params.root, kind_of(params.kind),
                              params.capacity.value_or(0), params.reserve, false});
  }

  Diagnostics& diagnostics_;
  Machine machine_;
};

std::string find_machine_file() {
  const char* named = std::getenv("SKYMILL_MACHINE");
  if (named && *named) return named;
  std::vector<fs::path> places;
  if (const char* home = std::getenv("HOME")) {
    places.push_back(fs::path(home) / ".config/skymill/machine.yaml");
  }
  places.emplace_back("/etc/skymill/machine.yaml");
  std::error_code ignored;
  for (const fs::path& place : places) {
    if (fs::exists(place, ignored)) return place.string();
  }
  return {};
}

}  // namespace

Machine read_machine_text(const std::string& name, std::string_view text,
                          Diagnostics& diagnostics) {
  const auto root = read_yaml(name, text, diagnostics);
  return root ? MachineReader(diagnostics).read(name, *root) : Machine{name, {}};
}

Machine this_machine() {
  const std::string file = find_machine_file();
  if (file.empty()) return default_machine();
  std::ifstream in(file, std::ios::binary);
  // One byte more than allowed is enough to see that there is too much.
  std::string text(kMostYamlBytes + 1, '\0');
  if (!in || !fs::is_regular_file(file)) {
    throw Error(ErrorKind::description, "the machine file '" + file + "' cannot be read",
                "SKYMILL_MACHINE names it, or it stands in ~/.config/skymill or /etc/skymill");
  }
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  Diagnostics diagnostics;
  Machine machine = read_machine_text(file, text, diagnostics);
  diagnostics.throw_if_errors();
  return machine;
}

}  // namespace skymill
