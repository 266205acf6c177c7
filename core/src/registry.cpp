// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/plugin.h>

#include <utility>

namespace skymill {

void Registry::add_type(StageType type) {
  type.library = library_;
  const auto found = types_.find(type.name);
  if (found != types_.end()) {
    throw Error(
        ErrorKind::plugin,
        "two plugins bring a stage '" + type.name + "': '" + found->second.library + "' and '" +
            library_ + "'",
        "give one of them another name where its SKYMILL_PLUGIN registers it, or leave one out");
  }
  types_.emplace(type.name, std::move(type));
}

void Registry::add_comparison(Comparison comparison) {
  comparisons_.push_back(std::move(comparison));
}

void Registry::add_inspector(Inspector inspector) { inspectors_.push_back(std::move(inspector)); }

void Registry::set_library(std::string path) { library_ = std::move(path); }

const StageType* Registry::find(const std::string& name) const {
  const auto found = types_.find(name);
  return found == types_.end() ? nullptr : &found->second;
}

}  // namespace skymill
