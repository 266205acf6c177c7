// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibration_store/set_choice.h>

#include <catch2/catch.hpp>

using namespace skymill;
using namespace skymill::radio;
using Catch::Contains;

namespace {

constexpr double kHour_s = 3600;
constexpr double kDegree_rad = 0.017453292519943295;
constexpr double kSolved_s = 5.1e9;

StoredTable table_of(JonesTerm term, double at_s) {
  StoredTable table;
  table.term = term;
  table.first_s = at_s;
  table.last_s = at_s + 300;
  return table;
}

StoredSet set_at(const std::string& name, double at_s) {
  StoredSet set;
  set.name = name;
  set.telescope = "DSA-110";
  set.uvw_sense = UvwSense::two_minus_one;
  set.first_s = at_s;
  set.last_s = at_s + 300;
  set.valid_from_s = at_s - kHour_s;
  set.valid_to_s = at_s + 300 + kHour_s;
  set.dec_low_rad = set.dec_high_rad = 30 * kDegree_rad;
  set.antennas = {"1", "2", "3"};
  set.windows = {{1.4e9, 187.5e6}, {1.2e9, 187.5e6}};
  set.tables = {table_of(JonesTerm::K, at_s), table_of(JonesTerm::B, at_s),
                table_of(JonesTerm::G, at_s)};
  return set;
}

Wanted data_at(double at_s) {
  Wanted wanted;
  wanted.source = "target.ms";
  wanted.telescope = "DSA-110";
  wanted.uvw_sense = UvwSense::two_minus_one;
  wanted.first_s = at_s;
  wanted.last_s = at_s + 300;
  wanted.dec_low_rad = wanted.dec_high_rad = 32 * kDegree_rad;
  wanted.antennas = {"2", "1"};
  wanted.windows = {{1.4e9, 187.5e6}, {1.2e9, 187.5e6}};
  return wanted;
}

ChoiceLimits usual() {
  ChoiceLimits limits;
  limits.max_age_s = {{JonesTerm::K, 24 * kHour_s},
                      {JonesTerm::B, 24 * kHour_s},
                      {JonesTerm::G, 12 * kHour_s},
                      {JonesTerm::T, 12 * kHour_s}};
  limits.declination_guard_rad = 5 * kDegree_rad;
  limits.terms = "KBG";
  return limits;
}

/// Why a set that was changed is refused.
template <class F>
std::string refused(F&& change, double at_s = kSolved_s + 2 * kHour_s) {
  StoredSet set = set_at("a", kSolved_s);
  Wanted wanted = data_at(at_s);
  ChoiceLimits limits = usual();
  change(set, wanted, limits);
  return refusal(set, wanted, limits);
}

}  // namespace

TEST_CASE("a set that fits is taken, and each thing that does not fit is named") {
  using Set = StoredSet&;
  using Data = Wanted&;
  using Limits = ChoiceLimits&;
  CHECK(refused([](Set, Data, Limits) {}).empty());
  CHECK_THAT(refused([](Set, Data data, Limits) { data.telescope = "VLA"; }),
             Contains("telescope is 'DSA-110', not 'VLA'"));
  CHECK_THAT(refused([](Set, Data data, Limits) { data.uvw_sense = UvwSense::one_minus_two; }),
             Contains("opposite sense of UVW"));
  CHECK(refused([](Set set, Data, Limits) { set.uvw_sense = UvwSense::unknown; }).empty());
  CHECK(refused([](Set, Data data, Limits) { data.uvw_sense = UvwSense::unknown; }).empty());
  CHECK(refused([](Set set, Data data, Limits) {
          set.uvw_sense = data.uvw_sense = UvwSense::unknown;
        }).empty());
  CHECK_THAT(refused([](Set, Data data, Limits) { data.antennas.push_back("pad9"); }),
             Contains("lacks 1 of 3 antennas, such as 'pad9'"));
  CHECK_THAT(refused([](Set, Data data, Limits) { data.windows.pop_back(); }),
             Contains("2 spectral windows instead of 1"));
  CHECK_THAT(refused([](Set, Data data, Limits) { data.windows[1].centre_hz += 5e6; }),
             Contains("spectral window 1 is at 1.2 GHz"));
  CHECK_THAT(refused([](Set, Data data, Limits) { data.windows[0].width_hz /= 2; }),
             Contains("spectral window 0"));
  CHECK(refused([](Set, Data data, Limits) { data.windows[0].centre_hz += 1e3; }).empty());
  CHECK_THAT(refused([](Set, Data data, Limits) { data.dec_high_rad = 35.5 * kDegree_rad; }),
             Contains("declination is 5.5 deg off, more than declination_guard 5 deg"));
  CHECK_THAT(refused([](Set, Data data, Limits) { data.dec_low_rad = 24 * kDegree_rad; }),
             Contains("declination is 6 deg off"));
  CHECK_THAT(refused([](Set set, Data, Limits) { set.quality = "fail"; }),
             Contains("quality is 'fail'"));
  CHECK(refused([](Set set, Data, Limits) { set.quality = "warn"; }).empty());
  CHECK_THAT(refused([](Set set, Data, Limits limits) {
               set.quality = "warn";
               limits.accept_warn = false;
             }),
             Contains("quality is 'warn'"));
  CHECK_THAT(refused([](Set set, Data, Limits) { set.tables.pop_back(); }),
             Contains("has no G, only KB"));
  CHECK_THAT(refused([](Set set, Data, Limits) {
               set.status = "retired";
               set.reason = "antenna 24 was swapped";
             }),
             Contains("it is retired: antenna 24 was swapped"));
  CHECK_THAT(refused([](Set set, Data, Limits) { set.name = "x_NON_SCIENCE"; }),
             Contains("NON_SCIENCE"));
  CHECK_THAT(refused([](Set set, Data data, Limits) {
               set.quality = "fail";
               data.telescope = "VLA";
             }),
             Contains("telescope") && Contains("quality"));
}

TEST_CASE("age counts before and after the data, by type of table") {
  const auto nothing = [](StoredSet&, Wanted&, ChoiceLimits&) {};
  CHECK(refused(nothing, kSolved_s + 11.9 * kHour_s).empty());
  CHECK(refused(nothing, kSolved_s - 11.9 * kHour_s).empty());
  CHECK_THAT(refused(nothing, kSolved_s + 13 * kHour_s),
             Contains("its G is") && Contains("earlier"));
  CHECK_THAT(refused(nothing, kSolved_s - 13 * kHour_s), Contains("its G is") && Contains("later"));
  CHECK_THAT(refused(nothing, kSolved_s + 25 * kHour_s), Contains("its K is"));
  const auto without_gains = [](StoredSet& set, Wanted&, ChoiceLimits& limits) {
    set.tables.pop_back();
    limits.terms = "KB";
  };
  CHECK(refused(without_gains, kSolved_s + 23 * kHour_s).empty());
  CHECK_THAT(refused(without_gains, kSolved_s + 25 * kHour_s), Contains("its K is"));
}

TEST_CASE("of sets that fit the newest valid one is taken, else the nearest on either side") {
  const auto choice = [](const std::vector<StoredSet>& sets, double at_s) {
    return choose_set(sets, data_at(at_s), usual(), "store").name;
  };
  // The newest first, as a store gives them.
  const std::vector<StoredSet> sets{set_at("evening", kSolved_s + 20 * kHour_s),
                                    set_at("again", kSolved_s + 0.25 * kHour_s),
                                    set_at("morning", kSolved_s)};
  CHECK(choice(sets, kSolved_s) == "again");
  CHECK(choice(sets, kSolved_s - 0.9 * kHour_s) == "morning");  // the other is not valid yet
  CHECK(choice(sets, kSolved_s + 9 * kHour_s) == "again");
  CHECK(choice(sets, kSolved_s + 12 * kHour_s) == "evening");  // solved later, and nearer
  CHECK(choice(sets, kSolved_s + 22 * kHour_s) == "evening");
  std::vector<StoredSet> retired = sets;
  retired[0].status = "retired";
  CHECK(choice(retired, kSolved_s + 12 * kHour_s) == "again");
}

TEST_CASE("without a set that fits each one is named with what is against it") {
  StoredSet other = set_at("vla", kSolved_s);
  other.telescope = "VLA";
  const std::vector<StoredSet> sets{set_at("old", kSolved_s - 50 * kHour_s), other};
  CHECK_THROWS_WITH(choose_set(sets, data_at(kSolved_s), usual(), "/store"),
                    Contains("'/store'") && Contains("target.ms") && Contains("'old': its K is") &&
                        Contains("'vla': its telescope"));
  CHECK_THROWS_WITH(choose_set({}, data_at(kSolved_s), usual(), "/store"),
                    Contains("the store is empty"));
  try {
    choose_set({}, data_at(kSolved_s), usual(), "/store");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);
  }
}

TEST_CASE("a sense of uvw that one side does not tell is a doubt, no refusal") {
  StoredSet set = set_at("night", 5e9);
  Wanted wanted = data_at(5e9);
  CHECK(sense_doubt(set, wanted).empty());
  set.uvw_sense = UvwSense::unknown;
  CHECK_THAT(sense_doubt(set, wanted), Contains("'night' was solved from is not known"));
  wanted.uvw_sense = UvwSense::unknown;
  CHECK(sense_doubt(set, wanted).empty());
  set.uvw_sense = UvwSense::one_minus_two;
  CHECK_THAT(sense_doubt(set, wanted), Contains("UVW of 'target.ms' is not known"));
  wanted.uvw_sense = UvwSense::two_minus_one;
  CHECK(sense_doubt(set, wanted).empty());  // that is a refusal
}
