// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/axes.h>
#include <stages/data/visibilities.h>
#include <stages/sky/direction_cosines.h>
#include <stages/sky/gridded_image.h>
#include <stages/sky/model_beam.h>
#include <stages/sky/model_sky.h>

#include <complex>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace skymill::radio {

/// Visibilities of an unpolarised model: Σ A(ν) S(ν) exp(+2πi(ul + vm + w(n-1))ν/c) in each
/// parallel hand, times exp(-π²/(4 ln 2) ((u' major)² + (v' minor)²)) for a Gaussian, u' and v' in
/// wavelengths along its axes (calibration.md 5.7). A is the primary beam, or 1.
class ModelVisibilities {
 public:
  /// @throws Error (input) when the telescope's beam is asked for and not known
  ModelVisibilities(ModelSky sky, const ModelParams& params,
                    std::shared_ptr<const ObservationHeader> header);

  /// Bytes that the model holds for these data.
  static std::size_t bytes(const ModelSky& sky, const ObservationHeader& header);
  /// Bytes that prepare() holds and works in besides, for chunks of so many bytes of data.
  static std::size_t prepared_bytes(const ModelSky& sky, const ModelParams& params,
                                    const ObservationHeader& header, std::size_t chunk_bytes);

  /// The model of a row, by channel; valid until the next call. Does not depend on earlier calls.
  /// @throws Error (input) when places count from the phase centre and rows have different ones,
  ///         or a source is on the other side of the sky
  const std::vector<std::complex<double>>& row(const Visibilities& rows, std::size_t row);

  /// Has row() take the model image of these rows from a transform, to 1e-8 (see GriddedImage),
  /// where that can be and is less work than a sum over its pixels, until the next call; for copies
  /// of this object, too. Otherwise nothing changes.
  /// @return whether it is so
  bool prepare(const Visibilities& rows, std::size_t threads);

  /// Sees to it that rows which several models share have one phase centre where they must.
  /// @throws Error (input) as row()
  void require_centres(const Visibilities& rows);

 private:
  struct Source {
    std::size_t place = 0;      ///< number into `places_`
    bool from_centre = false;   ///< it has one place, from any phase centre
    std::size_t component = 0;  ///< its number; beyond the last for pixels of the image
    bool gaussian = false;
    /// By data description and channel, Jy. Empty for a pixel: `flat_jy` in the channels of its
    /// plane.
    std::vector<std::vector<double>> flux_jy;
    double flat_jy = 0;
    std::size_t plane = 0;  ///< number into `planes_`
  };
  /// The image as a whole, and what prepare() has made of it.
  struct Prepared {
    GriddedImage image;
    const Visibilities* rows = nullptr;
    std::vector<std::complex<double>> vis;  ///< [row][chan]
  };
  /// By data description, the channels of a plane of the image.
  using PlaneChannels = std::vector<Extent>;

  const std::vector<double>& channels_of(std::size_t description) const;
  void add_component(std::size_t number);
  void add_image(const ModelImage& image);
  std::vector<DirectionCosines> places_of(const Direction& direction) const;
  void require_same_centre(std::size_t field);
  void require_near(const Source& source, const DirectionCosines& place, std::size_t field) const;
  /// The channels in which a source counts.
  Extent channels_of(const Source& source, std::size_t description) const;
  void add(const Source& source, const DirectionCosines& place, const DirectionCosines& axis,
           const double* uvw_m, std::size_t description);

  ModelSky sky_;
  std::shared_ptr<const ObservationHeader> header_;
  std::vector<std::optional<double>> step_hz_;         ///< by data description: of even channels
  std::vector<std::vector<DirectionCosines>> places_;  ///< by field, or one from any phase centre
  std::vector<PlaneChannels> planes_;
  std::shared_ptr<Prepared> prepared_;  ///< null when the image cannot be transformed
  std::vector<Source> sources_;
  std::optional<ModelBeam> beam_;
  std::optional<std::size_t> first_field_;
  std::vector<double> ones_;
  std::vector<double> re_, im_, weighted_jy_;
  std::vector<std::complex<double>> values_;
};

}  // namespace skymill::radio
