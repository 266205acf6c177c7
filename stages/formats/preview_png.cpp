// SPDX-License-Identifier: GPL-3.0-or-later
#include "preview_png.h"

#include "fits_file.h"
#include "preview_panels.h"

#include <core/error.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace skymill::radio {
namespace {

constexpr int kLeftMargin = 165;
constexpr int kTopMargin = 88;
constexpr int kRightMargin = 145;  ///< the colour bar and its labels
constexpr int kAxisHeight = 72;    ///< tick labels and title below a panel
constexpr Box kImageAlone{kLeftMargin, kTopMargin, 790, 740};
constexpr Box kImageAbove{kLeftMargin, kTopMargin, 790, 640};
constexpr int kSpectrumHeight = 170;
constexpr int kSpectrumGap = 14;

void require_consistent(const PreviewInput& input) {
  const ImageHeader& header = input.header;
  const auto refuse = [](const std::string& why) {
    throw Error(ErrorKind::description, "the preview cannot be drawn: " + why);
  };
  if (header.nx == 0 || header.ny == 0 || input.pixels.size() != header.nx * header.ny) {
    refuse(std::to_string(input.pixels.size()) + " pixels for an image of " +
           std::to_string(header.nx) + " x " + std::to_string(header.ny));
  }
  if (!(std::abs(header.cell_x_rad) > 0) || !(std::abs(header.cell_y_rad) > 0)) {
    refuse("its cells have no size");
  }
  for (const auto* values : {&input.chan_peak, &input.chan_rms}) {
    if (values->empty() || values->size() == header.chan_freq_hz.size()) continue;
    refuse(std::to_string(values->size()) + " values per channel for " +
           std::to_string(header.chan_freq_hz.size()) + " channels");
  }
  if (input.chan && *input.chan >= header.chan_freq_hz.size()) {
    refuse("there is no channel " + std::to_string(*input.chan));
  }
}

/// Cairo refuses text that is not UTF-8; names come from foreign files.
std::string drawable(const std::string& text) {
  std::string safe;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : lead >= 0xE1 && lead < 0xED ? 3
                                                             : 0;
    bool whole = length > 0 && i + length <= text.size() && lead >= 0x20;
    for (std::size_t k = 1; whole && k < length; ++k) {
      whole = (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
    }
    safe += whole ? text.substr(i, length) : "?";
    i += whole ? length : 1;
  }
  return safe;
}

PreviewInput with_drawable_texts(PreviewInput input) {
  for (std::string* text :
       {&input.header.object, &input.header.stokes, &input.header.spectral_frame,
        &input.header.phase_centre.frame, &input.product, &input.unit}) {
    *text = drawable(*text);
  }
  for (PreviewMarker& marker : input.markers) marker.label = drawable(marker.label);
  return input;
}

std::string frequency_text(const PreviewInput& input) {
  const std::vector<double>& freq_hz = input.header.chan_freq_hz;
  if (freq_hz.empty() || !(freq_hz.front() > 0)) return {};
  const std::string& frame = input.header.spectral_frame;
  const auto value = [&](double hz, const UnitScale& scale) {
    // To a tenth of a channel, as far as the width is known.
    const double width_hz = std::abs(input.header.chan_width_hz);
    const double step = width_hz > 0 ? width_hz * scale.factor / 10 : 1e-6;
    return tick_text(hz * scale.factor, std::clamp(step, 1e-7, 1.0));
  };
  std::string text;
  if (input.chan || freq_hz.size() == 1) {
    const double hz = freq_hz[input.chan.value_or(0)];
    const UnitScale scale = scale_frequency(hz);
    text = value(hz, scale) + " " + scale.unit;
  } else {
    const auto [low, high] = std::minmax_element(freq_hz.begin(), freq_hz.end());
    const UnitScale scale = scale_frequency(*high);
    text = value(*low, scale) + "\u2013" + value(*high, scale) + " " + scale.unit;
  }
  return frame.empty() ? text : text + " " + frame;
}

std::string second_line(const PreviewInput& input, const PixelSummary& summary) {
  std::vector<std::string> parts;
  const std::size_t nchan = input.header.chan_freq_hz.size();
  if (const std::string text = frequency_text(input); !text.empty()) parts.push_back(text);
  if (nchan > 1) {
    parts.push_back(input.chan
                        ? "channel " + std::to_string(*input.chan) + " of " + std::to_string(nchan)
                        : std::to_string(nchan) + " channels");
  }
  const auto quantity = [&](const char* name, double value) {
    const UnitScale scale = scale_unit(input.unit, std::abs(value));
    parts.push_back(std::string(name) + " " + value_text(value * scale.factor, 3) +
                    (scale.unit.empty() ? "" : " " + scale.unit));
  };
  if (summary.any) {
    quantity("peak", input.peak.value_or(summary.maximum));
    quantity("rms", input.rms.value_or(summary.sigma));
  } else {
    parts.push_back("all pixels are blank");
  }
  std::string line;
  for (const std::string& part : parts) line += (line.empty() ? "" : ",  ") + part;
  return line;
}

void draw_titles(Canvas& canvas, const Box& room, const PreviewInput& input,
                 const PixelSummary& summary) {
  const std::string& object = input.header.object;
  std::string first = object.empty() ? input.product : object;
  if (!object.empty() && !input.product.empty()) first += " \u2014 " + input.product;
  if (!input.header.stokes.empty()) first += ", Stokes " + input.header.stokes;
  const double middle = room.x + room.width / 2.0;
  const auto centred = [&](double y, const std::string& words, TextStyle style) {
    // Long names become smaller rather than leave the sheet.
    const double most = room.width + kLeftMargin + kRightMargin - 60.0;
    const double width = canvas.text_width(words, style);
    if (width > most) style.size *= most / width;
    canvas.text(middle, y, words, style);
  };
  centred(30, first, {22, true, 0.5});
  centred(62, second_line(input, summary), {16, false, 0.5});
}

/// Written beside its place and renamed, so that a reader never sees half a figure.
void write_into_place(const std::string& path, const std::vector<unsigned char>& bytes) {
  const std::string draft = path + ".partial-" + std::to_string(::getpid());
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) throw write_error(path, "begin the writing", "open was refused", errno);
  int problem = 0;
  const char* step = "write";
  for (std::size_t done = 0; done < bytes.size() && problem == 0;) {
    const ssize_t count = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (count > 0) done += static_cast<std::size_t>(count);
    if (count < 0 && errno != EINTR) problem = errno;
  }
  if (problem == 0 && ::fsync(fd) != 0) problem = errno, step = "fsync";
  if (::close(fd) != 0 && problem == 0) problem = errno, step = "close";
  if (problem == 0 && ::rename(draft.c_str(), path.c_str()) != 0) problem = errno, step = "rename";
  if (problem == 0) return;
  const Error error = write_error(path, "write all", std::string(step) + " failed", problem);
  ::unlink(draft.c_str());
  throw error;
}

}  // namespace

void render_preview(const std::filesystem::path& path, const PreviewInput& given) {
  require_consistent(given);
  const PreviewInput input = with_drawable_texts(given);
  const PixelSummary summary = summarise(input.pixels);
  const UnitScale scale =
      scale_unit(input.unit, std::max(std::abs(summary.maximum), std::abs(summary.minimum)));

  const bool with_spectrum = !input.chan_peak.empty() || !input.chan_rms.empty();
  const Box room = with_spectrum ? kImageAbove : kImageAlone;
  const int spectrum_y = room.bottom() + kAxisHeight + kSpectrumGap;
  const int height =
      with_spectrum ? spectrum_y + kSpectrumHeight + kAxisHeight : room.bottom() + kAxisHeight;
  Canvas canvas(kLeftMargin + room.width + kRightMargin, height);
  draw_titles(canvas, room, input, summary);
  draw_image_panel(canvas, room, input, summary, scale);
  if (with_spectrum) {
    draw_spectrum_panel(canvas, {room.x, spectrum_y, room.width, kSpectrumHeight}, input);
  }
  write_into_place(path.string(), canvas.png());
}

}  // namespace skymill::radio
