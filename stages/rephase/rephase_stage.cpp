// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/geometry/earth_time.h>
#include <stages/rephase/centre.h>
#include <stages/rephase/rephase_stage.h>
#include <stages/rephase/turn_rows.h>
#include <stages/sky/calibrator_list.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace skymill::radio {

namespace {

constexpr double kArcsec = 3.14159265358979323846 / 180 / 3600;
constexpr double kDoubtful = 0.05;  // of a baseline's length

Vector3 minus(const Vector3& a, const Vector3& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

/// 1 when stored uvw are first antenna minus second as computed, -1 when the other way round.
int sense_of_row(const double* stored, const Vector3& computed, const Visibilities& rows,
                 std::size_t row) {
  const double length2 =
      computed[0] * computed[0] + computed[1] * computed[1] + computed[2] * computed[2];
  const double stored2 = stored[0] * stored[0] + stored[1] * stored[1] + stored[2] * stored[2];
  if (length2 < 1e-4) return 1;  // an antenna with itself
  const double along = stored[0] * computed[0] + stored[1] * computed[1] + stored[2] * computed[2];
  if (std::abs(along) < 0.8 * std::sqrt(length2 * stored2) || stored2 < 0.5 * length2 ||
      stored2 > 2 * length2) {
    const auto triple = [](const double* uvw) {
      return "(" + format_quantity(uvw[0], "m") + ", " + format_quantity(uvw[1], "m") + ", " +
             format_quantity(uvw[2], "m") + ")";
    };
    const auto name = [&](std::int32_t antenna) {
      return rows.header->antennas[static_cast<std::size_t>(antenna)].name;
    };
    throw Error(
        ErrorKind::input,
        "uvw " + triple(stored) + " of antennas '" + name(rows.antenna1[row]) + "' and '" +
            name(rows.antenna2[row]) + "' contradict their positions, which give " +
            triple(computed.data()),
        "check antenna positions, phase centres and times of '" + rows.header->source + "'");
  }
  return along < 0 ? -1 : 1;
}

/// How far stored uvw are from the computed ones, as a share of the baseline's length.
double distance_share(const double* stored, const Vector3& computed, int sense) {
  const double length = std::hypot(computed[0], computed[1], computed[2]);
  if (length < 1e-2) return 0;  // an antenna with itself
  return std::hypot(sense * stored[0] - computed[0], sense * stored[1] - computed[1],
                    sense * stored[2] - computed[2]) /
         length;
}

/// Rows in order of time and field, and stable in that.
std::vector<std::size_t> rows_by_moment(const Visibilities& rows) {
  std::vector<std::size_t> order(rows.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(rows.time_s[a], rows.field_id[a]) <
           std::pair(rows.time_s[b], rows.field_id[b]);
  });
  return order;
}

void require_antennas(const Visibilities& rows, std::size_t antennas) {
  for (const auto* column : {&rows.antenna1, &rows.antenna2}) {
    for (const std::int32_t antenna : *column) {
      if (antenna >= 0 && static_cast<std::size_t>(antenna) < antennas) continue;
      throw Error(ErrorKind::input, "a row names antenna " + std::to_string(antenna) + " of " +
                                        std::to_string(antennas));
    }
  }
}

}  // namespace

Schema<RephaseParams> Rephase::schema() {
  Schema<RephaseParams> s{"Turn visibilities to one phase centre, with new uvw."};
  s.field("to", &RephaseParams::to,
          "Phase centre: meridian (what transits halfway, at the pointing's declination), zenith "
          "(of the first integration), field (the first), a calibrator by name such as 3C286, or a "
          "direction such as '12h30m49.4s -26d05m10s', with J2000 behind it if it is not ICRS");
  s.field("calibrators", &RephaseParams::calibrators,
          "List of calibrators, as the stages/sky/calibrators.csv that is taken when this is empty")
      .advanced();
  s.field("uvw", &RephaseParams::uvw,
          "derivative: u and v follow differential aberration, right to 3 mas a degree off axis; "
          "rigid: u and v of length 1, as CASA has them")
      .choices({"derivative", "rigid"});
  s.field("eop", &RephaseParams::eop,
          "Table of Earth orientation, such as IERS finals2000A.all; empty takes SKYMILL_EOP or "
          "the one that came along");
  s.field("allow_stale_eop", &RephaseParams::allow_stale_eop,
          "Take the nearest values where the table lacks the date; the run counts as degraded");
  s.check(
      [](const RephaseParams& p) -> std::optional<std::string> {
        if (p.to == "meridian" || p.to == "zenith" || p.to == "field") return std::nullopt;
        // A list of the user's own is read when the run begins.
        if (!p.calibrators.empty() || CalibratorList::shipped().find(p.to)) return std::nullopt;
        try {
          parse_direction(p.to);
          return std::nullopt;
        } catch (const Error& error) {
          if (p.to.find(' ') != std::string::npos) return error.message();
        }
        try {
          CalibratorList::shipped().at(p.to);
          return std::nullopt;
        } catch (const Error& error) {
          return error.message() + "; " + error.hint();
        }
      },
      "to must be meridian, zenith, field, a calibrator or a direction");
  s.example("to: 3C286", "phase to a calibrator, before it is solved for");
  s.example("to: 12h30m49.4s 12d23m28s\neop: finals2000A.all", "phase to a source");
  return s;
}

Ports Rephase::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "uvw", "time", "antenna"};
  return Ports()
      .in(need, "visibilities with the positions of their antennas")
      .out("out", Visibilities::kDataKind, "the same rows, tracking one phase centre");
}

StalePolicy Rephase::policy() const {
  return params_.allow_stale_eop ? StalePolicy::nearest : StalePolicy::refuse;
}

std::optional<Field> Rephase::calibrator_field(const ObservationHeader& header) const {
  const CalibratorList list = CalibratorList::of(params_.calibrators);
  const Calibrator* const calibrator = list.find(params_.to);
  if (calibrator == nullptr) return std::nullopt;
  Field field;
  field.name = calibrator->name;
  field.phase_dir = calibrator->direction;
  field.time_s = (header.time_first_s + header.time_last_s) / 2;
  const Vector3 towards = frames_->at(field.time_s).apparent(field.phase_dir);
  const Vector3 up = hour_angle_vector(0, site_.latitude_rad, site_.longitude_rad);
  const double height = towards[0] * up[0] + towards[1] * up[1] + towards[2] * up[2];
  if (height <= 0) {
    throw Error(ErrorKind::input,
                "calibrator " + calibrator->name + " is " +
                    format_quantity(std::asin(std::min(1.0, -height)), "rad") +
                    " below the horizon of '" + header.source + "'",
                "find_calibrator lists those that it saw");
  }
  return field;
}

Field Rephase::new_field(const ObservationHeader& header) const {
  Field field;
  field.time_s = header.time_first_s;
  if (params_.to == "field") {
    if (header.fields.empty()) {
      throw Error(ErrorKind::input, "'" + header.source + "' has no fields", "give a direction");
    }
    field = header.fields.front();
    field.phase_dir = icrs(field.phase_dir);
  } else if (params_.to == "zenith") {
    field.name = "zenith_icrs";
    field.phase_dir = frames_->at(header.time_first_s).icrs_of_zenith();
  } else if (params_.to == "meridian") {
    if (header.phasing != Phasing::meridian) {
      throw Error(ErrorKind::description,
                  "'" + header.source + "' does not say at which declination it points",
                  "set to: zenith, field, a calibrator or a direction");
    }
    field.name = "meridian_icrs";
    field.time_s = (header.time_first_s + header.time_last_s) / 2;
    field.phase_dir = frames_->at(field.time_s).icrs_of(0, header.pointing_dec_rad);
  } else if (auto of_calibrator = calibrator_field(header)) {
    field = *std::move(of_calibrator);
  } else {
    field.name = params_.to;
    field.phase_dir = icrs(parse_direction(params_.to));
  }
  return field;
}

void Rephase::plan(Planning& planning) {
  Transform::plan(planning);
  old_header_ = planning.input().header<ObservationHeader>();
  const ObservationHeader& header = *old_header_;
  if (!(header.time_first_s > 0)) {
    throw Error(ErrorKind::input, "'" + header.source + "' does not say when it was observed");
  }
  kind_ = params_.uvw == "rigid" ? UvwKind::rigid : UvwKind::derivative;
  site_ = array_position(header);
  earth_.emplace(EarthOrientation::find(params_.eop));
  const std::vector<double> ends{header.time_first_s, header.time_last_s};
  // Refuses what it lacks before any work is done.
  for (const double time_s : ends) earth_->at(time_s, policy());
  worst_ = earth_->worst(ends);
  frames_.emplace(site_, *earth_, policy());
  auto changed = std::make_shared<ObservationHeader>(header);
  changed->fields = {new_field(header)};
  changed->phasing = Phasing::tracked;
  changed->position = site_;
  new_header_ = changed;
  planning.output().set_header<ObservationHeader>(new_header_);

  std::size_t channels = 0;
  for (const auto& window : header.spectral_windows) {
    channels = std::max(channels, window.chan_freq_hz.size());
  }
  planning.set_scratch(TurnRows::bytes(header.antennas.size(), channels) +
                       header.antennas.size() * 2 * sizeof(Vector3));
  planning.add_input(earth_->path());
  if (!params_.calibrators.empty()) planning.add_input(params_.calibrators);
  const Direction& centre = new_header_->fields.front().phase_dir;
  planning.add_note("phase centre ICRS " + short_quantity(centre.ra_rad, "rad") + " " +
                    short_quantity(centre.dec_rad, "rad"));
  planning.add_note("Earth orientation " + earth_->description());
  if (worst_.error_arcsec > 0) {
    planning.add_note("Earth orientation is not measured: positions may be wrong by about " +
                      format_quantity(worst_.error_arcsec * kArcsec, "rad"));
  }
}

UvwAxes Rephase::old_axes(const SkyFrame& frame, std::size_t field) const {
  switch (old_header_->phasing) {
    case Phasing::meridian:
      return earth_fixed_axes(0, old_header_->pointing_dec_rad, site_.longitude_rad);
    case Phasing::unprojected:
      return earth_fixed_axes(0, site_.latitude_rad, site_.longitude_rad);
    case Phasing::tracked:
      break;
  }
  if (field >= old_header_->fields.size()) {
    throw Error(ErrorKind::input, "a row names field " + std::to_string(field) + " of " +
                                      std::to_string(old_header_->fields.size()));
  }
  return frame.axes(old_header_->fields[field].phase_dir);
}

double Rephase::rephase_moment(Visibilities& rows, const std::vector<std::size_t>& moment,
                               TurnRows& turn) const {
  const std::size_t first = moment.front();
  const SkyFrame frame = frames_->at(rows.time_s[first]);
  const auto& antennas = old_header_->antennas;
  const auto new_uvw =
      antenna_uvw_m(antennas, site_, frame.axes(new_header_->fields.front().phase_dir, kind_));
  const auto old_uvw = antenna_uvw_m(
      antennas, site_, old_axes(frame, static_cast<std::size_t>(rows.field_id[first])));
  // What files of unprojected data store as uvw differs too much between writers to be compared.
  const bool projected = old_header_->phasing != Phasing::unprojected;
  std::vector<double> path_m(antennas.size());
  for (std::size_t a = 0; a < antennas.size(); ++a) {
    path_m[a] = new_uvw[a][2] - (projected ? old_uvw[a][2] : 0);
  }
  turn.set_paths(std::move(path_m));
  double worst = 0;
  for (const std::size_t row : moment) {
    const auto a1 = static_cast<std::size_t>(rows.antenna1[row]);
    const auto a2 = static_cast<std::size_t>(rows.antenna2[row]);
    double* const uvw = &rows.uvw_m[3 * row];
    int sense = 1;
    if (projected) {
      const Vector3 expected = minus(old_uvw[a1], old_uvw[a2]);
      sense = sense_of_row(uvw, expected, rows, row);
      worst = std::max(worst, distance_share(uvw, expected, sense));
    }
    const Vector3 changed = minus(new_uvw[a1], new_uvw[a2]);
    for (std::size_t k = 0; k < 3; ++k) uvw[k] = sense * changed[k];
    turn.turn(a1, a2, sense, rows.ncorr, &rows.data[row * rows.nchan * rows.ncorr]);
  }
  return worst;
}

void Rephase::report_earth(const Visibilities& rows, const PipelineContext& ctx) const {
  if (!said_.exchange(true)) {
    ctx.log().info("Earth orientation " + earth_->description());
    const double measured_mjd = earth_->last_measured_mjd();
    ctx.record("earth_orientation",
               {{"table", earth_->path()},
                {"measured_to", measured_mjd > 0 ? date_text(measured_mjd) : std::string("never")},
                {"error_arcsec", worst_.error_arcsec}});
    if (!worst_.degradation.empty() && !degraded_.exchange(true)) ctx.degrade(worst_.degradation);
  }
  // The table may have gaps, and rows may be outside the times of the header.
  double before_s = NAN;
  for (const double time_s : rows.time_s) {
    if (degraded_ || time_s == before_s) continue;
    before_s = time_s;
    const Orientation orientation = earth_->at(time_s, policy());
    if (!orientation.degradation.empty() && !degraded_.exchange(true)) {
      ctx.degrade(orientation.degradation);
    }
  }
}

Chunk<Visibilities> Rephase::operator()(Chunk<Visibilities> chunk,
                                        const PipelineContext& ctx) const {
  Visibilities& rows = *chunk;
  rows.header = new_header_;
  if (rows.rows() == 0) return chunk;
  require_antennas(rows, old_header_->antennas.size());
  report_earth(rows, ctx);
  const auto& description =
      old_header_->data_descriptions.at(static_cast<std::size_t>(rows.data_desc_id));
  const auto& window =
      old_header_->spectral_windows.at(static_cast<std::size_t>(description.spectral_window));
  TurnRows turn(window.chan_freq_hz, old_header_->antennas.size());
  const auto order = rows_by_moment(rows);
  std::vector<std::size_t> moment;
  double worst = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    moment.push_back(order[k]);
    const bool last = k + 1 == order.size() || rows.time_s[order[k + 1]] != rows.time_s[order[k]] ||
                      rows.field_id[order[k + 1]] != rows.field_id[order[k]];
    if (!last) continue;
    ctx.throw_if_stopped();
    worst = std::max(worst, rephase_moment(rows, moment, turn));
    moment.clear();
  }
  std::fill(rows.field_id.begin(), rows.field_id.end(), 0);
  if (worst > kDoubtful && !doubted_.exchange(true)) {
    ctx.degrade("stored uvw of '" + old_header_->source + "' are up to " +
                format_quantity(100 * worst, "%") +
                " of their length from what antennas, times and fields give; data were taken to be "
                "phased as their header says");
  }
  ctx.count("rows", static_cast<std::int64_t>(rows.rows()));
  return chunk;
}

}  // namespace skymill::radio
