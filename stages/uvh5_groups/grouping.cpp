// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5/utc_text.h>
#include <stages/uvh5_groups/file_name.h>
#include <stages/uvh5_groups/grouping.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace skymill::radio {

namespace {

constexpr std::size_t kDsa110Subbands = 16;

std::string file_of(const std::string& path) {
  return "'" + std::filesystem::path(path).filename().string() + "'";
}

std::string subband_text(int number) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "sb%02d", number);
  return text.data();
}

std::string listed(const std::vector<std::string>& words, const char* between = ", ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

/// Milliseconds since 1970 of a Julian date.
std::int64_t milliseconds(double jd) { return std::llround((jd - 2440587.5) * 86400e3); }

/// What the subbands of one observation have in common, besides their start.
struct Likeness {
  std::size_t times, baselines;
  std::uint64_t antenna_print;
  std::int64_t dec_urad;

  explicit Likeness(const HeaderFacts& facts)
      : times(facts.times),
        baselines(facts.baselines),
        antenna_print(facts.antenna_print),
        dec_urad(std::llround(facts.pointing_dec_rad * 1e6)) {}
  auto operator<=>(const Likeness&) const = default;

  /// In what a file differs from the others.
  std::string difference(const Likeness& others) const {
    if (times != others.times) {
      return "it has " + std::to_string(times) + " integrations, the others " +
             std::to_string(others.times);
    }
    if (baselines != others.baselines) {
      return "it has " + std::to_string(baselines) + " baselines, the others " +
             std::to_string(others.baselines);
    }
    if (antenna_print != others.antenna_print) return "its list of antennas is another";
    return "it points to a declination " + std::to_string(std::abs(dec_urad - others.dec_urad)) +
           " microradians off";
  }
};

/// The subband of a file: its number, or for other telescopes its frequencies in Hz.
using Band = std::pair<std::int64_t, std::int64_t>;

Band band_of(const HeaderFacts& facts) {
  if (facts.subband) return {-*facts.subband, 0};  // ascending in frequency
  return {std::llround(facts.low_hz), std::llround(facts.high_hz)};
}

std::string band_text(const HeaderFacts& facts) {
  if (facts.subband) return subband_text(*facts.subband);
  return std::to_string(std::llround(facts.low_hz)) + " Hz";
}

using Files = std::vector<const ScannedFile*>;

/// Files of one start and telescope.
class GroupMaker {
 public:
  GroupMaker(Files files, const GroupingRules& rules) : files_(std::move(files)), rules_(rules) {}

  FileGroup make(std::vector<SetAside>& set_aside) {
    const Likeness common = most_common();
    std::map<Band, const ScannedFile*> kept;
    for (const ScannedFile* file : files_) {
      if (Likeness(*file->facts) != common) continue;
      const ScannedFile*& place = kept[band_of(*file->facts)];
      if (place) {
        leave_out(newer(*place, *file) ? *file : *place, newer(*place, *file) ? *place : *file);
      }
      if (!place || newer(*file, *place)) place = file;
    }
    const HeaderFacts& first = *kept.begin()->second->facts;
    group_.start_s = static_cast<double>(milliseconds(first.start_jd)) * 1e-3;
    group_.name = utc_seconds_text(group_.start_s);
    group_.telescope = first.telescope;
    group_.integrations = first.times;
    for (const auto& [band, file] : kept) group_.files.push_back(file->path);
    for (const ScannedFile* file : files_) {
      const Likeness own(*file->facts);
      if (own == common) continue;
      const auto same = kept.find(band_of(*file->facts));
      if (same != kept.end() && own.times < common.times) {
        leave_out(*file, *same->second);
      } else {
        set_aside.push_back({file->path, own.difference(common) + " of its start", group_.name});
      }
    }
    find_missing(kept, first.dsa110);
    std::sort(group_.remarks.begin(), group_.remarks.end());
    return std::move(group_);
  }

 private:
  /// Whether `a` replaces `b`, of the same subband.
  static bool newer(const ScannedFile& a, const ScannedFile& b) {
    return std::tie(a.modified_s, a.path) > std::tie(b.modified_s, b.path);
  }

  void leave_out(const ScannedFile& file, const ScannedFile& for_other) {
    group_.remarks.push_back(file_of(file.path) + " is left out, " + file_of(for_other.path) +
                             " has " + band_text(*file.facts) + " too");
  }

  /// What most subbands agree in; of equals the one with more integrations, then the newest file.
  Likeness most_common() const {
    struct Votes {
      std::set<Band> bands;
      double newest_s = 0;
    };
    std::map<Likeness, Votes> votes;
    for (const ScannedFile* file : files_) {
      Votes& vote = votes[Likeness(*file->facts)];
      vote.bands.insert(band_of(*file->facts));
      vote.newest_s = std::max(vote.newest_s, file->modified_s);
    }
    const auto rank = [](const auto& entry) {
      return std::make_tuple(entry.second.bands.size(), entry.first.times, entry.second.newest_s);
    };
    return std::max_element(votes.begin(), votes.end(),
                            [&](const auto& a, const auto& b) { return rank(a) < rank(b); })
        ->first;
  }

  void find_missing(const std::map<Band, const ScannedFile*>& kept, bool dsa110) {
    const std::size_t found = kept.size();
    group_.open_ended = !dsa110 && !rules_.expect_subbands;
    group_.expected = rules_.expect_subbands.value_or(dsa110 ? kDsa110Subbands : found);
    if (found >= group_.expected) return;
    for (std::size_t k = 0; dsa110 && k < std::min(group_.expected, kDsa110Subbands); ++k) {
      if (!kept.count({-static_cast<std::int64_t>(k), 0})) {
        group_.missing.push_back(subband_text(static_cast<int>(k)));
      }
    }
    // Fewer than sixteen may be any.
    if (group_.missing.size() != group_.expected - found) {
      group_.missing.assign(group_.expected - found, "one of unknown frequency");
    }
  }

  Files files_;
  const GroupingRules& rules_;
  FileGroup group_;
};

/// Why a file of the DSA-110 cannot be taken for what it seems; empty when it can.
std::string contradiction(const ScannedFile& file) {
  const HeaderFacts& facts = *file.facts;
  if (!facts.dsa110) return {};
  if (!facts.subband) return "its channels lie in none of the DSA-110's 16 subbands";
  const auto named = parse_subband_name(file.path).subband;
  if (!named || *named == *facts.subband) return {};
  return "its name says " + subband_text(*named) + ", its frequencies are those of " +
         subband_text(*facts.subband);
}

/// Two groups that start in one second get the milliseconds into their names, then the telescope;
/// the largest keeps the plain name.
void make_names_unique(std::vector<FileGroup>& groups) {
  std::map<std::string, std::vector<FileGroup*>> same;
  for (FileGroup& group : groups) same[group.name].push_back(&group);
  for (auto& [name, members] : same) {
    const auto largest = *std::max_element(
        members.begin(), members.end(),
        [](const auto* a, const auto* b) { return a->files.size() < b->files.size(); });
    std::set<std::string> taken{name};
    for (FileGroup* group : members) {
      if (group == largest) continue;
      const double second = std::round(group->start_s);
      std::array<char, 16> text{};
      std::snprintf(text.data(), text.size(), "%+04d",
                    static_cast<int>(std::lround((group->start_s - second) * 1e3)));
      group->name += std::string(text.data()) + "ms";
      if (!taken.insert(group->name).second) group->name += "_" + group->telescope;
      taken.insert(group->name);
    }
  }
}

/// Finds the group of a file by the times in the names.
class NearestGroup {
 public:
  NearestGroup(std::vector<FileGroup>& groups, double tolerance_s) : tolerance_s_(tolerance_s) {
    for (FileGroup& group : groups) {
      by_time_.emplace(group.start_s, &group);
      for (const std::string& path : group.files) {
        if (const auto time = parse_subband_name(path).time_s) by_time_.emplace(*time, &group);
      }
    }
  }

  FileGroup* of(const std::string& path) const {
    const auto time = parse_subband_name(path).time_s;
    if (!time || by_time_.empty()) return nullptr;
    const auto above = by_time_.lower_bound(*time);
    auto nearest = above == by_time_.end() ? std::prev(above) : above;
    if (above != by_time_.begin() &&
        std::abs(std::prev(above)->first - *time) <= std::abs(nearest->first - *time)) {
      nearest = std::prev(above);
    }
    return std::abs(nearest->first - *time) <= tolerance_s_ ? nearest->second : nullptr;
  }

 private:
  std::multimap<double, FileGroup*> by_time_;
  double tolerance_s_;
};

void place_unfinished(const std::string& path, const NearestGroup& nearest, Grouping& grouping) {
  FileGroup* group = nearest.of(path);
  if (!group) {
    grouping.being_written.push_back(path);
    return;
  }
  const auto subband = parse_subband_name(path).subband;
  const bool lacks =
      !subband || group->missing.empty() || group->missing.front()[0] != 's' ||
      std::count(group->missing.begin(), group->missing.end(), subband_text(*subband)) > 0;
  if (lacks && (group->open_ended || !group->missing.empty())) {
    group->being_written.push_back(path);
  } else {
    group->remarks.push_back(file_of(path) + " is not finished, and not needed");
  }
}

}  // namespace

Grouping group_files(const std::vector<ScannedFile>& files, const GroupingRules& rules) {
  Files ordered;
  for (const ScannedFile& file : files) ordered.push_back(&file);
  std::sort(ordered.begin(), ordered.end(),
            [](const ScannedFile* a, const ScannedFile* b) { return a->path < b->path; });

  Grouping grouping;
  std::map<std::pair<std::int64_t, std::string>, Files> by_start;
  Files unreadable, unfinished, contradictory;
  for (const ScannedFile* file : ordered) {
    if (parse_subband_name(file->path).incomplete) {
      unfinished.push_back(file);
    } else if (!file->facts) {
      unreadable.push_back(file);
    } else if (!contradiction(*file).empty()) {
      contradictory.push_back(file);
    } else {
      by_start[{milliseconds(file->facts->start_jd), file->facts->telescope}].push_back(file);
    }
  }
  for (auto& [start, members] : by_start) {
    grouping.groups.push_back(GroupMaker(std::move(members), rules).make(grouping.set_aside));
  }
  make_names_unique(grouping.groups);
  const NearestGroup nearest(grouping.groups, rules.tolerance_s);
  const auto set_aside = [&](const ScannedFile& file, const std::string& reason) {
    const FileGroup* group = nearest.of(file.path);
    grouping.set_aside.push_back({file.path, reason, group ? group->name : ""});
  };
  for (const ScannedFile* file : unreadable) set_aside(*file, file->problem);
  for (const ScannedFile* file : contradictory) set_aside(*file, contradiction(*file));
  for (const ScannedFile* file : unfinished) place_unfinished(file->path, nearest, grouping);
  std::sort(grouping.set_aside.begin(), grouping.set_aside.end(),
            [](const SetAside& a, const SetAside& b) { return a.path < b.path; });
  return grouping;
}

Judgement judge(const FileGroup& group, const GroupingRules& rules, bool may_wait) {
  using State = WorkItem::State;
  const std::size_t found = group.files.size();
  const std::string lack = std::to_string(group.missing.size()) + " of " +
                           std::to_string(group.expected) +
                           " subbands are missing: " + listed(group.missing);
  const std::string remarks = listed(group.remarks, "; ");
  if (found > group.expected) {
    return {State::rejected, std::to_string(found) + " subbands are there where " +
                                 std::to_string(group.expected) + " are expected"};
  }
  if (may_wait && group.open_ended) return {State::waiting, "more subbands may come"};
  if (group.missing.empty()) return {State::ready, remarks};
  if (may_wait) return {State::waiting, lack};
  if (rules.missing == MissingPolicy::skip) return {State::skipped, lack};
  const std::size_t least = std::min(rules.min_subbands, group.expected);
  if (found < least) {
    return {State::rejected, lack + "; min_subbands asks for " + std::to_string(least)};
  }
  return {State::ready, remarks.empty() ? lack : lack + "; " + remarks};
}

}  // namespace skymill::radio
