// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <core/testing.h>
#include <stages/calibrators/calibrator_ranking.h>
#include <stages/calibrators/find_calibrator_stage.h>
#include <stages/kernels/primary_beam.h>
#include <stages/measurement_set/ms_writer_stage.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <numbers>
#include <sstream>

#include "../stages/small_observation.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kPi = std::numbers::pi;
const GeodeticPosition kSite{-118.2817 * kPi / 180, 37.2314 * kPi / 180, 1222};
constexpr double kMoment = 60950.27 * 86400;

const EarthOrientation& earth() {
  static const EarthOrientation table = EarthOrientation::read(SKYMILL_EOP_EXCERPT);
  return table;
}

/// Twenty-four integrations of 12.88 s at a declination, dishes on the meridian.
ObservedMoments drift(double dec_rad, double first_s) {
  auto header = std::make_shared<ObservationHeader>();
  header->source = "drift";
  header->telescope = "DSA-110";
  header->phasing = Phasing::meridian;
  header->pointing_dec_rad = dec_rad;
  header->position = kSite;
  SpectralWindow window;
  window.chan_freq_hz = {1.28e9, 1.53e9};
  header->spectral_windows = {window};
  header->data_descriptions = {DataDescription{}};
  ObservedMoments observed{header, {}};
  for (std::size_t k = 0; k < 24; ++k) {
    observed.moments.push_back({first_s + 12.88 * static_cast<double>(k), 0, k});
  }
  return observed;
}

std::vector<RankedCalibrator> ranked(const ObservedMoments& observed, const CalibratorList& list,
                                     double radius_deg = 2) {
  const SkyFrames frames(kSite, earth());
  return rank_calibrators(observed, list, {radius_deg * kPi / 180, 0, {}}, kSite, frames);
}

CalibratorList list_of(const std::string& text) {
  std::istringstream in("name,ra,dec,flux,frequency,low,high\n" + text);
  return {in, "mine.csv"};
}

}  // namespace

TEST_CASE("of a drift the integration is found that a calibrator transits in") {
  const SkyFrames frames(kSite, earth());
  const Calibrator source = CalibratorList::shipped().at("0834+555");
  const auto transit = *transit_near(kMoment, source.direction, kSite, frames);
  // It transits 0.3 integrations behind the tenth.
  const auto observed = drift(transit.apparent_dec_rad + 0.01, transit.mjd_utc_s - 10.3 * 12.88);
  const auto list = ranked(observed, CalibratorList::shipped());
  REQUIRE(list.size() == 1);  // nothing else within two degrees of declination
  CHECK(list[0].calibrator.name == "0834+555");
  CHECK(list[0].nearest.integration == 10);
  CHECK(list[0].transit.mjd_utc_s == Approx(transit.mjd_utc_s).epsilon(0).margin(1e-3));
  CHECK(list[0].off_dec_rad == Approx(-0.01).margin(1e-4));
  CHECK(list[0].separation_rad == Approx(0.01).epsilon(0.01));
  const kernels::AiryBeam dish({4.65, 0, 0});
  const double arcmin = list[0].separation_rad * 180 * 60 / kPi;
  CHECK(list[0].beam == dish.power(arcmin * 1.405));
  CHECK(list[0].seen_jy() == Approx(8.8 * list[0].beam));
}

TEST_CASE("calibrators are ranked by flux times beam, and those never seen come last") {
  const SkyFrames frames(kSite, earth());
  const auto observed = drift(0.65, kMoment);
  const Direction middle = frames.at(kMoment + 150).icrs_of(0, 0.65);
  const auto line = [&](const std::string& name, double east_rad, double north_rad, double flux) {
    std::ostringstream out;
    out.precision(15);
    out << name << "," << middle.ra_rad + east_rad << "rad," << middle.dec_rad + north_rad << "rad,"
        << flux << ",1.4GHz,1GHz,2GHz\n";
    return out.str();
  };
  const auto list =
      ranked(observed, list_of(line("centre", 0, 0, 3) + line("bright_at_the_rim", 0, 0.03, 8) +
                               line("late", 1, 0, 100) + line("later", 2, 0, 100) +
                               line("too_far_north", 0, 0.05, 1000)));
  REQUIRE(list.size() == 4);
  CHECK(list[0].calibrator.name == "centre");
  CHECK(list[1].calibrator.name == "bright_at_the_rim");
  CHECK(list[1].beam < 0.35);
  CHECK(list[2].calibrator.name == "late");
  CHECK(list[2].beam == 0);
  CHECK(list[3].calibrator.name == "later");
}

TEST_CASE("of fields that are tracked the nearest is found, at the time nearest to transit") {
  auto observed = drift(0, kMoment);
  auto header = std::make_shared<ObservationHeader>(*observed.header);
  header->phasing = Phasing::tracked;
  const Direction source = CalibratorList::shipped().at("3C286").direction;
  header->fields = {{"target", {source.ra_rad + 0.01, source.dec_rad, "ICRS"}, 0},
                    {"calibrator", source, 0}};
  observed.header = header;
  for (std::size_t k = 6; k < 18; ++k) observed.moments[k].field = 1;
  const auto list = ranked(observed, CalibratorList::shipped());
  REQUIRE(list.size() == 1);
  CHECK(list[0].nearest.field == 1);
  const bool past = list[0].transit.mjd_utc_s < kMoment;
  CHECK(list[0].nearest.integration == (past ? 6 : 17));
  CHECK(list[0].beam == 1);
  CHECK(*list[0].flux_jy == Approx(15.057).epsilon(1e-4));
}

TEST_CASE("data that do not say where the dishes point need to be told") {
  auto observed = drift(0, kMoment);
  auto header = std::make_shared<ObservationHeader>(*observed.header);
  header->phasing = Phasing::unprojected;
  observed.header = header;
  CHECK_THROWS_WITH(ranked(observed, CalibratorList::shipped()), Contains("declination"));
}

TEST_CASE("find_calibrator reads a MeasurementSet, and fails when there is no calibrator") {
  const Scratch folder(".", "sky");
  const std::string ms = folder.path() + "/a.ms";
  SimulateParams sky;
  sky.antennas = 4;
  sky.times = 3;
  sky.start_mjd = 60950.27;
  sky.ra = 3.539257728;  // 3C286
  sky.dec = 0.532485;
  sky.sources = {"0arcsec 0arcsec 3Jy"};
  const SmallObservation all = small_observation(sky);
  MsWriterParams writer;
  writer.output = ms;
  testing::run_sink<MsWriterStage>(writer, in_chunks(all.rows, 1000), visibility_spec(all.header));
  const auto run = [&](FindCalibratorParams params) {
    params.input = ms;
    params.eop = SKYMILL_EOP_EXCERPT;
    std::vector<testing::GivenStage> stages;
    stages.push_back({"find", FindCalibrator::kShape, FindCalibrator::ports(),
                      std::make_unique<FindCalibrator>(params)});
    testing::run_stages(std::move(stages), {1, std::size_t{1} << 28});
  };
  run({});
  const ObservedMoments seen = [&] {
    Lanes lanes;
    return observed_moments(ms, lanes);
  }();
  CHECK(seen.moments.size() == 3);
  CHECK(seen.moments[2].integration == 2);
  FindCalibratorParams brighter;
  brighter.min_flux = 40;
  CHECK_THROWS_WITH(run(brighter), Contains("none of the") && Contains("40 Jy"));
}

TEST_CASE("a moment is written to a hundredth of a second") {
  CHECK(moment_text(60950.0 * 86400 + 3661.234) == "2025-10-02T01:01:01.23");
  CHECK(moment_text(60950.0 * 86400 + 86399.999) == "2025-10-03T00:00:00.00");
}
