// SPDX-License-Identifier: GPL-3.0-or-later
// What is wrong with a calibration is seen, and at its level.
#include <stages/assess/quality_levels.h>
#include <stages/assess/solution_series.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <set>

#include "some_solutions.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

QualityLimits some_limits() {
  QualityLimits limits;
  limits.snr = {10.0, 3.0};
  limits.flagged = {0.2, 0.3};
  limits.bandpass_flagged = {0.05, 0.25};
  limits.amplitude = {4.0, 10.0};
  limits.phase_scatter_deg = {15.0, 30.0};
  limits.antennas = {11.0, 10.0};
  limits.refant_flagged = {0.3, 0.8};
  limits.refant_phase_deg = {0.1, 5.0};
  limits.delay_range_ns = {100.0, 1000.0};
  limits.xy_ratio = {1.5, 5.0};
  limits.smoothness = {0.02, 0.1};
  return limits;
}

QualityLevel level_of(const Solutions& solutions, const std::string& figure) {
  for (const JudgedFigure& one : judge_term(solutions.term, quality_of(solutions), some_limits())) {
    if (one.figure == figure) return one.level;
  }
  FAIL("nothing is said of " << figure);
  return QualityLevel::ok;
}

using Mutate = std::function<void(Solutions&, bool badly)>;

/// Every how many-th solution of an antenna other than the reference one.
void flag_part(Solutions& s, double part) {
  std::size_t wanted = 0, seen = 0;
  for (std::size_t k = 0; k < s.flag.size(); ++k) {
    if (k % s.antennas.size() == 0) continue;
    ++seen;
    if (static_cast<double>(wanted) < part * static_cast<double>(seen)) {
      s.flag[k] = 1;
      ++wanted;
    }
  }
}

void flag_antennas(Solutions& s, std::size_t from, std::size_t to) {
  for (std::size_t k = 0; k < s.flag.size(); ++k) {
    const std::size_t antenna = k % s.antennas.size();
    if (antenna >= from && antenna < to) s.flag[k] = 1;
  }
}

}  // namespace

TEST_CASE("good solutions are ok in all figures") {
  for (const JonesTerm term : {JonesTerm::K, JonesTerm::B, JonesTerm::G, JonesTerm::T}) {
    const Solutions solutions =
        good_solutions(term, 12, term == JonesTerm::B ? 1 : 6, term == JonesTerm::B ? 40 : 1);
    for (const JudgedFigure& one :
         judge_term(solutions.term, quality_of(solutions), some_limits())) {
      CAPTURE(letter(term), one.sentence());
      CHECK(one.level == QualityLevel::ok);
    }
  }
}

TEST_CASE("each mistake is seen in its figure, a small one as a warning") {
  struct Case {
    std::string figure;
    JonesTerm term;
    Mutate mutate;
  };
  const std::vector<Case> cases{
      {"flagged", JonesTerm::G, [](Solutions& s, bool badly) { flag_part(s, badly ? 0.6 : 0.28); }},
      {"flagged", JonesTerm::B, [](Solutions& s, bool badly) { flag_part(s, badly ? 0.3 : 0.1); }},
      {"snr_median", JonesTerm::G,
       [](Solutions& s, bool badly) { s.snr.assign(s.snr.size(), badly ? 2.0F : 7.0F); }},
      {"amplitude_factor", JonesTerm::G,
       [](Solutions& s, bool badly) {
         for (std::size_t k = 3; k < s.gain.size(); k += s.antennas.size()) {
           s.gain[k] *= badly ? 0.05F : 0.2F;
         }
       }},
      {"amplitude_factor", JonesTerm::B,
       [](Solutions& s, bool badly) {
         for (std::size_t k = 3; k < s.gain.size(); k += s.antennas.size()) {
           s.gain[k] *= badly ? 20.0F : 5.0F;
         }
       }},
      {"phase_scatter_deg", JonesTerm::G,
       [](Solutions& s, bool badly) {
         std::mt19937 random(1);
         std::normal_distribution<float> scatter(0, badly ? 0.7F : 0.35F);
         for (std::size_t k = 0; k < s.gain.size(); ++k) {
           if (k % s.antennas.size() != 0) s.gain[k] *= std::polar(1.0F, scatter(random));
         }
       }},
      {"good_antennas", JonesTerm::K,
       [](Solutions& s, bool badly) { flag_antennas(s, badly ? 8 : 10, 12); }},
      {"refant_flagged", JonesTerm::G,
       [](Solutions& s, bool badly) {
         const std::size_t keep = badly ? 1 : 6;
         for (std::size_t group = keep; group < s.refant.size(); ++group) {
           s.flag[group * s.antennas.size()] = 1;
         }
       }},
      {"refant_phase_deg", JonesTerm::G,
       [](Solutions& s, bool badly) { s.gain[0] *= std::polar(1.0F, badly ? 0.2F : 0.01F); }},
      {"refant_phase_deg", JonesTerm::K,
       [](Solutions& s, bool badly) { s.delay_ns[0] = badly ? 100.0F : 2.0F; }},
      {"delay_range_ns", JonesTerm::K,
       [](Solutions& s, bool badly) { s.delay_ns[5] = badly ? -5000.0F : -500.0F; }},
      {"xy_factor", JonesTerm::G,
       [](Solutions& s, bool badly) {
         for (std::size_t k = 0; k < s.gain.size(); ++k) {
           if (k / s.antennas.size() % 2 == 1) s.gain[k] *= badly ? 0.1F : 0.5F;
         }
       }},
      {"smoothness", JonesTerm::B,
       [](Solutions& s, bool badly) {
         std::mt19937 random(2);
         std::normal_distribution<float> scatter(1, badly ? 0.3F : 0.05F);
         for (auto& gain : s.gain) gain *= scatter(random);
       }},
  };
  for (const Case& one : cases) {
    const bool in_channels = one.term == JonesTerm::B;
    const Solutions good = good_solutions(one.term, 12, in_channels ? 1 : 6, in_channels ? 40 : 1);
    CAPTURE(one.figure, letter(one.term));
    CHECK(level_of(good, one.figure) == QualityLevel::ok);
    Solutions doubtful = good, bad = good;
    one.mutate(doubtful, false);
    one.mutate(bad, true);
    CHECK(level_of(doubtful, one.figure) == QualityLevel::warn);
    CHECK(level_of(bad, one.figure) == QualityLevel::fail);
  }
}

TEST_CASE("limits that are absent never warn") {
  Solutions solutions = good_solutions(JonesTerm::G);
  flag_part(solutions, 0.9);
  for (const JudgedFigure& one : judge_term(JonesTerm::G, quality_of(solutions), {})) {
    CHECK(one.level == QualityLevel::ok);
  }
}

TEST_CASE("solutions that are all flagged have no figures, but fail") {
  Solutions solutions = good_solutions(JonesTerm::G);
  flag_antennas(solutions, 0, 12);
  const auto judged = judge_term(JonesTerm::G, quality_of(solutions), some_limits());
  REQUIRE(judged.size() == 2);
  CHECK(judged[0].level == QualityLevel::fail);
  CHECK(judged[1].level == QualityLevel::fail);
  CHECK(judged[1].sentence() == "flagged is 1, above 0.3");
}

TEST_CASE("figures have the values that were put in") {
  Solutions s = good_solutions(JonesTerm::G, 40, 50);
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  for (std::size_t k = 0; k < s.gain.size(); ++k) {
    s.gain[k] =
        std::complex<float>(std::polar(2.0 * (1 + 0.1 * normal(random)), 0.2 * normal(random)));
    s.snr[k] = static_cast<float>(k % 100);
  }
  const TermQuality quality = quality_of(s);
  CHECK(*quality.snr_median == Approx(50).margin(1));
  CHECK(*quality.snr_p05 == Approx(5).margin(1));
  CHECK(*quality.amplitude_median == Approx(2).epsilon(0.01));
  CHECK(*quality.amplitude_scatter == Approx(0.1).epsilon(0.05));
  CHECK(*quality.phase_spread_deg == Approx(0.2 * 57.2958).epsilon(0.05));
  CHECK(*quality.phase_scatter_deg == Approx(0.2 * 57.2958).epsilon(0.05));
  CHECK(*quality.antennas[7].amplitude_mad == Approx(0.1).epsilon(0.25));
  CHECK(quality.flagged_by_pol == std::vector<double>{0, 0});
}

TEST_CASE("a phase that winds around is a straight line") {
  Solutions s = good_solutions(JonesTerm::G, 12, 30);
  for (std::size_t i = 0; i < 30; ++i) {
    for (std::size_t p = 0; p < 2; ++p) {
      s.gain[s.index(i, 0, p, 4)] = std::polar(2.0F, 0.9F * static_cast<float>(i));
    }
  }
  CHECK(*quality_of(s).antennas[4].phase_scatter_deg < 0.01);
}

TEST_CASE("the health of a reference antenna has five classes") {
  CHECK(health_of(0.05) == "excellent");
  CHECK(health_of(0.2) == "good");
  CHECK(health_of(0.4) == "acceptable");
  CHECK(health_of(0.7) == "poor");
  CHECK(health_of(0.9) == "bad");
}

TEST_CASE("series for charts are thinned evenly, and flagged solutions are left out") {
  Solutions s = good_solutions(JonesTerm::B, 3, 1, 1000);
  s.flag[s.index(0, 0, 0, 1)] = s.flag[s.index(0, 0, 1, 1)] = 1;
  s.flag[s.index(0, 0, 1, 2)] = 1;
  const SolutionSeries series = series_of(s, 100);
  CHECK(series.table == "bandpass");
  CHECK(series.rows.size() == 3 * 100 - 1);
  std::set<std::string> names;
  for (const Row& row : series.rows) names.insert(std::get<std::string>(row[1].second));
  CHECK(names == std::set<std::string>{"ea0", "ea1", "ea2"});
  CHECK(series.rows[0].size() == 2 + 4);
  CHECK(series.rows[1].size() == 2 + 2);  // one hand of ea2
  CHECK(series.rows[1][2].first == "amplitude_x");
  CHECK(series_of(good_solutions(JonesTerm::G, 3, 7), 1).rows.size() == 3);
  CHECK(series_of(good_solutions(JonesTerm::K, 5), 9).rows.size() == 5);
}

TEST_CASE("antennas that the data do not have count nowhere") {
  Solutions s = good_solutions(JonesTerm::G);
  for (const std::size_t antenna : {3, 7}) {
    for (std::size_t k = antenna; k < s.flag.size(); k += s.antennas.size()) s.flag[k] = 1;
  }
  CHECK(quality_of(s).flagged == Approx(2.0 / 12));
  CHECK(quality_of(s).present_antennas == 12);
  s.absent.assign(12, 0);
  s.absent[3] = 1;
  const TermQuality quality = quality_of(s);
  CHECK(quality.flagged == Approx(1.0 / 11));
  CHECK(quality.present_antennas == 11);
  CHECK(quality.good_antennas == 10);
  CHECK(quality.solutions == s.flag.size() / 12 * 11);
  for (const double part : quality.flagged_by_pol) CHECK(part == Approx(1.0 / 11));
}
