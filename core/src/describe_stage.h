// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/plugin.h>

#include <nlohmann/json.hpp>
#include <string>

namespace skymill {

/// The plugin that a stage type came from: its file's name without folder and ending.
std::string plugin_of(const StageType& type);

/// All that a stage type says of itself, for the terminal; lines of at most 96 columns where no
/// word is longer.
std::string stage_text(const StageType& type);
/// The same as a section of the reference pages; says nothing of this machine.
std::string stage_markdown(const StageType& type);
/// The same for programs: name, summary, shape, version, plugin, library, parameters, rules,
/// examples, ports and promises. Defaults and limits are in the parameter's unit.
nlohmann::ordered_json stage_json(const StageType& type);

}  // namespace skymill
