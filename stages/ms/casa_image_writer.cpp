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
#include <stages/data/unwritten_rows.h>
#include <stages/ms/casa_image.h>
#include <stages/ms/image_coordinates.h>
#include <stages/ms/sparse_tiles.h>
#include <stages/ms/wall.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <vector>

namespace skymill::radio {

namespace cc = casacore;

namespace {

constexpr const char* kMask = "mask0";
constexpr const char* kSavedMask = "mask0.bits";  // while an image is taken up

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
  UnwrittenRows holes;  ///< of pixels_file
  std::optional<PlacedFile> pixels_file;
  std::optional<PlacedFile> mask_file;
  bool made = false;
  bool finished = false;
  std::atomic<bool> kept = false;
  std::mutex mutex;                    ///< guards what is known of planes
  std::vector<std::uint8_t> complete;  ///< by channel
  std::vector<Beam> beams;             ///< by channel
  struct Run {
    std::size_t y = 0;
    std::size_t first = 0;
    std::size_t end = 0;
  };
  std::map<std::size_t, std::vector<Run>> blank;  ///< by channel: pixels that were NaN
  bool any_blank = false;
  bool taken_up = false;

  Impl(std::string where, const ImageHeader& image, const ProductKind& product)
      : path(std::move(where)),
        header(header_of(product, image)),
        kind(product),
        tiles(tiles_of(header, 8 * sizeof(float))),
        mask_tiles(tiles_of(header, 1)),
        holes(header.nchan * header.ny),
        complete(image.nchan, 0),
        beams(image.nchan) {}

  ~Impl() {
    if (!made || finished || kept) return;
    std::error_code code;
    std::filesystem::remove_all(path, code);
  }

  /// casacore writes tables in destructors, too, where a full disk would end the program.
  void require_room(const std::string& doing) const {
    const std::uintmax_t needed = (std::uintmax_t{1} << 18) + 1024 * header.nchan;
    std::error_code code;
    const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
    const std::uintmax_t free = std::filesystem::space(folder, code).available;
    if (code || free >= needed) return;
    throw Error(ErrorKind::resources,
                "cannot " + doing + " the image '" + path + "': No space left on device, where " +
                    std::to_string(free) + " of " + std::to_string(needed) + " bytes are free",
                "free some space or write to another file system");
  }

  template <class F>
  void step(const std::string& doing, F&& work) {
    require_room(doing);
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

  /// Whether finish() found that no pixel was masked; a kill may have come before the image got its
  /// name.
  static bool is_finished_whole(const std::string& old) {
    const cc::Table table(old, cc::TableLock(cc::TableLock::NoLocking));
    return !table.keywordSet().isDefined("masks");
  }

  void write_unmasked_bits(const std::filesystem::path& file_path) const {
    const PlacedFile file = PlacedFile::create(file_path.string());
    const std::vector<std::uint8_t> bits(mask_tiles.tile_bytes(), 0xFF);
    for (std::uint64_t at = 0; at < mask_tiles.bytes(); at += bits.size()) {
      file.write(at, bits.data(), bits.size());
    }
    file.sync();
  }

  /// Puts the mask bits of an unfinished image where nothing is made anew.
  void save_mask_bits(const std::string& old) const {
    namespace fs = std::filesystem;
    const fs::path bits = fs::path(old) / kSavedMask;
    const fs::path now = wall::tile_file(old + "/" + kMask);
    if (!fs::exists(bits) && fs::exists(now)) fs::rename(now, bits);
    if (!fs::exists(bits) && is_finished_whole(old)) write_unmasked_bits(bits);
    const std::uintmax_t bytes = fs::exists(bits) ? fs::file_size(bits) : 0;
    if (bytes == mask_tiles.bytes()) return;
    throw Error(ErrorKind::failed, "the mask of '" + old + "' has " + std::to_string(bytes) +
                                       " bytes, not " + std::to_string(mask_tiles.bytes()));
  }

  /// Moves this new image, but for its pixels and mask bits, into the folder of the unfinished one
  /// around it, whose pixels and bits stay. Ended in between, it can be done again from the start.
  void move_out_to(const std::string& old) {
    namespace fs = std::filesystem;
    fs::remove(wall::tile_file(path));
    const auto is_kept = [&](const fs::path& part) {
      return part == fs::path(path) || part == fs::path(wall::tile_file(old)) ||
             part == fs::path(old) / kSavedMask;
    };
    std::vector<fs::path> parts;
    for (const auto& part : fs::directory_iterator(old)) parts.push_back(part.path());
    for (const fs::path& part : parts) {
      if (!is_kept(part)) fs::remove_all(part);
    }
    parts.clear();
    for (const auto& part : fs::directory_iterator(path)) parts.push_back(part.path());
    for (const fs::path& part : parts) fs::rename(part, fs::path(old) / part.filename());
    fs::remove(path);
    path = old;
    fs::rename(fs::path(old) / kSavedMask, wall::tile_file(mask_path()));
    pixels_file = PlacedFile::open(wall::tile_file(path));
    mask_file = PlacedFile::open(wall::tile_file(mask_path()));
    kept = true;
    taken_up = true;
    holes.forget();
  }

  void require_rows(std::size_t chan, std::size_t first_row, std::size_t rows) const {
    if (finished) throw Error(ErrorKind::input, "the image '" + path + "' is finished already");
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

  std::size_t put(std::size_t chan, std::size_t first_row, std::size_t rows, const float* pixels) {
    const std::size_t count = rows * header.nx;
    std::vector<float> filled;
    const auto is_nan = [](float value) { return std::isnan(value); };
    if (std::find_if(pixels, pixels + count, is_nan) != pixels + count) {
      note_blank(chan, first_row, rows, pixels);
      filled.resize(count);
      std::replace_copy_if(pixels, pixels + count, filled.begin(), is_nan, 0.0F);
      pixels = filled.data();
    }
    if (!holes.must_write(chan * header.ny + first_row, rows, header.nx, pixels)) return 0;
    const std::size_t row_bytes = header.nx * sizeof(float);
    pixels_file->write(chan * tiles.plane_bytes() + std::uint64_t{first_row} * row_bytes, pixels,
                       rows * row_bytes);
    return rows * row_bytes;
  }

  void note_blank(std::size_t chan, std::size_t first_row, std::size_t rows, const float* pixels) {
    std::vector<Run> runs;
    for (std::size_t k = 0; k < rows * header.nx; ++k) {
      if (!std::isnan(pixels[k])) continue;
      const std::size_t y = first_row + k / header.nx;
      const std::size_t x = k % header.nx;
      if (!runs.empty() && runs.back().y == y && runs.back().end == x) {
        ++runs.back().end;
      } else {
        runs.push_back({y, x, x + 1});
      }
    }
    const std::lock_guard lock(mutex);
    std::vector<Run>& all = blank[chan];
    all.insert(all.end(), runs.begin(), runs.end());
    any_blank = true;
  }

  /// The pixels of the plane are good but for those that were NaN. Bits beyond the last pixel of a
  /// tile mean nothing.
  void unmask(std::size_t chan) {
    std::vector<Run> runs;
    {
      const std::lock_guard lock(mutex);
      runs = std::move(blank[chan]);
      blank.erase(chan);
    }
    std::vector<std::uint8_t> bits(mask_tiles.tile_bytes());
    for (std::size_t tile = 0; tile < mask_tiles.tiles_per_plane(); ++tile) {
      std::fill(bits.begin(), bits.end(), std::uint8_t{0xFF});
      const std::size_t first_line = tile * mask_tiles.lines;
      for (const Run& run : runs) {
        if (run.y < first_line || run.y >= first_line + mask_tiles.lines) continue;
        const std::size_t row = (run.y - first_line) * header.nx;
        for (std::size_t bit = row + run.first; bit < row + run.end; ++bit) {
          bits[bit / 8] = static_cast<std::uint8_t>(bits[bit / 8] & ~(1U << (bit % 8)));
        }
      }
      mask_file->write(chan * mask_tiles.plane_bytes() + tile * mask_tiles.tile_bytes(),
                       bits.data(), bits.size());
    }
  }

  /// Whether a bit of the mask is unset.
  bool has_blank_bits() const {
    std::ifstream file(wall::tile_file(mask_path()), std::ios::binary);
    std::vector<char> block(std::size_t{1} << 20);
    while (file.read(block.data(), static_cast<std::streamsize>(block.size())) ||
           file.gcount() > 0) {
      const auto end = block.begin() + file.gcount();
      if (std::any_of(block.begin(), end, [](char bits) { return bits != '\xFF'; })) return true;
    }
    return false;
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
    if (header.nchan == 1 || kind.one_beam) {
      info.setRestoringBeam(gaussian(nearest_beam(0)));
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
    const bool all = std::all_of(complete.begin(), complete.end(),
                                 [](std::uint8_t plane) { return plane != 0; });
    const bool whole = all && !any_blank && !(taken_up && has_blank_bits());
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
    : impl_(std::make_unique<Impl>(path, header, kind)) {
  wall::require_absent(path);
  const wall::TablesLock lock;
  impl_->step("make", [&] {
    impl_->create();
    impl_->enlarge();
  });
}

CasaImageWriter::CasaImageWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

CasaImageWriter CasaImageWriter::take_up(const Lane::Token&, const std::string& path,
                                         const ImageHeader& header, const ProductKind& kind) {
  namespace fs = std::filesystem;
  const std::string inside = path + "/again";
  auto impl = std::make_unique<Impl>(inside, header, kind);
  impl->step("go on with", [&] {
    fs::remove_all(inside);
    const std::string pixels = wall::tile_file(path);
    const std::uintmax_t bytes = fs::exists(pixels) ? fs::file_size(pixels) : 0;
    if (bytes != impl->tiles.bytes()) {
      throw Error(ErrorKind::failed, "'" + pixels + "' has " + std::to_string(bytes) +
                                         " bytes, not " + std::to_string(impl->tiles.bytes()));
    }
    const wall::TablesLock lock;
    impl->save_mask_bits(path);
    impl->create();
    impl->enlarge();
    impl->move_out_to(path);
  });
  return CasaImageWriter(std::move(impl));
}

CasaImageWriter::~CasaImageWriter() = default;
CasaImageWriter::CasaImageWriter(CasaImageWriter&&) noexcept = default;
CasaImageWriter& CasaImageWriter::operator=(CasaImageWriter&&) noexcept = default;

std::size_t CasaImageWriter::put_rows(std::size_t chan, std::size_t first_row, std::size_t rows,
                                      const float* pixels) {
  impl_->require_rows(chan, first_row, rows);
  return impl_->put(chan, first_row, rows, pixels);
}

void CasaImageWriter::complete_plane(std::size_t chan, const std::optional<Beam>& beam) {
  impl_->require_rows(chan, 0, 0);
  const std::uint64_t bytes = impl_->tiles.plane_bytes();
  impl_->unmask(chan);
  impl_->pixels_file->begin_writeback(chan * bytes, bytes);
  const std::lock_guard lock(impl_->mutex);
  impl_->complete[chan] = 1;
  impl_->beams[chan] = beam.value_or(Beam{});
}

void CasaImageWriter::recall_plane(std::size_t chan, const std::optional<Beam>& beam) {
  impl_->require_rows(chan, 0, 0);
  const std::lock_guard lock(impl_->mutex);
  impl_->complete[chan] = 1;
  impl_->beams[chan] = beam.value_or(Beam{});
}

void CasaImageWriter::put_plane(std::size_t chan, const float* pixels,
                                const std::optional<Beam>& beam) {
  put_rows(chan, 0, impl_->header.ny, pixels);
  complete_plane(chan, beam);
}

void CasaImageWriter::sync() {
  if (!impl_->finished) {
    impl_->pixels_file->sync();
    impl_->mask_file->sync();
  }
  impl_->kept = true;
}

void CasaImageWriter::finish(const Lane::Token&) {
  if (impl_->finished) return;
  impl_->require_rows(0, 0, 0);
  impl_->pixels_file->sync();
  const wall::TablesLock lock;
  impl_->step("finish", [&] { impl_->finish(); });
  impl_->pixels_file.reset();
  impl_->mask_file.reset();
  impl_->finished = true;
}

}  // namespace skymill::radio
