// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/casa/Logging/LogMessage.h>
#include <casacore/casa/Logging/LogOrigin.h>
#include <casacore/casa/Quanta/UnitVal.h>
#include <casacore/images/Images/ImageInfo.h>
#include <casacore/images/Images/PagedImage.h>
#include <casacore/lattices/Lattices/TiledShape.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <core/placed_file.h>
#include <stages/ms/casa_image.h>
#include <stages/ms/image_coordinates.h>
#include <stages/ms/sparse_tiles.h>
#include <stages/ms/wall.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>

namespace skymill::radio {

namespace cc = casacore;

namespace {

constexpr const char* kMask = "mask0";

/// In the units in which CASA writes beams and people read them.
cc::GaussianBeam gaussian(const Beam& beam) {
  constexpr double kDegPerRad = 180 / 3.14159265358979323846;
  return cc::GaussianBeam(cc::Quantity(beam.major_rad * kDegPerRad * 3600, "arcsec"),
                          cc::Quantity(beam.minor_rad * kDegPerRad * 3600, "arcsec"),
                          cc::Quantity(beam.pa_rad * kDegPerRad, "deg"));
}

wall::PlaneTiles tiles_of(const ImageHeader& header, std::size_t bits_per_pixel) {
  return {header.nx, header.ny, header.nchan, wall::tile_lines(header.nx, header.ny),
          bits_per_pixel};
}

}  // namespace

struct CasaImageWriter::Impl {
  std::string path;
  ImageHeader header;
  ProductKind kind;
  wall::PlaneTiles tiles;
  wall::PlaneTiles mask_tiles;
  std::optional<PlacedFile> pixels_file;
  std::optional<PlacedFile> mask_file;
  bool made = false;
  bool finished = false;
  std::atomic<bool> failed = false;
  std::mutex mutex;                    ///< guards what is known of planes
  std::vector<std::uint8_t> complete;  ///< by channel
  std::vector<Beam> beams;             ///< by channel

  ~Impl() {
    if (!made || finished) return;
    std::error_code code;
    std::filesystem::remove_all(path, code);
  }

  template <class F>
  void step(const std::string& doing, F&& work) {
    wall::guarded_write("cannot " + doing + " the image '" + path + "'", path, work);
  }

  /// casacore makes the image with one pixel: one of full size it would fill with zeros.
  void create() {
    cc::String unit = kind.unit;
    if (!unit.empty() && !cc::UnitVal::check(unit)) {
      throw Error(ErrorKind::input,
                  "the unit '" + kind.unit + "' of the image '" + path + "' is not known",
                  "use a unit such as Jy/beam or Jy/pixel");
    }
    const cc::CoordinateSystem coordinates = wall::coordinates_of(header);
    const cc::IPosition one(4, 1);
    made = true;
    cc::PagedImage<float> image(cc::TiledShape(one, one), coordinates, path, wall::own_lock());
    image.setUnits(cc::Unit(unit));
    cc::ImageInfo info = image.imageInfo();
    info.setImageType(cc::ImageInfo::Intensity);
    info.setObjectName(header.object);
    image.setImageInfo(info);
    image.makeMask(kMask, true, true, true, false);
    write_history(image);
    image.flush();
    enlarge_mask_region(image.table().rwKeywordSet());
    name_telescope(image.table().rwKeywordSet());
  }

  /// coordinates_of() leaves the name out, because casacore looks a named telescope up in its table
  /// of observatories when it saves coordinates, and fails where that table is not installed.
  void name_telescope(cc::TableRecord& keywords) const {
    cc::TableRecord coordinates = keywords.subRecord("coords");
    coordinates.define("telescope", header.telescope);
    keywords.defineRecord("coords", coordinates);
  }

  /// The box that the mask covers, from 1 to the image's shape.
  void enlarge_mask_region(cc::TableRecord& keywords) const {
    const std::vector<std::size_t> axes{header.nx, header.ny, 1, header.nchan};
    cc::Vector<float> last(4);
    cc::Vector<cc::Int> shape(4);
    for (std::size_t k = 0; k < 4; ++k) {
      last[k] = static_cast<float>(axes[k]);
      shape[k] = static_cast<cc::Int>(axes[k]);
    }
    cc::TableRecord& box = keywords.rwSubRecord("masks").rwSubRecord(kMask).rwSubRecord("box");
    box.define("trc", last);
    box.define("shape", shape);
  }

  void write_history(cc::PagedImage<float>& image) const {
    for (const std::string& line : header.history) {
      const cc::LogMessage message(line, cc::LogOrigin("skymill"));
      image.logger().sink().postLocally(message);
    }
  }

  std::string mask_path() const { return path + "/" + kMask; }

  void enlarge() {
    wall::enlarge_tiles(path, tiles);
    wall::enlarge_tiles(mask_path(), mask_tiles);
    pixels_file = PlacedFile::open(wall::tile_file(path));
    mask_file = PlacedFile::open(wall::tile_file(mask_path()));
  }

  void require_rows(std::size_t chan, std::size_t first_row, std::size_t rows) const {
    if (finished) throw Error(ErrorKind::input, "the image '" + path + "' is finished already");
    if (failed) {
      throw Error(ErrorKind::failed,
                  "the image '" + path + "' cannot be continued after a failed write");
    }
    if (chan >= header.nchan) {
      throw Error(ErrorKind::input, "the image '" + path + "' has " + std::to_string(header.nchan) +
                                        " channels, so there is no channel " +
                                        std::to_string(chan));
    }
    if (first_row > header.ny || rows > header.ny - first_row) {
      throw Error(ErrorKind::input, "the image '" + path + "' has " + std::to_string(header.ny) +
                                        " rows, so there are no rows " + std::to_string(first_row) +
                                        " to " + std::to_string(first_row + rows));
    }
  }

  /// Runs `work`; after a failure of it the writer refuses all further calls.
  template <class F>
  void guarded(F&& work) {
    try {
      work();
    } catch (...) {
      failed = true;
      throw;
    }
  }

  void put(std::size_t chan, std::size_t first_row, std::size_t rows, const float* pixels) const {
    const std::size_t row_bytes = header.nx * sizeof(float);
    pixels_file->write(chan * tiles.plane_bytes() + std::uint64_t{first_row} * row_bytes, pixels,
                       rows * row_bytes);
  }

  /// Every pixel of the plane is good. Bits beyond the last pixel of a tile mean nothing.
  void unmask(std::size_t chan) const {
    constexpr std::uint64_t kAtOnce = 1 << 18;
    const std::uint64_t bytes = mask_tiles.plane_bytes();
    const std::vector<char> good(std::min(kAtOnce, bytes), '\xFF');
    for (std::uint64_t done = 0; done < bytes; done += good.size()) {
      mask_file->write(chan * bytes + done, good.data(),
                       std::min<std::uint64_t>(good.size(), bytes - done));
    }
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
  void write_beams(cc::TableRecord& keywords) const {
    const bool any =
        std::any_of(beams.begin(), beams.end(), [](const Beam& beam) { return beam.valid(); });
    if (!kind.has_beam || !any) return;
    cc::ImageInfo info;
    info.setImageType(cc::ImageInfo::Intensity);
    info.setObjectName(header.object);
    if (header.nchan == 1) {
      info.setRestoringBeam(gaussian(beams.front()));
    } else {
      info.setAllBeams(static_cast<cc::uInt>(header.nchan), 1, gaussian(nearest_beam(0)));
      for (std::size_t chan = 0; chan < beams.size(); ++chan) {
        info.setBeam(static_cast<cc::Int>(chan), 0, gaussian(nearest_beam(chan)));
      }
    }
    cc::TableRecord record;
    cc::String failure;
    if (!info.toRecord(failure, record)) throw cc::AipsError(failure);
    keywords.defineRecord("imageinfo", record);
  }

  /// Whole images have no mask at all.
  void finish() {
    const bool whole = std::all_of(complete.begin(), complete.end(),
                                   [](std::uint8_t plane) { return plane != 0; });
    {
      // Without a lock, so that a viewer that has the image open cannot stop us.
      cc::Table table(path, cc::TableLock(cc::TableLock::NoLocking), cc::Table::Update);
      cc::TableRecord& keywords = table.rwKeywordSet();
      write_beams(keywords);
      if (whole) {
        keywords.removeField("masks");
        keywords.removeField("Image_defaultmask");
      }
    }
    if (whole) std::filesystem::remove_all(mask_path());
  }
};

CasaImageWriter::CasaImageWriter(const Lane::Token&, const std::string& path,
                                 const ImageHeader& header, const ProductKind& kind)
    : impl_(std::make_unique<Impl>()) {
  wall::require_absent(path);
  impl_->path = path;
  impl_->header = header;
  impl_->kind = kind;
  impl_->tiles = tiles_of(header, 8 * sizeof(float));
  impl_->mask_tiles = tiles_of(header, 1);
  impl_->complete.assign(header.nchan, 0);
  impl_->beams.assign(header.nchan, Beam{});
  const wall::TablesLock lock;
  impl_->step("make", [&] {
    impl_->create();
    impl_->enlarge();
  });
}

CasaImageWriter::~CasaImageWriter() = default;
CasaImageWriter::CasaImageWriter(CasaImageWriter&&) noexcept = default;
CasaImageWriter& CasaImageWriter::operator=(CasaImageWriter&&) noexcept = default;

void CasaImageWriter::put_rows(std::size_t chan, std::size_t first_row, std::size_t rows,
                               const float* pixels) {
  impl_->require_rows(chan, first_row, rows);
  impl_->guarded([&] { impl_->put(chan, first_row, rows, pixels); });
}

void CasaImageWriter::complete_plane(std::size_t chan, const std::optional<Beam>& beam) {
  impl_->require_rows(chan, 0, 0);
  const std::uint64_t bytes = impl_->tiles.plane_bytes();
  impl_->guarded([&] { impl_->unmask(chan); });
  impl_->pixels_file->begin_writeback(chan * bytes, bytes);
  const std::lock_guard lock(impl_->mutex);
  impl_->complete[chan] = 1;
  impl_->beams[chan] = beam.value_or(Beam{});
}

void CasaImageWriter::put_plane(std::size_t chan, const float* pixels,
                                const std::optional<Beam>& beam) {
  put_rows(chan, 0, impl_->header.ny, pixels);
  complete_plane(chan, beam);
}

void CasaImageWriter::finish(const Lane::Token&) {
  if (impl_->finished) return;
  impl_->require_rows(0, 0, 0);
  impl_->pixels_file->sync();
  const wall::TablesLock lock;
  impl_->guarded([&] { impl_->step("finish", [&] { impl_->finish(); }); });
  impl_->pixels_file.reset();
  impl_->mask_file.reset();
  impl_->finished = true;
}

}  // namespace skymill::radio
