// SPDX-License-Identifier: GPL-3.0-or-later
// What is done with solutions after they are found: outliers, gaps, smoothing, normalising.
#include <stages/calibrate/bandpass_shape.h>
#include <stages/calibrate/solution_outliers.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <complex>

using namespace skymill::radio;

namespace {

/// A smooth bandpass of two windows, with phases that turn more than once.
std::complex<double> true_gain(std::size_t a, std::size_t f) {
  const auto x = static_cast<double>(f), y = static_cast<double>(a);
  return std::polar(1 + 0.1 * y + 0.2 * std::sin(0.1 * x), 0.25 * x + y);
}

Solutions bandpass(std::size_t channels = 40, std::size_t antennas = 6) {
  Solutions solutions;
  solutions.term = JonesTerm::B;
  solutions.mode = "ap";
  solutions.antennas.resize(antennas);
  solutions.pols = {9, 12};
  for (std::size_t f = 0; f < channels; ++f) {
    solutions.frequencies.push_back({f < channels / 2 ? 0 : 1, f % (channels / 2), 1,
                                     1.4e9 + 1e6 * static_cast<double>(f), 1e6});
  }
  solutions.intervals.resize(1);
  solutions.resize();
  for (std::size_t f = 0; f < channels; ++f) {
    for (std::size_t p = 0; p < 2; ++p) {
      solutions.refant[solutions.group(0, f, p)] = 0;
      for (std::size_t a = 0; a < antennas; ++a) {
        const std::size_t at = solutions.index(0, f, p, a);
        solutions.gain[at] = std::complex<float>(true_gain(a, f));
        solutions.flag[at] = 0;
        solutions.snr[at] = 100;
        solutions.error[at] = 0.01F;
      }
    }
  }
  return solutions;
}

std::size_t flags(const Solutions& solutions) {
  return static_cast<std::size_t>(
      std::count(solutions.flag.begin(), solutions.flag.end(), std::uint8_t{1}));
}

}  // namespace

TEST_CASE("a smooth bandpass has no outliers") {
  Solutions solutions = bandpass();
  const OutlierCounts counts = flag_outliers(solutions);
  CHECK(counts.amplitude + counts.channels + counts.mostly_bad == 0);
  CHECK(flags(solutions) == 0);
}

TEST_CASE("amplitudes beyond five times or below a fifth of the median go") {
  Solutions solutions = bandpass();
  for (std::size_t f = 0; f < 40; ++f) {
    solutions.gain[solutions.index(0, f, 0, 2)] *= 7.0F;
    solutions.gain[solutions.index(0, f, 1, 3)] *= 0.1F;
  }
  const OutlierCounts counts = flag_outliers(solutions);
  CHECK(counts.amplitude == 80);
  CHECK(counts.channels == 0);
  CHECK(flags(solutions) == 80);
  CHECK(solutions.gain[solutions.index(0, 5, 0, 2)] == std::complex<float>(1, 0));
  CHECK(solutions.snr[solutions.index(0, 5, 0, 2)] == 0);
}

TEST_CASE("a channel unlike its neighbours goes, in amplitude and in phase") {
  Solutions solutions = bandpass();
  solutions.gain[solutions.index(0, 8, 0, 1)] *= 1.5F;
  solutions.gain[solutions.index(0, 30, 1, 4)] *= std::polar(1.0F, 0.6F);
  const OutlierCounts counts = flag_outliers(solutions);
  CHECK(counts.channels == 2);
  CHECK(solutions.flag[solutions.index(0, 8, 0, 1)] == 1);
  CHECK(solutions.flag[solutions.index(0, 30, 1, 4)] == 1);
  CHECK(flags(solutions) == 2);
}

TEST_CASE("what is left of a bandpass of which over three quarters are bad goes, too") {
  Solutions solutions = bandpass();
  for (std::size_t f = 0; f < 31; ++f) solutions.flag_solution(solutions.index(0, f, 0, 5));
  for (std::size_t f = 0; f < 30; ++f) solutions.flag_solution(solutions.index(0, f, 1, 5));
  // Channels that nobody has do not count against an antenna.
  const OutlierCounts counts = flag_outliers(solutions);
  CHECK(counts.mostly_bad == 9);
  CHECK(flags(solutions) == 40 + 30);
}

TEST_CASE("a gain has no channels to compare, a delay no amplitude") {
  Solutions solutions = bandpass();
  solutions.term = JonesTerm::G;
  solutions.gain[solutions.index(0, 8, 0, 1)] *= 1.5F;
  CHECK(flag_outliers(solutions).channels == 0);
  Solutions delays;
  delays.term = JonesTerm::K;
  CHECK(flag_outliers(delays).amplitude == 0);
}

TEST_CASE("normalising leaves phases and the shape over all windows, and takes the scale") {
  Solutions solutions = bandpass();
  const Solutions before = solutions;
  REQUIRE(before.carries_flux_scale());
  normalise_bandpass(solutions);
  CHECK_FALSE(solutions.carries_flux_scale());
  double power = 0;
  for (std::size_t f = 0; f < 40; ++f) {
    const std::size_t at = solutions.index(0, f, 1, 3);
    power += std::norm(solutions.gain[at]) / 40;
    const auto ratio =
        std::complex<double>(solutions.gain[at]) / std::complex<double>(before.gain[at]);
    const auto first = std::complex<double>(solutions.gain[solutions.index(0, 0, 1, 3)]) /
                       std::complex<double>(before.gain[solutions.index(0, 0, 1, 3)]);
    CHECK(std::abs(ratio - first) < 1e-6);
    CHECK(std::abs(std::arg(ratio)) < 1e-6);
    CHECK(solutions.error[at] == Approx(0.01 * std::abs(ratio)));
  }
  CHECK(power == Approx(1));
}

TEST_CASE("short gaps are filled along amplitude and phase, long ones and window ends are not") {
  Solutions solutions = bandpass();
  for (const std::size_t f : {4, 5, 6, 10, 11, 12, 13, 19, 20, 39}) {
    for (std::size_t a = 0; a < 6; ++a) solutions.flag_solution(solutions.index(0, f, 0, a));
    solutions.refant[solutions.group(0, f, 0)] = -1;
  }
  CHECK(fill_bandpass_gaps(3, solutions) == 18);
  for (const std::size_t f : {4, 5, 6}) {
    const std::size_t at = solutions.index(0, f, 0, 2);
    CHECK(solutions.flag[at] == 0);
    CHECK(std::abs(std::complex<double>(solutions.gain[at]) - true_gain(2, f)) < 0.01);
    CHECK(solutions.snr[at] == 100);
    CHECK(solutions.refant[solutions.group(0, f, 0)] == 0);
  }
  for (const std::size_t f : {10, 13, 19, 20, 39}) {
    CHECK(solutions.flag[solutions.index(0, f, 0, 2)] == 1);
    CHECK(solutions.refant[solutions.group(0, f, 0)] == -1);
  }
}

TEST_CASE("smoothing takes the noise down and leaves slopes and flags") {
  Solutions solutions = bandpass();
  for (std::size_t f = 0; f < 40; ++f) {
    // Alternating noise of 1 %.
    solutions.gain[solutions.index(0, f, 0, 1)] *= f % 2 == 0 ? 1.01F : 0.99F;
  }
  solutions.flag_solution(solutions.index(0, 9, 0, 3));
  smooth_bandpass(5, solutions);
  for (std::size_t f = 2; f < 18; ++f) {
    const std::size_t at = solutions.index(0, f, 0, 1);
    CHECK(std::abs(std::complex<double>(solutions.gain[at]) - true_gain(1, f)) < 0.006);
    CHECK(solutions.error[at] == Approx(0.01 / std::sqrt(5)));
    CHECK(solutions.snr[at] == Approx(100 * std::sqrt(5)));
  }
  CHECK(std::abs(std::complex<double>(solutions.gain[solutions.index(0, 0, 1, 4)]) -
                 true_gain(4, 0)) < 1e-6);
  CHECK(solutions.flag[solutions.index(0, 9, 0, 3)] == 1);
}
