// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/calibrators/find_calibrator_stage.h>
#include <stages/geometry/earth_time.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

namespace skymill::radio {

namespace {

/// One figure of a table row in the log, as wide as its column.
std::string cell(const std::string& text, std::size_t width) {
  return text + std::string(text.size() < width ? width - text.size() : 1, ' ');
}

std::string field_name(const ObservationHeader& header, std::size_t field) {
  return field < header.fields.size() ? header.fields[field].name : "-";
}

void log_ranked(const RankedCalibrator& one, const ObservedMoments& observed,
                const PipelineContext& ctx) {
  ctx.log().info(cell(one.calibrator.name, 10) +
                 cell("transit " + moment_text(one.transit.mjd_utc_s), 32) +
                 cell(one.flux_jy ? format_quantity(*one.flux_jy, "Jy") : "flux unknown", 13) +
                 cell("beam " + format_quantity(one.beam, ""), 13) +
                 cell(format_quantity(one.separation_rad, "rad") + " off", 18) + "field '" +
                 field_name(*observed.header, one.nearest.field) + "', integration " +
                 std::to_string(one.nearest.integration));
}

void record_ranked(std::size_t rank, const RankedCalibrator& one, const ObservedMoments& observed,
                   const PipelineContext& ctx) {
  const double first_s = observed.moments.front().mjd_utc_s;
  const double last_s = observed.moments.back().mjd_utc_s;
  const double transit_s = one.transit.mjd_utc_s;
  ctx.record("calibrators", {{"rank", static_cast<std::int64_t>(rank)},
                             {"name", one.calibrator.name},
                             {"transit_utc", moment_text(transit_s)},
                             {"transit_mjd", transit_s / 86400},
                             {"within", transit_s >= first_s && transit_s <= last_s},
                             {"flux_jy", one.flux_jy.value_or(0)},
                             {"beam", one.beam},
                             {"seen_jy", one.seen_jy()},
                             {"separation_deg", one.separation_rad * 180 / std::numbers::pi},
                             {"elevation_deg", one.transit.elevation_rad * 180 / std::numbers::pi},
                             {"field", field_name(*observed.header, one.nearest.field)},
                             {"field_id", static_cast<std::int64_t>(one.nearest.field)},
                             {"integration", static_cast<std::int64_t>(one.nearest.integration)}});
}

}  // namespace

std::string moment_text(double mjd_utc_s) {
  const auto hundredths = static_cast<long long>(std::llround(mjd_utc_s * 100));
  const long long of_day = hundredths % 8640000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "T%02lld:%02lld:%02lld.%02lld", of_day / 360000,
                of_day / 6000 % 60, of_day / 100 % 60, of_day % 100);
  return date_text(static_cast<double>(hundredths / 8640000)) + text.data();
}

Schema<FindCalibratorParams> FindCalibrator::schema() {
  Schema<FindCalibratorParams> s{"List the calibrators that an observation saw, the best first."};
  s.field("input", &FindCalibratorParams::input,
          "The MeasurementSet, or a UVH5 file, one of the subbands")
      .required();
  s.field("calibrators", &FindCalibratorParams::calibrators,
          "List of calibrators, as the stages/sky/calibrators.csv that is taken when this is "
          "empty");
  s.field(
       "radius", &FindCalibratorParams::radius,
       "Calibrators are listed whose declination differs by no more from where the dishes point, "
       "or of dishes that track their fields those no farther off")
      .unit("rad")
      .range(0, std::numbers::pi);
  s.field("min_flux", &FindCalibratorParams::min_flux, "Fainter ones are left out")
      .unit("Jy")
      .at_least(0);
  s.field("pointing_dec", &FindCalibratorParams::pointing_dec,
          "Apparent declination at which the dishes stand on the meridian; none takes what the "
          "data say, or dishes that track the phase centres")
      .unit("rad");
  s.field("eop", &FindCalibratorParams::eop,
          "Table of Earth orientation, such as IERS finals2000A.all; empty takes SKYMILL_EOP or "
          "the one that came along");
  s.field("allow_stale_eop", &FindCalibratorParams::allow_stale_eop,
          "Take the nearest values where the table lacks the date; the run counts as degraded");
  s.example("find_calibrator:\n  input: 2025-10-02T06:28_sb00.hdf5\n  radius: 1.5deg",
            "what transited during a drift observation");
  return s;
}

void FindCalibrator::plan(Planning& planning) {
  planning.add_input(params_.input);
  if (!params_.calibrators.empty()) planning.add_input(params_.calibrators);
}

PipelineContext FindCalibrator::execute(const PipelineContext& ctx, const std::string&) {
  const CalibratorList list = CalibratorList::of(params_.calibrators);
  const ObservedMoments observed = observed_moments(params_.input, ctx.lanes());
  const EarthOrientation earth = EarthOrientation::find(params_.eop);
  const StalePolicy policy = params_.allow_stale_eop ? StalePolicy::nearest : StalePolicy::refuse;
  const GeodeticPosition site = array_position(*observed.header);
  const SkyFrames frames(site, earth, policy);
  const auto ranked = rank_calibrators(
      observed, list, {params_.radius, params_.min_flux, params_.pointing_dec}, site, frames);
  const Orientation worst =
      earth.worst({observed.moments.front().mjd_utc_s, observed.moments.back().mjd_utc_s});
  if (!worst.degradation.empty()) ctx.degrade(worst.degradation);
  if (ranked.empty()) {
    throw Error(ErrorKind::input,
                "none of the " + std::to_string(list.all().size()) + " calibrators of " +
                    list.path() + " is within " + short_quantity(params_.radius, "rad") +
                    " of where '" + params_.input + "' points, and above " +
                    short_quantity(params_.min_flux, "Jy"),
                "enlarge radius, or give a list of your own with calibrators");
  }
  for (std::size_t k = 0; k < ranked.size(); ++k) {
    log_ranked(ranked[k], observed, ctx);
    record_ranked(k + 1, ranked[k], observed, ctx);
  }
  return ctx;
}

}  // namespace skymill::radio
