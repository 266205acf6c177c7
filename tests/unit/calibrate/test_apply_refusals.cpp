// SPDX-License-Identifier: GPL-3.0-or-later
// Solutions that do not belong to the data, each with its own outcome.
#include <core/error.h>
#include <catch2/catch.hpp>

#include <cmath>

#include "term_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

Solutions gains(std::shared_ptr<const ObservationHeader> header, double time_s) {
  const SolutionChannels window = whole_window(*header);
  return made_solutions(
      JonesTerm::G, std::move(header), {time_s}, {window},
      [](std::size_t, std::size_t, std::size_t p, std::size_t a) { return steady_gain(a, 0, p); });
}

double worst_off(const Visibilities& rows, const std::vector<std::complex<float>>& expected) {
  double most = 0;
  for (std::size_t k = 0; k < rows.data.size(); ++k) {
    most = std::max(most, static_cast<double>(std::abs(rows.data[k] - expected[k])));
  }
  return most;
}

}  // namespace

TEST_CASE("antennas of the same names that stand elsewhere are another array") {
  const SmallObservation all = small_observation(calibrator_params());
  auto solved = std::make_shared<ObservationHeader>(*all.header);
  solved->antennas[5].position_m[0] += 0.9;
  const double time_s = all.rows.time_s.front();
  CHECK_NOTHROW(applied({}, calibration_of({gains(solved, time_s)}), all.rows));
  solved->antennas[5].position_m[0] += 0.2;
  CHECK_THROWS_WITH(applied({}, calibration_of({gains(solved, time_s)}), all.rows),
                    Contains("another array") && Contains("my.G") && Contains("1.1 m"));
}

TEST_CASE("solutions of another declination strip are refused") {
  const SmallObservation all = small_observation(calibrator_params());
  auto solved = std::make_shared<ObservationHeader>(*all.header);
  solved->fields[0].phase_dir.dec_rad -= 6 * 3.14159265358979323846 / 180;
  const Calibration calibration = calibration_of({gains(solved, all.rows.time_s.front())});
  CHECK_THROWS_WITH(applied({}, calibration, all.rows),
                    Contains("declination") && Contains("dec_guard"));
  ApplyParams params;
  params.dec_guard = std::nullopt;
  CHECK_NOTHROW(applied(params, calibration, all.rows));
  // Where each row has a meridian of its own, the strip is what the array points to.
  solved->phasing = Phasing::meridian;
  solved->pointing_dec_rad = all.header->fields[0].phase_dir.dec_rad;
  CHECK_NOTHROW(applied({}, calibration_of({gains(solved, all.rows.time_s.front())}), all.rows));
}

TEST_CASE("solutions out of validity are refused") {
  const SmallObservation all = small_observation(calibrator_params());
  const double time_s = all.rows.time_s.front();
  ApplyParams params;
  params.max_age = 7200;
  CHECK_NOTHROW(applied(params, calibration_of({gains(all.header, time_s - 7100)}), all.rows));
  CHECK_THROWS_WITH(applied(params, calibration_of({gains(all.header, time_s - 7300)}), all.rows),
                    Contains("out of validity") && Contains("max_age"));
  CHECK_THROWS_WITH(applied({}, calibration_of({gains(all.header, time_s + 2e5)}), all.rows),
                    Contains("out of validity"));
  params.max_age = std::nullopt;
  CHECK_NOTHROW(applied(params, calibration_of({gains(all.header, time_s + 2e5)}), all.rows));
}

TEST_CASE("solutions of the other sense of uvw are refused, or taken conjugate when asked") {
  const SmallObservation all = small_observation(calibrator_params());
  auto solved = std::make_shared<ObservationHeader>(*all.header);
  REQUIRE(all.header->uvw_sense == UvwSense::one_minus_two);
  const double time_s = all.rows.time_s.front();
  const auto expected = applied({}, calibration_of({gains(solved, time_s)}), all.rows).data;
  solved->uvw_sense = UvwSense::two_minus_one;
  Solutions g = gains(solved, time_s);
  for (auto& gain : g.gain) gain = std::conj(gain);
  Solutions k = made_solutions(JonesTerm::K, solved, {time_s}, {whole_window(*solved)},
                               [](std::size_t, std::size_t, std::size_t, std::size_t a) {
                                 return std::complex<double>(-4.0 * static_cast<double>(a), 0);
                               });
  CHECK_THROWS_WITH(applied({}, calibration_of({g}), all.rows),
                    Contains("r(antenna2) - r(antenna1)") && Contains("other sign"));
  ApplyParams params;
  params.conjugate = "auto";
  CHECK(worst_off(applied(params, calibration_of({g}), all.rows), expected) < 1e-4);
  // Delays turn with the phases.
  const Calibration both = calibration_of({g, k});
  auto same = std::make_shared<ObservationHeader>(*all.header);
  Solutions own_k = made_solutions(JonesTerm::K, same, {time_s}, {whole_window(*same)},
                                   [](std::size_t, std::size_t, std::size_t, std::size_t a) {
                                     return std::complex<double>(4.0 * static_cast<double>(a), 0);
                                   });
  const auto with_delay = applied({}, calibration_of({gains(same, time_s), own_k}), all.rows).data;
  CHECK(worst_off(applied(params, both, all.rows), with_delay) < 1e-4);
  // What is not known is not refused.
  solved->uvw_sense = UvwSense::unknown;
  CHECK_NOTHROW(applied({}, calibration_of({g}), all.rows));
}

TEST_CASE("empty calibrations and those not meant for science are refused") {
  const SmallObservation all = small_observation(calibrator_params());
  CHECK_THROWS_WITH(applied({}, {}, all.rows), Contains("no terms"));
  Solutions none = gains(all.header, all.rows.time_s.front());
  none.intervals.clear();
  none.resize();
  CHECK_THROWS_WITH(applied({}, calibration_of({none}), all.rows),
                    Contains("my.G") && Contains("empty"));
  Solutions trial = gains(all.header, all.rows.time_s.front());
  trial.name = "a_NON_SCIENCE.gcal";
  CHECK_THROWS_WITH(applied({}, calibration_of({trial}), all.rows), Contains("NON_SCIENCE"));
}

TEST_CASE("choices that fit no term are refused") {
  const SmallObservation all = small_observation(calibrator_params());
  const Calibration calibration = calibration_of({gains(all.header, all.rows.time_s.front())});
  const auto with = [&](auto&& change) {
    ApplyParams params;
    change(params);
    return applied(params, calibration, all.rows);
  };
  CHECK_THROWS_WITH(with([](ApplyParams& p) { p.interp = {"cubic"}; }), Contains("cubic"));
  CHECK_THROWS_WITH(with([](ApplyParams& p) { p.interp = {"linear,linear,linear"}; }),
                    Contains("not known"));
  CHECK_THROWS_WITH(with([](ApplyParams& p) {
                      p.interp = {"linear", "nearest"};
                    }),
                    Contains("2 entries") && Contains("1 term"));
  CHECK_THROWS_WITH(with([](ApplyParams& p) { p.calwt = {true, false}; }), Contains("calwt"));
  CHECK_THROWS_WITH(with([](ApplyParams& p) { p.spwmap = {"x"}; }), Contains("spwmap"));
}
