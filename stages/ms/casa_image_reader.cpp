// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Array.h>
#include <casacore/coordinates/Coordinates/CoordinateSystem.h>
#include <casacore/images/Images/ImageInfo.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <casacore/tables/Tables/TableDesc.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <stages/ms/casa_image.h>
#include <stages/ms/image_coordinates.h>
#include <stages/ms/pixel_layout.h>
#include <stages/ms/wall.h>

#include <algorithm>

namespace skymill::radio {

namespace cc = casacore;

struct CasaImageReader::Impl {
  std::string path;
  wall::ImageAxes axes;
  std::string unit;
  std::vector<Beam> beams;
  cc::Table table, mask_table;
  cc::ArrayColumn<float> pixels;
  cc::ArrayColumn<bool> mask;
  cc::IPosition shape;
  std::optional<wall::PixelLayout> layout;
  bool has_mask = false;

  ~Impl() { close(); }

  // The image's table is opened as a table and not as casacore's PagedImage: that maps tile files
  // into memory, where one cut short ends the program by a signal.
  void open(ImageHistory history) {
    const wall::TablesLock lock;
    table = wall::open_input(path, "the image");
    wall::guarded("cannot open the image '" + path + "'", [&] {
      if (!table.tableDesc().isColumn("map") || !table.keywordSet().isDefined("coords")) {
        throw Error(ErrorKind::input, "the table '" + path + "' is not an image",
                    "an image has a column 'map' and a keyword 'coords'");
      }
      if (table.tableDesc().columnDesc("map").dataType() != cc::TpFloat) {
        throw Error(ErrorKind::input, "the pixels of the image '" + path + "' are not floats",
                    "convert the image to single precision");
      }
      pixels.attach(table, "map");
      if (table.nrow() == 0 || !pixels.isDefined(0)) {
        throw Error(ErrorKind::input, "the image '" + path + "' holds no pixels",
                    wall::kDamagedHint);
      }
      shape = pixels.shape(0);
      layout = wall::pixel_layout(table, "the image '" + path + "'");
      read_coordinates();
      read_unit();
      read_info();
      open_mask();
      if (history == ImageHistory::read) read_history();
    });
  }

  // Two things are taken out before casacore restores the coordinates, because it looks them up in
  // tables (observatories, Earth rotation) that need not be installed: the telescope's name, and
  // the frame in which viewers like to see frequencies. We keep the frame of the axis itself.
  void read_coordinates() {
    cc::TableRecord coordinates = table.keywordSet().subRecord("coords");
    std::string telescope;
    if (coordinates.isDefined("telescope")) {
      telescope = coordinates.asString("telescope");
      coordinates.removeField("telescope");
    }
    for (cc::uInt i = 0; i < coordinates.nfields(); ++i) {
      const cc::String name = coordinates.name(static_cast<int>(i));
      if (!name.startsWith("spectral")) continue;
      cc::TableRecord spectral = coordinates.subRecord(name);
      if (spectral.isDefined("conversion")) spectral.removeField("conversion");
      coordinates.defineRecord(name, spectral);
    }
    cc::TableRecord container;
    container.defineRecord("coords", coordinates);
    const std::unique_ptr<cc::CoordinateSystem> restored(
        cc::CoordinateSystem::restore(container, "coords"));
    if (!restored) {
      throw Error(ErrorKind::input, "the coordinates of the image '" + path + "' are unreadable",
                  wall::kDamagedHint);
    }
    axes = wall::axes_of(*restored, shape, path);
    axes.header.telescope = telescope;
  }

  void read_unit() {
    const cc::TableRecord& keywords = table.keywordSet();
    if (keywords.isDefined("units") && keywords.dataType("units") == cc::TpString) {
      unit = keywords.asString("units");
    }
  }

  void read_info() {
    const cc::TableRecord& keywords = table.keywordSet();
    if (!keywords.isDefined("imageinfo")) return;
    cc::ImageInfo info;
    cc::String failure;
    if (!info.fromRecord(failure, keywords.asRecord("imageinfo"))) return;
    axes.header.object = info.objectName();
    if (!info.hasBeam()) return;
    for (std::size_t chan = 0; chan < axes.header.nchan; ++chan) {
      const cc::GaussianBeam beam = info.restoringBeam(static_cast<cc::Int>(chan), 0);
      beams.push_back(beam.isNull() ? Beam{}
                                    : Beam{beam.getMajor("rad"), beam.getMinor("rad"),
                                           beam.getPA("rad", false)});
    }
  }

  void open_mask() {
    const cc::TableRecord& keywords = table.keywordSet();
    const char* const key = "Image_defaultmask";
    if (!keywords.isDefined(key)) return;
    const std::string name = keywords.asString(key);
    if (name.empty()) return;
    mask_table = wall::open_input(path + "/" + name, "the mask");
    const cc::String column = mask_table.tableDesc().columnNames()[0];
    mask.attach(mask_table, column);
    if (mask_table.nrow() == 0 || !mask.isDefined(0) || !mask.shape(0).isEqual(shape)) {
      throw Error(ErrorKind::input,
                  "the mask '" + name + "' of the image '" + path + "' has not the image's shape",
                  wall::kDamagedHint);
    }
    wall::pixel_layout(mask_table, "the mask '" + name + "' of the image '" + path + "'");
    has_mask = true;
  }

  /// A missing or empty log is no fault; a broken one is.
  void read_history() {
    if (!wall::has_subtable(table, "logtable")) return;
    const cc::Table log = wall::open_subtable(table, "logtable");
    if (!log.tableDesc().isColumn("MESSAGE")) return;
    const cc::Vector<cc::String> lines = cc::ScalarColumn<cc::String>(log, "MESSAGE").getColumn();
    axes.header.history.assign(lines.begin(), lines.end());
  }

  void close() noexcept {
    const wall::TablesLock lock;
    pixels = cc::ArrayColumn<float>();
    mask = cc::ArrayColumn<bool>();
    table = cc::Table();
    mask_table = cc::Table();
  }

  /// The plane, of an open image that has it.
  cc::Slicer checked_plane(std::size_t chan, std::size_t stokes_plane) const {
    const std::string named = "the image '" + path + "'";
    if (table.isNull()) throw Error(ErrorKind::input, named + " is closed already");
    if (chan >= axes.header.nchan || stokes_plane >= axes.stokes.size()) {
      throw Error(ErrorKind::input, named + " has " + std::to_string(axes.header.nchan) +
                                        " channels and " + std::to_string(axes.stokes.size()) +
                                        " Stokes planes; channel " + std::to_string(chan) +
                                        ", Stokes plane " + std::to_string(stokes_plane) +
                                        " was asked for");
    }
    return plane(chan, stokes_plane);
  }

  cc::Slicer plane(std::size_t chan, std::size_t stokes_plane) const {
    cc::IPosition start(shape.size(), 0);
    cc::IPosition length(shape.size(), 1);
    length[0] = shape[0];
    length[1] = shape[1];
    const auto place = [&](int axis, std::size_t at) {
      if (axis >= 0) start[static_cast<cc::uInt>(axis)] = static_cast<ssize_t>(at);
    };
    place(axes.spectral_axis, chan);
    place(axes.stokes_axis, stokes_plane);
    return cc::Slicer(start, length);
  }
};

CasaImageReader::CasaImageReader(const Lane::Token&, const std::string& path, ImageHistory history)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->open(history);
}

CasaImageReader::~CasaImageReader() = default;
CasaImageReader::CasaImageReader(CasaImageReader&&) noexcept = default;
CasaImageReader& CasaImageReader::operator=(CasaImageReader&&) noexcept = default;

const ImageHeader& CasaImageReader::header() const { return impl_->axes.header; }
std::array<double, 2> CasaImageReader::reference_pixel() const {
  return impl_->axes.reference_pixel;
}
const std::string& CasaImageReader::projection() const { return impl_->axes.projection; }
const std::string& CasaImageReader::unit() const { return impl_->unit; }
const std::vector<std::string>& CasaImageReader::stokes() const { return impl_->axes.stokes; }
const std::vector<Beam>& CasaImageReader::beams() const { return impl_->beams; }
bool CasaImageReader::has_mask() const { return impl_->has_mask; }
int CasaImageReader::spectral_axis() const { return impl_->axes.spectral_axis; }

std::optional<CasaImageReader::PlanePlace> CasaImageReader::plane_place(
    std::size_t chan, std::size_t stokes_plane) const {
  if (!impl_->layout) return std::nullopt;
  const auto offset = impl_->layout->float_plane(impl_->plane(chan, stokes_plane).start());
  if (!offset) return std::nullopt;
  return PlanePlace{impl_->layout->file, *offset};
}

void CasaImageReader::read_plane(const Lane::Token& token, std::size_t chan, float* pixels,
                                 std::uint8_t* mask, std::size_t stokes_plane) {
  const cc::Slicer slice = impl_->checked_plane(chan, stokes_plane);
  wall::guarded(
      "cannot read channel " + std::to_string(chan) + " of the image '" + impl_->path + "'", [&] {
        cc::Array<float> target(slice.length(), pixels, cc::SHARE);
        impl_->pixels.getSlice(0, slice, target, false);
      });
  if (mask != nullptr) read_mask(token, chan, mask, stokes_plane);
}

void CasaImageReader::read_mask(const Lane::Token&, std::size_t chan, std::uint8_t* mask,
                                std::size_t stokes_plane) {
  const cc::Slicer slice = impl_->checked_plane(chan, stokes_plane);
  if (!impl_->has_mask) {
    std::fill_n(mask, impl_->axes.header.nx * impl_->axes.header.ny, std::uint8_t{1});
    return;
  }
  wall::guarded("cannot read the mask of channel " + std::to_string(chan) + " of the image '" +
                    impl_->path + "'",
                [&] {
                  static_assert(sizeof(bool) == sizeof(std::uint8_t), "the mask is read in place");
                  cc::Array<bool> target(slice.length(), reinterpret_cast<bool*>(mask), cc::SHARE);
                  impl_->mask.getSlice(0, slice, target, false);
                });
}

void CasaImageReader::close(const Lane::Token&) { impl_->close(); }

}  // namespace skymill::radio
