// SPDX-License-Identifier: GPL-3.0-or-later
// What the terms K, B, G and T share and where they differ, and which solutions are refused.
#include <core/error.h>
#include <stages/calibrate/phase_reference.h>
#include <stages/calibrate/solve_report.h>
#include <stages/simulate/counted_random.h>
#include <catch2/catch.hpp>

#include <cmath>

#include "calibrator.h"
#include "metrics_state.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kTurn = 6.283185307179586;

SolveParams of_term(const char* term) {
  SolveParams params = solve_params();
  params.term = term;
  params.solve_per = "auto";
  return params;
}

/// Delays of some nanoseconds, those of the hands different.
double delay_ns(std::size_t a, std::size_t hand) {
  return 9 * std::sin(1.7 * static_cast<double>(a) + static_cast<double>(hand));
}

Solutions made(JonesTerm term, const char* mode, bool normalised) {
  Solutions solutions;
  solutions.term = term;
  solutions.mode = mode;
  solutions.normalised = normalised;
  solutions.name = letter(term);
  return solutions;
}

Calibration chain(std::vector<Solutions> terms) {
  Calibration calibration;
  for (Solutions& term : terms) {
    calibration.terms.push_back(std::make_shared<const Solutions>(std::move(term)));
  }
  return calibration;
}

/// `solve` with something on its side input.
class SolveAfter final : public Reduce<Visibilities, Calibration> {
 public:
  struct Params {
    SolveParams solve;
    std::shared_ptr<const Calibration> prior;
  };
  static Ports ports() { return Solve::ports(); }

  explicit SolveAfter(Params params) : prior_(std::move(params.prior)), solve_(params.solve) {}

  void plan(Planning& planning) override { solve_.plan(planning); }
  void add(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) override {
    solve_.add(chunk, with_prior(ctx));
  }
  Stream<Calibration> finish(const PipelineContext& ctx) override {
    return solve_.finish(with_prior(ctx));
  }

 private:
  PipelineContext with_prior(const PipelineContext& ctx) const {
    return ctx.with_product(side_product_key(ctx.stage(), "prior"), Calibration::kDataKind, prior_);
  }

  std::shared_ptr<const Calibration> prior_;
  Solve solve_;
};

Calibration solve_after(const SolveParams& params, Calibration prior, const SmallObservation& all) {
  Calibration calibration;
  testing::run_stage<SolveAfter>({params, std::make_shared<const Calibration>(std::move(prior))},
                                 in_chunks(all.rows, 50), visibility_spec(all.header),
                                 [&](const Chunk<Calibration>& chunk) { calibration = *chunk; });
  return calibration;
}

}  // namespace

TEST_CASE("each term is cut as it is used: K over the band, B by channel, G and T by window") {
  const TwoWindows two(
      [](std::size_t a, std::size_t, std::size_t h, double) { return steady_gain(a, 0, h); });
  for (const auto& [term, frequencies] : {std::pair{"K", 2}, {"B", 6}, {"G", 2}, {"T", 2}}) {
    SolveParams params = of_term(term);
    if (params.term == "T") params.tolerance = 1e-4;
    const Solutions solutions = solve(params, two.chunks(true), two.header);
    CHECK(letter(solutions.term) == params.term);
    CHECK(solutions.frequencies.size() == static_cast<std::size_t>(frequencies));
    CHECK(solutions.pols.size() == 2);
    CHECK((solutions.delay_ns.size() > 0) == (params.term == "K"));
    CHECK((solutions.gain.size() > 0) == (params.term != "K"));
  }
}

TEST_CASE("one delay over two windows, with phase 0 in the middle channel of each") {
  // Channels 0..2 are at 1.299 GHz and up by 1 MHz, channels 5..7 at 1.399 GHz.
  const auto freq_of = [](std::size_t c) {
    return (c < 5 ? 1.299e9 : 1.399e9) + 1e6 * static_cast<double>(c % 5);
  };
  SimulateParams sky = calibrator_params();
  const TwoWindows two(
      [&](std::size_t a, std::size_t c, std::size_t h, double) {
        return std::polar(0.5, 1e-9 * kTurn * delay_ns(a, h) * freq_of(c) + static_cast<double>(a));
      },
      sky);
  for (const bool by_time : {true, false}) {
    const Solutions solutions = solve(of_term("K"), two.chunks(by_time), two.header);
    for (std::size_t f = 0; f < 2; ++f) {
      CHECK(solutions.frequencies[f].freq_hz == two.header->spectral_windows[f].chan_freq_hz[1]);
      CHECK(solutions.frequencies[f].channels == 3);
      for (std::size_t h = 0; h < 2; ++h) {
        CHECK(solutions.refant[solutions.group(0, f, h)] == 1);
        for (std::size_t a = 0; a < 9; ++a) {
          const std::size_t at = solutions.index(0, f, h, a);
          CHECK(solutions.flag[at] == 0);
          CHECK(solutions.delay_ns[at] == Approx(delay_ns(a, h) - delay_ns(1, h)).margin(2e-3));
        }
      }
    }
  }
}

TEST_CASE("delays by window, in time, and for want of channels") {
  SimulateParams sky = calibrator_params();
  sky.nchan = 16;
  const double start_s = 60000.5 * 86400;
  const SmallObservation all =
      corrupted(sky, [&](std::size_t a, std::size_t c, std::size_t h, double time_s) {
        const double ns = delay_ns(a, h) + 0.01 * static_cast<double>(a) * (time_s - start_s);
        return std::polar(1.0, 1e-9 * kTurn * ns * 1e6 * static_cast<double>(c));
      });
  SolveParams params = of_term("K");
  params.solve_per = "spw";
  params.solint = "int";
  const Solutions solutions = solve(params, in_chunks(all.rows, 20), all.header);
  REQUIRE(solutions.intervals.size() == 4);
  for (std::size_t t = 0; t < 4; ++t) {
    const double passed_s = all.rows.time_s[36 * t] - start_s;
    CHECK(solutions.delay_ns[solutions.index(t, 0, 1, 6)] ==
          Approx(delay_ns(6, 1) - delay_ns(1, 1) + 0.05 * passed_s).margin(2e-3));
  }
  sky.nchan = 3;
  const SmallObservation few = small_observation(sky);
  CHECK_THROWS_WITH(solve(of_term("K"), in_chunks(few.rows, 36), few.header),
                    Contains("3 channels") && Contains("4 are needed"));
}

TEST_CASE("T is what both polarisations share") {
  const GainOf same = [](std::size_t a, std::size_t, std::size_t, double) {
    return steady_gain(a, 0, 0);
  };
  const SmallObservation all = corrupted(calibrator_params(), same);
  const Solutions solutions = solve(of_term("T"), in_chunks(all.rows, 50), all.header);
  CHECK(worst(solutions, same, 1) < 1e-6);
  for (std::size_t a = 0; a < 9; ++a) {
    CHECK(solutions.gain[solutions.index(0, 0, 0, a)] ==
          solutions.gain[solutions.index(0, 0, 1, a)]);
  }
}

TEST_CASE("combined windows share one solution, which stands in each") {
  const GainOf flat = [](std::size_t a, std::size_t, std::size_t h, double) {
    return steady_gain(a, 0, h);
  };
  const TwoWindows two(flat, calibrator_params(0.3));
  SolveParams params = of_term("G");
  const Solutions apart = solve(params, two.chunks(true), two.header);
  params.combine.push_back("spw");
  const Solutions together = solve(params, two.chunks(true), two.header);
  REQUIRE(together.frequencies.size() == 2);
  for (std::size_t p = 0; p < 2; ++p) {
    for (std::size_t a = 0; a < 9; ++a) {
      const auto gain = together.gain[together.index(0, 0, p, a)];
      CHECK(gain == together.gain[together.index(0, 1, p, a)]);
      CHECK(gain != apart.gain[apart.index(0, 0, p, a)]);
      CHECK(together.snr[together.index(0, 0, p, a)] > 1.2F * apart.snr[apart.index(0, 0, p, a)]);
    }
  }
}

TEST_CASE("chanaverage makes solutions of some channels each, the last of what is left") {
  SimulateParams sky = calibrator_params();
  sky.nchan = 8;
  const GainOf steps = [](std::size_t a, std::size_t c, std::size_t h, double) {
    return steady_gain(a, c / 3, h);
  };
  const SmallObservation all = corrupted(sky, steps);
  SolveParams params = of_term("B");
  params.chanaverage = 3;
  const Solutions solutions = solve(params, in_chunks(all.rows, 50), all.header);
  REQUIRE(solutions.frequencies.size() == 3);
  CHECK(solutions.frequencies[2].channels == 2);
  CHECK(worst(solutions, steps, 1) < 1e-6);
}

TEST_CASE("amplitude solutions have phase 0 and the true amplitudes") {
  const SmallObservation all = corrupted(calibrator_params(), steady_gain);
  SolveParams params = solve_params();
  params.mode = "a";
  const Solutions solutions = solve(params, in_chunks(all.rows, 50), all.header);
  for (std::size_t f = 0; f < 3; ++f) {
    for (std::size_t a = 0; a < 9; ++a) {
      const std::complex<double> gain = solutions.gain[solutions.index(0, f, 1, a)];
      CHECK(gain.imag() == 0);
      CHECK(gain.real() == Approx(std::abs(steady_gain(a, f, 1))).epsilon(1e-6));
    }
  }
}

TEST_CASE("scans and fields break solutions unless they are combined") {
  SmallObservation all = corrupted(calibrator_params(), steady_gain);
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    all.rows.scan_number[row] = row < 36 ? 1 : 2;
  }
  SolveParams params = solve_params();
  CHECK(solve(params, in_chunks(all.rows, 50), all.header).intervals.size() == 1);
  params.combine = {"field"};
  const Solutions apart = solve(params, in_chunks(all.rows, 50), all.header);
  REQUIRE(apart.intervals.size() == 2);
  CHECK(apart.intervals[0].scan_number == 1);
  CHECK(apart.intervals[1].scan_number == 2);
  CHECK(apart.intervals[0].end_s - apart.intervals[0].begin_s == Approx(10).epsilon(1e-6));
}

TEST_CASE("strict flags what lacks the reference antenna, flex lets another keep its phase") {
  SmallObservation all = corrupted(calibrator_params(), steady_gain);
  const std::size_t cells = all.rows.nchan * all.rows.ncorr;
  for (std::size_t row = 36; row < 72; ++row) {
    if (all.rows.antenna1[row] == 1 || all.rows.antenna2[row] == 1) {
      std::fill_n(&all.rows.flag[row * cells], cells, 1);
    }
  }
  SolveParams params = solve_params();
  params.solint = "int";
  const auto flagged = [](const Solutions& solutions, std::size_t t) {
    const auto first = solutions.flag.begin() + static_cast<std::ptrdiff_t>(t * 54);
    return std::count(first, first + 54, 1);
  };
  const Solutions flex = solve(params, in_chunks(all.rows, 50), all.header);
  CHECK(flagged(flex, 1) == 6);
  params.refantmode = "strict";
  const Solutions strict = solve(params, in_chunks(all.rows, 50), all.header);
  CHECK(flagged(strict, 1) == 54);
  CHECK(flagged(strict, 2) == 0);
  CHECK(strict.refant[strict.group(1, 0, 0)] == -1);
}

TEST_CASE("without one asked for, an antenna with flagged data is no reference") {
  SmallObservation all = corrupted(calibrator_params(), steady_gain);
  SolveParams params = solve_params();
  params.refant.clear();
  const std::int32_t first = solve(params, in_chunks(all.rows, 50), all.header).refant[0];
  const std::size_t cells = all.rows.nchan * all.rows.ncorr;
  for (std::size_t row = 0; row < 72; ++row) {
    if (all.rows.antenna1[row] == first || all.rows.antenna2[row] == first) {
      std::fill_n(&all.rows.flag[row * cells], cells, 1);
    }
  }
  CHECK(solve(params, in_chunks(all.rows, 50), all.header).refant[0] != first);
}

TEST_CASE("delays do not count from a dead antenna whose noise passes for a signal") {
  SimulateParams sky = calibrator_params(3);
  sky.nchan = 64;
  SolveParams params = solve_params();
  params.term = "K";
  params.solve_per = "auto";
  params.minsnr = 3;
  params.refant.clear();
  const SmallObservation whole = small_observation(sky);
  // The one that is taken while it lives.
  const std::int32_t dead = solve(params, in_chunks(whole.rows, 500), whole.header).refant[0];
  std::size_t passed = 0;
  for (std::size_t seed = 1; seed <= 40; ++seed) {
    sky.seed = seed;
    SmallObservation all = small_observation(sky);
    const CountedRandom random(seed + 1000);
    for (std::size_t k = 0; k < all.rows.data.size(); ++k) {
      const std::size_t row = k / (all.rows.nchan * all.rows.ncorr);
      if (all.rows.antenna1[row] != dead && all.rows.antenna2[row] != dead) continue;
      all.rows.data[k] = std::complex<float>(random.normal_pair(k));
    }
    const auto number = static_cast<std::size_t>(dead);
    for (const bool asked : {false, true}) {
      params.refant.clear();
      if (asked) params.refant = {all.header->antennas[number].name};
      const Solutions solutions = solve(params, in_chunks(all.rows, 500), all.header);
      for (std::size_t p = 0; p < 2; ++p) {
        if (solutions.flag[solutions.index(0, 0, p, number)] == 0) ++passed;
        CHECK(solutions.refant[p] != dead);
      }
    }
  }
  // Otherwise this would show nothing.
  CHECK(passed > 20);
}

TEST_CASE("the flux scale is the first amplitude, and a normalised bandpass must leave it one") {
  const Solutions delay = made(JonesTerm::K, "p", false), phase = made(JonesTerm::G, "p", false),
                  gain = made(JonesTerm::G, "ap", false), band = made(JonesTerm::B, "ap", false),
                  shape = made(JonesTerm::B, "ap", true);
  CHECK_THAT(flux_scale_words(chain({delay, phase, band, gain})), Contains("of 'B' (B)"));
  CHECK_THAT(flux_scale_words(chain({delay, shape, gain})), Contains("of 'G' (G)"));
  CHECK_THAT(flux_scale_words(chain({delay, phase})), Contains("keep their own"));
  SolveParams params = solve_params();
  CHECK_NOTHROW(require_flux_scale(chain({delay, phase}), params));
  CHECK_NOTHROW(require_flux_scale(chain({shape, gain}), params));
  CHECK_NOTHROW(require_flux_scale(chain({gain, shape}), params));
  CHECK_THROWS_WITH(require_flux_scale(chain({delay, shape, phase}), params),
                    Contains("'B' is normalised") && Contains("lost"));
  params.flux_scale = "none";
  CHECK_NOTHROW(require_flux_scale(chain({delay, shape, phase}), params));
}

TEST_CASE("prior terms are applied first and go out before the new one") {
  const SmallObservation all = corrupted(calibrator_params(), steady_gain);
  SolveParams params = solve_params();
  params.mode = "p";
  const Solutions phases = solve(params, in_chunks(all.rows, 50), all.header);
  params.mode = "ap";
  const Calibration both = solve_after(params, chain({phases}), all);
  REQUIRE(both.terms.size() == 2);
  CHECK(both.terms[0]->gain == phases.gain);
  const Solutions& rest = *both.terms[1];
  for (std::size_t a = 0; a < 9; ++a) {
    const std::size_t at = rest.index(0, 2, 1, a);
    CHECK(std::abs(std::arg(rest.gain[at])) < 1e-6);
    CHECK(std::abs(rest.gain[at]) == Approx(std::abs(steady_gain(a, 2, 1))).epsilon(1e-5));
  }
  // Phases alone after a normalised bandpass: the scale is nowhere.
  SolveParams shape = of_term("B");
  shape.solnorm = true;
  shape.flux_scale = "none";
  const Calibration before = chain({solve(shape, in_chunks(all.rows, 50), all.header)});
  params.mode = "p";
  CHECK_THROWS_WITH(solve_after(params, before, all), Contains("flux scale would be lost"));
  params.mode = "ap";
  CHECK(solve_after(params, before, all).terms.size() == 2);
}

TEST_CASE("a gain over windows that a delay has left apart is refused") {
  const TwoWindows two;
  SmallObservation first{two.rows[0], two.header};
  Solutions delay = made(JonesTerm::K, "p", false);
  SolveParams params = of_term("G");
  params.combine.push_back("spw");
  CHECK_THROWS_WITH(solve_after(params, chain({delay}), first),
                    Contains("combine: spw after a delay"));
}

TEST_CASE("a normalised bandpass is refused unless it says who sets the scale") {
  const SmallObservation all = corrupted(calibrator_params(), steady_gain);
  SolveParams params = of_term("B");
  params.solnorm = true;
  CHECK_THROWS_WITH(solve(params, in_chunks(all.rows, 50), all.header),
                    Contains("flux scale would be lost"));
  params.flux_scale = "none";
  const Solutions solutions = solve(params, in_chunks(all.rows, 50), all.header);
  CHECK(solutions.normalised);
  double power = 0;
  for (std::size_t f = 0; f < 3; ++f) {
    power += std::norm(solutions.gain[solutions.index(0, f, 0, 4)]) / 3;
  }
  CHECK(power == Approx(1));
}

TEST_CASE("doubtful solutions can be an error") {
  SmallObservation all = corrupted(calibrator_params(), steady_gain);
  for (const int antenna : {5, 6, 7}) flag_antenna(antenna, all.rows);
  SolveParams params = solve_params();
  CHECK_NOTHROW(solve(params, in_chunks(all.rows, 50), all.header));
  params.doubtful = "fail";
  CHECK_THROWS_WITH(solve(params, in_chunks(all.rows, 50), all.header),
                    Contains("not to be trusted") && Contains("33.3 %"));
  params.max_flagged = 0.5;
  CHECK_NOTHROW(solve(params, in_chunks(all.rows, 50), all.header));
  params.min_antennas = 7;
  CHECK_THROWS_WITH(solve(params, in_chunks(all.rows, 50), all.header),
                    Contains("only 6 of 9 antennas"));
}

TEST_CASE("robust weights keep wild baselines from the gains") {
  SimulateParams sky = calibrator_params(0.02);
  sky.antennas = 16;
  SmallObservation all = small_observation(sky);
  corrupt(steady_gain, all.rows);
  const std::size_t cells = all.rows.nchan * all.rows.ncorr;
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    if (all.rows.antenna1[row] + 3 != all.rows.antenna2[row] || all.rows.antenna1[row] % 3 != 0) {
      continue;
    }
    for (std::size_t k = 0; k < cells; ++k) all.rows.data[row * cells + k] += 2.0F;
  }
  SolveParams params = solve_params();
  params.tolerance = 1e-6;
  params.maxiter = 1000;
  const double plain = worst(solve(params, in_chunks(all.rows, 99), all.header), steady_gain, 1);
  params.robust = "student";
  const double robust = worst(solve(params, in_chunks(all.rows, 99), all.header), steady_gain, 1);
  CAPTURE(plain, robust);
  CHECK(robust < 0.1 * plain);
}

TEST_CASE("parameters that contradict each other are refused") {
  const auto faults_of = [](std::vector<std::pair<std::string, std::string>> values) {
    Settings settings;
    settings.set({"flux", {}, SettingValue::scalar("3Jy", {})});
    for (const auto& [name, text] : values)
      settings.set({name, {}, SettingValue::scalar(text, {})});
    Diagnostics diagnostics;
    solve_schema().parse(settings, {}, diagnostics);
    return diagnostics.text();
  };
  CHECK(faults_of({}).empty());
  CHECK_THAT(faults_of({{"term", "K"}, {"solve_per", "channel"}}), Contains("many channels"));
  CHECK_THAT(faults_of({{"term", "B"}, {"solve_per", "spw"}}), Contains("term G"));
  CHECK_THAT(faults_of({{"term", "B"}, {"combine", "spw"}}), Contains("cannot combine"));
  CHECK_THAT(faults_of({{"solve_per", "spw"}, {"combine", "spw"}}), Contains("contradict"));
  CHECK_THAT(faults_of({{"chanaverage", "4"}}), Contains("by channel"));
  CHECK_THAT(faults_of({{"smooth", "3"}}), Contains("for a bandpass"));
  CHECK_THAT(faults_of({{"term", "B"}, {"smooth", "4"}}), Contains("odd"));
  CHECK(faults_of({{"term", "B"}, {"smooth", "5"}, {"fillgaps", "3"}}).empty());
}
