// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/geometry/frequency_frames.h>
#include <stages/image/model_prediction.h>
#include <stages/image/stokes_terms.h>
#include <stages/kernels/parallel_items.h>

#include <algorithm>
#include <cmath>
#include <complex>

namespace skymill::radio {

namespace {

constexpr double kSamePlace = 1e-9;  // rad
constexpr double kSameEdge = 1e-6;   // of a plane, for channels that end where it ends

bool same_place(const Direction& a, const Direction& b) {
  return a.frame == b.frame && std::abs(a.ra_rad - b.ra_rad) < kSamePlace &&
         std::abs(a.dec_rad - b.dec_rad) < kSamePlace;
}

void require_one_centre(const ObservationHeader& header) {
  for (const Field& field : header.fields) {
    if (same_place(field.phase_dir, header.fields.front().phase_dir)) continue;
    throw Error(ErrorKind::input, "'" + header.source + "' has fields with different phase centres",
                "a model is written for one field: choose it with field");
  }
}

}  // namespace

ModelPrediction::ModelPrediction(const ObservationHeader& header, const AnyImage& model,
                                 ImageParams kernel)
    : header_(header), image_(model.header()), kernel_(std::move(kernel)) {
  require_one_centre(header);
  const std::string named = "the model '" + model.path() + "'";
  if (!model.unit().empty() && model.unit() != "Jy/pixel" && model.unit() != "JY/PIXEL") {
    throw Error(ErrorKind::input, named + " is in " + model.unit() + " instead of Jy/pixel");
  }
  if (image_.chan_freq_hz.empty() || image_.chan_width_hz == 0) {
    throw Error(ErrorKind::input, named + " has no frequencies");
  }
  step_hz_ = image_.nchan > 1 ? (image_.chan_freq_hz.back() - image_.chan_freq_hz.front()) /
                                    static_cast<double>(image_.nchan - 1)
                              : image_.chan_width_hz;
  kernel_.imsize = {image_.nx, image_.ny};
  cell_rad_ = {-image_.cell_x_rad, image_.cell_y_rad};
  const auto pixel = model.reference_pixel();
  if (pixel[0] != static_cast<double>(image_.nx / 2) ||
      pixel[1] != static_cast<double>(image_.ny / 2)) {
    throw Error(ErrorKind::input, named + " has its phase centre not in the middle");
  }
  std::vector<float> pixels;
  for (std::size_t plane = 0; plane < image_.nchan; ++plane) {
    model.read(plane, 0, pixels);
    for (float& value : pixels) {
      if (!std::isfinite(value)) value = 0;
    }
    planes_.push_back(kernels::sparse_model(
        kernels::View<const float, 2>(pixels.data(), {image_.ny, image_.nx})));
  }
  std::optional<FrequencyFrame> frame;
  if (image_.spectral_frame != frame_of_data(header)) {
    frame = frequency_frame(image_.spectral_frame);
  }
  track_ = std::make_unique<SpectralTrack>(header, frame);
  const Direction& centre = header.fields.front().phase_dir;
  if (!same_place(centre, image_.phase_centre)) {
    there_.emplace(centre, image_.phase_centre);
    back_.emplace(image_.phase_centre, centre);
  }
}

std::size_t ModelPrediction::list_bytes(std::size_t samples) {
  return 2 * samples * sizeof(std::size_t);  // vectors that grow
}

std::size_t ModelPrediction::plane_bytes(std::size_t samples) const {
  return image_.nx * image_.ny * sizeof(float) +
         samples * (3 * sizeof(double) + sizeof(std::complex<float>)) +
         gridder_bytes(kernel_, cell_rad_, samples, 1, header_.max_uvw_m,
                       image_.chan_freq_hz.back() + std::abs(step_hz_));
}

std::vector<std::vector<std::size_t>> ModelPrediction::samples_of_planes(
    const Visibilities& rows) const {
  const std::vector<double>& freq_hz = frequencies(rows);
  std::vector<std::vector<std::size_t>> samples(image_.nchan);
  const double last = static_cast<double>(image_.nchan) - 1;
  double ratio = 1;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (row == 0 || rows.time_s[row] != rows.time_s[row - 1]) {
      ratio = track_->ratio(rows.data_desc_id, rows.time_s[row]);
    }
    for (std::size_t chan = 0; chan < rows.nchan; ++chan) {
      const double place = (freq_hz[chan] * ratio - image_.chan_freq_hz.front()) / step_hz_;
      if (place < -0.5 - kSameEdge || place > last + 0.5 + kSameEdge) continue;
      const double plane = std::clamp(std::floor(place + 0.5), 0.0, last);
      samples[static_cast<std::size_t>(plane)].push_back(row * rows.nchan + chan);
    }
  }
  return samples;
}

void ModelPrediction::predict_plane(std::size_t plane, const std::vector<std::size_t>& samples,
                                    Visibilities& rows) const {
  const std::vector<double>& freq_hz = frequencies(rows);
  // Only the product of uvw and frequency counts: each sample becomes a row of one channel.
  const double reference_hz = image_.chan_freq_hz[plane];
  std::vector<double> uvw(3 * samples.size());
  for (std::size_t k = 0; k < samples.size(); ++k) {
    const double scale = freq_hz[samples[k] % rows.nchan] / reference_hz;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      uvw[3 * k + axis] = rows.uvw_m[3 * (samples[k] / rows.nchan) + axis] * scale;
    }
  }
  std::vector<float> pixels(image_.nx * image_.ny);
  const kernels::View<float, 2> dense(pixels.data(), {image_.ny, image_.nx});
  std::vector<std::complex<float>> vis(samples.size());
  kernels::PlaneSamples geometry;
  geometry.uvw_m = {uvw.data(), {samples.size(), 3}};
  geometry.freq_hz = {&reference_hz, {1}};
  make_gridder(kernel_, cell_rad_, samples.size(), 1)
      ->predict(planes_[plane], dense, geometry, nullptr, {vis.data(), {samples.size(), 1}});

  const StokesTerms terms = StokesTerms::of(image_.stokes, description_of(rows).corr_types);
  const std::complex<float> turn = terms.by_minus_i ? std::complex<float>(0, 1) : 1.0F;
  for (std::size_t k = 0; k < samples.size(); ++k) {
    for (const StokesTerms::Term& term : terms.terms) {
      rows.data[samples[k] * rows.ncorr + term.correlation] = term.sign * turn * vis[k];
    }
  }
}

void ModelPrediction::predict(Visibilities& rows, std::size_t planes_at_once,
                              const std::function<void()>& check) const {
  if (StokesTerms::of(image_.stokes, description_of(rows).corr_types).terms.empty()) {
    throw Error(ErrorKind::input, "'" + header_.source +
                                      "' has not the correlations of which Stokes " +
                                      image_.stokes + " is made");
  }
  rows.data.assign(rows.rows() * rows.nchan * rows.ncorr, {0, 0});
  if (there_) there_->apply(rows, frequencies(rows));
  const auto samples = samples_of_planes(rows);
  kernels::parallel_items(samples.size(), planes_at_once, [&](std::size_t plane) {
    check();
    if (samples[plane].empty() || planes_[plane].empty()) return;
    predict_plane(plane, samples[plane], rows);
  });
  if (back_) back_->apply(rows, frequencies(rows));
}

const DataDescription& ModelPrediction::description_of(const Visibilities& rows) const {
  return header_.data_descriptions.at(static_cast<std::size_t>(rows.data_desc_id));
}

const std::vector<double>& ModelPrediction::frequencies(const Visibilities& rows) const {
  return header_.spectral_windows.at(static_cast<std::size_t>(description_of(rows).spectral_window))
      .chan_freq_hz;
}

}  // namespace skymill::radio
