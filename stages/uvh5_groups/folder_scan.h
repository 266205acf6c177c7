// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/context.h>
#include <stages/uvh5_groups/scanned_file.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// A stretch of UTC, seconds since 1970; an end that is not given is open.
struct TimeWindow {
  std::optional<double> from_s;
  std::optional<double> until_s;  ///< excluded

  bool holds(double time_s) const {
    return !(from_s && time_s < *from_s) && !(until_s && time_s >= *until_s);
  }
};

/// The UVH5 files of folders and patterns. It opens each file once; again only when its size or
/// time has changed, or when it could not be read.
class FolderScan {
 public:
  /// @param inputs       folders, files, and patterns with * and ? in the last part
  /// @param window       files outside are left out: by their header, or else by their name
  /// @param tolerance_s  by how much names may be wrong
  FolderScan(std::vector<std::string> inputs, TimeWindow window, double tolerance_s)
      : inputs_(std::move(inputs)), window_(window), tolerance_s_(tolerance_s) {}

  /// Looks at what is there now.
  /// @throws Error (input) when a folder cannot be read, (requeue) when the run is to stop
  std::vector<ScannedFile> look(const PipelineContext& ctx);

 private:
  std::vector<std::string> list() const;
  bool wanted_by_name(const std::string& path) const;

  std::vector<std::string> inputs_;
  TimeWindow window_;
  double tolerance_s_;
  std::map<std::string, ScannedFile> known_;
};

}  // namespace skymill::radio
