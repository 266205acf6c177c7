// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5_reader/uvh5_convention.h>
#include <catch2/catch.hpp>

#include <cmath>

using namespace skymill::radio;

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSpeedOfLight = 299792458;

Uvh5Header four_hands() {
  Uvh5Header header;
  header.freq_hz = {1.5e9, 1.4e9, 1.3e9};  // descending
  header.width_hz = {1e8, 1e8, 1e8};
  header.polarizations = {-5, -6, -7, -8};  // XX, YY, XY, YX
  return header;
}

}  // namespace

TEST_CASE("an off-centre source keeps its place, whichever antenna of a row comes first") {
  // Three antennas on a plane; u, v, w of each.
  const double place[3][3] = {{0, 0, 0}, {100, 30, 5}, {-40, 80, -2}};
  const double l = 2e-3, m = -1e-3, n = std::sqrt(1 - l * l - m * m);
  // Feeds of each antenna see the source with their own gain, so that hands can be told apart.
  const std::complex<double> x[3] = {{1, 0.1}, {0.9, 0.2}, {1.1, -0.3}};
  const std::complex<double> y[3] = {{0.5, 0.4}, {0.6, -0.1}, {0.4, 0.2}};
  const Uvh5Header header = four_hands();
  const auto product = [&](int first, int second, int code) {
    const auto& p = code == -5 || code == -7 ? x : y;
    const auto& q = code == -5 || code == -8 ? x : y;
    return std::make_pair(p[first], q[second]);
  };
  Uvh5Rows rows;
  Uvh5Cells cells;
  const int pairs[][2] = {{0, 1}, {1, 0}, {2, 1}, {0, 2}, {1, 1}};
  for (const auto& pair : pairs) {
    rows.antenna1.push_back(pair[0]);
    rows.antenna2.push_back(pair[1]);
    rows.time_jd.push_back(2460000.5);
    rows.interval_s.push_back(10);
    double path = 0;
    const double lmn[3] = {l, m, n - 1};
    for (int axis = 0; axis < 3; ++axis) {
      // The file's convention: uvw = r(2) - r(1), phase +2 pi.
      rows.uvw_m.push_back(place[pair[1]][axis] - place[pair[0]][axis]);
      path += rows.uvw_m.back() * lmn[axis];
    }
    for (const double freq : header.freq_hz) {
      for (const int code : header.polarizations) {
        const auto [p, q] = product(pair[0], pair[1], code);
        const auto value =
            std::conj(p) * q * std::polar(1.0, 2 * kPi * path * freq / kSpeedOfLight);
        cells.data.emplace_back(value);
        cells.flag.push_back(0);
        cells.nsamples.push_back(3);
      }
    }
  }
  const Uvh5Order order(header);
  CHECK(order.corr_types == std::vector<int>{9, 10, 11, 12});
  Visibilities got;
  const RefusedSamples refused = append_rows(rows, cells, order, true, got);
  CHECK(refused.without_weight == 0);
  CHECK(refused.not_finite == 0);
  REQUIRE(got.rows() == 5);
  const int codes[] = {-5, -7, -8, -6};
  for (std::size_t r = 0; r < 5; ++r) {
    const int a = got.antenna1[r], b = got.antenna2[r];
    CHECK(a <= b);
    double path = 0;
    const double lmn[3] = {l, m, n - 1};
    for (int axis = 0; axis < 3; ++axis) {
      const double uvw = got.uvw_m[3 * r + static_cast<std::size_t>(axis)];
      CHECK(uvw == Approx(place[a][axis] - place[b][axis]).epsilon(0).margin(1e-12));
      path += uvw * lmn[axis];
    }
    for (std::size_t c = 0; c < 3; ++c) {
      const double freq = 1.3e9 + 1e8 * static_cast<double>(c);
      for (std::size_t corr = 0; corr < 4; ++corr) {
        const auto [p, q] = product(a, b, codes[corr]);
        // Ours: uvw = r(1) - r(2), g_p conj(g_q), phase +2 pi.
        const std::complex<double> expected =
            p * std::conj(q) * std::polar(1.0, 2 * kPi * path * freq / kSpeedOfLight);
        const std::complex<double> value(got.data[(r * 3 + c) * 4 + corr]);
        CHECK(std::abs(value - expected) < 1e-6);
      }
    }
  }
  CHECK(got.weight == std::vector<float>(20, 3.0f));
  CHECK(got.weight_spectrum.empty());
}
