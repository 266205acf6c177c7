// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/formats/any_image.h>
#include <stages/formats/fits_cube.h>
#include <stages/formats/virtual_image.h>
#include <stages/ms/casa_image.h>
#include <stages/ms/table_kind.h>
#include <stages/ms/table_lane.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <mutex>
#include <optional>

namespace fs = std::filesystem;

namespace skymill::radio {

struct AnyImage::Impl {
  std::string path;
  ImageHeader header;
  std::string unit;
  std::vector<Beam> beams;
  std::vector<std::string> stokes;
  std::array<double, 2> reference_pixel{};
  std::optional<FitsCubeReader> fits;
  std::mutex reading;  ///< of the FITS file
  std::shared_ptr<Lane> lane;
  std::optional<CasaImageReader> casa;
  std::optional<VirtualImage> joined;

  ~Impl() {
    if (!lane) return;
    lane->run([&](const Lane::Token&) {
      casa.reset();
      joined.reset();
    });
  }

  template <class Reader>
  void take(const Reader& reader) {
    header = reader.header();
    unit = reader.unit();
    beams = reader.beams();
    stokes = reader.stokes();
    reference_pixel = reader.reference_pixel();
  }
};

bool AnyImage::is_fits(const std::string& path) {
  const std::string ending = fs::path(path).extension().string();
  return fs::is_regular_file(path) && (ending == ".fits" || ending == ".fit");
}

bool AnyImage::is_one(const std::string& path) {
  return is_fits(path) || VirtualImage::is_one(path) ||
         (is_casa_table(path) && casa_table_type(path) == "Image");
}

AnyImage::AnyImage(const std::string& path, Lanes& lanes) : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  if (is_fits(path)) {
    impl_->take(impl_->fits.emplace(path));
    // A file without any beam has none, as a CASA image would.
    std::vector<Beam>& beams = impl_->beams;
    if (std::none_of(beams.begin(), beams.end(), [](const Beam& b) { return b.valid(); })) {
      beams.clear();
    }
    return;
  }
  if (!is_one(path)) {
    throw Error(ErrorKind::input,
                fs::exists(path) ? "'" + path + "' is neither a FITS image nor a CASA image"
                                 : "there is no image '" + path + "'",
                "name a .fits file or the folder of a CASA image");
  }
  impl_->lane = lanes.get(table_lane(path));
  impl_->lane->run([&](const Lane::Token& token) {
    if (VirtualImage::is_one(path)) {
      impl_->take(impl_->joined.emplace(token, path));
    } else {
      impl_->take(impl_->casa.emplace(token, path));
    }
  });
}

AnyImage::~AnyImage() = default;
AnyImage::AnyImage(AnyImage&&) noexcept = default;
AnyImage& AnyImage::operator=(AnyImage&&) noexcept = default;

const std::string& AnyImage::path() const { return impl_->path; }
bool AnyImage::fits() const { return impl_->fits.has_value(); }
const ImageHeader& AnyImage::header() const { return impl_->header; }
const std::string& AnyImage::unit() const { return impl_->unit; }
const std::vector<Beam>& AnyImage::beams() const { return impl_->beams; }
const std::vector<std::string>& AnyImage::stokes() const { return impl_->stokes; }
std::array<double, 2> AnyImage::reference_pixel() const { return impl_->reference_pixel; }

void AnyImage::read(std::size_t chan, std::size_t stokes_plane, std::vector<float>& pixels) const {
  pixels.resize(impl_->header.nx * impl_->header.ny);
  if (impl_->fits) {
    const std::lock_guard lock(impl_->reading);
    return impl_->fits->read_plane(chan, pixels.data(), stokes_plane);
  }
  std::vector<std::uint8_t> mask;
  impl_->lane->run([&](const Lane::Token& token) {
    const auto read_from = [&](auto& image) {
      if (image.has_mask()) mask.resize(pixels.size());
      image.read_plane(token, chan, pixels.data(), mask.empty() ? nullptr : mask.data(),
                       stokes_plane);
    };
    if (impl_->joined) {
      read_from(*impl_->joined);
    } else {
      read_from(*impl_->casa);
    }
  });
  for (std::size_t k = 0; k < mask.size(); ++k) {
    if (mask[k] == 0) pixels[k] = std::numeric_limits<float>::quiet_NaN();
  }
}

}  // namespace skymill::radio
