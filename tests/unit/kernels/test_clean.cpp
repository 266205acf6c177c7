// SPDX-License-Identifier: GPL-3.0-or-later
// Depth of a cycle, and the kernels together: image, clean, predict, image the rest, restore.
#include <stages/kernels/beam_fit.h>
#include <stages/kernels/clean_control.h>
#include <stages/kernels/hogbom.h>
#include <stages/kernels/restore.h>
#include <stages/kernels/standard_gridder.h>
#include <stages/kernels/statistics.h>

#include <catch2/catch.hpp>
#include <stdexcept>

#include "direct_sum.h"

using namespace skymill::kernels;
using oracle::Data;
using oracle::Image;

TEST_CASE("cyclethreshold is clipped on both sides", "[kernels][clean]") {
  CycleParameters p;
  CHECK(cyclethreshold(p, 0.2, 5.0) == Approx(1.0));
  CHECK(cyclethreshold(p, 0.01, 5.0) == Approx(0.25));  // minpsffraction 0.05
  CHECK(cyclethreshold(p, 0.95, 5.0) == Approx(4.0));   // maxpsffraction 0.8
  p.cyclefactor = 3;
  p.threshold = 3.5;
  CHECK(cyclethreshold(p, 0.2, 5.0) == Approx(3.5));
  CHECK(psf_fraction(p, 0.2) == Approx(0.6));
  p.maxpsffraction = 0.01;
  CHECK_THROWS_AS(psf_fraction(p, 0.2), std::invalid_argument);
}

TEST_CASE("iterations of a cycle", "[kernels][clean]") {
  CHECK(iterations_of_cycle(-1, 1000, 200) == 800);
  CHECK(iterations_of_cycle(100, 1000, 200) == 100);
  CHECK(iterations_of_cycle(100, 1000, 950) == 50);
  CHECK(iterations_of_cycle(100, 1000, 1200) == 0);
}

TEST_CASE("three sources are recovered in two major cycles", "[kernels][clean]") {
  const double cell = 4e-6;
  const std::size_t n = 128;
  Data data(77, 3000, {1.0e9, 1.03e9}, cell, 0.5);
  const std::vector<oracle::Source> sky{
      {0, 0, 1.0}, {30 * -cell, -20 * cell, 0.5}, {-35 * -cell, 28 * cell, 0.25}};
  data.observe(sky);
  const std::vector<std::complex<float>> observed = data.vis;
  const StandardGridder<double> gridder(n, n, -cell, cell);
  Image psf(n, n);
  Image residual(n, n);
  Image model(n, n);
  gridder.psf(data.samples(), psf.view());
  const auto beam = fit_beam(std::as_const(psf).view(), -cell, cell);
  REQUIRE(beam.has_value());
  gridder.dirty(data.samples(), residual.view());
  const double sidelobe = sidelobe_level(std::as_const(psf).view(), *beam, -cell, cell);
  CycleParameters control;
  control.threshold = 2e-3;
  control.cyclefactor = 0.3;
  control.minpsffraction = 0.005;
  for (int cycle = 0; cycle < 2; ++cycle) {
    const double peak = plane_statistics(std::as_const(residual).view()).max_abs;
    HogbomOptions options{0.1F, static_cast<float>(cyclethreshold(control, sidelobe, peak)), 3000,
                          false};
    hogbom(residual.view(), std::as_const(psf).view(), model.view(), {}, options);
    std::vector<std::complex<float>> predicted(observed.size());
    gridder.predict(std::as_const(model).view(), data.samples(),
                    {predicted.data(), {data.rows, 2}});
    for (std::size_t k = 0; k < observed.size(); ++k) {
      data.vis[k] = observed[k] - predicted[k];
    }
    gridder.dirty(data.samples(), residual.view());
  }
  Image image(n, n);
  restore(std::as_const(residual).view(), std::as_const(model).view(), *beam, -cell, cell,
          image.view());
  CHECK(image(64, 64) == Approx(1.0).epsilon(0.01));
  CHECK(image(44, 94) == Approx(0.5).epsilon(0.01));
  CHECK(image(92, 29) == Approx(0.25).epsilon(0.01));
  CHECK(plane_statistics(std::as_const(residual).view()).max_abs < 0.01);
}
