// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>

#include <string>

namespace skymill::radio {

/// `2025-10-02T06:30:06` for seconds since 1970, UTC, to the nearest second.
SKYMILL_API std::string utc_seconds_text(double time_s);

}  // namespace skymill::radio
