// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/image/plane_gridder.h>
#include <stages/image/restoring_beams.h>
#include <stages/kernels/beam_fit.h>
#include <stages/kernels/common_beam.h>
#include <stages/kernels/parallel_items.h>

#include <algorithm>
#include <stdexcept>

namespace skymill::radio {

namespace {

constexpr std::size_t kMiddle = 128;  // pixels; the fit looks at 20 on either side of the peak

double angle_rad(const std::string& text) {
  try {
    return parse_quantity(text, "rad");
  } catch (const QuantityError& error) {
    throw Error(ErrorKind::description,
                "restoringbeam has '" + text + "', which is no angle: " + error.what(),
                "write common, a width such as 5arcsec, or [6arcsec, 5arcsec, 30deg]");
  }
}

}  // namespace

bool wants_common_beam(const std::vector<std::string>& restoringbeam) {
  return restoringbeam.size() == 1 && restoringbeam.front() == "common";
}

std::optional<Beam> given_beam(const std::vector<std::string>& restoringbeam) {
  if (restoringbeam.empty() || wants_common_beam(restoringbeam)) return std::nullopt;
  if (restoringbeam.size() != 1 && restoringbeam.size() != 3) {
    throw Error(ErrorKind::description,
                "restoringbeam has " + std::to_string(restoringbeam.size()) + " parts",
                "it is common, one width, or major axis, minor axis and position angle");
  }
  Beam beam;
  beam.major_rad = beam.minor_rad = angle_rad(restoringbeam.front());
  if (restoringbeam.size() == 3) {
    beam.minor_rad = angle_rad(restoringbeam[1]);
    beam.pa_rad = angle_rad(restoringbeam[2]);
  }
  if (!(beam.minor_rad > 0) || !(beam.major_rad >= beam.minor_rad)) {
    throw Error(ErrorKind::description,
                "restoringbeam must have a width, and its minor axis must not be the larger one");
  }
  return beam;
}

CommonBeam common_beam_of(const ImageParams& params, const std::array<double, 2>& cell_rad,
                          const ChannelStore& store, const ImagingWeights& weights,
                          std::size_t most_samples, std::size_t threads,
                          const std::function<void()>& check) {
  ImageParams middle = params;
  for (std::size_t& side : middle.imsize) side = std::min(side, kMiddle);
  const auto gridder = make_gridder(middle, cell_rad, most_samples, 1);
  std::vector<kernels::GaussianBeam> beams(store.planes());
  kernels::parallel_items(store.planes(), threads, [&](std::size_t plane) {
    check();
    StoredPlane samples = store.samples(plane);
    std::vector<float> imaging(samples.weight.size());
    const kernels::View<float, 2> out(imaging.data(), samples.weight.shape());
    weights.weights(samples, store.hands(), out);
    samples.weight = out;
    std::vector<float> pixels(middle.imsize[0] * middle.imsize[1]);
    const kernels::View<float, 2> psf(pixels.data(), {middle.imsize[1], middle.imsize[0]});
    gridder->psf(samples, nullptr, psf);
    if (psf(middle.imsize[1] / 2, middle.imsize[0] / 2) == 0) return;
    const auto fitted = kernels::fit_beam(psf, -cell_rad[0], cell_rad[1], params.psfcutoff);
    if (fitted) beams[plane] = *fitted;
  });
  try {
    kernels::CommonBeam found = kernels::common_beam(beams);
    return {{found.beam.major_rad, found.beam.minor_rad, found.beam.pa_rad},
            std::move(found.left_out)};
  } catch (const std::invalid_argument&) {
    throw Error(ErrorKind::input, "no plane has a beam, so there is no common one",
                "look at the flags and weights of the input");
  }
}

}  // namespace skymill::radio
