// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/diagnostics.h>
#include <core/settings.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymill {

/// A named value that a description declares and `--param` may give.
struct ParameterEntry {
  std::string name;
  Where where;
  std::string doc;
  bool required = false;
  std::optional<SettingValue> default_value;
  std::optional<SettingValue> value;  ///< from the command line, else the default
};

/// One stage as it was written.
struct StageEntry {
  std::string name;
  Where where;
  std::string use;  ///< stage type; the stage's own name unless `use:` is given
  Where use_where;
  Settings settings;              ///< everything but `use`, `after` and `when`
  std::vector<ScalarText> after;  ///< earlier stages that must be finished first
};

/// A comparison between two parameters of different stages, each as `stage.parameter`.
struct RequireEntry {
  enum class Relation { equal, at_least, at_most };
  Relation relation = Relation::equal;
  ScalarText left;
  ScalarText right;
  std::string message;  ///< may be empty
  Where where;
};

/// A pipeline description: read, substituted, overridden; not yet checked against stage types.
struct Descriptor {
  std::string file;
  std::string description;
  std::string record;  ///< where `run.json` goes; empty leaves it to the program
  std::vector<ParameterEntry> parameters;
  std::vector<StageEntry> stages;   ///< in the order of the file
  std::vector<StageEntry> skipped;  ///< those whose `when:` is false
  std::vector<RequireEntry> require;

  const StageEntry* find_stage(std::string_view name) const;
};

/// What the command line changes, each text `name=value`; later ones win.
struct Overrides {
  std::vector<std::string> params;  ///< `--param tile=...`
  std::vector<std::string> sets;    ///< `--set image.niter=...`
};

/// Reads a description file. All its mistakes go to `diagnostics`; what could be read is returned.
/// @throws Error (description) when the file cannot be read at all
Descriptor read_descriptor(const std::string& path, const Overrides& overrides,
                           Diagnostics& diagnostics);
/// The same from text; `name` stands for the file in messages.
Descriptor read_descriptor_text(const std::string& name, std::string_view text,
                                const Overrides& overrides, Diagnostics& diagnostics);
/// Reads one flat `key: value` map without `$(name)`: the settings of a single stage.
Settings read_settings_text(const std::string& name, std::string_view text,
                            Diagnostics& diagnostics);

}  // namespace skymill
