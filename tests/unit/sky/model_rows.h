// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/lane.h>
#include <stages/sky/model_visibilities.h>

#include <complex>
#include <memory>
#include <numbers>
#include <vector>

namespace skymill::radio {

/// A field of an array with one window of so many channels, from 1.28 GHz.
inline std::shared_ptr<ObservationHeader> model_header(std::size_t nchan = 83,
                                                       double step_hz = 3e6) {
  auto header = std::make_shared<ObservationHeader>();
  header->source = "made";
  header->telescope = "DSA-110";
  header->position = {-2.06427799, 0.649966, 1222};
  SpectralWindow window;
  for (std::size_t c = 0; c < nchan; ++c) {
    window.chan_freq_hz.push_back(1.28e9 + step_hz * static_cast<double>(c));
  }
  header->spectral_windows = {window};
  header->data_descriptions = {{0, {9, 12}}};
  header->fields.push_back({"centre", {2.3, 0.65, "ICRS"}, 0});
  return header;
}

/// Baselines of up to some 3 km, of one moment, data empty.
inline Visibilities model_rows(const std::shared_ptr<ObservationHeader>& header) {
  Visibilities rows;
  rows.header = header;
  rows.nchan = header->spectral_windows[0].chan_freq_hz.size();
  rows.ncorr = 2;
  for (int k = 0; k < 12; ++k) {
    for (const double metres : {-700.0 + 190.3 * k, 1211.0 - 160.7 * k, 97.0 * k}) {
      rows.uvw_m.push_back(metres);
    }
    rows.time_s.push_back(60950.27 * 86400);
    rows.field_id.push_back(0);
  }
  return rows;
}

/// A source as the direct sum knows it.
struct PlainSource {
  double l = 0, m = 0, flux_jy = 0, index = 0;
};

/// Σ S exp(2πi(ul + vm + w(n-1))ν/c), in double, term by term.
inline std::complex<double> direct_sum(const std::vector<PlainSource>& sources, const double* uvw_m,
                                       double freq_hz, double reference_hz) {
  std::complex<double> sum;
  for (const PlainSource& s : sources) {
    const double n = std::sqrt(1 - s.l * s.l - s.m * s.m);
    const double turns =
        (uvw_m[0] * s.l + uvw_m[1] * s.m + uvw_m[2] * (n - 1)) * freq_hz / 299792458.0;
    sum += s.flux_jy * std::pow(freq_hz / reference_hz, s.index) *
           std::exp(std::complex<double>(0, 2 * std::numbers::pi * turns));
  }
  return sum;
}

inline ModelVisibilities model_of_params(const ModelParams& params,
                                         const std::shared_ptr<ObservationHeader>& header) {
  Lanes lanes;
  return {model_sky(params, *header, lanes), params, header};
}

}  // namespace skymill::radio
