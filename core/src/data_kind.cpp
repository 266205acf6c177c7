// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/data_kind.h>

namespace skymill {

std::string DataKind::text() const { return std::string(name) + "@" + std::to_string(version); }

}  // namespace skymill
