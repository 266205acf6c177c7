// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/context.h>

#include <functional>
#include <string>
#include <vector>

namespace skymill {

/// How `skymill diff` compares products of one kind; plugins register them.
struct Comparison {
  std::string name;  ///< what it compares, for messages: "image"
  std::function<bool(const std::string& path)> accepts;
  /// One sentence per difference; empty when both are the same product.
  std::function<std::vector<std::string>(const std::string& a, const std::string& b,
                                         const PipelineContext& ctx)>
      differences;
};

}  // namespace skymill
