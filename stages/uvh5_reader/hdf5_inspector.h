// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/inspector.h>

namespace skymill::radio {

/// `skymill inspect` of HDF5 files: how each data set lies in the file, and how it would be read.
Inspector hdf5_inspector();

}  // namespace skymill::radio
