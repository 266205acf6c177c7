// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace skymill::radio {

/// What can be wrong with a subband's file (dsa110.md 2.9).
enum class DefectKind {
  missing,     ///< there is none
  duplicate,   ///< there is a second one with another time in its name
  incomplete,  ///< it still has the name of a file that is being written
  truncated,   ///< its last 40 % are missing
  late,        ///< its name is 45 s after those of the others
  shortened,   ///< it has half of the integrations
  antennas,    ///< one of its antennas is another one than in the other files
  corrupted,   ///< the first bytes of a chunk of its data are noise
  unreadable,  ///< nobody may read it
};
const char* name_of(DefectKind kind);

/// One of them, as asked for.
struct FileDefect {
  DefectKind kind = DefectKind::missing;
  std::optional<int> subband;        ///< none: one that the seed picks
  std::optional<std::size_t> group;  ///< none: every group
};

/// From lines such as `missing sb03`, `duplicate any`, `short sb00 group 2`; groups count from 0.
/// @throws Error (description) naming the line that cannot be read
std::vector<FileDefect> parse_defects(const std::vector<std::string>& lines);

/// The defects of one subband of one group.
/// @param subbands  numbers of all subbands there are
std::set<DefectKind> defects_of(const std::vector<FileDefect>& defects, std::size_t group,
                                int subband, const std::vector<int>& subbands, std::uint64_t seed);

/// By how much the clock of a host differs that names a file: normally distributed, within 60 s.
double name_jitter_s(double sigma_s, std::size_t group, int subband, std::uint64_t seed);

/// Bytes that a defect has touched.
struct Damage {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// Cuts the last 40 % off a file.
Damage truncate_file(const std::string& path);
/// Overwrites the start of a chunk of visibilities that the seed picks.
Damage corrupt_chunk(const std::string& path, std::uint64_t seed);

}  // namespace skymill::radio
