// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/uvh5.
#pragma once

#include <stages/uvh5/uvh5_file.h>

#include "hdf5_file.h"

namespace skymill::radio {

/// Reads and checks the whole header; the shapes of the data sets are the caller's part.
Uvh5Header parse_header(const hdf5::File& file);

/// Fills phasing, pointing declination and phase centres.
void parse_phasing(const hdf5::File& file, Uvh5Header& header);

/// Puts positions of an old drift file into ITRF where the uvw of its first rows show that they
/// are turned to the meridian of the telescope.
void turn_old_positions(Uvh5Header& header, const Uvh5Rows& rows);

/// A count of the header, such as `Nblts`. @throws Error (input) when it is not positive
std::size_t count_of(const hdf5::File& file, const std::string& name);

/// Whether the file says that the correlator stopped the fringes on the meridian.
bool says_meridian(const hdf5::File& file);

}  // namespace skymill::radio
