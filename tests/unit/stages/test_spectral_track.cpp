// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/channel_store.h>
#include <catch2/catch.hpp>
#include <cmath>

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kDegree = 3.14159265358979323846 / 180;
constexpr double kFirstChannel = 1.42e9;
constexpr double kChannel = 1e3;  // 0.2 km/s, while the Earth's rotation moves by 0.7 km/s
constexpr std::size_t kChannels = 64;
constexpr std::size_t kTimes = 49;

/// Half a day of one baseline in the frame of the array.
std::shared_ptr<ObservationHeader> header_of(bool descending = false) {
  auto header = std::make_shared<ObservationHeader>();
  SpectralWindow window;
  for (std::size_t c = 0; c < kChannels; ++c) {
    const std::size_t place = descending ? kChannels - 1 - c : c;
    window.chan_freq_hz.push_back(kFirstChannel + kChannel * static_cast<double>(place));
    window.chan_width_hz.push_back(descending ? -kChannel : kChannel);
  }
  header->source = "test";
  header->spectral_windows = {window};
  header->data_descriptions = {{0, {9, 12}}};
  header->rows = kTimes;
  header->rows_per_description = {kTimes};
  header->time_first_s = 60950.0 * 86400;
  header->time_last_s = header->time_first_s + 900 * static_cast<double>(kTimes - 1);
  header->fields = {{"F", {1.3, 0.1, "ICRS"}, 0}};
  header->position = {-118 * kDegree, 37 * kDegree, 1200};
  return header;
}

/// What stands still in the LSRK and is linear in frequency there, so that interpolation is exact.
float truth(double lsrk_hz) { return static_cast<float>(1 + (lsrk_hz - kFirstChannel) / 1e5); }

Visibilities rows_of(const std::shared_ptr<ObservationHeader>& header, const SpectralTrack& track) {
  Visibilities rows;
  rows.header = header;
  rows.nchan = kChannels;
  rows.ncorr = 2;
  for (std::size_t r = 0; r < kTimes; ++r) {
    rows.time_s.push_back(header->time_first_s + 900 * static_cast<double>(r));
    rows.uvw_m.insert(rows.uvw_m.end(), {100.0, -50.0, 7.0});
    rows.weight.insert(rows.weight.end(), {2, 2});
    const double ratio = track.ratio(0, rows.time_s.back());
    for (const double freq_hz : header->spectral_windows[0].chan_freq_hz) {
      rows.data.insert(rows.data.end(), 2, {truth(freq_hz * ratio), 0});
      rows.flag.insert(rows.flag.end(), 2, 0);
    }
  }
  return rows;
}

ImageParams cube_of(const std::string& interpolation, const std::string& width = "") {
  ImageParams params;
  params.specmode = "cube";
  params.interpolation = interpolation;
  params.width = width;
  return params;
}

ChannelStore store_of(const ObservationHeader& header, const CubePlanes& cube) {
  return ChannelStore(header, cube.planes, "I", false, cube.track);
}

}  // namespace

TEST_CASE("linear: a visibility is of its plane's frequency in the frame, at any time") {
  const bool descending = GENERATE(false, true);
  const std::string width = GENERATE("", "3");
  const auto header = header_of(descending);
  const CubePlanes cube = cube_planes(*header, cube_of("linear", width));
  CHECK(cube.frame == "LSRK");
  const SpectralTrack& track = *cube.track;
  const auto [least, largest] = track.range(0);
  CHECK((largest - least) * kFirstChannel > 1.5 * kChannel);  // there is something to follow
  ChannelStore store = store_of(*header, cube);
  store.add(rows_of(header, track));
  REQUIRE(store.planes() == (width.empty() ? kChannels : kChannels / 3));
  std::size_t used = 0;
  double worst = 0;
  for (std::size_t p = 0; p < store.planes(); ++p) {
    const auto plane = store.samples(p);
    for (std::size_t r = 0; r < plane.weight.extent(0); ++r) {
      for (std::size_t c = 0; c < plane.freq_hz.extent(0); ++c) {
        if (plane.weight(r, c) == 0) continue;
        ++used;
        CHECK(std::abs(plane.freq_hz(c) - cube.planes[p].freq_hz) <= kChannel);
        worst = std::max(worst,
                         static_cast<double>(std::abs(plane.vis(r, c) - truth(plane.freq_hz(c)))));
        CHECK(plane.uvw_m(r, 0) == 100);
      }
    }
  }
  CHECK(worst < 1e-6);
  // Nothing is extrapolated: the channels that left the band at an end are missing, no others.
  CHECK(used > (kChannels - 4) * kTimes);
  CHECK(used < kChannels * kTimes);
}

TEST_CASE("nearest: every sample is in its own plane, at its own frequency") {
  const auto header = header_of();
  const CubePlanes cube = cube_planes(*header, cube_of("nearest"));
  const SpectralTrack& track = *cube.track;
  ChannelStore store = store_of(*header, cube);
  const Visibilities rows = rows_of(header, track);
  store.add(rows);
  std::size_t used = 0;
  std::size_t within = 0;
  for (std::size_t r = 0; r < kTimes; ++r) {
    for (const double freq_hz : header->spectral_windows[0].chan_freq_hz) {
      within += track.axis().plane_of(freq_hz * track.ratio(0, rows.time_s[r])).has_value();
    }
  }
  for (std::size_t p = 0; p < store.planes(); ++p) {
    const auto plane = store.samples(p);
    for (std::size_t r = 0; r < plane.weight.extent(0); ++r) {
      for (std::size_t c = 0; c < plane.freq_hz.extent(0); ++c) {
        if (plane.weight(r, c) == 0) continue;
        ++used;
        // u in wavelengths says the frequency at which the sample is gridded.
        const double gridded_hz = plane.freq_hz(c) * plane.uvw_m(r, 0) / 100;
        CHECK(std::abs(gridded_hz - cube.planes[p].freq_hz) <= 0.5 * kChannel * (1 + 1e-9));
        CHECK(std::abs(plane.vis(r, c) - truth(gridded_hz)) < 1e-6);
      }
    }
  }
  CHECK(used == within);  // every sample once
}

TEST_CASE("the axis is that of the first time, in the frame asked for") {
  const auto header = header_of();
  for (const char* name : {"LSRK", "BARY", "TOPO"}) {
    ImageParams params = cube_of("linear");
    params.outframe = name;
    const CubePlanes cube = cube_planes(*header, params);
    const double ratio =
        FrequencyFrames(header->position, header->fields[0].phase_dir)
            .ratio(FrequencyFrame::topo, frequency_frame(name), header->time_first_s);
    CHECK(cube.frame == name);
    CHECK(cube.planes.size() == kChannels);
    for (std::size_t k = 0; k < kChannels; ++k) {
      CHECK(cube.planes[k].freq_hz ==
            Approx(header->spectral_windows[0].chan_freq_hz[k] * ratio).epsilon(1e-15));
    }
  }
}

TEST_CASE("a flagged channel takes the samples between it and its neighbours, and no others") {
  const auto header = header_of();
  const CubePlanes cube = cube_planes(*header, cube_of("linear"));
  ChannelStore whole = store_of(*header, cube);
  ChannelStore flagged = store_of(*header, cube);
  Visibilities rows = rows_of(header, *cube.track);
  whole.add(rows);
  rows.flag[2 * (10 * kChannels + 30)] = 1;  // row 10, channel 30, one hand
  flagged.add(rows);
  std::size_t gone = 0;
  for (std::size_t p = 0; p < whole.planes(); ++p) {
    for (std::size_t r = 0; r < kTimes; ++r) {
      if (whole.samples(p).weight(r, 0) == flagged.samples(p).weight(r, 0)) continue;
      ++gone;
      CHECK(r == 10);
    }
  }
  CHECK(gone == 2);
}

TEST_CASE("one plane of all channels, and frames that cannot be") {
  auto header = header_of();
  ImageParams params;
  params.specmode = "mfs";
  const CubePlanes mfs = cube_planes(*header, params);
  REQUIRE(mfs.planes.size() == 1);
  CHECK(mfs.planes[0].channels.size() == kChannels);
  CHECK(mfs.planes[0].freq_hz == Approx(kFirstChannel + 31.5 * kChannel).epsilon(1e-15));
  CHECK(mfs.frame == "TOPO");
  header->spectral_windows[0].meas_freq_ref = 0;
  CHECK_THROWS_WITH(cube_planes(*header, cube_of("linear")), Contains("REST"));
}

TEST_CASE("data in the frame of the cube are not touched") {
  auto header = header_of();
  header->spectral_windows[0].meas_freq_ref = 1;
  const CubePlanes cube = cube_planes(*header, cube_of("linear"));
  ChannelStore store = store_of(*header, cube);
  const Visibilities rows = rows_of(header, *cube.track);
  store.add(rows);
  for (std::size_t p = 0; p < kChannels; ++p) {
    CHECK(store.samples(p).vis(5, 0) == rows.data[2 * (5 * kChannels + p)]);
    CHECK(store.samples(p).freq_hz(0) == header->spectral_windows[0].chan_freq_hz[p]);
  }
}
