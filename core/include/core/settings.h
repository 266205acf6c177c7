// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/error.h>
#include <core/export.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymill {

/// A scalar as it was written, and where.
struct ScalarText {
  std::string text;
  Where where;
};

/// What a description or the command line gives for one key: text that has no type yet.
struct SKYMILL_API SettingValue {
  enum class Form {
    scalar,      ///< one text
    list,        ///< `[a, b]`
    comma_list,  ///< `a,b` on the command line: a list, or one text where a list makes no sense
  };

  Form form = Form::scalar;
  std::vector<ScalarText> items;  ///< exactly one for a scalar
  std::string text;               ///< the whole as written; empty for a list
  Where where;                    ///< place to correct it; file `--set image.niter` has no line
  std::string origin;             ///< `dsa110.yaml:9:5`, `--set image.niter`, `--param size`
  bool broken = false;            ///< its mistake is already reported; be silent about it

  static SettingValue scalar(std::string text, const Where& where);
  static SettingValue list(std::vector<ScalarText> items, const Where& where);
  /// Reads a value from the command line: `[a, b]` or `a,b` is a list; quotes keep commas.
  static SettingValue command_line(std::string_view text, const Where& where);

  bool is_list() const { return form == Form::list; }
  /// `a` or `[a, b]`, for messages.
  std::string display() const;
};

struct Setting {
  std::string key;
  Where where;  ///< of the key
  SettingValue value;
};

/// The settings of one stage, in the order of the file.
class SKYMILL_API Settings {
 public:
  /// Adds a setting, or replaces the value of one that is there.
  void set(Setting setting);
  const Setting* find(std::string_view key) const;
  /// Takes a setting out, for the keys that are not the stage's own.
  std::optional<Setting> take(std::string_view key);

  bool empty() const;
  std::size_t size() const;
  std::vector<Setting>::const_iterator begin() const;
  std::vector<Setting>::const_iterator end() const;

 private:
  std::vector<Setting> settings_;
};

}  // namespace skymill
