// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/diagnostics.h>
#include <core/settings.h>
#include <core/work_item.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure_policy.h"

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
  Settings settings;  ///< everything that is the stage's own
  FailurePolicy on_failure;
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

/// The block `each:`: a source of work items, for each of which the stages are run once.
struct EachEntry {
  StageEntry source;
  std::string record;   ///< where the record of the batch goes; empty leaves it to the program
  std::string product;  ///< what an item makes; known once the item is
  bool skip_existing = false;    ///< items whose product exists are left out
  double poll_s = 60;            ///< between looks for new items
  std::vector<ScalarText> uses;  ///< the names in `$(each.name)`, and where they stand
};

/// A pipeline description: read, substituted, overridden; not yet checked against stage types.
struct Descriptor {
  std::string file;
  std::string description;
  std::string record;  ///< where `run.json` goes; empty leaves it to the program
  std::string page;    ///< where the page of the run goes; empty makes none
  std::vector<ParameterEntry> parameters;
  std::optional<EachEntry> each;
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
/// @param item  what `$(each.name)` stands for; without it such values are `broken`, and listed in
///              EachEntry::uses
Descriptor read_descriptor_text(const std::string& name, std::string_view text,
                                const Overrides& overrides, Diagnostics& diagnostics,
                                const WorkItem* item = nullptr);
/// The text of a description file. @throws Error (description) when it cannot be read
std::string read_description_file(const std::string& path);
/// Reads one flat `key: value` map without `$(name)`: the settings of a single stage.
Settings read_settings_text(const std::string& name, std::string_view text,
                            Diagnostics& diagnostics);

}  // namespace skymill
