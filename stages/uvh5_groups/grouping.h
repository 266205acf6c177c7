// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/work_item.h>
#include <stages/uvh5_groups/scanned_file.h>

#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// What is done with a group that lacks subbands.
enum class MissingPolicy { skip, drop, flag };

struct GroupingRules {
  std::optional<std::size_t> expect_subbands;  ///< none: 16 of the DSA-110, else as found
  std::size_t min_subbands = 12;
  MissingPolicy missing = MissingPolicy::drop;
  double tolerance_s = 60;  ///< between file names, for files that cannot be read
};

/// The files of one observation, one for each subband.
struct FileGroup {
  std::string name;    ///< start to the nearest second, `2025-10-02T06:30:06`
  double start_s = 0;  ///< centre of the first integration, seconds since 1970
  std::string telescope;
  std::size_t integrations = 0;
  std::vector<std::string> files;          ///< ascending in frequency
  std::size_t expected = 0;                ///< subbands; as many as found where nothing tells
  bool open_ended = false;                 ///< nothing tells how many subbands there will be
  std::vector<std::string> missing;        ///< subbands
  std::vector<std::string> being_written;  ///< files of missing subbands
  std::vector<std::string> remarks;        ///< files left out for better ones
};

/// A file that belongs to no group although it should.
struct SetAside {
  std::string path;
  std::string reason;
  std::string group;  ///< name of the group that lacks it, as far as one can tell
};

struct Grouping {
  std::vector<FileGroup> groups;           ///< by start
  std::vector<SetAside> set_aside;         ///< by path
  std::vector<std::string> being_written;  ///< files near to no group
};

/// Puts files into groups by what their headers say: the first time to 1 ms, and then what most
/// subbands of that time agree in: number of integrations and baselines, antennas, and declination
/// to 1e-6 rad (dsa110.md 2.1). The order of `files` has no influence.
///
/// The subband comes from the frequencies. A file of the DSA-110 whose name says another is set
/// aside, as is one that differs from the rest of its group; of two files of a subband the one with
/// more integrations is kept, then the more recent one. Names decide only to which group a file
/// belongs that cannot be read or is still being written.
Grouping group_files(const std::vector<ScannedFile>& files, const GroupingRules& rules);

struct Judgement {
  WorkItem::State state = WorkItem::State::ready;
  std::string reason;
};

/// Whether a group can be worked on.
/// @param may_wait  whether what is missing may still come
Judgement judge(const FileGroup& group, const GroupingRules& rules, bool may_wait);

}  // namespace skymill::radio
