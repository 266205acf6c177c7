// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <random>

#include "synthetic_scan.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::synthetic;
using Catch::Matchers::Contains;
using State = WorkItem::State;

namespace {

const double kStart = parse_utc("2025-10-02T06:30:06.437").value();

void remove(std::vector<ScannedFile>& files, int subband) {
  std::erase_if(files, [&](const ScannedFile& f) { return f.facts->subband == subband; });
}

void append(std::vector<ScannedFile>& files, const std::vector<ScannedFile>& more) {
  files.insert(files.end(), more.begin(), more.end());
}

ScannedFile unreadable(double name_s, int subband, const std::string& problem) {
  ScannedFile scanned;
  scanned.path = path_of(name_s, subband);
  scanned.problem = problem;
  return scanned;
}

}  // namespace

TEST_CASE("sixteen subbands are a group, ascending in frequency, named by their first time") {
  const Grouping grouping = group_files(observation(kStart), {});
  REQUIRE(grouping.groups.size() == 1);
  const FileGroup& group = grouping.groups[0];
  CHECK(group.name == "2025-10-02T06:30:06");
  CHECK(group.start_s == Approx(kStart).epsilon(0).margin(5e-4));
  CHECK(group.telescope == "OVRO_MMA");
  CHECK(group.integrations == 24);
  CHECK(group.expected == 16);
  CHECK(group.missing.empty());
  CHECK(group.remarks.empty());
  REQUIRE(group.files.size() == 16);
  CHECK(group.files.front() == path_of(kStart - 6.4, 15));
  CHECK(group.files.back() == path_of(kStart - 6.4, 0));
  CHECK(grouping.set_aside.empty());
  CHECK(grouping.being_written.empty());
  CHECK(judge(group, {}, true).state == State::ready);
  CHECK(judge(group, {}, true).reason.empty());
}

TEST_CASE("jitter of the names within a minute has no influence") {
  // Seconds by which each host's clock at file open differs, such as a late host and two that
  // agree with the next or the previous group about the time.
  constexpr std::array<std::array<double, 16>, 3> jitters{
      {{0, 0, 1, 0, 2, 0, -1, 0, 3, 0, 0, 1, 0, -2, 0, 0},
       {0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 0},
       {-60, 60, -59, 59, -31, 31, 7, -7, 45, -45, 0, 60, -60, 12, -12, 1}}};
  for (const auto& jitter : jitters) {
    std::vector<ScannedFile> files;
    for (int number = 0; number < 3; ++number) {
      for (int subband = 0; subband < 16; ++subband) {
        files.push_back(file(kStart + number * kGroupSeconds, subband,
                             jitter[static_cast<std::size_t>(subband + number) % 16]));
      }
    }
    const Grouping grouping = group_files(files, {});
    REQUIRE(grouping.groups.size() == 3);
    CHECK(grouping.groups[0].name == "2025-10-02T06:30:06");
    CHECK(grouping.groups[1].name == "2025-10-02T06:35:16");
    CHECK(grouping.groups[2].name == "2025-10-02T06:40:25");
    for (const FileGroup& group : grouping.groups) CHECK(group.files.size() == 16);
    CHECK(grouping.set_aside.empty());
  }
}

TEST_CASE("groups may straddle midnight and sidereal zero") {
  // Sidereal time at the OVRO is 0h at 07:04:10 UTC on 2025-10-03, within the last of these.
  for (const char* start : {"2025-10-01T23:59:58", "2025-12-31T23:59:31", "2025-10-03T07:02:00"}) {
    std::vector<ScannedFile> files;
    for (int subband = 0; subband < 16; ++subband) {
      files.push_back(file(parse_utc(start).value(), subband, subband % 2 ? 40 : -40));
    }
    const Grouping grouping = group_files(files, {});
    REQUIRE(grouping.groups.size() == 1);
    CHECK(grouping.groups[0].name == start);
    CHECK(grouping.groups[0].files.size() == 16);
  }
}

TEST_CASE("the order of the files has no influence") {
  auto files = observation(kStart);
  append(files, observation(kStart + kGroupSeconds));
  remove(files, 3);
  files.push_back(file(kStart, 5, 20));
  files.push_back(file(kStart, 7, 20));
  files.back().facts->antenna_print = 1;
  files.push_back(unreadable(kStart + 11, 3, "truncated"));
  const auto text_of = [](const Grouping& grouping) {
    std::string text;
    for (const FileGroup& group : grouping.groups) {
      text += group.name + ":";
      for (const auto& path : group.files) text += path + ",";
      for (const auto& remark : group.remarks) text += remark + ",";
    }
    for (const SetAside& one : grouping.set_aside) text += one.path + one.reason + one.group;
    return text;
  };
  const std::string expected = text_of(group_files(files, {}));
  std::mt19937 random(1);
  for (int trial = 0; trial < 20; ++trial) {
    std::shuffle(files.begin(), files.end(), random);
    REQUIRE(text_of(group_files(files, {})) == expected);
  }
}

TEST_CASE("missing subbands: min_subbands and the policy decide") {
  auto files = observation(kStart);
  for (const int subband : {0, 7, 9, 15}) remove(files, subband);
  GroupingRules rules;
  FileGroup group = group_files(files, rules).groups.at(0);
  CHECK(group.missing == std::vector<std::string>{"sb00", "sb07", "sb09", "sb15"});
  CHECK(judge(group, rules, true).state == State::waiting);
  CHECK(judge(group, rules, false).state == State::ready);
  CHECK(judge(group, rules, false).reason ==
        "4 of 16 subbands are missing: sb00, sb07, sb09, sb15");
  rules.missing = MissingPolicy::flag;
  CHECK(judge(group, rules, false).state == State::ready);
  rules.missing = MissingPolicy::skip;
  CHECK(judge(group, rules, false).state == State::skipped);
  rules.missing = MissingPolicy::drop;

  remove(files, 4);
  group = group_files(files, rules).groups.at(0);
  const Judgement rejected = judge(group, rules, false);
  CHECK(rejected.state == State::rejected);
  CHECK_THAT(rejected.reason, Contains("5 of 16") && Contains("asks for 12"));
  CHECK(judge(group, rules, true).state == State::waiting);
  rules.min_subbands = 11;
  CHECK(judge(group, rules, false).state == State::ready);
}

TEST_CASE("fewer subbands may be expected, and more than expected are refused") {
  GroupingRules rules;
  rules.expect_subbands = 4;
  auto files = observation(kStart);
  std::erase_if(files, [](const ScannedFile& f) { return *f.facts->subband > 3; });
  CHECK(judge(group_files(files, rules).groups.at(0), rules, true).state == State::ready);
  remove(files, 1);
  CHECK(group_files(files, rules).groups.at(0).missing == std::vector<std::string>{"sb01"});
  // Three subbands that are not among the first four: nobody knows which one is missing.
  for (auto& f : files) f.facts->subband = *f.facts->subband + 8;
  for (auto& f : files) f.path = path_of(kStart, *f.facts->subband);
  CHECK(group_files(files, rules).groups.at(0).missing ==
        std::vector<std::string>{"one of unknown frequency"});
  const Judgement many = judge(group_files(observation(kStart), rules).groups.at(0), rules, true);
  CHECK(many.state == State::rejected);
  CHECK_THAT(many.reason, Contains("16 subbands are there where 4 are expected"));
}

TEST_CASE("of two files of a subband the complete one is kept, then the more recent one") {
  auto files = observation(kStart);
  SECTION("a more recent copy under another time") {
    files.push_back(file(kStart, 5, 33));
    files.back().modified_s += 10;
    const FileGroup group = group_files(files, {}).groups.at(0);
    CHECK(group.files.size() == 16);
    CHECK(group.files[10] == files.back().path);
    REQUIRE(group.remarks.size() == 1);
    CHECK_THAT(group.remarks[0],
               Contains("06:30:00_sb05") && Contains("is left out") && Contains("06:30:33_sb05"));
  }
  SECTION("an older copy") {
    files.push_back(file(kStart, 5, 33));
    files.back().modified_s -= 10;
    const FileGroup group = group_files(files, {}).groups.at(0);
    CHECK(group.files[10] == path_of(kStart - 6.4, 5));
    CHECK(judge(group, {}, false).state == State::ready);
    CHECK_THAT(judge(group, {}, false).reason, Contains("is left out"));
  }
  SECTION("a more recent copy with fewer integrations") {
    files.push_back(file(kStart, 5, 33));
    files.back().modified_s += 10;
    files.back().facts->times = 12;
    const Grouping grouping = group_files(files, {});
    CHECK(grouping.groups.at(0).files[10] == path_of(kStart - 6.4, 5));
    CHECK(grouping.groups.at(0).remarks.size() == 1);
    CHECK(grouping.set_aside.empty());
  }
}

TEST_CASE("a file that differs from its group is set aside, and its subband is missing") {
  auto files = observation(kStart);
  std::string words;
  SECTION("antennas") {
    files[6].facts->antenna_print = 99;
    words = "list of antennas";
  }
  SECTION("integrations") {
    files[6].facts->times = 12;
    words = "it has 12 integrations, the others 24";
  }
  SECTION("baselines") {
    files[6].facts->baselines = 325;
    words = "it has 325 baselines, the others 4656";
  }
  SECTION("declination") {
    files[6].facts->pointing_dec_rad += 3e-6;
    words = "3 microradians off";
  }
  SECTION("the name's subband") {
    files[6].path = path_of(kStart, 11);
    words = "its name says sb11, its frequencies are those of sb06";
  }
  SECTION("frequencies of no subband") {
    files[6].facts->subband.reset();
    words = "none of the DSA-110's 16 subbands";
  }
  const Grouping grouping = group_files(files, {});
  REQUIRE(grouping.groups.size() == 1);
  CHECK(grouping.groups[0].missing == std::vector<std::string>{"sb06"});
  REQUIRE(grouping.set_aside.size() == 1);
  CHECK(grouping.set_aside[0].path == files[6].path);
  CHECK_THAT(grouping.set_aside[0].reason, Contains(words));
  CHECK(grouping.set_aside[0].group == "2025-10-02T06:30:06");
}

TEST_CASE("declinations that agree to a microradian are the same") {
  auto files = observation(kStart);
  files[6].facts->pointing_dec_rad += 1e-8;
  CHECK(group_files(files, {}).groups.at(0).files.size() == 16);
}

TEST_CASE("a short last file is a whole group when all subbands are short") {
  auto files = observation(kStart);
  for (auto& f : files) f.facts->times = 12;
  const FileGroup group = group_files(files, {}).groups.at(0);
  CHECK(group.files.size() == 16);
  CHECK(group.integrations == 12);
}

TEST_CASE("headers that differ in their time make two groups with names of their own") {
  auto files = observation(kStart);
  files[2] = file(kStart + 0.020, 2);
  const Grouping grouping = group_files(files, {});
  REQUIRE(grouping.groups.size() == 2);
  CHECK(grouping.groups[0].name == "2025-10-02T06:30:06");
  CHECK(grouping.groups[0].files.size() == 15);
  CHECK(grouping.groups[1].name == "2025-10-02T06:30:06+457ms");
  CHECK(judge(grouping.groups[1], {}, false).state == State::rejected);
}

TEST_CASE("times equal to a millisecond are one") {
  auto files = observation(std::floor(kStart));
  files[2].facts->start_jd = julian(std::floor(kStart) + 2e-4);
  CHECK(group_files(files, {}).groups.size() == 1);
}

TEST_CASE("a file that cannot be read is set aside; its name says where it belongs") {
  auto files = observation(kStart);
  append(files, observation(kStart + kGroupSeconds));
  remove(files, 3);
  files.push_back(unreadable(kStart + 50, 3, "it is truncated"));
  files.push_back(unreadable(kStart + kGroupSeconds - 50, 3, "no permission"));
  files.push_back(unreadable(kStart + 3600, 3, "it is no HDF5 file"));
  files.push_back({"/in/nothing.hdf5", 0, 0, std::nullopt, "it is empty"});
  const Grouping grouping = group_files(files, {});
  REQUIRE(grouping.groups.size() == 2);
  CHECK(grouping.groups[0].missing == std::vector<std::string>{"sb03"});
  REQUIRE(grouping.set_aside.size() == 4);
  CHECK(grouping.set_aside[0].reason == "it is truncated");
  CHECK(grouping.set_aside[0].group == grouping.groups[0].name);
  CHECK(grouping.set_aside[1].group == grouping.groups[1].name);
  CHECK(grouping.set_aside[2].group.empty());
  CHECK(grouping.set_aside[3].group.empty());
}

TEST_CASE("the tolerance decides how far names may be off") {
  auto files = observation(kStart);
  remove(files, 3);
  files.push_back(unreadable(kStart + 20, 3, "truncated"));
  GroupingRules rules;
  rules.tolerance_s = 10;
  CHECK(group_files(files, rules).set_aside.at(0).group.empty());
  rules.tolerance_s = 30;
  CHECK(group_files(files, rules).set_aside.at(0).group == "2025-10-02T06:30:06");
}

TEST_CASE("a group waits for a file that is still being written, if it needs it") {
  auto files = observation(kStart);
  ScannedFile open;
  open.path = "/in/2025-10-02T06:30:41_sb03_incomplete.hdf5";
  files.push_back(open);
  SECTION("needed") {
    remove(files = observation(kStart), 3);
    files.push_back(open);
    const Grouping grouping = group_files(files, {});
    CHECK(grouping.groups.at(0).being_written == std::vector<std::string>{open.path});
    CHECK(judge(grouping.groups[0], {}, true).state == State::waiting);
    CHECK(judge(grouping.groups[0], {}, false).state == State::ready);
  }
  SECTION("there already") {
    const Grouping grouping = group_files(files, {});
    CHECK(grouping.groups.at(0).being_written.empty());
    CHECK_THAT(grouping.groups[0].remarks.at(0), Contains("not finished, and not needed"));
    CHECK(judge(grouping.groups[0], {}, true).state == State::ready);
  }
  SECTION("of no group") {
    const Grouping grouping = group_files({open}, {});
    CHECK(grouping.groups.empty());
    CHECK(grouping.being_written == std::vector<std::string>{open.path});
  }
}

TEST_CASE("of other telescopes as many subbands are expected as are found") {
  std::vector<ScannedFile> files;
  for (int k = 0; k < 3; ++k) {
    files.push_back(file(kStart, k));
    files.back().path = "/in/vla_" + std::to_string(k) + ".uvh5";
    files.back().facts->telescope = "EVLA";
    files.back().facts->dsa110 = false;
    files.back().facts->subband.reset();
  }
  const FileGroup group = group_files(files, {}).groups.at(0);
  CHECK(group.files ==
        std::vector<std::string>{"/in/vla_2.uvh5", "/in/vla_1.uvh5", "/in/vla_0.uvh5"});
  CHECK(group.expected == 3);
  CHECK(judge(group, {}, false).state == State::ready);
  CHECK(judge(group, {}, true).state == State::waiting);
  GroupingRules rules;
  rules.expect_subbands = 4;
  const FileGroup short_of_one = group_files(files, rules).groups.at(0);
  CHECK(short_of_one.missing == std::vector<std::string>{"one of unknown frequency"});
  CHECK(judge(short_of_one, rules, false).state == State::rejected);
  // A second telescope at the same time is a group of its own.
  files.push_back(files[0]);
  files.back().path = "/in/hera.uvh5";
  files.back().facts->telescope = "HERA";
  const Grouping two = group_files(files, {});
  REQUIRE(two.groups.size() == 2);
  CHECK(two.groups[0].name != two.groups[1].name);
}

TEST_CASE("a thousand files with jitter, gaps and copies are grouped as they were made") {
  std::mt19937 random(110);
  std::uniform_real_distribution<double> jitter(-60, 60);
  std::uniform_int_distribution<int> one_in(0, 19);
  std::vector<ScannedFile> files;
  std::vector<std::size_t> present;
  std::size_t copies = 0;
  for (int number = 0; number < 64; ++number) {
    const double start_s = kStart + number * kGroupSeconds;
    present.push_back(0);
    for (int subband = 0; subband < 16; ++subband) {
      if (one_in(random) == 0) continue;
      files.push_back(file(start_s, subband, jitter(random)));
      ++present.back();
      if (one_in(random) > 0) continue;
      files.push_back(file(start_s, subband, jitter(random)));
      ++copies;
    }
  }
  REQUIRE(files.size() > 1000);
  REQUIRE(copies > 10);
  std::shuffle(files.begin(), files.end(), random);
  const Grouping grouping = group_files(files, {});
  REQUIRE(grouping.groups.size() == 64);
  std::size_t remarks = 0;
  for (std::size_t k = 0; k < 64; ++k) {
    CHECK(grouping.groups[k].files.size() == present[k]);
    CHECK(grouping.groups[k].missing.size() == 16 - present[k]);
    remarks += grouping.groups[k].remarks.size();
  }
  CHECK(remarks == copies);
  CHECK(grouping.set_aside.empty());
}
