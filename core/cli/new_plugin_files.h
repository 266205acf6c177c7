// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace skymill::cli {

struct EmbeddedFile {
  std::string_view name;
  std::string_view text;
};

/// The files of core/cli/new_plugin, which cmake/embed_texts.cmake turns into a source; the last
/// one has no name. In them the plugin is `my_stage`, its class `MyStage`, its shape `MY_SHAPE`.
extern const EmbeddedFile kNewPluginFiles[];

}  // namespace skymill::cli
