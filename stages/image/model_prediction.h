// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/image.h>
#include <stages/data/visibilities.h>
#include <stages/formats/any_image.h>
#include <stages/image/image_params.h>
#include <stages/image/phase_shift.h>
#include <stages/image/plane_gridder.h>
#include <stages/image/spectral_track.h>
#include <stages/kernels/sparse_model.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// Visibilities of a model cube in Jy/pixel as an array sees it (imaging.md 2.0, 2.5). Every sample
/// is of the plane that its frequency falls into at its time, at its own frequency; beyond the
/// planes it is 0. Samples of a Stokes plane go into the correlations that it is made of: I into
/// both parallel hands.
class ModelPrediction {
 public:
  /// @param kernel gridder, accuracy and precision; the rest of it does not matter
  /// @throws Error (input) when the model has no frequencies or another unit, the fields have
  ///         several phase centres, or the correlations are not those of its Stokes plane
  ModelPrediction(const ObservationHeader& header, const AnyImage& model, ImageParams kernel);

  /// Fills rows.data [row][chan][corr] from times and uvw.
  /// @param planes_at_once how many planes are worked on at once; results do not depend on it
  /// @param check called between planes; throws to stop
  void predict(Visibilities& rows, std::size_t planes_at_once,
               const std::function<void()>& check) const;

  /// Bytes that predict() holds for `samples` (rows x channels) besides the data: lists of samples,
  /// and what every plane takes that is worked on.
  static std::size_t list_bytes(std::size_t samples);
  std::size_t plane_bytes(std::size_t samples) const;

 private:
  /// Samples of a plane, as row * channels + channel.
  std::vector<std::vector<std::size_t>> samples_of_planes(const Visibilities& rows) const;
  void predict_plane(std::size_t plane, const std::vector<std::size_t>& samples,
                     Visibilities& rows) const;
  const DataDescription& description_of(const Visibilities& rows) const;
  const std::vector<double>& frequencies(const Visibilities& rows) const;

  const ObservationHeader& header_;
  ImageHeader image_;
  ImageParams kernel_;
  std::array<double, 2> cell_rad_{};
  double step_hz_ = 0;
  std::vector<kernels::SparseModel> planes_;
  std::unique_ptr<SpectralTrack> track_;
  std::optional<PhaseShift> there_, back_;
};

}  // namespace skymill::radio
