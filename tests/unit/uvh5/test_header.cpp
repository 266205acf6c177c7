// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/geometry/earth_time.h>
#include <catch2/catch.hpp>

#include <fstream>
#include <iostream>

#include "uvh5_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;

namespace {

/// What was read, a line for each fact, for header_facts.py.
void write_facts(const Uvh5File& file, const std::string& path) {
  const Uvh5Header& h = file.header();
  std::ofstream out(path);
  const auto list = [&](const char* name, const auto& values, auto text) {
    out << name;
    for (const auto& value : values) out << ' ' << text(value);
    out << '\n';
  };
  const auto exact = [](double value) { return exact_number(value); };
  out << "version " << h.version << "\ntelescope " << h.telescope_name << "\nunit "
      << h.visibility_unit << "\nrows " << h.rows << "\nbaselines " << h.baselines << "\ntimes "
      << h.times << "\nlatitude " << exact(h.position.latitude_rad) << "\nlongitude "
      << exact(h.position.longitude_rad) << "\nheight " << exact(h.position.height_m)
      << "\nphasing " << static_cast<int>(h.phasing) << "\nfirst " << exact(h.time_first_jd)
      << "\nlast " << exact(h.time_last_jd) << '\n';
  list("freq", h.freq_hz, exact);
  list("width", h.width_hz, exact);
  list("polarizations", h.polarizations, [](int code) { return std::to_string(code); });
  list("numbers", h.antenna_numbers, [](std::int64_t n) { return std::to_string(n); });
  list("names", h.antennas, [](const Antenna& a) { return a.name; });
  list("diameters", h.antennas, [&](const Antenna& a) { return exact(a.diameter_m); });
  const auto centre = geocentric_m(h.position);
  std::vector<double> offsets;
  for (const Antenna& antenna : h.antennas) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      offsets.push_back(antenna.position_m[axis] - centre[axis]);
    }
  }
  list("offsets", offsets, exact);
  for (const Uvh5PhaseCentre& c : h.phase_centres) {
    out << "centre " << c.id << ' ' << exact(c.direction.ra_rad) << ' '
        << exact(c.direction.dec_rad) << ' ' << c.direction.frame << ' ' << c.name << '\n';
  }
  const Uvh5Rows rows = file.read_rows(0, h.rows);
  list("row_times", rows.time_jd, exact);
  list("row_intervals", rows.interval_s, exact);
  list("row_antenna1", rows.antenna1, [](int a) { return std::to_string(a); });
  list("row_antenna2", rows.antenna2, [](int a) { return std::to_string(a); });
  list("row_uvw", rows.uvw_m, exact);
}

}  // namespace

TEST_CASE("headers and row arrays of real files are what h5py reads") {
  const auto data = real_data("headers of real files");
  if (!data || !has_h5py()) return;
  const Scratch scratch("/tmp", "test");
  const auto paths = real_uvh5(*data);
  CHECK(paths.size() >= 13);
  for (const std::string& path : paths) {
    const Uvh5File file(path);
    write_facts(file, scratch.path() + "/facts");
    // All cells, in pieces of an odd size.
    std::ofstream dump(scratch.path() + "/cells", std::ios::binary);
    Uvh5Cells cells;
    for (const Extent& part : split(file.header().rows, 97)) {
      file.read_cells(part.begin, part.size(), cells);
      const auto write = [&](const auto& values) {
        dump.write(reinterpret_cast<const char*>(values.data()),
                   static_cast<std::streamsize>(values.size() * sizeof(values[0])));
      };
      write(cells.data);
      write(cells.flag);
      write(cells.nsamples);
    }
    dump.close();
    const int code =
        run("'" SKYMILL_PYTHON "' -B '" SKYMILL_TEST_SCRIPTS "/header_facts.py' '" + path + "' '" +
                scratch.path() + "/facts' '" + scratch.path() + "/cells' 97",
            scratch.path() + "/log");
    INFO(path << ": " << text_of(scratch.path() + "/log"));
    CHECK(code == 0);
  }
}

TEST_CASE("subbands of the DSA-110 are known by their frequencies, whatever their channels") {
  Uvh5Header header;
  for (const int count : {1, 4, 48, 384}) {
    for (int k = 0; k < 16; ++k) {
      const double width = 384 * 30517.578125 / count;
      const double top = 1.53e9 - 30517.578125 * (1023.5 + 384 * k);
      header.freq_hz.clear();
      header.width_hz.assign(static_cast<std::size_t>(count), width);
      for (int c = 0; c < count; ++c) header.freq_hz.push_back(top - (c + 0.5) * width);
      CHECK(dsa110_subband(header) == k);
    }
  }
  header.freq_hz = {1.2e9};
  header.width_hz = {1e6};
  CHECK_FALSE(dsa110_subband(header));
}

TEST_CASE("polarization codes are the MeasurementSet's, there and back") {
  CHECK(stokes_of_aips(-5) == 9);
  CHECK(stokes_of_aips(-7) == 10);
  CHECK(stokes_of_aips(-6) == 12);
  CHECK(stokes_of_aips(-2) == 8);
  for (int code = -8; code < 0; ++code) CHECK(aips_of_stokes(stokes_of_aips(code)) == code);
  CHECK_THROWS_AS(stokes_of_aips(1), Error);
  CHECK_THROWS_AS(aips_of_stokes(1), Error);
}
