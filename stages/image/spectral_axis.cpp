// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/image/spectral_axis.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kLightSpeed = 299792458.0;  // m/s
/// Of a plane: rounding of frequencies that people type.
constexpr double kEdgeTolerance = 0.01;
/// A width typed in another frame is some ten-thousandths off; the axis keeps it as typed.
constexpr double kWidthTolerance = 1e-3;

enum class AxisKind { none, channel, frequency, velocity };

struct AxisValue {
  AxisKind kind = AxisKind::none;
  double value = 0;  ///< channels, Hz or m/s
};

std::optional<double> quantity(const std::string& text, const char* unit) {
  try {
    return parse_quantity(text, unit);
  } catch (const QuantityError&) {
    return std::nullopt;
  }
}

AxisValue read(const char* parameter, const std::string& text) {
  if (text.empty()) return {};
  if (is_channel(text)) return {AxisKind::channel, std::stod(text)};
  const bool bare = static_cast<bool>(quantity(text, ""));
  if (const auto hz = quantity(text, "Hz"); hz && !bare) return {AxisKind::frequency, *hz};
  if (const auto speed = quantity(text, "m/s"); speed && !bare) return {AxisKind::velocity, *speed};
  throw Error(ErrorKind::description,
              std::string(parameter) + " '" + text + "' is no channel, frequency or velocity",
              "write a whole number, or a number with its unit such as 1.42GHz or -5km/s");
}

double hz_of_velocity(double speed, const AxisRequest& request) {
  return request.optical ? request.rest_hz / (1 + speed / kLightSpeed)
                         : request.rest_hz * (1 - speed / kLightSpeed);
}

double velocity_of_hz(double hz, const AxisRequest& request) {
  return kLightSpeed * (request.optical ? request.rest_hz / hz - 1 : 1 - hz / request.rest_hz);
}

std::string hertz(double value) { return format_quantity(value, "Hz"); }

/// The step of the axis; `start_hz` when it is known, else the end of the data it will begin at.
double step_of(const AxisValue& width, const AxisRequest& request, double start_hz,
               double first_width_hz) {
  switch (width.kind) {
    case AxisKind::none:
      return first_width_hz;
    case AxisKind::channel:
      return width.value * first_width_hz;
    case AxisKind::frequency:
      return width.value;
    case AxisKind::velocity:
      break;
  }
  return hz_of_velocity(velocity_of_hz(start_hz, request) + width.value, request) - start_hz;
}

}  // namespace

std::optional<std::size_t> SpectralAxis::plane_of(double freq_hz) const {
  const double plane = std::floor((freq_hz - first_hz) / step_hz + 0.5);
  if (!(plane >= 0 && plane < static_cast<double>(nchan))) return std::nullopt;
  return static_cast<std::size_t>(plane);
}

bool is_channel(const std::string& text) {
  const std::size_t digits = !text.empty() && text[0] == '-' ? 1 : 0;
  return text.empty() || (digits < text.size() && text.size() < 10 &&
                          text.find_first_not_of("0123456789", digits) == std::string::npos);
}

SpectralAxis spectral_axis(const std::vector<DataChannel>& channels, const AxisRequest& request) {
  const AxisValue start = read("start", request.start);
  const AxisValue width = read("width", request.width);
  if (start.kind != AxisKind::none && width.kind != AxisKind::none && start.kind != width.kind) {
    throw Error(
        ErrorKind::description,
        "start '" + request.start + "' and width '" + request.width + "' are of different kinds",
        "give both as channels, frequencies or velocities");
  }
  const bool by_velocity = start.kind == AxisKind::velocity || width.kind == AxisKind::velocity;
  if (by_velocity && !(request.rest_hz > 0)) {
    throw Error(ErrorKind::description, "velocities need a rest frequency", "give restfreq");
  }
  const auto edge = [](const DataChannel& channel, double side) {
    return channel.freq_hz + side * channel.width_hz / 2;
  };
  double low_hz = edge(channels.front(), -1);
  double high_hz = edge(channels.front(), 1);
  double narrowest_hz = channels.front().width_hz;
  for (const DataChannel& channel : channels) {
    low_hz = std::min(low_hz, edge(channel, -1));
    high_hz = std::max(high_hz, edge(channel, 1));
    narrowest_hz = std::min(narrowest_hz, channel.width_hz);
  }
  const double first_width_hz = channels.front().width_hz;

  SpectralAxis axis;
  const bool descends = by_velocity ? width.value > 0 : width.value < 0;
  switch (start.kind) {
    case AxisKind::none: {
      const double end_hz = descends ? high_hz : low_hz;
      axis.step_hz = step_of(width, request, end_hz, first_width_hz);
      axis.first_hz = end_hz + axis.step_hz / 2;
      break;
    }
    case AxisKind::channel: {
      if (start.value < 0 || start.value >= static_cast<double>(channels.size())) {
        throw Error(ErrorKind::description,
                    "the data have " + std::to_string(channels.size()) +
                        " channels, none has the number " + request.start,
                    "lower start");
      }
      const DataChannel& first = channels[static_cast<std::size_t>(start.value)];
      axis.step_hz = step_of(width, request, first.freq_hz, first_width_hz);
      // The first plane begins where the channel does.
      axis.first_hz = edge(first, axis.step_hz < 0 ? 1 : -1) + axis.step_hz / 2;
      break;
    }
    case AxisKind::frequency:
    case AxisKind::velocity:
      axis.first_hz =
          start.kind == AxisKind::velocity ? hz_of_velocity(start.value, request) : start.value;
      axis.step_hz = step_of(width, request, axis.first_hz, first_width_hz);
      break;
  }

  const double plane_hz = std::abs(axis.step_hz);
  if (!(plane_hz > 0) || plane_hz < narrowest_hz * (1 - kWidthTolerance) - 1) {
    throw Error(ErrorKind::description,
                "planes of " + hertz(plane_hz) + " are narrower than the narrowest channel, " +
                    hertz(narrowest_hz),
                "give a larger width");
  }
  const double begin_hz = axis.first_hz - axis.step_hz / 2;
  const double room_hz = axis.step_hz > 0 ? high_hz - begin_hz : begin_hz - low_hz;
  const double outside_hz = axis.step_hz > 0 ? low_hz - begin_hz : begin_hz - high_hz;
  const double fitting = std::floor(room_hz / plane_hz + kEdgeTolerance);
  const double count = request.nchan ? static_cast<double>(*request.nchan) : fitting;
  if (outside_hz > kEdgeTolerance * plane_hz || !(count >= 1) || count > fitting) {
    throw Error(
        ErrorKind::description,
        "the data reach from " + hertz(low_hz) + " to " + hertz(high_hz) + " and fill " +
            std::to_string(static_cast<long long>(std::max(0.0, fitting))) + " planes of " +
            hertz(plane_hz) + " from the edge at " + hertz(begin_hz) + " on" +
            (request.nchan ? ", not the " + std::to_string(*request.nchan) + " that nchan asks for"
                           : ""),
        "change start, width or nchan");
  }
  axis.nchan = static_cast<std::size_t>(count);
  return axis;
}

}  // namespace skymill::radio
