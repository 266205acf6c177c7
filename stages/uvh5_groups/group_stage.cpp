// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/uvh5/utc_text.h>
#include <stages/uvh5_groups/file_name.h>
#include <stages/uvh5_groups/group_stage.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace skymill::radio {

namespace {

using State = WorkItem::State;

std::string name_of(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

TimeWindow window_of(const Uvh5GroupsParams& params) {
  return {parse_utc(params.from), parse_utc(params.until)};
}

GroupingRules rules_of(const Uvh5GroupsParams& params) {
  GroupingRules rules;
  rules.expect_subbands = params.expect_subbands;
  rules.min_subbands = params.min_subbands;
  rules.missing = params.missing == "skip"   ? MissingPolicy::skip
                  : params.missing == "flag" ? MissingPolicy::flag
                                             : MissingPolicy::drop;
  rules.tolerance_s = params.tolerance;
  return rules;
}

/// Whether a writer may still be at a file: it was changed less than `most_s` ago.
bool is_fresh(const std::string& path, const std::vector<ScannedFile>& files, double most_s) {
  const auto file = std::find_if(files.begin(), files.end(),
                                 [&](const ScannedFile& f) { return f.path == path; });
  const double now_s =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return file != files.end() && now_s - file->modified_s < most_s;
}

}  // namespace

Schema<Uvh5GroupsParams> Uvh5Groups::schema() {
  Schema<Uvh5GroupsParams> s{"Find UVH5 files that belong to one observation, for a batch."};
  s.field("input", &Uvh5GroupsParams::input,
          "Folders of files, or patterns such as incoming/2025-10-02T*_sb??.hdf5")
      .required();
  s.field("from", &Uvh5GroupsParams::from,
          "Leave out what starts before this time, UTC, such as 2025-10-02 or 2025-10-02T06:30");
  s.field("until", &Uvh5GroupsParams::until, "Leave out what starts at this time or later, UTC");
  s.field("expect_subbands", &Uvh5GroupsParams::expect_subbands,
          "Number of subbands; none expects 16 of the DSA-110 and takes as many as found of others")
      .range(1, 4096);
  s.field("min_subbands", &Uvh5GroupsParams::min_subbands,
          "Groups with fewer are rejected; no more than are expected count")
      .range(1, 4096);
  s.field("missing", &Uvh5GroupsParams::missing,
          "What to do with groups that lack subbands: skip leaves them out, drop goes on without "
          "these subbands, flag puts flagged ones in their place")
      .choices({"skip", "drop", "flag"});
  s.field("tolerance", &Uvh5GroupsParams::tolerance,
          "By how much times in file names may be wrong; for files that cannot be read")
      .unit("s")
      .range(0, 3600);
  s.field("deadline", &Uvh5GroupsParams::deadline,
          "A watch does not wait longer for the rest of a group, from when its first file was "
          "seen; files still being written are left-overs when nothing has changed in them for so "
          "long")
      .unit("s")
      .range(0, 1e6);
  s.field("follow", &Uvh5GroupsParams::follow,
          "Look again whenever the batch asks for more; 'skymill watch' sets it")
      .advanced();
  for (const auto member : {&Uvh5GroupsParams::from, &Uvh5GroupsParams::until}) {
    s.check(
        [member](const Uvh5GroupsParams& p) {
          return (p.*member).empty() || parse_utc(p.*member).has_value();
        },
        std::string(member == &Uvh5GroupsParams::from ? "from" : "until") +
            " must be a time such as 2025-10-02 or 2025-10-02T06:30:00");
  }
  s.example("each:\n  use: uvh5_groups\n  input: incoming",
            "a batch over the observations of a folder");
  return s;
}

Ports Uvh5Groups::ports() {
  return Ports().out(
      "out", WorkItem::kDataKind,
      "a group of files each: name, start, files, subbands, expected, missing "
      "(for uvh5_reader), integrations, telescope",
      {"start", "files", "subbands", "expected", "missing", "integrations", "telescope"});
}

Uvh5Groups::Uvh5Groups(Uvh5GroupsParams params)
    : params_(std::move(params)),
      rules_(rules_of(params_)),
      folder_(params_.input, window_of(params_), params_.tolerance) {}

void Uvh5Groups::plan(Planning& planning) {
  for (const std::string& input : params_.input) planning.add_input(input);
}

std::optional<Chunk<WorkItem>> Uvh5Groups::next(const PipelineContext& ctx) {
  if (queue_.empty() && (params_.follow || !scanned_)) scan(ctx);
  if (queue_.empty()) return std::nullopt;
  WorkItem item = std::move(queue_.front());
  queue_.pop_front();
  return Chunk<WorkItem>(std::move(item));
}

std::vector<ScannedFile> Uvh5Groups::look(const PipelineContext& ctx) {
  if (!scanned_ || !params_.follow) return folder_.look(ctx);
  try {
    return folder_.look(ctx);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    ctx.log().warning(error.what());  // a disk that is away for a moment ends no watch
    return {};
  }
}

void Uvh5Groups::scan(const PipelineContext& ctx) {
  const std::vector<ScannedFile> files = look(ctx);
  scanned_ = true;
  const Grouping grouping = group_files(files, rules_);
  std::set<std::string> given;
  for (const FileGroup& group : grouping.groups) {
    give_group(group, files, ctx);
    if (params_.follow && seen(group.name).given) given.insert(group.name);
  }
  for (const SetAside& file : grouping.set_aside) {
    const std::string reason =
        file.reason + (file.group.empty() ? "" : "; by its time it belongs to " + file.group);
    give_file(file.path, reason, given.count(file.group) > 0);
  }
  std::vector<std::string> unfinished = grouping.being_written;
  for (const FileGroup& group : grouping.groups) {
    unfinished.insert(unfinished.end(), group.being_written.begin(), group.being_written.end());
  }
  for (const std::string& path : unfinished) {
    const bool fresh = is_fresh(path, files, params_.deadline);
    const bool alone =
        std::count(grouping.being_written.begin(), grouping.being_written.end(), path);
    if (fresh && alone && !params_.follow) {
      WorkItem item;
      item.name = name_of(path);
      item.state = State::waiting;
      item.reason = "it is still being written";
      queue_.push_back(std::move(item));
    }
    if (fresh) continue;
    give_file(path, "its writer did not finish it; nothing has changed in it for long", false);
  }
}

void Uvh5Groups::give_group(const FileGroup& group, const std::vector<ScannedFile>& files,
                            const PipelineContext& ctx) {
  if (!params_.follow) {
    const bool may_wait = std::any_of(
        group.being_written.begin(), group.being_written.end(),
        [&](const std::string& path) { return is_fresh(path, files, params_.deadline); });
    queue_.push_back(item_of(group, judge(group, rules_, may_wait)));
    return;
  }
  Seen& before = seen(group.name);
  if (before.given == State::ready) {
    if (before.files == group.files || before.files.size() >= group.files.size()) return;
    ctx.log().warning("group " + group.name + " has " + std::to_string(group.files.size()) +
                      " subbands now, after it was taken with " +
                      std::to_string(before.files.size()));
    before.files = group.files;
    return;
  }
  const Judgement judgement = judge(group, rules_, !is_late(before));
  if (judgement.state == State::waiting || before.given == judgement.state) return;
  before.given = judgement.state;
  before.files = group.files;
  queue_.push_back(item_of(group, judgement));
}

void Uvh5Groups::give_file(const std::string& path, const std::string& reason,
                           bool group_was_given) {
  if (params_.follow) {
    // A file that cannot be read may still be on its way.
    Seen& before = seen(path);
    if (before.given || (!group_was_given && !is_late(before))) return;
    before.given = State::rejected;
  }
  WorkItem item;
  item.name = name_of(path);
  item.state = State::rejected;
  item.reason = reason;
  queue_.push_back(std::move(item));
}

WorkItem Uvh5Groups::item_of(const FileGroup& group, const Judgement& judgement) const {
  WorkItem item;
  item.name = group.name;
  item.state = judgement.state;
  item.reason = judgement.reason;
  item.recoverable = judgement.state == State::rejected;
  item.parameters["start"] = utc_seconds_text(group.start_s);
  item.parameters["files"] = group.files;
  item.parameters["subbands"] = std::to_string(group.files.size());
  item.parameters["expected"] = std::to_string(group.expected);
  // The reader shall find complete what is complete here.
  item.parameters["missing"] = group.missing.empty() ? "error" : params_.missing;
  item.parameters["integrations"] = std::to_string(group.integrations);
  item.parameters["telescope"] = group.telescope;
  return item;
}

Uvh5Groups::Seen& Uvh5Groups::seen(const std::string& key) {
  const auto [place, is_new] = seen_.try_emplace(key);
  if (is_new) place->second.first = Clock::now();
  return place->second;
}

bool Uvh5Groups::is_late(const Seen& seen) const {
  return std::chrono::duration<double>(Clock::now() - seen.first).count() >= params_.deadline;
}

}  // namespace skymill::radio
