// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace skymill::radio {

/// The text of `calibrators.csv`.
const char* shipped_calibrators();

}  // namespace skymill::radio
