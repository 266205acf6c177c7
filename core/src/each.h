// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/work_item.h>

#include <optional>

#include "plan.h"

namespace skymill {

/// The source of a description's `each:` block.
class EachSource {
 public:
  EachSource(const Registry& registry, Diagnostics& diagnostics)
      : registry_(registry), diagnostics_(diagnostics), planner_(registry, diagnostics) {}

  /// Makes the stage. Mistakes go to `diagnostics`, among them names in `$(each.name)` that its
  /// items do not have.
  /// @param follow  sets the stage's parameter `follow`, so that it can be asked again and again
  void build(const Descriptor& descriptor, bool follow);

  /// Checks the description's stages as far as they are known before any item.
  void check_stages(const Descriptor& descriptor);

  /// Plans the stage. @throws Error when it finds its input wanting
  void open(const PipelineContext& ctx);
  /// The next item, or nothing: at the end, or while nothing is new. @throws Error
  std::optional<WorkItem> next(const PipelineContext& ctx);

 private:
  void check_uses(const EachEntry& each);

  const Registry& registry_;
  Diagnostics& diagnostics_;
  Planner planner_;
  Plan plan_;
};

}  // namespace skymill
