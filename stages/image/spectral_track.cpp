// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/geometry/earth_time.h>
#include <stages/image/spectral_track.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kLightSpeed = 299792458.0;  // m/s
constexpr double kNodeStep = 600;            // s, in which a velocity bends by less than 0.1 m/s
constexpr double kMargin = 1;                // m/s
constexpr std::size_t kMostNodes = 4096;
constexpr double kMarginOfMany = 1000;  // m/s: nodes further apart miss the Earth's rotation

const SpectralWindow& window_of(const ObservationHeader& header, int data_desc_id) {
  const auto& description = header.data_descriptions.at(static_cast<std::size_t>(data_desc_id));
  return header.spectral_windows.at(static_cast<std::size_t>(description.spectral_window));
}

bool has_rows(const ObservationHeader& header, std::size_t data_desc_id) {
  return data_desc_id >= header.rows_per_description.size() ||
         header.rows_per_description[data_desc_id] > 0;
}

std::string frame_name(int meas_freq_ref) {
  switch (meas_freq_ref) {
    case 0:
      return "REST";
    case 1:
      return "LSRK";
    case 2:
      return "LSRD";
    case 3:
      return "BARY";
    case 4:
      return "GEO";
    default:
      return "TOPO";
  }
}

/// Channels as the axis has them at the first time, ascending.
std::vector<DataChannel> converted(const ObservationHeader& header, const SpectralTrack& track) {
  std::vector<DataChannel> list = ascending_channels(header);
  for (DataChannel& channel : list) {
    const double ratio = track.ratio(channel.data_desc_id, header.time_first_s);
    channel.freq_hz *= ratio;
    channel.width_hz *= ratio;
  }
  std::stable_sort(list.begin(), list.end(), [](const DataChannel& a, const DataChannel& b) {
    return a.freq_hz < b.freq_hz;
  });
  return list;
}

/// Every plane gets the channels that it may hold at some time.
void feed_nearest(const ObservationHeader& header, const SpectralTrack& track,
                  std::vector<PlaneChannels>& planes) {
  const SpectralAxis& axis = track.axis();
  const auto last = static_cast<double>(axis.nchan) - 1;
  for (const DataChannel& channel : ascending_channels(header)) {
    const auto [least, largest] = track.range(channel.data_desc_id);
    const double a = (channel.freq_hz * least - axis.first_hz) / axis.step_hz;
    const double b = (channel.freq_hz * largest - axis.first_hz) / axis.step_hz;
    const double from = std::max(0.0, std::floor(std::min(a, b) + 0.5));
    const double to = std::min(last, std::floor(std::max(a, b) + 0.5));
    for (double plane = from; plane <= to; ++plane) {
      planes[static_cast<std::size_t>(plane)].channels.push_back(channel);
    }
  }
}

/// Every plane gets its centre, or several, and the windows that may cover them.
void feed_linear(const ObservationHeader& header, const SpectralTrack& track, double narrowest_hz,
                 std::vector<PlaneChannels>& planes) {
  const double step_hz = track.axis().step_hz;
  // A hundredth: planes as wide as channels of another frame are not quite so.
  const auto parts =
      std::max<std::size_t>(1, static_cast<std::size_t>(std::abs(step_hz) / narrowest_hz + 0.01));
  const double part_hz = step_hz / static_cast<double>(parts);
  for (PlaneChannels& plane : planes) {
    for (std::size_t k = 0; k < parts; ++k) {
      const double off = static_cast<double>(k) - static_cast<double>(parts - 1) / 2;
      plane.targets_hz.push_back(plane.freq_hz + off * part_hz);
    }
  }
  for (std::size_t dd = 0; dd < header.data_descriptions.size(); ++dd) {
    if (!has_rows(header, dd)) continue;
    const auto& freq_hz = window_of(header, static_cast<int>(dd)).chan_freq_hz;
    const auto [least, largest] = track.range(static_cast<int>(dd));
    const double low_hz = std::min(freq_hz.front(), freq_hz.back()) * least;
    const double high_hz = std::max(freq_hz.front(), freq_hz.back()) * largest;
    for (PlaneChannels& plane : planes) {
      const auto covered = [&](double target) { return target >= low_hz && target <= high_hz; };
      if (std::any_of(plane.targets_hz.begin(), plane.targets_hz.end(), covered)) {
        plane.descriptions.push_back(static_cast<int>(dd));
      }
    }
  }
}

CubePlanes by_axis(const ObservationHeader& header, const ImageParams& params) {
  CubePlanes cube;
  std::optional<FrequencyFrame> frame;
  if (params.specmode == "cube") frame = frequency_frame(params.outframe);
  auto track = std::make_shared<SpectralTrack>(header, frame);
  const std::vector<DataChannel> channels = converted(header, *track);
  if (channels.empty()) throw Error(ErrorKind::input, "'" + header.source + "' has no channels");
  track->set_axis(spectral_axis(channels, {params.start, params.width, params.nchan,
                                           params.veltype == "optical", params.restfreq}));
  const SpectralAxis& axis = track->axis();
  cube.planes.resize(axis.nchan);
  for (std::size_t k = 0; k < axis.nchan; ++k) {
    cube.planes[k].freq_hz = axis.freq_hz(k);
    cube.planes[k].width_hz = std::abs(axis.step_hz);
  }
  double narrowest_hz = channels.front().width_hz;
  bool single = axis.nchan == 1;
  for (const DataChannel& channel : channels) {
    narrowest_hz = std::min(narrowest_hz, channel.width_hz);
    single = single || window_of(header, channel.data_desc_id).chan_freq_hz.size() == 1;
  }
  if (params.interpolation == "nearest" || single) {
    feed_nearest(header, *track, cube.planes);
  } else {
    feed_linear(header, *track, narrowest_hz, cube.planes);
  }
  cube.frame = frame ? params.outframe
                     : frame_name(window_of(header, channels.front().data_desc_id).meas_freq_ref);
  cube.track = std::move(track);
  return cube;
}

}  // namespace

std::string frame_of_data(const ObservationHeader& header) {
  return header.spectral_windows.empty()
             ? "TOPO"
             : frame_name(header.spectral_windows.front().meas_freq_ref);
}

SpectralTrack::SpectralTrack(const ObservationHeader& header, std::optional<FrequencyFrame> frame)
    : frame_(frame), first_s_(header.time_first_s), last_s_(header.time_last_s) {
  std::optional<int> common;
  for (std::size_t dd = 0; dd < header.data_descriptions.size(); ++dd) {
    const int code = window_of(header, static_cast<int>(dd)).meas_freq_ref;
    const auto known = frequency_frame(code);
    data_frames_.push_back(known.value_or(FrequencyFrame::topo));
    if (!has_rows(header, dd)) continue;
    if (frame_ && !known) {
      throw Error(ErrorKind::input,
                  "the frequencies of '" + header.source + "' are of the frame " +
                      frame_name(code) + ", which cannot be converted",
                  "use specmode cubedata");
    }
    if (!frame_ && common && *common != code) {
      throw Error(ErrorKind::input,
                  "the spectral windows of '" + header.source + "' are of different frames, " +
                      frame_name(*common) + " and " + frame_name(code),
                  "use specmode cube, or choose windows with the reader's spw");
    }
    common = code;
  }
  const bool moves = frame_ && std::any_of(data_frames_.begin(), data_frames_.end(),
                                           [&](FrequencyFrame one) { return one != *frame_; });
  if (moves) {
    frames_ =
        std::make_unique<FrequencyFrames>(array_position(header), header.fields.front().phase_dir);
  }
}

double SpectralTrack::ratio(int data_desc_id, double mjd_utc_s) const {
  if (!frames_) return 1;
  return frames_->ratio(data_frames_.at(static_cast<std::size_t>(data_desc_id)), *frame_,
                        mjd_utc_s);
}

std::pair<double, double> SpectralTrack::range(int data_desc_id) const {
  double least = ratio(data_desc_id, first_s_);
  double largest = least;
  if (!frames_) return {least, largest};
  const double wanted = std::ceil((last_s_ - first_s_) / kNodeStep) + 1;
  const bool many = wanted > static_cast<double>(kMostNodes);
  const std::size_t nodes = many ? kMostNodes : static_cast<std::size_t>(std::max(1.0, wanted));
  for (std::size_t k = 1; k <= nodes; ++k) {
    const double part = static_cast<double>(k) / static_cast<double>(nodes);
    const double here = ratio(data_desc_id, first_s_ + part * (last_s_ - first_s_));
    least = std::min(least, here);
    largest = std::max(largest, here);
  }
  const double margin = (many ? kMarginOfMany : kMargin) / kLightSpeed;
  return {least - margin, largest + margin};
}

CubePlanes cube_planes(const ObservationHeader& header, const ImageParams& params) {
  const bool ascending = params.width.empty() || params.width[0] != '-';
  const bool by_channel = is_channel(params.start) && is_channel(params.width) && ascending;
  const bool mfs = params.specmode == "mfs";
  if (!mfs && !(params.specmode == "cubedata" && by_channel)) return by_axis(header, params);
  CubePlanes cube;
  if (mfs) {
    cube.planes = spectral_grid(header, 0, ascending_channels(header).size(), 1);
  } else {
    cube.planes = spectral_grid(header, params.start.empty() ? 0 : std::stoul(params.start),
                                params.width.empty() ? 1 : std::stoul(params.width), params.nchan);
  }
  const int first = cube.planes.front().channels.front().data_desc_id;
  cube.frame = frame_name(window_of(header, first).meas_freq_ref);
  return cube;
}

}  // namespace skymill::radio
