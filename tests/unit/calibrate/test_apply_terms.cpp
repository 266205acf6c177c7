// SPDX-License-Identifier: GPL-3.0-or-later
// Interpolation and the product of terms against the formulas of calibration.md 5.5, written out.
#include <core/error.h>
#include <catch2/catch.hpp>

#include <cmath>

#include "term_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kPi = 3.14159265358979323846;

SimulateParams observation() {
  SimulateParams params = calibrator_params();
  params.times = 6;
  params.nchan = 8;
  return params;
}

std::complex<double> value_at(const Visibilities& rows, std::size_t row, std::size_t chan,
                              std::size_t corr) {
  return rows.data[(row * rows.nchan + chan) * rows.ncorr + corr];
}

/// Largest |corrected / (data / (g1 conj(g2))) - 1| of the unflagged, with the gains as they should
/// be by time, channel, hand and antenna.
double worst_against(const Visibilities& before, const Visibilities& after, const GainOf& gain) {
  double most = 0;
  for (std::size_t row = 0; row < before.rows(); ++row) {
    const auto a1 = static_cast<std::size_t>(before.antenna1[row]);
    const auto a2 = static_cast<std::size_t>(before.antenna2[row]);
    for (std::size_t c = 0; c < before.nchan; ++c) {
      for (std::size_t k = 0; k < before.ncorr; ++k) {
        if (after.flag[(row * before.nchan + c) * before.ncorr + k]) continue;
        const auto g1 = gain(a1, c, k, before.time_s[row]);
        const auto g2 = gain(a2, c, k, before.time_s[row]);
        const auto expected = value_at(before, row, c, k) / (g1 * std::conj(g2));
        most = std::max(most, std::abs(value_at(after, row, c, k) / expected - 1.0));
      }
    }
  }
  return most;
}

std::size_t flagged(const Visibilities& rows) {
  return static_cast<std::size_t>(std::count(rows.flag.begin(), rows.flag.end(), 1));
}

/// Amplitude and phase by a straight line through two solutions, written out.
std::complex<double> on_line(std::complex<double> a, std::complex<double> b, double part) {
  double step = std::arg(b) - std::arg(a);
  while (step > kPi) step -= 2 * kPi;
  while (step < -kPi) step += 2 * kPi;
  return std::polar((1 - part) * std::abs(a) + part * std::abs(b), std::arg(a) + part * step);
}

/// Phases that pass through half a turn between two solutions.
std::complex<double> turning(std::size_t interval, std::size_t pol, std::size_t antenna) {
  const auto i = static_cast<double>(interval), p = static_cast<double>(pol),
             a = static_cast<double>(antenna);
  return std::polar(1 + 0.1 * a + 0.2 * i + 0.05 * p, 2.6 + (0.9 + 0.1 * a) * i + 0.3 * p);
}

}  // namespace

TEST_CASE("gains are interpolated in time by amplitude and tracked phase, not beyond the ends") {
  const SmallObservation all = small_observation(observation());
  const double first_s = all.rows.time_s.front();
  // Solutions at the second and fifth integration: two before and after, two between, two on them.
  const std::vector<double> times_s{first_s + 10, first_s + 40};
  const Calibration calibration = calibration_of({made_solutions(
      JonesTerm::G, all.header, times_s, {whole_window(*all.header)},
      [](std::size_t i, std::size_t, std::size_t p, std::size_t a) { return turning(i, p, a); })});
  const auto part_of = [&](double time_s) {
    return std::clamp((time_s - times_s[0]) / (times_s[1] - times_s[0]), 0.0, 1.0);
  };
  ApplyParams params;
  CHECK(worst_against(all.rows, applied(params, calibration, all.rows),
                      [&](std::size_t a, std::size_t, std::size_t p, double time_s) {
                        return on_line(turning(0, p, a), turning(1, p, a), part_of(time_s));
                      }) < 2e-6);
  params.interp = {"nearest"};
  CHECK(worst_against(all.rows, applied(params, calibration, all.rows),
                      [&](std::size_t a, std::size_t, std::size_t p, double time_s) {
                        return turning(part_of(time_s) > 0.5 ? 1 : 0, p, a);
                      }) < 2e-6);
}

TEST_CASE("between solutions both must be good, on one its own flag counts") {
  const SmallObservation all = small_observation(observation());
  const double first_s = all.rows.time_s.front();
  Solutions solutions = made_solutions(
      JonesTerm::G, all.header, {first_s, first_s + 20, first_s + 50}, {whole_window(*all.header)},
      [](std::size_t i, std::size_t, std::size_t p, std::size_t a) { return turning(i, p, a); });
  solutions.flag[solutions.index(1, 0, 0, 3)] = 1;  // X of antenna 3 at 20 s
  const Visibilities done = applied({}, calibration_of({std::move(solutions)}), all.rows);
  for (std::size_t row = 0; row < done.rows(); ++row) {
    const bool with_3 = done.antenna1[row] == 3 || done.antenna2[row] == 3;
    const double at_s = done.time_s[row] - first_s;
    const bool bad = with_3 && at_s > 1 && at_s < 49;
    for (std::size_t k = 0; k < 2; ++k) {
      INFO("row " << row << " corr " << k);
      CHECK(done.flag[(row * 8 + 5) * 2 + k] == (bad && k == 0 ? 1 : 0));
    }
  }
}

TEST_CASE("bandpasses are interpolated in frequency, over flagged channels or not") {
  const SmallObservation all = small_observation(observation());
  const auto& freq_hz = all.header->spectral_windows[0].chan_freq_hz;
  // Solved with channels twice as wide.
  std::vector<SolutionChannels> cells;
  for (std::size_t c = 0; c < 8; c += 2) {
    cells.push_back({0, c, 2, (freq_hz[c] + freq_hz[c + 1]) / 2, 2 * (freq_hz[1] - freq_hz[0])});
  }
  const auto gain = [](std::size_t cell, std::size_t p, std::size_t a) {
    return turning(cell, p, a);
  };
  Solutions solutions = made_solutions(
      JonesTerm::B, all.header, {all.rows.time_s.front()}, cells,
      [&](std::size_t, std::size_t f, std::size_t p, std::size_t a) { return gain(f, p, a); });
  const double step_hz = cells[1].freq_hz - cells[0].freq_hz;
  const auto place = [&](std::size_t c) { return (freq_hz[c] - cells[0].freq_hz) / step_hz; };
  const GainOf linear = [&](std::size_t a, std::size_t c, std::size_t p, double) {
    const double x = std::clamp(place(c), 0.0, 3.0);
    const auto lower = std::min<std::size_t>(static_cast<std::size_t>(x), 2);
    return on_line(gain(lower, p, a), gain(lower + 1, p, a), x - static_cast<double>(lower));
  };
  ApplyParams params;
  CHECK(worst_against(all.rows, applied(params, calibration_of({solutions}), all.rows), linear) <
        3e-6);
  params.interp = {"B=nearest,nearest"};
  CHECK(worst_against(all.rows, applied(params, calibration_of({solutions}), all.rows),
                      [&](std::size_t a, std::size_t c, std::size_t p, double) {
                        return gain(c / 2, p, a);
                      }) < 3e-6);
  // Antenna 2 has no solution in the third cell: channels 3 to 6 lie beside it.
  for (std::size_t p = 0; p < 2; ++p) solutions.flag[solutions.index(0, 2, p, 2)] = 1;
  params.interp = {"nearest,linearflag"};
  CHECK(flagged(applied(params, calibration_of({solutions}), all.rows)) == 6 * 8 * 4 * 2);
  params.interp = {"nearest,nearestflag"};
  CHECK(flagged(applied(params, calibration_of({solutions}), all.rows)) == 6 * 8 * 2 * 2);
  params.interp = {"nearest,linear"};
  const Visibilities bridged = applied(params, calibration_of({solutions}), all.rows);
  CHECK(flagged(bridged) == 0);
  CHECK(worst_against(all.rows, bridged,
                      [&](std::size_t a, std::size_t c, std::size_t p, double time_s) {
                        if (a != 2 || c < 3) return linear(a, c, p, time_s);
                        if (c == 7) return gain(3, p, a);
                        return on_line(gain(1, p, a), gain(3, p, a), (place(c) - 1) / 2);
                      }) < 3e-6);
}

TEST_CASE("K turns phases by frequency, and all terms multiply") {
  const SmallObservation all = small_observation(observation());
  const double first_s = all.rows.time_s.front();
  const SolutionChannels window = whole_window(*all.header);
  const auto delay = [](std::size_t i, std::size_t p, std::size_t a) {
    return 3.0 * static_cast<double>(a) - 7 * static_cast<double>(p) + 2 * static_cast<double>(i);
  };
  Solutions k = made_solutions(JonesTerm::K, all.header, {first_s, first_s + 50}, {window},
                               [&](std::size_t i, std::size_t, std::size_t p, std::size_t a) {
                                 return std::complex<double>(delay(i, p, a), 0);
                               });
  Solutions b = made_solutions(JonesTerm::B, all.header, {first_s}, single_channels(*all.header),
                               [](std::size_t, std::size_t f, std::size_t p, std::size_t a) {
                                 return steady_gain(a, f, p);
                               });
  Solutions g = made_solutions(
      JonesTerm::G, all.header, {first_s, first_s + 50}, {window},
      [](std::size_t i, std::size_t, std::size_t p, std::size_t a) { return turning(i, p, a); });
  Solutions t = made_solutions(JonesTerm::T, all.header, {first_s}, {window},
                               [](std::size_t, std::size_t, std::size_t, std::size_t a) {
                                 return std::polar(0.9, 0.2 * static_cast<double>(a));
                               });
  // One polarisation for both.
  t.pols = {9};
  const std::vector<std::complex<float>> kept(t.gain.begin(), t.gain.begin() + 9);
  t.resize();
  t.gain = kept;
  std::fill(t.flag.begin(), t.flag.end(), 0);
  ApplyParams params;
  params.interp = {"K=linear"};
  const Visibilities done = applied(params, calibration_of({k, b, g, t}), all.rows);
  CHECK(flagged(done) == 0);
  const auto& freq_hz = all.header->spectral_windows[0].chan_freq_hz;
  CHECK(worst_against(
            all.rows, done, [&](std::size_t a, std::size_t c, std::size_t p, double time_s) {
              const double part = (time_s - first_s) / 50;
              const double ns = (1 - part) * delay(0, p, a) + part * delay(1, p, a);
              return std::polar(1.0, 2 * kPi * 1e-9 * ns * (freq_hz[c] - window.freq_hz)) *
                     steady_gain(a, c, p) * on_line(turning(0, p, a), turning(1, p, a), part) *
                     std::polar(0.9, 0.2 * static_cast<double>(a));
            }) < 3e-6);
  // K changes no weights, the others do unless told not to.
  params.calwt = {true, false, false, false};
  CHECK(applied(params, calibration_of({k, b, g, t}), all.rows).weight == all.rows.weight);
  params.calwt = {false, false, false, true};
  CHECK(applied(params, calibration_of({k, b, g, t}), all.rows).weight[7] ==
        Approx(all.rows.weight[7] * std::pow(0.9, 4)));
}

TEST_CASE("windows meet by frequency or by spwmap") {
  SimulateParams sky = observation();
  const SmallObservation all = small_observation(sky);
  // The table's windows stand in another order than the data's.
  auto solved = std::make_shared<ObservationHeader>(*all.header);
  SpectralWindow other = solved->spectral_windows[0];
  for (double& freq_hz : other.chan_freq_hz) freq_hz += 1e9;
  solved->spectral_windows.insert(solved->spectral_windows.begin(), other);
  DataDescription second = solved->data_descriptions[0];
  second.spectral_window = 1;
  solved->data_descriptions.push_back(second);
  const auto gain = [](std::size_t f, std::size_t p, std::size_t a) {
    return turning(3 * f, p, a);
  };
  const Solutions g = made_solutions(
      JonesTerm::G, solved, {all.rows.time_s.front()},
      {whole_window(*solved, 0), whole_window(*solved, 1)},
      [&](std::size_t, std::size_t f, std::size_t p, std::size_t a) { return gain(f, p, a); });
  ApplyParams params;
  const auto check = [&](std::size_t window) {
    CHECK(worst_against(all.rows, applied(params, calibration_of({g}), all.rows),
                        [&](std::size_t a, std::size_t, std::size_t p, double) {
                          return gain(window, p, a);
                        }) < 2e-6);
  };
  check(1);
  params.spwmap = {"G=0"};
  check(0);
  params.spwmap = {"7"};
  CHECK_THROWS_WITH(applied(params, calibration_of({g}), all.rows),
                    Contains("my.G") && Contains("window 0"));
  params.applymode = "calflagstrict";
  CHECK(flagged(applied(params, calibration_of({g}), all.rows)) == all.rows.flag.size());
  params.applymode = "calonly";
  CHECK(applied(params, calibration_of({g}), all.rows).data == all.rows.data);
}

TEST_CASE("gainfield takes the solutions of fields by name, number, or nearness") {
  const SmallObservation all = small_observation(observation());
  auto solved = std::make_shared<ObservationHeader>(*all.header);
  Field far = solved->fields[0];
  far.name = "far";
  far.phase_dir.dec_rad += 0.05;
  solved->fields.push_back(far);
  solved->fields[0].name = "near";
  const double first_s = all.rows.time_s.front();
  Solutions g = made_solutions(
      JonesTerm::G, solved, {first_s, first_s + 50}, {whole_window(*all.header)},
      [](std::size_t i, std::size_t, std::size_t p, std::size_t a) { return turning(i, p, a); });
  g.intervals[0].field_id = 1;
  ApplyParams params;
  const auto check = [&](const std::string& gainfield, std::size_t interval) {
    params.gainfield = {gainfield};
    CHECK(worst_against(all.rows, applied(params, calibration_of({g}), all.rows),
                        [&](std::size_t a, std::size_t, std::size_t p, double) {
                          return turning(interval, p, a);
                        }) < 2e-6);
  };
  check("far", 0);
  check("0", 1);
  check("nearest", 1);
  params.gainfield = {"nobody"};
  CHECK_THROWS_WITH(applied(params, calibration_of({g}), all.rows), Contains("nobody"));
}

TEST_CASE("each applymode does to data and flags what it says") {
  const SmallObservation all = small_observation(observation());
  Solutions g = made_solutions(JonesTerm::G, all.header, {all.rows.time_s.front()},
                               {whole_window(*all.header)},
                               [](std::size_t, std::size_t, std::size_t, std::size_t) {
                                 return std::complex<double>(2, 0);
                               });
  g.flag[g.index(0, 0, 0, 4)] = 1;
  const Calibration calibration = calibration_of({g});
  const auto [mode, corrects, flags] =
      GENERATE(table<std::string, bool, bool>({{"calflag", true, true},
                                               {"calonly", true, false},
                                               {"flagonly", false, true},
                                               {"trial", false, false},
                                               {"calflagstrict", true, true},
                                               {"flagonlystrict", false, true}}));
  INFO(mode);
  ApplyParams params;
  params.applymode = mode;
  const Visibilities done = applied(params, calibration, all.rows);
  CHECK(flagged(done) == (flags ? 6U * 8 * 8 : 0U));
  std::size_t wrong = 0;
  for (std::size_t row = 0; row < done.rows(); ++row) {
    const bool with_4 = done.antenna1[row] == 4 || done.antenna2[row] == 4;
    for (std::size_t k = 0; k < 16; ++k) {
      const bool corrected = corrects && !(with_4 && k % 2 == 0);
      const std::complex<float> seen = all.rows.data[row * 16 + k];
      if (done.data[row * 16 + k] != (corrected ? seen / 4.0F : seen)) ++wrong;
    }
    CHECK(done.weight[row * 2 + 1] == all.rows.weight[row * 2 + 1] * (corrects ? 16.0F : 1.0F));
    CHECK(done.weight[row * 2] == all.rows.weight[row * 2] * (corrects && !with_4 ? 16.0F : 1.0F));
  }
  CHECK(wrong == 0);
}

TEST_CASE("products of corrected data know the solutions and their date") {
  const SmallObservation all = small_observation(observation());
  const Solutions g = made_solutions(JonesTerm::G, all.header, {all.rows.time_s.front()},
                                     {whole_window(*all.header)},
                                     [](std::size_t, std::size_t, std::size_t, std::size_t) {
                                       return std::complex<double>(2, 0);
                                     });
  const Visibilities done = applied({}, calibration_of({g}), all.rows);
  REQUIRE(done.header->history.size() == 1);
  CHECK_THAT(done.header->history[0], Contains("calibrated by G 'my.G' (ap) of 20"));
  CHECK(all.header->history.empty());
}
