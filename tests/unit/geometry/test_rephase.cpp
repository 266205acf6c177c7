// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <core/testing.h>
#include <stages/geometry/earth_time.h>
#include <stages/rephase/centre.h>
#include <stages/rephase/rephase_stage.h>
#include <stages/sky/calibrator_list.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>

#include "../stages/row_chunks.h"
#include "context_state.h"
#include "golden_sky.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSpeedOfLight = 299792458;
constexpr double kArcsec = kPi / 180 / 3600;
const GeodeticPosition kSite{golden::kLongitude, golden::kLatitude, golden::kHeight};
constexpr double kPointing = 0.65;

/// East, north, up turned to ITRF axes.
Vector3 itrf(double e, double n, double u) {
  const double sl = std::sin(kSite.longitude_rad), cl = std::cos(kSite.longitude_rad);
  const double sp = std::sin(kSite.latitude_rad), cp = std::cos(kSite.latitude_rad);
  return {-sl * e - sp * cl * n + cp * cl * u, cl * e - sp * sl * n + cp * sl * u, cp * n + sp * u};
}

struct PointOnSky {
  Direction direction;
  double flux_jy = 1;
};

EarthOrientation table() { return EarthOrientation::read(SKYMILL_EOP_EXCERPT); }

std::shared_ptr<ObservationHeader> make_header(Phasing phasing, double mjd) {
  auto header = std::make_shared<ObservationHeader>();
  header->source = "made";
  const Vector3 centre = geocentric_m(kSite);
  for (int k = 0; k < 7; ++k) {
    const double r = 40 * std::pow(2.0, k), angle = 2.4 * k;
    const Vector3 off = itrf(r * std::cos(angle), r * std::sin(angle), 3 * k);
    Antenna antenna;
    antenna.name = "A" + std::to_string(k);
    antenna.position_m = {centre[0] + off[0], centre[1] + off[1], centre[2] + off[2]};
    header->antennas.push_back(antenna);
  }
  SpectralWindow window;
  for (int c = 0; c < 70; ++c) window.chan_freq_hz.push_back(1.4e9 - 3e6 * c);
  header->spectral_windows = {window};
  header->data_descriptions = {{0, {9, 12}}};
  header->time_first_s = mjd * 86400;
  header->time_last_s = mjd * 86400 + 300;
  header->phasing = phasing;
  header->pointing_dec_rad = phasing == Phasing::meridian ? kPointing : 0;
  header->position = kSite;
  header->fields.push_back({"old", {4.10, 0.66, "ICRS"}, mjd * 86400});
  header->fields.push_back({"other", {4.11, 0.64, "J2000"}, mjd * 86400});
  return header;
}

double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

/// The slow way: every visibility from the delays of every source, and of the old centre.
Visibilities measure(std::shared_ptr<const ObservationHeader> header,
                     const std::vector<PointOnSky>& sky) {
  Visibilities rows;
  rows.header = header;
  const auto& freq_hz = header->spectral_windows[0].chan_freq_hz;
  rows.nchan = freq_hz.size();
  rows.ncorr = 2;
  const EarthOrientation earth = table();
  for (int t = 0; t < 4; ++t) {
    const double time_s = header->time_first_s + 100 * t;
    const SkyFrame frame(time_s, kSite, earth.at(time_s));
    const std::int32_t field = header->phasing == Phasing::tracked ? t % 2 : 0;
    const Direction& old = header->fields[static_cast<std::size_t>(field)].phase_dir;
    UvwAxes axes = frame.axes(old);
    Vector3 stopped = axes.w;
    if (header->phasing != Phasing::tracked) {
      const double dec = header->phasing == Phasing::meridian ? kPointing : kSite.latitude_rad;
      axes = earth_fixed_axes(0, dec, kSite.longitude_rad);
      // Hour angle 0 is the meridian plane: no east; up and north by the zenith distance.
      const double zenith = kSite.latitude_rad - dec;
      stopped = itrf(0, -std::sin(zenith), std::cos(zenith));
    }
    if (header->phasing == Phasing::unprojected) stopped = {0, 0, 0};
    for (std::int32_t a1 = 0; a1 < 7; ++a1) {
      for (std::int32_t a2 = a1; a2 < 7; ++a2) {
        const auto& p1 = header->antennas[static_cast<std::size_t>(a1)].position_m;
        const auto& p2 = header->antennas[static_cast<std::size_t>(a2)].position_m;
        const Vector3 b{p1[0] - p2[0], p1[1] - p2[1], p1[2] - p2[2]};
        rows.time_s.push_back(time_s);
        rows.antenna1.push_back(a1);
        rows.antenna2.push_back(a2);
        rows.field_id.push_back(field);
        for (const Vector3* axis : {&axes.u, &axes.v, &axes.w}) {
          rows.uvw_m.push_back(dot(b, *axis));
        }
        for (const double hz : freq_hz) {
          std::complex<double> sum = 0;
          for (const PointOnSky& source : sky) {
            const double path = dot(b, frame.apparent(source.direction)) - dot(b, stopped);
            sum += source.flux_jy * std::polar(1.0, 2 * kPi * path * hz / kSpeedOfLight);
          }
          rows.data.emplace_back(sum);
          rows.data.emplace_back(-0.5 * sum);
        }
      }
    }
  }
  const std::size_t count = rows.time_s.size();
  rows.interval_s.assign(count, 100);
  rows.exposure_s.assign(count, 100);
  rows.scan_number.assign(count, 1);
  rows.flag.assign(rows.data.size(), 0);
  rows.weight.assign(count * 2, 1);
  return rows;
}

RephaseParams to(const std::string& where) {
  RephaseParams params;
  params.to = where;
  params.eop = SKYMILL_EOP_EXCERPT;
  return params;
}

std::string text_of(const Direction& direction) {
  char text[80];
  std::snprintf(text, sizeof text, "%.17grad %.17grad %s", direction.ra_rad, direction.dec_rad,
                direction.frame.c_str());
  return text;
}

Visibilities rephased(const Visibilities& rows, const RephaseParams& params, int threads = 1,
                      std::size_t chunk_rows = 1000) {
  testing::HarnessOptions options;
  options.threads = threads;
  Visibilities all;
  testing::run_stage<Rephase>(
      params, in_chunks(rows, chunk_rows), visibility_spec(rows.header),
      [&](const Chunk<Visibilities>& chunk) { add_rows(all, *chunk); }, options);
  return all;
}

/// Keeps why a run is degraded.
class Reasons final : public Sink<Visibilities> {
 public:
  explicit Reasons(std::vector<std::string>& reasons) : reasons_(reasons) {}
  void write(const Chunk<Visibilities>&, const PipelineContext&) override {}
  void finish(const PipelineContext& ctx) override {
    reasons_ = ctx.state().services->notes.degradations;
  }

 private:
  std::vector<std::string>& reasons_;
};

/// Why rephasing these rows, in many chunks, degrades a run.
std::vector<std::string> degradations(const Visibilities& rows, const RephaseParams& params) {
  std::vector<std::string> reasons;
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  std::vector<testing::GivenStage> stages;
  stages.push_back({"given", Shape::source, Ports().out("out", need.kind),
                    std::make_unique<testing::GivenSource<Visibilities>>(
                        in_chunks(rows, 28), visibility_spec(rows.header))});
  stages.push_back(
      {"rephase", Shape::transform, Rephase::ports(), std::make_unique<Rephase>(params)});
  stages.push_back({"reasons", Shape::sink, Ports().in(need), std::make_unique<Reasons>(reasons)});
  testing::run_stages(std::move(stages), {2, std::size_t{1} << 30});
  return reasons;
}

/// l, m of a direction about a centre (SIN projection, FITS paper II).
std::array<double, 2> lm(const Direction& at, const Direction& centre) {
  const double da = at.ra_rad - centre.ra_rad;
  return {std::cos(at.dec_rad) * std::sin(da),
          std::sin(at.dec_rad) * std::cos(centre.dec_rad) -
              std::cos(at.dec_rad) * std::sin(centre.dec_rad) * std::cos(da)};
}

/// Largest difference from the measurement equation with the rows' own uvw.
double worst(const Visibilities& rows, const std::vector<PointOnSky>& sky) {
  const Direction& centre = rows.header->fields[0].phase_dir;
  const auto& freq_hz = rows.header->spectral_windows[0].chan_freq_hz;
  double most = 0;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t c = 0; c < rows.nchan; ++c) {
      std::complex<double> expected = 0;
      for (const PointOnSky& source : sky) {
        const auto [l, m] = lm(source.direction, centre);
        const double path = rows.uvw_m[3 * row] * l + rows.uvw_m[3 * row + 1] * m +
                            rows.uvw_m[3 * row + 2] * (std::sqrt(1 - l * l - m * m) - 1);
        expected += source.flux_jy * std::polar(1.0, 2 * kPi * path * freq_hz[c] / kSpeedOfLight);
      }
      const std::complex<double> xx = rows.data[(row * rows.nchan + c) * 2];
      const std::complex<double> yy = rows.data[(row * rows.nchan + c) * 2 + 1];
      most = std::max({most, std::abs(xx - expected), std::abs(yy + 0.5 * expected)});
    }
  }
  return most;
}

constexpr double kMjd = 59731.3;

}  // namespace

TEST_CASE("a source at the new centre ends there, from any phasing") {
  const Direction centre{4.12, 0.66, "ICRS"};
  for (const Phasing phasing : {Phasing::tracked, Phasing::meridian, Phasing::unprojected}) {
    const Visibilities before = measure(make_header(phasing, kMjd), {{centre, 2}});
    const Visibilities after = rephased(before, to(text_of(centre)));
    REQUIRE(after.rows() == before.rows());
    CHECK(worst(after, {{centre, 2}}) < 2e-6);
    CHECK(after.header->phasing == Phasing::tracked);
    REQUIRE(after.header->fields.size() == 1);
    CHECK(after.header->fields[0].phase_dir.frame == "ICRS");
    CHECK(after.field_id == std::vector<std::int32_t>(after.rows(), 0));
    CHECK(after.flag == before.flag);
    CHECK(after.weight == before.weight);
  }
}

TEST_CASE("data turn to a calibrator by its name") {
  const Direction place = CalibratorList::shipped().at("3C345").direction;
  const Visibilities before = measure(make_header(Phasing::meridian, kMjd), {{place, 2}});
  const Visibilities after = rephased(before, to("1642+398"));
  CHECK(after.header->fields[0].name == "3C345");
  CHECK(after.header->fields[0].phase_dir.ra_rad == place.ra_rad);
  CHECK(after.header->fields[0].phase_dir.dec_rad == place.dec_rad);
  CHECK(worst(after, {{place, 2}}) < 2e-6);
  SECTION("or of a list of one's own") {
    const Scratch folder(".", "rephase");
    RephaseParams params = to("mine");
    params.calibrators = folder.path() + "/mine.csv";
    std::ofstream(params.calibrators) << "name,ra,dec\nMINE,16h42m58.81s,39d48m36.994s\n";
    CHECK(rephased(before, params).data == after.data);
  }
  SECTION("unless that is below the horizon") {
    CHECK_THROWS_WITH(rephased(before, to("1934-638")), Contains("below the horizon"));
  }
}

TEST_CASE("a phase centre that is neither a direction nor a calibrator is refused in words") {
  const auto fault_of = [](const std::string& where) {
    Settings settings;
    settings.set({"to", {}, SettingValue::command_line(where, {})});
    Diagnostics diagnostics;
    Rephase::schema().parse(settings, {}, diagnostics);
    return diagnostics.text();
  };
  CHECK(fault_of("3C286").empty());
  CHECK_THAT(fault_of("3C268"), Contains("'3C268'") && Contains("3C286"));
  CHECK_THAT(fault_of("12h 95deg"), Contains("beyond the pole"));
}

TEST_CASE("sources off the centre end at their l and m, which rigid uvw miss by aberration") {
  const Direction centre{4.12, 0.66, "ICRS"};
  const std::vector<PointOnSky> sky{{offset_direction(centre, 4e-3, -2e-3), 1},
                                    {offset_direction(centre, -5e-3, 3e-3), 0.7}};
  for (const Phasing phasing : {Phasing::tracked, Phasing::meridian, Phasing::unprojected}) {
    const Visibilities before = measure(make_header(phasing, kMjd), sky);
    RephaseParams params = to(text_of(centre));
    const double derivative = worst(rephased(before, params), sky);
    params.uvw = "rigid";
    const double rigid = worst(rephased(before, params), sky);
    // 2 mas of 3 km at 1.4 GHz is 1e-3 rad; rigid uvw are off by some 60 mas (calibration.md 6.2).
    CHECK(derivative < 1e-3);
    CHECK(rigid > 0.02);
    CHECK(rigid < 0.2);
  }
}

TEST_CASE("the independent program's directions decide where a fringe ends") {
  // Delays from numbers that do not come from our library; one integration.
  const auto& known = golden::kApparent[3];
  REQUIRE(known.mjd == 59760.87);
  auto header = make_header(Phasing::meridian, known.mjd);
  Visibilities rows = *cut_rows(measure(header, {}), 0, 28);
  const double zenith = kSite.latitude_rad - kPointing;
  const Vector3 stopped = itrf(0, -std::sin(zenith), std::cos(zenith));
  const Vector3 source = itrf(known.w[0], known.w[1], known.w[2]);
  for (std::size_t row = 0; row < 28; ++row) {
    const auto& p1 = header->antennas[static_cast<std::size_t>(rows.antenna1[row])].position_m;
    const auto& p2 = header->antennas[static_cast<std::size_t>(rows.antenna2[row])].position_m;
    const Vector3 b{p1[0] - p2[0], p1[1] - p2[1], p1[2] - p2[2]};
    for (std::size_t c = 0; c < rows.nchan; ++c) {
      const double turns = (dot(b, source) - dot(b, stopped)) *
                           header->spectral_windows[0].chan_freq_hz[c] / kSpeedOfLight;
      rows.data[(row * rows.nchan + c) * 2] = std::polar(1.0, 2 * kPi * turns);
      rows.data[(row * rows.nchan + c) * 2 + 1] = -0.5 * std::polar(1.0, 2 * kPi * turns);
    }
  }
  const Direction there{known.ra_rad, known.dec_rad, "ICRS"};
  const Visibilities after = rephased(rows, to(text_of(there)));
  CHECK(worst(after, {{there, 1}}) < 1e-4);
  for (std::size_t row = 0; row < 28; ++row) {
    const auto& p1 = header->antennas[static_cast<std::size_t>(rows.antenna1[row])].position_m;
    const auto& p2 = header->antennas[static_cast<std::size_t>(rows.antenna2[row])].position_m;
    const Vector3 b{p1[0] - p2[0], p1[1] - p2[1], p1[2] - p2[2]};
    CHECK(after.uvw_m[3 * row] ==
          Approx(dot(b, itrf(known.u[0], known.u[1], known.u[2]))).margin(1e-6).epsilon(0));
    CHECK(after.uvw_m[3 * row + 1] ==
          Approx(dot(b, itrf(known.v[0], known.v[1], known.v[2]))).margin(1e-6).epsilon(0));
    CHECK(after.uvw_m[3 * row + 2] == Approx(dot(b, source)).margin(1e-6).epsilon(0));
  }
}

TEST_CASE("there and back is where it began") {
  auto header = make_header(Phasing::tracked, kMjd);
  header->fields[1] = header->fields[0];
  const Visibilities before = measure(header, {{{4.105, 0.655, "ICRS"}, 1}});
  const Visibilities there = rephased(before, to("4.2rad 0.6rad"));
  const Visibilities back = rephased(there, to(text_of(header->fields[0].phase_dir)));
  double moved = 0, left = 0, uvw = 0;
  for (std::size_t k = 0; k < before.data.size(); ++k) {
    moved = std::max(moved, double(std::abs(there.data[k] - before.data[k])));
    left = std::max(left, double(std::abs(back.data[k] - before.data[k])));
  }
  for (std::size_t k = 0; k < before.uvw_m.size(); ++k) {
    uvw = std::max(uvw, std::abs(back.uvw_m[k] - before.uvw_m[k]));
  }
  CHECK(moved > 1.9);
  CHECK(left < 1e-6);
  CHECK(uvw < 1e-7);  // 10 micro-arcsec of 2.6 km
  // To the field where they are: nothing changes but rounding.
  CHECK(rephased(before, to("field")).data == before.data);
}

TEST_CASE("named centres: meridian at mid-time, zenith of the first integration, first field") {
  const EarthOrientation earth = table();
  const auto header = make_header(Phasing::meridian, kMjd);
  const Visibilities rows = measure(header, {{{4.1, 0.66, "ICRS"}, 1}});
  const double middle = (header->time_first_s + header->time_last_s) / 2;
  const Direction meridian = SkyFrame(middle, kSite, earth.at(middle)).icrs_of(0, kPointing);
  const Direction got = rephased(rows, to("meridian")).header->fields[0].phase_dir;
  constexpr double kTenMicroArcsec = 5e-11;  // rad
  CHECK(got.ra_rad == Approx(meridian.ra_rad).margin(kTenMicroArcsec).epsilon(0));
  CHECK(got.dec_rad == Approx(meridian.dec_rad).margin(kTenMicroArcsec).epsilon(0));
  const double first = header->time_first_s;
  const Direction zenith = SkyFrame(first, kSite, earth.at(first)).icrs_of_zenith();
  CHECK(rephased(rows, to("zenith")).header->fields[0].phase_dir.ra_rad ==
        Approx(zenith.ra_rad).margin(kTenMicroArcsec).epsilon(0));
  CHECK(rephased(rows, to("field")).header->fields[0].phase_dir.ra_rad == 4.10);
  CHECK(rephased(rows, to("field")).header->fields[0].name == "old");
  CHECK_THROWS_WITH(rephased(measure(make_header(Phasing::unprojected, kMjd), {}), to("meridian")),
                    Contains("declination"));
}

TEST_CASE("rows that hold the conjugate with uvw of the other sense keep both") {
  for (const Phasing phasing : {Phasing::tracked, Phasing::meridian}) {
    const Visibilities rows = measure(make_header(phasing, kMjd),
                                      {{{4.11, 0.655, "ICRS"}, 1}, {{4.12, 0.66, "ICRS"}, 3}});
    Visibilities other = rows;
    for (double& value : other.uvw_m) value = -value;
    for (auto& value : other.data) value = std::conj(value);
    const Visibilities a = rephased(rows, to("4.12rad 0.66rad"));
    const Visibilities b = rephased(other, to("4.12rad 0.66rad"));
    double uvw = 0, data = 0;
    for (std::size_t k = 0; k < a.uvw_m.size(); ++k) {
      uvw = std::max(uvw, std::abs(a.uvw_m[k] + b.uvw_m[k]));
    }
    for (std::size_t k = 0; k < a.data.size(); ++k) {
      data = std::max(data, double(std::abs(a.data[k] - std::conj(b.data[k]))));
    }
    CHECK(uvw == 0);
    CHECK(data < 1e-6);
  }
}

TEST_CASE("sources stay at their place when some rows name the other antenna first") {
  const Direction centre{4.12, 0.66, "ICRS"};
  const std::vector<PointOnSky> sky{{offset_direction(centre, 4e-3, -2e-3), 1},
                                    {offset_direction(centre, -1e-3, -3e-3), 0.5}};
  for (const Phasing phasing : {Phasing::tracked, Phasing::meridian, Phasing::unprojected}) {
    Visibilities rows = measure(make_header(phasing, kMjd), sky);
    const std::size_t cells = rows.nchan * rows.ncorr;
    for (std::size_t row = 0; row < rows.rows(); row += 3) {
      std::swap(rows.antenna1[row], rows.antenna2[row]);
      for (std::size_t k = 0; k < 3; ++k) rows.uvw_m[3 * row + k] *= -1;
      for (std::size_t k = 0; k < cells; ++k) {
        rows.data[row * cells + k] = std::conj(rows.data[row * cells + k]);
      }
    }
    CHECK(worst(rephased(rows, to(text_of(centre))), sky) < 1e-3);
  }
}

TEST_CASE("results depend neither on threads nor on how rows are cut or ordered") {
  const Visibilities rows =
      measure(make_header(Phasing::tracked, kMjd), {{{4.11, 0.65, "ICRS"}, 1}});
  const Visibilities whole = rephased(rows, to("4.12rad 0.66rad"));
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{17}, std::size_t{28}}) {
    const Visibilities cut = rephased(rows, to("4.12rad 0.66rad"), 4, chunk);
    CHECK(cut.data == whole.data);
    CHECK(cut.uvw_m == whole.uvw_m);
  }
}

TEST_CASE("dates without Earth orientation are refused, or degrade") {
  const Visibilities good =
      measure(make_header(Phasing::tracked, kMjd), {{{4.11, 0.65, "ICRS"}, 1}});
  auto header = std::make_shared<ObservationHeader>(*good.header);
  header->time_first_s += 300 * 86400.0;
  header->time_last_s += 300 * 86400.0;
  Visibilities rows = good;
  rows.header = header;
  for (double& time_s : rows.time_s) time_s += 300 * 86400.0;
  // uvw of another season would contradict the positions; unprojected data bring none.
  header->phasing = Phasing::unprojected;
  RephaseParams params = to("4.12rad 0.66rad");
  CHECK_THROWS_WITH(rephased(rows, params), Contains("does not have 2023-03-28"));
  params.allow_stale_eop = true;
  CHECK(rephased(rows, params).rows() == rows.rows());
  const auto reasons = degradations(rows, params);
  REQUIRE(reasons.size() == 1);
  CHECK_THAT(reasons[0], Contains("does not have 2023-03-28") && Contains("that of 2023-03-02"));
}

TEST_CASE("a far prediction of Earth orientation degrades the run, a near one is noted only") {
  const Visibilities rows =
      measure(make_header(Phasing::tracked, kMjd), {{{4.11, 0.65, "ICRS"}, 1}});
  const Scratch scratch("/tmp", "test");
  const auto reasons_with = [&](double measured_mjd) {
    RephaseParams params = to("4.12rad 0.66rad");
    params.eop = scratch.path() + "/eop.txt";
    std::ofstream file(params.eop);
    for (double mjd = measured_mjd; mjd < kMjd + 2; ++mjd) {
      const Orientation at = table().at(59731 * 86400.0);
      file << mjd << ' ' << at.pole_x_rad / kArcsec << ' ' << at.pole_y_rad / kArcsec << ' '
           << at.ut1_utc_s << (mjd == measured_mjd ? " 0 0 II\n" : " 0 0 PP\n");
    }
    file.close();
    return degradations(rows, params);
  };
  CHECK(reasons_with(59728).empty());
  const auto reasons = reasons_with(59600);
  REQUIRE(reasons.size() == 1);
  CHECK_THAT(reasons[0], Contains("only a prediction for 2022-06-01") && Contains("131 days"));
}

TEST_CASE("uvw that contradict the antennas' positions are refused with names") {
  Visibilities rows = measure(make_header(Phasing::tracked, kMjd), {{{4.11, 0.65, "ICRS"}, 1}});
  auto header = std::make_shared<ObservationHeader>(*rows.header);
  std::swap(header->antennas[1].position_m, header->antennas[4].position_m);
  rows.header = header;
  CHECK_THROWS_WITH(rephased(rows, to("field")), Contains("contradict") && Contains("'A1'"));
  rows.antenna2[3] = 9;
  CHECK_THROWS_WITH(rephased(rows, to("field")), Contains("antenna 9 of 7"));
}

TEST_CASE("uvw that differ from the geometry by some per cent degrade the run, once") {
  const Visibilities good =
      measure(make_header(Phasing::tracked, kMjd), {{{4.11, 0.65, "ICRS"}, 1}});
  CHECK(degradations(good, to("field")).empty());
  Visibilities rows = good;
  for (double& value : rows.uvw_m) value *= 1.1;
  const auto reasons = degradations(rows, to("field"));
  REQUIRE(reasons.size() == 1);
  CHECK_THAT(reasons[0], Contains("10 %") && Contains("'made'"));
}

TEST_CASE("directions as people write them") {
  const Direction m87 = parse_direction("12h30m49.4s +12d23m28s J2000");
  CHECK(m87.ra_rad == Approx((12 + 30.0 / 60 + 49.4 / 3600) * kPi / 12));
  CHECK(m87.dec_rad == Approx((12 + 23.0 / 60 + 28.0 / 3600) * kPi / 180));
  CHECK(m87.frame == "J2000");
  CHECK(parse_direction("187.5deg -26d05m10s").frame == "ICRS");
  CHECK(parse_direction("187.5deg -26d05m10s").dec_rad ==
        Approx(-(26 + 5.0 / 60 + 10.0 / 3600) * kPi / 180));
  CHECK_THROWS_WITH(parse_direction("12h30m49.4s"), Contains("two angles"));
  CHECK_THROWS_WITH(parse_direction("12h30m49.4s 12:23:28"), Contains("colons"));
  CHECK_THROWS_WITH(parse_direction("1deg 91deg"), Contains("pole"));
  CHECK_THROWS_WITH(parse_direction("1deg 1deg B1950"), Contains("B1950"));
  CHECK_THROWS_WITH(parse_direction("1deg 3Jy"), Contains("Jy"));
}

TEST_CASE("the stage describes itself well") {
  Registry registry;
  registry.add<Rephase>("rephase");
  const auto faults = testing::description_faults(*registry.find("rephase"));
  CAPTURE(faults);
  CHECK(faults.empty());
  CHECK(Rephase::schema().complete());
}
