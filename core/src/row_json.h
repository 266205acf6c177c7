// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/metrics.h>

#include <nlohmann/json_fwd.hpp>

namespace skymill {

/// The figures of a row as one object, in their order.
nlohmann::ordered_json row_json(const Row& row);

}  // namespace skymill
