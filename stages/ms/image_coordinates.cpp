// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Matrix.h>
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/coordinates/Coordinates/DirectionCoordinate.h>
#include <casacore/coordinates/Coordinates/ObsInfo.h>
#include <casacore/coordinates/Coordinates/Projection.h>
#include <casacore/coordinates/Coordinates/SpectralCoordinate.h>
#include <casacore/coordinates/Coordinates/StokesCoordinate.h>
#include <casacore/measures/Measures/MDirection.h>
#include <casacore/measures/Measures/MEpoch.h>
#include <casacore/measures/Measures/MFrequency.h>
#include <casacore/measures/Measures/MPosition.h>
#include <casacore/measures/Measures/Stokes.h>
#include <stages/ms/image_coordinates.h>
#include <stages/ms/wall.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace skymill::radio::wall {

namespace {

namespace cc = casacore;

[[noreturn]] void refuse(const std::string& what, const std::string& hint = {}) {
  throw Error(ErrorKind::input, what, hint);
}

cc::MDirection::Types direction_type(const std::string& frame) {
  cc::MDirection::Types type = cc::MDirection::J2000;
  if (!cc::MDirection::getType(type, frame)) {
    refuse("the direction frame '" + frame + "' of an image is not known",
           "use a casacore name such as J2000 or ICRS");
  }
  return type;
}

cc::DirectionCoordinate direction_axes(const ImageHeader& header) {
  cc::Matrix<double> straight(2, 2, 0.0);
  straight(0, 0) = straight(1, 1) = 1;
  return cc::DirectionCoordinate(
      direction_type(header.phase_centre.frame), cc::Projection(cc::Projection::SIN),
      header.phase_centre.ra_rad, header.phase_centre.dec_rad, header.cell_x_rad, header.cell_y_rad,
      straight, static_cast<double>(header.nx / 2), static_cast<double>(header.ny / 2));
}

/// True when every frequency lies on the line through the first and last one; what remains is
/// rounding, or a millionth of a channel.
bool equidistant(const std::vector<double>& freq_hz, double step_hz) {
  const double rounding = 4 * std::numeric_limits<double>::epsilon() * std::abs(freq_hz.back());
  const double tolerance_hz = std::max(rounding, 1e-6 * std::abs(step_hz));
  for (std::size_t k = 0; k < freq_hz.size(); ++k) {
    const double line_hz = freq_hz[0] + static_cast<double>(k) * step_hz;
    if (std::abs(freq_hz[k] - line_hz) > tolerance_hz) return false;
  }
  return true;
}

cc::SpectralCoordinate spectral_axis(const ImageHeader& header) {
  cc::MFrequency::Types frame = cc::MFrequency::TOPO;
  if (!cc::MFrequency::getType(frame, header.spectral_frame)) {
    refuse("the spectral frame '" + header.spectral_frame + "' of an image is not known",
           "use a casacore name such as TOPO, LSRK or BARY");
  }
  const std::vector<double>& freq_hz = header.chan_freq_hz;
  const double step_hz = freq_hz.size() == 1 ? header.chan_width_hz
                                             : (freq_hz.back() - freq_hz.front()) /
                                                   static_cast<double>(freq_hz.size() - 1);
  if (step_hz == 0) refuse("the frequency axis of an image has channels of width 0");
  if (equidistant(freq_hz, step_hz)) {
    return cc::SpectralCoordinate(frame, freq_hz.front(), step_hz, 0.0, header.rest_freq_hz);
  }
  return cc::SpectralCoordinate(frame, cc::Vector<double>(freq_hz), header.rest_freq_hz);
}

/// All but the telescope's name: see CasaImageWriter.
cc::ObsInfo observation_of(const ImageHeader& header) {
  cc::ObsInfo info;
  info.setObserver(header.observer);
  info.setObsDate(cc::MEpoch(cc::MVEpoch(header.date_obs_mjd_s / 86400.0), cc::MEpoch::UTC));
  info.setPointingCenter(cc::MVDirection(header.phase_centre.ra_rad, header.phase_centre.dec_rad));
  const std::array<double, 3>& place = header.telescope_position_m;
  if (place[0] != 0 || place[1] != 0 || place[2] != 0) {
    info.setTelescopePosition(
        cc::MPosition(cc::MVPosition(place[0], place[1], place[2]), cc::MPosition::ITRF));
  }
  return info;
}

void read_direction_axes(const cc::CoordinateSystem& coordinates, const std::string& path,
                         ImageAxes& axes) {
  const int which = coordinates.findCoordinate(cc::Coordinate::DIRECTION);
  if (which < 0) refuse("the image '" + path + "' has no direction axes");
  const cc::Vector<cc::Int> pixel_axes = coordinates.pixelAxes(static_cast<cc::uInt>(which));
  if (pixel_axes[0] != 0 || pixel_axes[1] != 1) {
    refuse("the direction axes of the image '" + path + "' are not its first two axes",
           "reorder its axes first");
  }
  cc::DirectionCoordinate direction = coordinates.directionCoordinate(static_cast<cc::uInt>(which));
  direction.setWorldAxisUnits(cc::Vector<cc::String>(2, "rad"));
  const cc::Vector<double> value = direction.referenceValue();
  const cc::Vector<double> step = direction.increment();
  const cc::Vector<double> pixel = direction.referencePixel();
  axes.header.phase_centre = {value[0], value[1],
                              cc::MDirection::showType(direction.directionType())};
  axes.header.cell_x_rad = step[0];
  axes.header.cell_y_rad = step[1];
  axes.reference_pixel = {pixel[0], pixel[1]};
  axes.projection = direction.projection().name();
}

void read_spectral_axis(const cc::CoordinateSystem& coordinates, const cc::IPosition& shape,
                        const std::string& path, ImageAxes& axes) {
  const int which = coordinates.findCoordinate(cc::Coordinate::SPECTRAL);
  axes.header.nchan = 1;
  if (which < 0) return;
  axes.spectral_axis = coordinates.pixelAxes(static_cast<cc::uInt>(which))[0];
  cc::SpectralCoordinate spectral = coordinates.spectralCoordinate(static_cast<cc::uInt>(which));
  spectral.setWorldAxisUnits(cc::Vector<cc::String>(1, "Hz"));
  if (axes.spectral_axis >= 0) {
    axes.header.nchan = static_cast<std::size_t>(shape[static_cast<cc::uInt>(axes.spectral_axis)]);
  }
  for (std::size_t chan = 0; chan < axes.header.nchan; ++chan) {
    double freq_hz = 0;
    if (!spectral.toWorld(freq_hz, static_cast<double>(chan))) {
      refuse("the frequency of channel " + std::to_string(chan) + " of the image '" + path +
             "' is not defined: " + std::string(spectral.errorMessage()));
    }
    axes.header.chan_freq_hz.push_back(freq_hz);
  }
  axes.header.chan_width_hz = spectral.increment()[0];
  axes.header.rest_freq_hz = spectral.restFrequency();
  axes.header.spectral_frame = cc::MFrequency::showType(spectral.frequencySystem());
}

void read_stokes_axis(const cc::CoordinateSystem& coordinates, ImageAxes& axes) {
  const int which = coordinates.findCoordinate(cc::Coordinate::STOKES);
  if (which >= 0) {
    axes.stokes_axis = coordinates.pixelAxes(static_cast<cc::uInt>(which))[0];
    const cc::StokesCoordinate stokes = coordinates.stokesCoordinate(static_cast<cc::uInt>(which));
    for (const cc::Int code : stokes.stokes()) {
      axes.stokes.push_back(cc::Stokes::name(cc::Stokes::type(code)));
    }
  }
  if (axes.stokes.empty()) axes.stokes.push_back("I");
  axes.header.stokes = axes.stokes.front();
}

void read_observation(const cc::ObsInfo& info, ImageHeader& header) {
  header.observer = info.observer();
  header.date_obs_mjd_s = info.obsDate().getValue().get() * 86400.0;
  if (info.isTelescopePositionSet()) {
    const cc::Vector<double> place = info.telescopePosition().getValue().getValue();
    header.telescope_position_m = {place[0], place[1], place[2]};
  }
}

}  // namespace

cc::CoordinateSystem coordinates_of(const ImageHeader& header) {
  if (header.nx == 0 || header.ny == 0 || header.nchan == 0) {
    refuse("an image of " + std::to_string(header.nx) + " x " + std::to_string(header.ny) +
           " pixels and " + std::to_string(header.nchan) + " channels cannot be made");
  }
  if (header.chan_freq_hz.size() != header.nchan) {
    refuse("an image header has " + std::to_string(header.nchan) + " channels, but " +
           std::to_string(header.chan_freq_hz.size()) + " frequencies");
  }
  if (header.cell_x_rad == 0 || header.cell_y_rad == 0) {
    refuse("an image header has pixels of size 0");
  }
  const cc::Stokes::StokesTypes stokes = cc::Stokes::type(header.stokes);
  if (stokes == cc::Stokes::Undefined) {
    refuse("'" + header.stokes + "' is not one Stokes parameter", "use one of I, Q, U, V, RR, …");
  }
  cc::CoordinateSystem coordinates;
  coordinates.addCoordinate(direction_axes(header));
  coordinates.addCoordinate(cc::StokesCoordinate(cc::Vector<cc::Int>(1, stokes)));
  coordinates.addCoordinate(spectral_axis(header));
  coordinates.setObsInfo(observation_of(header));
  return coordinates;
}

ImageAxes axes_of(const cc::CoordinateSystem& coordinates, const cc::IPosition& shape,
                  const std::string& path) {
  ImageAxes axes;
  if (shape.size() < 2) refuse("the image '" + path + "' has fewer than two axes");
  axes.header.nx = static_cast<std::size_t>(shape[0]);
  axes.header.ny = static_cast<std::size_t>(shape[1]);
  read_direction_axes(coordinates, path, axes);
  read_stokes_axis(coordinates, axes);
  read_spectral_axis(coordinates, shape, path, axes);
  read_observation(coordinates.obsInfo(), axes.header);
  for (int axis = 2; axis < static_cast<int>(shape.size()); ++axis) {
    const bool known = axis == axes.stokes_axis || axis == axes.spectral_axis;
    if (!known && shape[static_cast<cc::uInt>(axis)] != 1) {
      refuse("axis " + std::to_string(axis) + " of the image '" + path +
             "' is neither Stokes nor frequency");
    }
  }
  return axes;
}

}  // namespace skymill::radio::wall
