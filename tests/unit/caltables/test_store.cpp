// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <core/testing.h>
#include <stages/calibration_store/calibration_store_stage.h>
#include <stages/calibration_store/retire_calibration_stage.h>
#include <stages/calibration_store/store.h>
#include <stages/calibration_store/store_calibration_stage.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "small_ms.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

/// A store, a MeasurementSet that its sets fit, and a folder for both.
class Place {
 public:
  Place() : scratch_("/tmp", "test"), header_(*cal_header()) {
    header_.fields.pop_back();
    write_small_ms(ms(), header_, 5.1e9 + 4000);
  }
  std::string store() const { return scratch_.path() + "/store"; }
  std::string ms() const { return scratch_.path() + "/target.ms"; }

  void put(const std::string& name, const std::vector<JonesTerm>& terms,
           const std::string& quality = "pass") const {
    Calibration calibration;
    for (const JonesTerm term : terms) {
      calibration.terms.push_back(std::make_shared<const Solutions>(cal_solutions(term)));
    }
    put(name, calibration, quality);
  }
  void put(const std::string& name, const Calibration& calibration,
           const std::string& quality = "pass") const {
    StoreCalibrationParams params;
    params.store = store();
    params.set = name;
    params.quality = quality;
    std::vector<Chunk<Calibration>> chunks;
    chunks.emplace_back(calibration);
    testing::run_sink<StoreCalibrationStage>(params, std::move(chunks), PortSpec());
  }
  CalibrationStoreParams wanted() const {
    CalibrationStoreParams params;
    params.store = store();
    params.input = ms();
    return params;
  }
  static Calibration take(const CalibrationStoreParams& params) {
    Calibration calibration;
    testing::run_source<CalibrationStoreStage>(
        params, [&](const Chunk<Calibration>& chunk) { calibration = *chunk; });
    return calibration;
  }
  Calibration take() const { return take(wanted()); }
  std::vector<StoredSet> sets() const {
    return CalibrationStore(store(), Database::Open::existing).sets();
  }

 private:
  Scratch scratch_;
  ObservationHeader header_;
};

}  // namespace

TEST_CASE("a stored calibration is found for data of its array and comes back as it was") {
  const Place place;
  place.put("night", {JonesTerm::K, JonesTerm::B, JonesTerm::G});
  const Calibration found = place.take();
  REQUIRE(found.terms.size() == 3);
  CHECK(found.terms[0]->delay_ns == cal_solutions(JonesTerm::K).delay_ns);
  CHECK(found.terms[1]->gain == cal_solutions(JonesTerm::B).gain);
  CHECK(found.terms[2]->gain == cal_solutions(JonesTerm::G).gain);
  CHECK(found.terms[2]->name == place.store() + "/sets/night/night.gcal");

  const std::vector<StoredSet> sets = place.sets();
  REQUIRE(sets.size() == 1);
  CHECK(sets[0].terms() == "KBG");
  CHECK(sets[0].calibrator == "3C286, 3C48");
  CHECK(sets[0].source_ms == "/data/night/simulated.ms/");
  CHECK(sets[0].tables[2].refant == "A1");
  CHECK(sets[0].tables[2].flagged == 3 * 2 * 2 + 2);
  CHECK(sets[0].valid_from_s == Approx(5.1e9 - 3600).epsilon(1e-14));
  CHECK(sets[0].valid_to_s == Approx(5.1e9 + 600 + 3600).epsilon(1e-14));
  CHECK(sets[0].windows.size() == 3);
}

TEST_CASE("the set of the nearest time is taken whole") {
  const Place place;
  place.put("gains", {JonesTerm::G});
  place.put("delays", {JonesTerm::K, JonesTerm::G});
  CHECK(place.take().terms.size() == 2);  // the newer of two that fit alike
  CalibrationStoreParams params = place.wanted();
  params.terms = "KBG";
  CHECK_THROWS_WITH(Place::take(params),
                    Contains("'gains': it has no K") && Contains("'delays': it has no B"));
}

TEST_CASE("sets of no use are refused with the reason") {
  const Place place;
  place.put("bad", {JonesTerm::G}, "fail");
  CHECK_THROWS_WITH(place.take(), Contains("quality is 'fail'"));
  place.put("doubtful", {JonesTerm::G}, "warn");
  CHECK(place.take().terms.size() == 1);
  CalibrationStoreParams params = place.wanted();
  params.quality = "pass";
  CHECK_THROWS_WITH(Place::take(params), Contains("quality is 'warn'"));
  params = place.wanted();
  params.max_age_g = 1800;
  CHECK_THROWS_WITH(Place::take(params), Contains("'doubtful': its G is") && Contains("30 min"));
  ObservationHeader other = *cal_header();
  other.uvw_sense = UvwSense::one_minus_two;
  params = place.wanted();
  params.input = place.ms() + ".other.ms";
  write_small_ms(params.input, other, 5.1e9 + 4000);
  CHECK_THROWS_WITH(Place::take(params), Contains("opposite sense of UVW"));
}

TEST_CASE("a retired set is never taken again") {
  const Place place;
  place.put("one", {JonesTerm::G});
  RetireCalibrationParams params;
  params.store = place.store();
  params.sets = {"one"};
  params.reason = "antenna 2 was swapped";
  const auto retire = [&] { RetireCalibrationStage(params).execute(testing::make_context(), ""); };
  retire();
  CHECK_THROWS_WITH(place.take(), Contains("it is retired: antenna 2 was swapped"));
  CHECK_THROWS_WITH(retire(), Contains("retired already"));
  CHECK(fs::is_directory(place.store() + "/sets/one/one.gcal"));
  params.sets = {"two"};
  CHECK_THROWS_WITH(retire(), Contains("no set 'two'"));
  params.store = "/nowhere";
  CHECK_THROWS_WITH(retire(), Contains("there is no calibration store"));
}

TEST_CASE("a set that is not whole is an error, not a reason to take another") {
  const Place place;
  place.put("older", {JonesTerm::K, JonesTerm::G});
  place.put("newer", {JonesTerm::K, JonesTerm::G});
  const std::string table = place.store() + "/sets/newer/newer.kcal";
  fs::resize_file(table + "/table.f0", 100);
  CHECK_THROWS_WITH(place.take(), Contains(table));
  fs::remove_all(table);
  CHECK_THROWS_WITH(place.take(), Contains("'newer' is not whole") && Contains("newer.kcal"));
}

TEST_CASE("what cannot be stored leaves neither tables nor a row") {
  const Place place;
  const auto sets_on_disk = [&] {
    const std::string folder = place.store() + "/sets";
    return fs::exists(folder)
               ? std::distance(fs::directory_iterator(folder), fs::directory_iterator())
               : 0;
  };
  Calibration flagged;
  Solutions none = cal_solutions(JonesTerm::G);
  none.resize();
  flagged.terms.push_back(std::make_shared<const Solutions>(none));
  CHECK_THROWS_WITH(place.put("x", flagged), Contains("no good solution"));
  CHECK_THROWS_WITH(place.put("x", Calibration()), Contains("no terms"));
  Calibration mixed;
  Solutions other = cal_solutions(JonesTerm::G);
  auto header = std::make_shared<ObservationHeader>(*other.header);
  header->telescope = "VLA";
  other.header = header;
  mixed.terms = {std::make_shared<const Solutions>(cal_solutions(JonesTerm::K)),
                 std::make_shared<const Solutions>(other)};
  CHECK_THROWS_WITH(place.put("x", mixed), Contains("differ in their telescope"));
  Calibration by_channel;
  Solutions gains = cal_solutions(JonesTerm::B);
  gains.term = JonesTerm::G;
  by_channel.terms = {std::make_shared<const Solutions>(cal_solutions(JonesTerm::K)),
                      std::make_shared<const Solutions>(gains)};
  CHECK_THROWS_WITH(place.put("x", by_channel), Contains("only a bandpass"));
  CHECK(sets_on_disk() == 0);
  CHECK_THROWS_WITH(place.put("a/b", {JonesTerm::G}), Contains("no name for a calibration set"));

  place.put("x", {JonesTerm::G});
  CHECK_THROWS_WITH(place.put("x", {JonesTerm::K}), Contains("has a set 'x' already"));
  CHECK(place.sets().size() == 1);
  CHECK(sets_on_disk() == 1);
}

TEST_CASE("tables that no row names are of a run that was ended, and give way") {
  const Place place;
  place.put("one", {JonesTerm::G});
  fs::create_directories(place.store() + "/sets/two/two.kcal");
  CHECK(place.take().terms.size() == 1);
  place.put("two", {JonesTerm::G});
  CHECK_FALSE(fs::exists(place.store() + "/sets/two/two.kcal"));
  CHECK(place.take().terms[0]->name == place.store() + "/sets/two/two.gcal");
}

TEST_CASE("what is no store is refused") {
  const Place place;
  CHECK_THROWS_WITH(place.take(), Contains("there is no calibration store"));
  fs::create_directory(place.store());
  std::ofstream(place.store() + "/store.sqlite") << std::string(4096, 'x');
  CHECK_THROWS_WITH(place.take(), Contains("not a database"));
  fs::remove(place.store() + "/store.sqlite");
  Database(place.store() + "/store.sqlite", Database::Open::create).run("PRAGMA user_version = 7");
  CHECK_THROWS_WITH(place.take(), Contains("it says 7"));
}

TEST_CASE("a set is registered as a whole or not at all") {
  const Place place;
  place.put("one", {JonesTerm::K, JonesTerm::G});
  CalibrationStore store(place.store(), Database::Open::existing);
  StoredSet set = place.sets()[0];
  set.name = "two";  // its tables are another's: the second row fails
  set.tables[0].path = "sets/two/two.kcal";
  CHECK_THROWS_WITH(store.add(set), Contains("UNIQUE"));
  CHECK(store.sets().size() == 1);
  CHECK_FALSE(store.has("two"));
}
