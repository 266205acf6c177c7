// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Array.h>
#include <casacore/casa/Logging/LogMessage.h>
#include <casacore/casa/Logging/LogOrigin.h>
#include <casacore/casa/Quanta/UnitVal.h>
#include <casacore/images/Images/ImageInfo.h>
#include <casacore/images/Images/PagedImage.h>
#include <casacore/lattices/Lattices/TiledShape.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <stages/ms/casa_image.h>
#include <stages/ms/image_coordinates.h>
#include <stages/ms/wall.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace skymill::radio {

namespace cc = casacore;

namespace {

constexpr std::size_t kLargestTileBytes = std::size_t{64} << 20;

/// Lines a tile: all of the plane when it fits, else an even share of it, so that tiles keep the
/// plane contiguous and, where the number of lines allows, none is padded.
std::size_t tile_lines(std::size_t nx, std::size_t ny) {
  const std::size_t most = std::max<std::size_t>(1, kLargestTileBytes / (nx * sizeof(float)));
  if (ny <= most) return ny;
  for (std::size_t lines = most; lines > most / 2; --lines) {
    if (ny % lines == 0) return lines;
  }
  const std::size_t tiles = (ny + most - 1) / most;
  return (ny + tiles - 1) / tiles;
}

/// In the units in which CASA writes beams and people read them.
cc::GaussianBeam gaussian(const Beam& beam) {
  constexpr double kDegPerRad = 180 / 3.14159265358979323846;
  return cc::GaussianBeam(cc::Quantity(beam.major_rad * kDegPerRad * 3600, "arcsec"),
                          cc::Quantity(beam.minor_rad * kDegPerRad * 3600, "arcsec"),
                          cc::Quantity(beam.pa_rad * kDegPerRad, "deg"));
}

}  // namespace

struct CasaImageWriter::Impl {
  std::string path;
  ImageHeader header;
  ProductKind kind;
  std::unique_ptr<cc::PagedImage<float>> image;
  std::vector<std::uint8_t> present;  ///< by channel: a plane was put
  std::vector<Beam> beams;            ///< by channel
  bool has_mask = false;

  ~Impl() {
    if (image) abandon();
  }

  void abandon() noexcept {
    const wall::TablesLock lock;
    try {
      image->table().markForDelete();  // closing must not write, perhaps to a full disk
      image.reset();
    } catch (const std::exception&) {  // what cannot be closed is removed below all the same
    }
    std::error_code code;
    std::filesystem::remove_all(path, code);
  }

  template <class F>
  void step(const std::string& doing, F&& work) {
    wall::guarded_write("cannot " + doing + " the image '" + path + "'", path, work);
  }

  cc::IPosition rows_shape(std::size_t rows) const {
    return cc::IPosition(4, static_cast<ssize_t>(header.nx), static_cast<ssize_t>(rows), 1, 1);
  }
  cc::IPosition plane_shape() const { return rows_shape(header.ny); }
  static cc::IPosition place(std::size_t row, std::size_t chan) {
    return cc::IPosition(4, 0, static_cast<ssize_t>(row), 0, static_cast<ssize_t>(chan));
  }

  void create() {
    cc::String unit = kind.unit;
    if (!unit.empty() && !cc::UnitVal::check(unit)) {
      throw Error(ErrorKind::input,
                  "the unit '" + kind.unit + "' of the image '" + path + "' is not known",
                  "use a unit such as Jy/beam or Jy/pixel");
    }
    const cc::CoordinateSystem coordinates = wall::coordinates_of(header);
    cc::IPosition shape = plane_shape();
    cc::IPosition tile = shape;
    shape[3] = static_cast<ssize_t>(header.nchan);
    tile[1] = static_cast<ssize_t>(tile_lines(header.nx, header.ny));
    image = std::make_unique<cc::PagedImage<float>>(cc::TiledShape(shape, tile), coordinates, path,
                                                    wall::own_lock());
    image->setUnits(cc::Unit(unit));
    name_telescope();
  }

  /// coordinates_of() leaves the name out, because casacore looks a named telescope up in its table
  /// of observatories when it saves coordinates, and fails where that table is not installed.
  void name_telescope() {
    cc::TableRecord& keywords = image->table().rwKeywordSet();
    cc::TableRecord coordinates = keywords.subRecord("coords");
    coordinates.define("telescope", header.telescope);
    keywords.defineRecord("coords", coordinates);
  }

  std::size_t checked(std::size_t chan) const {
    if (!image) throw Error(ErrorKind::input, "the image '" + path + "' is finished already");
    if (chan >= header.nchan) {
      throw Error(ErrorKind::input, "the image '" + path + "' has " + std::to_string(header.nchan) +
                                        " channels, so there is no channel " +
                                        std::to_string(chan));
    }
    return chan;
  }

  void put(std::size_t chan, const float* pixels) {
    const std::size_t most = tile_lines(header.nx, header.ny);
    for (std::size_t row = 0; row < header.ny; row += most) {
      put_rows(chan, row, std::min(most, header.ny - row), pixels + row * header.nx);
    }
  }

  void put_rows(std::size_t chan, std::size_t row, std::size_t rows, const float* pixels) {
    const std::size_t count = rows * header.nx;
    const float* end = pixels + count;
    const auto masked = [](float value) { return std::isnan(value); };
    if (std::find_if(pixels, end, masked) == end) {
      const cc::Array<float> block(rows_shape(rows), const_cast<float*>(pixels), cc::SHARE);
      image->putSlice(block, place(row, chan));
      return;
    }
    if (!has_mask) {
      const wall::TablesLock lock;
      make_mask();
    }
    cc::Array<float> block(rows_shape(rows));
    cc::Array<bool> good(rows_shape(rows));
    std::replace_copy_if(pixels, end, block.data(), masked, 0.0F);
    std::transform(pixels, end, good.data(), [&](float value) { return !masked(value); });
    image->putSlice(block, place(row, chan));
    image->pixelMask().putSlice(good, place(row, chan));
  }

  /// The mask in which all is good; the caller holds TablesLock.
  void make_mask() {
    image->makeMask("mask0", true, true, true, true);
    has_mask = true;
  }

  /// The beam of this plane, or of the nearest plane that has one; of two, the lower one's.
  const Beam& nearest_beam(std::size_t chan) const {
    for (std::size_t away = 0; away < beams.size(); ++away) {
      if (chan >= away && beams[chan - away].valid()) return beams[chan - away];
      if (chan + away < beams.size() && beams[chan + away].valid()) return beams[chan + away];
    }
    return beams[chan];
  }

  /// One beam for a single plane, else one a plane: casacore refuses a set with a gap in it.
  void write_info() {
    cc::ImageInfo info = image->imageInfo();
    info.setImageType(cc::ImageInfo::Intensity);
    info.setObjectName(header.object);
    const bool any =
        std::any_of(beams.begin(), beams.end(), [](const Beam& beam) { return beam.valid(); });
    if (kind.has_beam && any && (header.nchan == 1 || kind.one_beam)) {
      info.setRestoringBeam(gaussian(nearest_beam(0)));
    } else if (kind.has_beam && any) {
      info.setAllBeams(static_cast<cc::uInt>(header.nchan), 1, gaussian(nearest_beam(0)));
      for (std::size_t chan = 0; chan < beams.size(); ++chan) {
        info.setBeam(static_cast<cc::Int>(chan), 0, gaussian(nearest_beam(chan)));
      }
    }
    image->setImageInfo(info);
  }

  /// The planes that were never put are masked.
  void write_mask() {
    const cc::Array<bool> bad(plane_shape(), false);
    for (std::size_t chan = 0; chan < present.size(); ++chan) {
      if (present[chan]) continue;
      if (!has_mask) make_mask();
      image->pixelMask().putSlice(bad, place(0, chan));
    }
  }

  void write_history() {
    for (const std::string& line : header.history) {
      const cc::LogMessage message(line, cc::LogOrigin("skymill"));
      image->logger().sink().postLocally(message);
    }
  }
};

CasaImageWriter::CasaImageWriter(const Lane::Token&, const std::string& path,
                                 const ImageHeader& header, const ProductKind& kind)
    : impl_(std::make_unique<Impl>()) {
  wall::require_absent(path);
  impl_->path = path;
  impl_->header = header;
  impl_->kind = kind;
  if (kind.one_pixel) impl_->header.nx = impl_->header.ny = 1;
  impl_->present.assign(header.nchan, 0);
  impl_->beams.assign(header.nchan, Beam{});
  const wall::TablesLock lock;
  impl_->step("make", [&] { impl_->create(); });
}

CasaImageWriter::~CasaImageWriter() = default;
CasaImageWriter::CasaImageWriter(CasaImageWriter&&) noexcept = default;
CasaImageWriter& CasaImageWriter::operator=(CasaImageWriter&&) noexcept = default;

void CasaImageWriter::put_plane(const Lane::Token&, std::size_t chan, const float* pixels,
                                const std::optional<Beam>& beam) {
  impl_->checked(chan);
  impl_->step("write channel " + std::to_string(chan) + " of", [&] { impl_->put(chan, pixels); });
  impl_->present[chan] = 1;
  impl_->beams[chan] = beam.value_or(Beam{});
}

void CasaImageWriter::put_mask_absent(const Lane::Token&, std::size_t chan) {
  impl_->checked(chan);
  if (impl_->present[chan]) {
    const std::vector<float> zeros(impl_->header.nx * impl_->header.ny, 0.0F);
    impl_->step("clear channel " + std::to_string(chan) + " of",
                [&] { impl_->put(chan, zeros.data()); });
  }
  impl_->present[chan] = 0;
  impl_->beams[chan] = Beam{};
}

void CasaImageWriter::finish(const Lane::Token&) {
  if (!impl_->image) return;
  const wall::TablesLock lock;
  impl_->step("finish", [&] {
    impl_->write_info();
    impl_->write_mask();
    impl_->write_history();
    impl_->image->flush();
    impl_->image.reset();
  });
}

}  // namespace skymill::radio
