// SPDX-License-Identifier: GPL-3.0-or-later
#include "row_json.h"

#include <nlohmann/json.hpp>
#include <variant>

namespace skymill {

nlohmann::ordered_json row_json(const Row& row) {
  auto cells = nlohmann::ordered_json::object();
  for (const auto& [name, value] : row) {
    cells[name] = std::visit([](const auto& held) { return nlohmann::ordered_json(held); }, value);
  }
  return cells;
}

}  // namespace skymill
