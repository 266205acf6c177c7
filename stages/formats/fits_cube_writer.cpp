// SPDX-License-Identifier: GPL-3.0-or-later
#include "fits_coordinates.h"
#include "fits_cube.h"
#include "fits_file.h"
#include "fits_header.h"

#include <core/error.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace skymill::radio {
namespace {

/// Blank cards kept for the beams and for HISTORY that comes later, so that the data stay in place.
constexpr int kReservedCards = 144;
/// Bounds the memory for blanking; a multiple of what cfitsio copies at once.
constexpr std::size_t kBlankPixels = std::size_t{1} << 18;

/// The draft's descriptor beside that of cfitsio: it alone can say fsync and see late errors.
class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    if (fd_ < 0) throw write_error(path, "begin the writing", "open was refused", errno);
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  /// Checks that cfitsio has left all `bytes` and brings them to the disk.
  void settle(const std::string& path, LONGLONG bytes) const {
    struct stat now {};
    if (::fstat(fd_, &now) != 0) throw write_error(path, "check the size", "stat failed", errno);
    if (now.st_size != bytes) {
      throw write_error(
          path, "write all",
          "it has " + std::to_string(now.st_size) + " bytes instead of " + std::to_string(bytes),
          0);
    }
    if (::fsync(fd_) != 0) throw write_error(path, "make durable all", "fsync failed", errno);
  }

 private:
  int fd_ = -1;
};

void require_shape(const ImageHeader& header) {
  const bool sizes = header.nx > 0 && header.ny > 0 && header.nchan > 0;
  const bool cells = std::isfinite(header.cell_x_rad) && std::isfinite(header.cell_y_rad) &&
                     header.cell_x_rad != 0 && header.cell_y_rad != 0;
  if (sizes && cells) return;
  throw Error(ErrorKind::description,
              "a FITS cube needs pixels of some size, not " + std::to_string(header.nx) + " x " +
                  std::to_string(header.ny) + " x " + std::to_string(header.nchan) +
                  " pixels with cells of " + std::to_string(header.cell_x_rad * kArcsecPerRad) +
                  " x " + std::to_string(header.cell_y_rad * kArcsecPerRad) + " arcsec");
}

/// Everything that FITS cannot say is refused before a file exists.
void require_expressible(const ImageHeader& header) {
  require_shape(header);
  linear_axis(header);
  stokes_code(header.stokes);
  sky_frame(header.phase_centre.frame);
  if (!header.spectral_frame.empty()) specsys_of_frame(header.spectral_frame);
}

}  // namespace

struct FitsCubeWriter::Impl {
  Impl(const std::filesystem::path& where, const ImageHeader& image, const ProductKind& kind)
      : path(where.string()),
        nx(image.nx),
        ny(image.ny),
        nchan(image.nchan),
        has_beams(kind.has_beam),
        one_beam(kind.one_beam || image.nchan == 1),
        stored(image.nchan, 0),
        beams(image.nchan),
        file(FitsFile::create(path)),
        descriptor(path) {}

  /// Marks the writer as failed for the time of a call; `completed()` takes it back.
  void begin_call() {
    if (finished) {
      throw Error(ErrorKind::failed, "'" + path + "' is finished; nothing can be added to it");
    }
    if (failed) {
      throw Error(ErrorKind::failed, "'" + path + "' cannot be continued after a failed write");
    }
    failed = true;
  }
  void completed() { failed = false; }

  void write_rows(std::size_t chan, std::size_t y, std::size_t rows, const float* pixels) {
    LONGLONG first[4] = {1, static_cast<LONGLONG>(y) + 1, static_cast<LONGLONG>(chan) + 1, 1};
    // cfitsio takes a pointer to non-const but only reads.
    file.call("write the pixels", fits_write_pixll, TFLOAT, first, static_cast<LONGLONG>(rows * nx),
              const_cast<float*>(pixels));
  }

  void blank_missing_planes() {
    const std::size_t rows_at_once = std::clamp<std::size_t>(kBlankPixels / nx, 1, ny);
    std::vector<float> blank;
    for (std::size_t chan = 0; chan < nchan; ++chan) {
      if (stored[chan] != 0) continue;
      blank.assign(rows_at_once * nx, std::numeric_limits<float>::quiet_NaN());
      for (std::size_t y = 0; y < ny; y += rows_at_once) {
        write_rows(chan, y, std::min(rows_at_once, ny - y), blank.data());
      }
    }
  }

  void write_beams() {
    const auto first =
        std::find_if(beams.begin(), beams.end(), [](const Beam& b) { return b.valid(); });
    if (!has_beams || first == beams.end()) return;
    constexpr const char* kDoing = "write the beams";
    if (one_beam) {
      const Beam& beam = *first;
      file.call(kDoing, fits_write_key_dbl, "BMAJ", beam.major_rad * kDegPerRad, 16, "deg");
      file.call(kDoing, fits_write_key_dbl, "BMIN", beam.minor_rad * kDegPerRad, 16, "deg");
      file.call(kDoing, fits_write_key_dbl, "BPA", beam.pa_rad * kDegPerRad, 16,
                "deg, north through east");
      return;
    }
    file.call(kDoing, fits_write_key_log, "CASAMBM", 1, "beams are in the table BEAMS");
    write_beam_table();
  }

  void write_beam_table() {
    constexpr const char* kDoing = "write the table of beams";
    // cfitsio takes pointers to non-const but only reads.
    static const char* const kNames[] = {"BMAJ", "BMIN", "BPA", "CHAN", "POL"};
    static const char* const kForms[] = {"1E", "1E", "1E", "1J", "1J"};
    static const char* const kUnits[] = {"arcsec", "arcsec", "deg", "", ""};
    const auto rows = static_cast<LONGLONG>(nchan);
    file.call(kDoing, fits_create_tbl, BINARY_TBL, rows, 5, const_cast<char**>(kNames),
              const_cast<char**>(kForms), const_cast<char**>(kUnits), "BEAMS");
    file.call(kDoing, fits_write_key_lng, "EXTVER", 1LL, nullptr);
    file.call(kDoing, fits_write_key_lng, "NCHAN", rows, "channels of the image");
    file.call(kDoing, fits_write_key_lng, "NPOL", 1LL, "Stokes planes of the image");

    constexpr auto kNone = static_cast<float>(kNoBeamArcsec);
    std::vector<float> major(nchan, kNone);
    std::vector<float> minor(nchan, kNone);
    std::vector<float> angle(nchan, 0.0F);
    std::vector<int> chan(nchan);
    std::vector<int> pol(nchan, 0);
    for (std::size_t k = 0; k < nchan; ++k) {
      chan[k] = static_cast<int>(k);
      if (!beams[k].valid()) continue;
      major[k] = static_cast<float>(beams[k].major_rad * kArcsecPerRad);
      minor[k] = static_cast<float>(beams[k].minor_rad * kArcsecPerRad);
      angle[k] = static_cast<float>(beams[k].pa_rad * kDegPerRad);
    }
    file.call(kDoing, fits_write_col_flt, 1, 1LL, 1LL, rows, major.data());
    file.call(kDoing, fits_write_col_flt, 2, 1LL, 1LL, rows, minor.data());
    file.call(kDoing, fits_write_col_flt, 3, 1LL, 1LL, rows, angle.data());
    file.call(kDoing, fits_write_col_int, 4, 1LL, 1LL, rows, chan.data());
    file.call(kDoing, fits_write_col_int, 5, 1LL, 1LL, rows, pol.data());
  }

  std::string path;
  std::size_t nx;
  std::size_t ny;
  std::size_t nchan;
  bool has_beams;
  bool one_beam;  ///< for all planes
  bool failed = false;
  bool finished = false;
  std::vector<unsigned char> stored;  ///< [chan]
  std::vector<Beam> beams;            ///< [chan]
  FitsFile file;
  Descriptor descriptor;
};

FitsCubeWriter::FitsCubeWriter(const std::filesystem::path& path, const ImageHeader& given,
                               const ProductKind& kind) {
  ImageHeader header = given;
  if (kind.one_pixel) header.nx = header.ny = 1;
  require_expressible(header);
  impl_ = std::make_unique<Impl>(path, header, kind);
  FitsFile& file = impl_->file;
  LONGLONG sizes[4] = {static_cast<LONGLONG>(header.nx), static_cast<LONGLONG>(header.ny),
                       static_cast<LONGLONG>(header.nchan), 1};
  file.call("write the header", fits_create_imgll, FLOAT_IMG, 4, sizes);
  write_image_header(file, header, kind);
  file.call("reserve the header", fits_set_hdrsize, kReservedCards);
}

FitsCubeWriter::~FitsCubeWriter() = default;
FitsCubeWriter::FitsCubeWriter(FitsCubeWriter&&) noexcept = default;
FitsCubeWriter& FitsCubeWriter::operator=(FitsCubeWriter&&) noexcept = default;

void FitsCubeWriter::put_plane(std::size_t chan, const float* pixels,
                               const std::optional<Beam>& beam) {
  if (chan >= impl_->nchan) {
    throw Error(ErrorKind::failed, "'" + impl_->path + "' has no channel " + std::to_string(chan) +
                                       "; it has " + std::to_string(impl_->nchan));
  }
  impl_->begin_call();
  impl_->write_rows(chan, 0, impl_->ny, pixels);
  impl_->stored[chan] = 1;
  impl_->beams[chan] = beam.value_or(Beam{});
  impl_->completed();
}

void FitsCubeWriter::add_history(const std::string& line) {
  impl_->begin_call();
  const std::string safe = fits_text(line);
  impl_->file.call("write the history", fits_write_history, safe.c_str());
  impl_->completed();
}

void FitsCubeWriter::finish() {
  impl_->begin_call();
  impl_->blank_missing_planes();
  impl_->write_beams();
  impl_->file.call("write the rest", fits_flush_file);
  LONGLONG end = 0;
  impl_->file.call("check the size", fits_get_hduaddrll, nullptr, nullptr, &end);
  impl_->file.close();
  impl_->descriptor.settle(impl_->path, end);
  impl_->completed();
  impl_->finished = true;
}

}  // namespace skymill::radio
