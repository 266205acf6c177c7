// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20, and free of casacore (architecture.md 3.9).
#pragma once

#include <core/export.h>
#include <core/lane.h>

#include <string>
#include <vector>

namespace skymill::radio {

/// One saved state of the flags of a MeasurementSet.
struct FlagVersion {
  std::string name;
  std::string comment;
};

/// Flag versions of a MeasurementSet stand beside it as CASA keeps them: in `x.ms.flagversions` a
/// table `flags.NAME` each, with FLAG and FLAG_ROW of every row, and FLAG_VERSION_LIST with a line
/// `NAME : comment` each. All functions run in the lane of the MeasurementSet. A version gets its
/// name only when it is complete, and its line after that; what a killed run leaves has the name of
/// a draft, which the next save takes away.

/// In the order in which they were saved.
SKYMILL_API std::vector<FlagVersion> list_flag_versions(const std::string& ms);

/// Copies FLAG and FLAG_ROW. @throws Error (input) when there is a version of that name, or when it
/// is not one word of letters, digits, `_`, `-` and `.`
SKYMILL_API void save_flag_version(const Lane::Token& token, const std::string& ms,
                                   const std::string& name, const std::string& comment);

/// Puts the flags back as they were. @throws Error (input) when there is no such version, or when
/// the MeasurementSet has other rows now
SKYMILL_API void restore_flag_version(const Lane::Token& token, const std::string& ms,
                                      const std::string& name);

SKYMILL_API void delete_flag_version(const Lane::Token& token, const std::string& ms,
                                     const std::string& name);

/// A name that no version has: `stem_1`, `stem_2`, …
SKYMILL_API std::string new_flag_version(const std::string& ms, const std::string& stem);

}  // namespace skymill::radio
