// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <core/work_item.h>
#include <stages/uvh5_groups/folder_scan.h>
#include <stages/uvh5_groups/grouping.h>

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

struct Uvh5GroupsParams {
  std::vector<std::string> input;
  std::string from;
  std::string until;
  std::optional<std::size_t> expect_subbands;
  std::size_t min_subbands = 12;
  std::string missing = "drop";
  double tolerance = 60;
  double deadline = 618;
  bool follow = false;
};

/// Gives the groups of UVH5 files that belong to one observation each, as items of a batch; files
/// that belong to none are rejected items of their own. Files are never moved or changed.
class Uvh5Groups final : public Source<WorkItem> {
 public:
  using Params = Uvh5GroupsParams;
  static Schema<Uvh5GroupsParams> schema();
  static Ports ports();

  explicit Uvh5Groups(Uvh5GroupsParams params);

  void plan(Planning& planning) override;
  /// @return nothing at the end; with `follow`, while nothing is new
  std::optional<Chunk<WorkItem>> next(const PipelineContext& ctx) override;

 private:
  using Clock = std::chrono::steady_clock;
  /// What a watch remembers of a group or of a file set aside.
  struct Seen {
    Clock::time_point first;
    std::optional<WorkItem::State> given;
    std::vector<std::string> files;  ///< when it was given
  };

  std::vector<ScannedFile> look(const PipelineContext& ctx);
  void scan(const PipelineContext& ctx);
  void give_group(const FileGroup& group, const std::vector<ScannedFile>& files,
                  const PipelineContext& ctx);
  void give_file(const std::string& path, const std::string& reason, bool group_was_given);
  WorkItem item_of(const FileGroup& group, const Judgement& judgement) const;
  Seen& seen(const std::string& key);
  bool is_late(const Seen& seen) const;

  Uvh5GroupsParams params_;
  GroupingRules rules_;
  FolderScan folder_;
  std::map<std::string, Seen> seen_;
  std::deque<WorkItem> queue_;
  bool scanned_ = false;
};

}  // namespace skymill::radio
