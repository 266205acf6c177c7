// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/gains/correction.h>
#include <stages/gains/row_factors.h>

#include <cstddef>
#include <cstdint>

namespace skymill::radio {

/// Corrects rows that follow each other and share their factors, flags them and scales their
/// weights, as the mode says.
/// @param weighs  amplitudes change weights, if the mode corrects
/// @return unflagged samples that have no solution
std::int64_t correct_rows(const RowFactors& factors, ApplyMode mode, bool weighs, std::size_t first,
                          std::size_t count, Visibilities& rows);

}  // namespace skymill::radio
