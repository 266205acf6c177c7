// SPDX-License-Identifier: GPL-3.0-or-later
#include "descriptor.h"

#include <core/units.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "descriptor_parameters.h"
#include "words.h"
#include "yaml_tree.h"

namespace skymill {

namespace {

using Kind = YamlNode::Kind;

/// Turns the tree of one file into a Descriptor.
class DescriptorReader {
 public:
  DescriptorReader(const Overrides& overrides, Diagnostics& diagnostics, const WorkItem* item)
      : overrides_(overrides), diagnostics_(diagnostics), item_(item), parameters_(diagnostics) {}

  Descriptor read(const std::string& name, YamlNode root) {
    descriptor_.file = name;
    check_keys(root);
    check_version(root);
    YamlEntry* stages = root.find("stages");
    YamlEntry* each = root.find("each");
    if (stages && stages->value.kind == Kind::map) apply_sets(stages->value, each);
    const YamlEntry* parameters = root.find("parameters");
    parameters_.read(parameters ? parameters->value : YamlNode{}, overrides_.params);
    descriptor_.parameters = parameters_.entries();
    if (each) read_each(*each);
    if (const YamlEntry* entry = root.find("description")) {
      const auto text = parameters_.text_of("description", entry->value, entry->where);
      descriptor_.description = text.value_or("");
    }
    if (const YamlEntry* entry = root.find("record")) {
      descriptor_.record = parameters_.text_of("record", entry->value, entry->where).value_or("");
    }
    if (const YamlEntry* entry = root.find("page")) {
      descriptor_.page = parameters_.text_of("page", entry->value, entry->where).value_or("");
    }
    if (stages)
      read_stages(*stages);
    else
      diagnostics_.error({name, 1, 1}, "there are no stages", "write them below 'stages:'");
    if (const YamlEntry* entry = root.find("require")) read_require(*entry);
    if (descriptor_.each) descriptor_.each->uses = parameters_.each_uses();
    return std::move(descriptor_);
  }

 private:
  void check_keys(const YamlNode& root) {
    const std::vector<std::string> keys{"skymill", "description", "parameters", "record",
                                        "page",    "each",        "stages",     "require"};
    for (const YamlEntry& entry : root.entries) {
      if (std::find(keys.begin(), keys.end(), entry.key) != keys.end()) continue;
      std::string hint = did_you_mean(entry.key, keys);
      if (hint.empty()) hint = "the keys are: " + joined(keys);
      diagnostics_.error(entry.where, "no key " + in_quotes(entry.key), hint);
    }
  }

  void check_version(const YamlNode& root) {
    const YamlEntry* entry = root.find("skymill");
    if (!entry) {
      diagnostics_.error({root.where.file, 1, 1}, "'skymill' is missing",
                         "begin the file with 'skymill: 1'");
      return;
    }
    if (entry != &root.entries.front())
      diagnostics_.error(entry->where, "'skymill' is not the first key",
                         "begin the file with 'skymill: 1'");
    if (entry->value.kind != Kind::scalar || entry->value.text != "1")
      diagnostics_.error(entry->value.where, "'skymill' is not 1",
                         "this program reads version 1 of descriptions");
  }

  /// Puts the values of `--set` into the tree, so that they are read as if they stood there.
  void apply_sets(YamlNode& stages, YamlEntry* each) {
    std::vector<std::string> names;
    for (const YamlEntry& entry : stages.entries) names.push_back(entry.key);
    for (const std::string& text : overrides_.sets) {
      const std::size_t equals = text.find('=');
      const std::string path = text.substr(0, equals);
      const std::size_t dot = path.find('.');
      const Where where{"--set " + path, 0, 0};
      if (equals == std::string::npos || dot == std::string::npos || dot == 0 ||
          dot + 1 == path.size()) {
        diagnostics_.error(where, "there is no parameter and value",
                           "write --set stage.parameter=value");
        continue;
      }
      YamlEntry* stage = stages.find(path.substr(0, dot));
      if (!stage && each && path.substr(0, dot) == "each") stage = each;
      if (!stage) {
        diagnostics_.error(where, "no stage " + in_quotes(path.substr(0, dot)),
                           did_you_mean(path.substr(0, dot), names));
        continue;
      }
      YamlNode value;
      value.kind = Kind::scalar;
      value.where = where;
      value.text = text.substr(equals + 1);
      value.command_line = true;
      put(stage->value, {path.substr(dot + 1), where, std::move(value)});
    }
  }

  static void put(YamlNode& stage, YamlEntry entry) {
    if (stage.kind == Kind::missing) stage.kind = Kind::map;
    if (stage.kind != Kind::map) return;  // reported when the stage is read
    if (YamlEntry* old = stage.find(entry.key))
      old->value = std::move(entry.value);
    else
      stage.entries.push_back(std::move(entry));
  }

  void read_stages(YamlEntry& stages) {
    if (stages.value.kind != Kind::map || stages.value.entries.empty()) {
      const bool is_empty = stages.value.kind == Kind::missing || stages.value.kind == Kind::map;
      diagnostics_.error(stages.value.where,
                         is_empty ? "there are no stages" : "'stages' must be a map",
                         "write 'name: { use: type, ... }' lines");
      return;
    }
    for (const YamlEntry& entry : stages.value.entries) all_stages_.push_back(entry.key);
    for (const YamlEntry& entry : stages.value.entries) read_stage(entry);
    // Waiting for a stage that is switched off is no waiting.
    for (StageEntry& stage : descriptor_.stages)
      std::erase_if(stage.after, [&](const ScalarText& name) {
        return std::any_of(descriptor_.skipped.begin(), descriptor_.skipped.end(),
                           [&](const StageEntry& skipped) { return skipped.name == name.text; });
      });
  }

  /// Reads what gives the items; then, since the items are known, what they make.
  void read_each(const YamlEntry& entry) {
    EachEntry& each = descriptor_.each.emplace();
    each.source.name = "each";
    each.source.where = each.source.use_where = entry.where;
    const YamlEntry* use = entry.value.find("use");
    if (entry.value.kind != Kind::map || !use) {
      diagnostics_.error(entry.where, "'each' names no stage",
                         "write 'use: type' below it, with the parameters of the stage");
    }
    const YamlEntry* product = entry.value.find("product");
    for (const YamlEntry& part : entry.value.entries) {
      if (&part == use)
        read_use(part, each.source);
      else if (part.key == "record")
        each.record = parameters_.text_of("record", part.value, part.where).value_or("");
      else if (part.key == "skip_existing")
        each.skip_existing = read_switch(part);
      else if (part.key == "poll")
        read_poll(part, each);
      else if (&part != product)
        each.source.settings.set(
            {part.key, part.where, parameters_.value_of(part.key, part.value, part.where)});
    }
    if (each.skip_existing && !product)
      diagnostics_.error(entry.where, "'skip_existing' needs to know what an item makes",
                         "write 'product: $(output)/$(each.name)' beside it");
    parameters_.begin_each(item_);
    if (product)
      each.product = parameters_.text_of("product", product->value, product->where).value_or("");
  }

  void read_poll(const YamlEntry& part, EachEntry& each) {
    const auto text = parameters_.text_of("poll", part.value, part.where);
    if (!text) return;
    try {
      each.poll_s = parse_quantity(*text, "s");
    } catch (const QuantityError& problem) {
      diagnostics_.error(part.value.where, std::string("'poll': ") + problem.what(),
                         problem.hint());
    }
    if (each.poll_s <= 0)
      diagnostics_.error(part.value.where, "'poll' is " + in_quotes(*text),
                         "write a time, such as 60s");
  }

  void read_stage(const YamlEntry& entry) {
    StageEntry stage;
    stage.name = stage.use = entry.key;
    stage.where = stage.use_where = entry.where;
    bool is_on = true;
    if (!is_plain_name(entry.key))
      diagnostics_.error(entry.where, in_quotes(entry.key) + " is not a name",
                         "use letters, digits, - and _");
    if (entry.value.kind == Kind::scalar)
      diagnostics_.error(entry.value.where, "stage " + in_quotes(entry.key) + " must be a map",
                         "write { use: " + entry.value.text + " }");
    else if (entry.value.kind == Kind::list)
      diagnostics_.error(entry.value.where, "stage " + in_quotes(entry.key) + " must be a map",
                         "write 'parameter: value' lines");
    for (const YamlEntry& part : entry.value.entries) {
      if (part.key == "use")
        read_use(part, stage);
      else if (part.key == "when")
        is_on = read_switch(part);
      else if (part.key == "after")
        read_after(part, stage);
      else if (read_failure_key(part, stage.on_failure))
        continue;
      else
        stage.settings.set(
            {part.key, part.where, parameters_.value_of(part.key, part.value, part.where)});
    }
    earlier_.insert(stage.name);
    (is_on ? descriptor_.stages : descriptor_.skipped).push_back(std::move(stage));
  }

  void read_use(const YamlEntry& part, StageEntry& stage) {
    const SettingValue value = parameters_.value_of("use", part.value, part.where);
    if (value.broken) return;
    stage.use_where = value.where;
    if (value.is_list() || value.text.empty())
      diagnostics_.error(value.where, "'use' is " + in_quotes(value.display()),
                         "write the name of one stage type");
    else
      stage.use = value.text;
  }

  /// @return false for a key of another kind
  bool read_failure_key(const YamlEntry& part, FailurePolicy& policy) {
    const std::vector<std::string> keys{"retry", "retry_on", "timeout", "on_failure"};
    if (std::find(keys.begin(), keys.end(), part.key) == keys.end()) return false;
    if (policy.where.line == 0) policy.where = part.where;
    const SettingValue value = parameters_.value_of(part.key, part.value, part.where);
    if (value.broken) return true;
    const auto wrong = [&](const std::string& hint) {
      diagnostics_.error(value.where, in_quotes(part.key) + " is " + in_quotes(value.display()),
                         hint);
    };
    if (part.key == "retry") {
      const std::string& text = value.text;
      const auto end = std::from_chars(text.data(), text.data() + text.size(), policy.retries);
      const bool is_count = end.ec == std::errc() && end.ptr == text.data() + text.size();
      if (!is_count || policy.retries < 0 || policy.retries > 100)
        wrong("write how often to try again, 0 to 100");
    } else if (part.key == "retry_on") {
      read_kinds(value, policy, wrong);
    } else if (part.key == "timeout") {
      try {
        policy.timeout_s = parse_quantity(value.text, "s");
      } catch (const QuantityError&) {
        policy.timeout_s = 0;
      }
      if (*policy.timeout_s <= 0) wrong("write a time, such as 10min");
    } else {
      policy.goes_on = value.display() == "continue";
      if (!policy.goes_on && value.display() != "stop") wrong("write stop or continue");
    }
    return true;
  }

  template <class F>
  static void read_kinds(const SettingValue& value, FailurePolicy& policy, F&& wrong) {
    policy.retry_on.clear();
    for (const ScalarText& item : value.items) {
      if (item.text == "failed")
        policy.retry_on.push_back(ErrorKind::failed);
      else if (item.text == "resources")
        policy.retry_on.push_back(ErrorKind::resources);
      else if (item.text == "input")
        policy.retry_on.push_back(ErrorKind::input);
      else
        return wrong("the kinds are: failed, resources, input");
    }
  }

  /// true or false; true after a mistake, which is reported.
  bool read_switch(const YamlEntry& part) {
    const SettingValue value = parameters_.value_of(part.key, part.value, part.where);
    if (value.broken || value.display() == "true") return true;
    if (value.display() == "false") return false;
    diagnostics_.error(value.where, in_quotes(part.key) + " is " + in_quotes(value.display()),
                       "write true or false");
    return true;
  }

  void read_after(const YamlEntry& part, StageEntry& stage) {
    const SettingValue value = parameters_.value_of("after", part.value, part.where);
    if (value.broken) return;
    for (const ScalarText& name : value.items) {
      const bool known =
          std::find(all_stages_.begin(), all_stages_.end(), name.text) != all_stages_.end();
      if (earlier_.count(name.text))
        stage.after.push_back(name);
      else if (known)
        diagnostics_.error(name.where,
                           in_quotes(name.text) + " does not stand above " + in_quotes(stage.name),
                           "a stage can wait for stages above it");
      else
        diagnostics_.error(name.where, "no stage " + in_quotes(name.text),
                           did_you_mean(name.text, all_stages_));
    }
  }

  void read_require(const YamlEntry& require) {
    if (require.value.kind != Kind::list) {
      diagnostics_.error(require.value.where, "'require' must be a list",
                         "write '- { equal: [a.x, b.y], message: ... }' lines");
      return;
    }
    for (const YamlNode& item : require.value.items) read_requirement(item);
  }

  void read_requirement(const YamlNode& item) {
    struct Name {
      const char* text;
      RequireEntry::Relation relation;
    };
    using Relation = RequireEntry::Relation;
    constexpr std::array relations{Name{"equal", Relation::equal},
                                   Name{"at_least", Relation::at_least},
                                   Name{"at_most", Relation::at_most}};
    RequireEntry entry;
    entry.where = item.where;
    int count = 0;
    bool good = true;
    for (const YamlEntry& part : item.entries) {
      const auto relation = std::find_if(relations.begin(), relations.end(),
                                         [&](const Name& name) { return part.key == name.text; });
      if (relation != relations.end()) {
        ++count;
        entry.relation = relation->relation;
        good = read_sides(part, entry) && good;
      } else if (part.key == "message") {
        const auto text = parameters_.text_of("message", part.value, part.where);
        entry.message = text.value_or("");
      } else {
        const std::vector<std::string> keys{"equal", "at_least", "at_most", "message"};
        std::string hint = did_you_mean(part.key, keys);
        if (hint.empty()) hint = "the keys are: " + joined(keys);
        diagnostics_.error(part.where, "no key " + in_quotes(part.key), hint);
        good = false;
      }
    }
    if (good && count != 1)
      diagnostics_.error(item.where, "a requirement needs one comparison",
                         "write one of equal, at_least, at_most");
    if (good && count == 1) descriptor_.require.push_back(std::move(entry));
  }

  bool read_sides(const YamlEntry& part, RequireEntry& entry) {
    const SettingValue value = parameters_.value_of(part.key, part.value, part.where);
    if (value.broken) return false;
    if (value.items.size() != 2) {
      diagnostics_.error(value.where, in_quotes(part.key) + " compares two parameters",
                         "write [stage.parameter, stage.parameter]");
      return false;
    }
    entry.left = value.items[0];
    entry.right = value.items[1];
    const bool left_is_good = check_side(entry.left);
    return check_side(entry.right) && left_is_good;
  }

  bool check_side(const ScalarText& side) {
    const std::size_t dot = side.text.find('.');
    if (dot == std::string::npos || dot == 0 || dot + 1 == side.text.size()) {
      diagnostics_.error(side.where, in_quotes(side.text) + " is not a stage's parameter",
                         "write stage.parameter");
      return false;
    }
    const std::string stage = side.text.substr(0, dot);
    if (std::find(all_stages_.begin(), all_stages_.end(), stage) != all_stages_.end()) return true;
    diagnostics_.error(side.where, "no stage " + in_quotes(stage),
                       did_you_mean(stage, all_stages_));
    return false;
  }

  const Overrides& overrides_;
  Diagnostics& diagnostics_;
  const WorkItem* item_;
  DescriptorParameters parameters_;
  Descriptor descriptor_;
  std::vector<std::string> all_stages_;
  std::set<std::string> earlier_;
};

[[noreturn]] void cannot_read(const std::string& path, const std::string& reason) {
  throw Error(ErrorKind::description,
              "the description " + in_quotes(path) + " cannot be read: " + reason);
}

}  // namespace

const StageEntry* Descriptor::find_stage(std::string_view name) const {
  for (const StageEntry& stage : stages)
    if (stage.name == name) return &stage;
  return nullptr;
}

Descriptor read_descriptor_text(const std::string& name, std::string_view text,
                                const Overrides& overrides, Diagnostics& diagnostics,
                                const WorkItem* item) {
  auto root = read_yaml(name, text, diagnostics);
  if (!root) {
    Descriptor empty;
    empty.file = name;
    return empty;
  }
  return DescriptorReader(overrides, diagnostics, item).read(name, std::move(*root));
}

std::string read_description_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) cannot_read(path, "it is a directory");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) cannot_read(path, std::strerror(errno));
  // One byte more than allowed is enough to see that there is too much.
  std::string text(kMostYamlBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) cannot_read(path, std::strerror(errno));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

Descriptor read_descriptor(const std::string& path, const Overrides& overrides,
                           Diagnostics& diagnostics) {
  return read_descriptor_text(path, read_description_file(path), overrides, diagnostics);
}

Settings read_settings_text(const std::string& name, std::string_view text,
                            Diagnostics& diagnostics) {
  Settings settings;
  const auto root = read_yaml(name, text, diagnostics);
  if (!root) return settings;
  const DescriptorParameters none(diagnostics);
  for (const YamlEntry& entry : root->entries)
    settings.set({entry.key, entry.where, none.value_of(entry.key, entry.value, entry.where)});
  return settings;
}

}  // namespace skymill
