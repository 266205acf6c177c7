// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/sky/model_params.h>

#include <catch2/catch.hpp>

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

std::string fault_of(const ModelParams& params) { return model_fault(params).value_or("none"); }

}  // namespace

TEST_CASE("a model that is none, or contradicts itself, is refused in words") {
  ModelParams p;
  CHECK_THAT(fault_of(p), Contains("no model") && Contains("flux"));
  p.calibrator = "3C286";
  CHECK(fault_of(p) == "none");
  p.flux = 14;
  CHECK(fault_of(p) == "none");
  p.spectral_index = -0.5;
  CHECK_THAT(fault_of(p), Contains("reference_frequency"));
  p.flux.reset();
  CHECK_THAT(fault_of(p), Contains("spectral_index needs flux"));
  p = {};
  p.calibrator = "3C268";
  CHECK_THAT(fault_of(p), Contains("'3C268'") && Contains("3C286"));
  p.calibrators = "mine.csv";  // may have it
  CHECK(fault_of(p) == "none");
  p.calibrator.clear();
  p.flux = 1;
  CHECK_THAT(fault_of(p), Contains("no calibrator is named"));
  p = {};
  p.calibrator = "3C48";
  p.direction = {1, 0.5};
  CHECK_THAT(fault_of(p), Contains("direction and calibrator"));
  p = {};
  p.components = "list.csv";
  CHECK(fault_of(p) == "none");
  p.spectral_index = 1;
  CHECK_THAT(fault_of(p), Contains("spectral_index and components"));
  p = {};
  p.model = "some.model";
  p.pointing_dec = 0.6;
  CHECK_THAT(fault_of(p), Contains("pointing_dec"));
  p.primary_beam = "dish";
  CHECK(fault_of(p) == "none");
}
