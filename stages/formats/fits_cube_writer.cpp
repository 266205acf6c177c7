// SPDX-License-Identifier: GPL-3.0-or-later
#include "fits_coordinates.h"
#include "fits_cube.h"
#include "fits_file.h"
#include "fits_header.h"

#include <core/error.h>
#include <core/placed_file.h>
#include <stages/data/unwritten_rows.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <mutex>
#include <string>
#include <utility>

namespace skymill::radio {
namespace {

constexpr std::size_t kCard = 80;
constexpr std::size_t kBlockCards = 36;
constexpr std::size_t kBlock = kCard * kBlockCards;
/// Blank cards kept for the beams and for HISTORY that comes later, so that the data stay in place.
constexpr std::size_t kReservedCards = 144;
/// Turned to the byte order of FITS and written at once: smaller writes cost the system more.
constexpr std::size_t kTurnPixels = std::size_t{1} << 18;

inline std::uint32_t big_endian(std::uint32_t word) {
  return std::endian::native == std::endian::big ? word : __builtin_bswap32(word);
}

// A copy for AVX2, which the loader chooses where it can run: twice as fast as byte swaps of words.
// Sanitizers are not ready yet when the loader chooses.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
__attribute__((target_clones("avx2", "default")))
#endif
void turn(const float* pixels, std::size_t count, std::uint32_t* turned) {
  for (std::size_t i = 0; i < count; ++i) {
    turned[i] = big_endian(std::bit_cast<std::uint32_t>(pixels[i]));
  }
}

std::uint64_t whole_blocks(std::uint64_t bytes) { return (bytes + kBlock - 1) / kBlock * kBlock; }

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

/// The header as it stands in the file. cfitsio makes the cards, for an image of one pixel in
/// memory; told the true size it would fill the file with zeros.
std::string header_bytes(const std::string& path, const ImageHeader& header,
                         const ProductKind& kind) {
  FitsFile cards = FitsFile::in_memory(path);
  std::array<LONGLONG, 4> sizes{1, 1, 1, 1};
  cards.call("write the header", fits_create_imgll, FLOAT_IMG, 4, sizes.data());
  write_image_header(cards, header, kind);
  int count = 0;
  cards.call("write the header", fits_get_hdrspace, &count, nullptr);
  const std::array<std::size_t, 4> true_sizes{header.nx, header.ny, header.nchan, 1};
  std::string bytes;
  for (int number = 1; number <= count; ++number) {
    std::array<char, FLEN_CARD> card{};
    cards.call("write the header", fits_read_record, number, card.data());
    std::string text = card.data();
    if (text.rfind("NAXIS", 0) == 0 && text[5] >= '1' && text[5] <= '4') {
      const auto axis = static_cast<std::size_t>(text[5] - '1');
      std::snprintf(card.data(), card.size(), "NAXIS%c  = %20zu / length of data axis %c", text[5],
                    true_sizes[axis], text[5]);
      text = card.data();
    }
    text.resize(kCard, ' ');
    bytes += text;
  }
  // Blank cards before END are the reserve: whoever adds a key finds them there.
  const std::size_t last_block = (static_cast<std::size_t>(count) + kReservedCards) / kBlockCards;
  bytes.resize(last_block * kBlock, ' ');
  bytes += "END";
  bytes.resize((last_block + 1) * kBlock, ' ');
  return bytes;
}

}  // namespace

struct FitsCubeWriter::Impl {
  Impl(const std::filesystem::path& where, const ImageHeader& image, const ProductKind& kind,
       PlacedFile target)
      : path(where.string()),
        nx(image.nx),
        ny(image.ny),
        nchan(image.nchan),
        has_beams(kind.has_beam),
        one_beam(kind.one_beam || image.nchan == 1),
        completed(image.nchan, 0),
        beams(image.nchan),
        holes(image.nchan * image.ny),
        file(std::move(target)) {
    const std::string head = header_bytes(path, image, kind);
    data_start = head.size();
    file.write(0, head.data(), head.size());
    file.resize(data_start + whole_blocks(std::uint64_t{nchan} * plane_bytes()));
  }

  std::uint64_t plane_bytes() const { return std::uint64_t{nx} * ny * sizeof(float); }
  std::uint64_t place_of(std::size_t chan, std::size_t row) const {
    return data_start + chan * plane_bytes() + std::uint64_t{row} * nx * sizeof(float);
  }

  void require_open() const {
    if (!closed) return;
    throw Error(ErrorKind::failed, "'" + path + "' is finished; nothing can be added to it");
  }
  void require_rows(std::size_t chan, std::size_t first_row, std::size_t rows) const {
    require_open();
    if (chan >= nchan) {
      throw Error(ErrorKind::failed, "'" + path + "' has no channel " + std::to_string(chan) +
                                         "; it has " + std::to_string(nchan));
    }
    if (first_row > ny || rows > ny - first_row) {
      throw Error(ErrorKind::failed, "'" + path + "' has no rows " + std::to_string(first_row) +
                                         " to " + std::to_string(first_row + rows) + "; it has " +
                                         std::to_string(ny));
    }
  }

  void blank_missing_planes() {
    constexpr std::size_t kBlankPixels = std::size_t{1} << 18;
    const std::size_t pixels = nx * ny;
    std::vector<std::uint32_t> blank;
    for (std::size_t chan = 0; chan < nchan; ++chan) {
      if (completed[chan] != 0) continue;
      const float nan = std::numeric_limits<float>::quiet_NaN();
      blank.assign(std::min(kBlankPixels, pixels), big_endian(std::bit_cast<std::uint32_t>(nan)));
      for (std::size_t done = 0; done < pixels; done += blank.size()) {
        file.write(place_of(chan, 0) + done * sizeof(float), blank.data(),
                   std::min(blank.size(), pixels - done) * sizeof(float));
      }
    }
  }

  /// What comes behind the data or into the reserved cards.
  void write_rest() {
    FitsFile rest = FitsFile::change(path);
    for (const std::string& line : history) {
      rest.call("write the history", fits_write_history, line.c_str());
    }
    write_beams(rest);
    rest.call("write the rest", fits_flush_file);
    LONGLONG end = 0;
    rest.call("check the size", fits_get_hduaddrll, nullptr, nullptr, &end);
    rest.close();
    const std::uintmax_t bytes = std::filesystem::file_size(path);
    if (bytes != static_cast<std::uintmax_t>(end)) {
      throw write_error(
          path, "write all",
          "it has " + std::to_string(bytes) + " bytes instead of " + std::to_string(end), 0);
    }
  }

  void write_beams(FitsFile& rest) {
    const auto first =
        std::find_if(beams.begin(), beams.end(), [](const Beam& b) { return b.valid(); });
    if (!has_beams || first == beams.end()) return;
    constexpr const char* kDoing = "write the beams";
    if (one_beam) {
      const Beam& beam = *first;
      rest.call(kDoing, fits_write_key_dbl, "BMAJ", beam.major_rad * kDegPerRad, 16, "deg");
      rest.call(kDoing, fits_write_key_dbl, "BMIN", beam.minor_rad * kDegPerRad, 16, "deg");
      rest.call(kDoing, fits_write_key_dbl, "BPA", beam.pa_rad * kDegPerRad, 16,
                "deg, north through east");
      return;
    }
    rest.call(kDoing, fits_write_key_log, "CASAMBM", 1, "beams are in the table BEAMS");
    write_beam_table(rest);
  }

  void write_beam_table(FitsFile& rest) {
    constexpr const char* kDoing = "write the table of beams";
    // cfitsio takes pointers to non-const but only reads.
    static const char* const kNames[] = {"BMAJ", "BMIN", "BPA", "CHAN", "POL"};
    static const char* const kForms[] = {"1E", "1E", "1E", "1J", "1J"};
    static const char* const kUnits[] = {"arcsec", "arcsec", "deg", "", ""};
    const auto rows = static_cast<LONGLONG>(nchan);
    rest.call(kDoing, fits_create_tbl, BINARY_TBL, rows, 5, const_cast<char**>(kNames),
              const_cast<char**>(kForms), const_cast<char**>(kUnits), "BEAMS");
    rest.call(kDoing, fits_write_key_lng, "EXTVER", 1LL, nullptr);
    rest.call(kDoing, fits_write_key_lng, "NCHAN", rows, "channels of the image");
    rest.call(kDoing, fits_write_key_lng, "NPOL", 1LL, "Stokes planes of the image");

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
    rest.call(kDoing, fits_write_col_flt, 1, 1LL, 1LL, rows, major.data());
    rest.call(kDoing, fits_write_col_flt, 2, 1LL, 1LL, rows, minor.data());
    rest.call(kDoing, fits_write_col_flt, 3, 1LL, 1LL, rows, angle.data());
    rest.call(kDoing, fits_write_col_int, 4, 1LL, 1LL, rows, chan.data());
    rest.call(kDoing, fits_write_col_int, 5, 1LL, 1LL, rows, pol.data());
  }

  std::string path;
  std::size_t nx;
  std::size_t ny;
  std::size_t nchan;
  bool has_beams;
  bool one_beam;  ///< for all planes
  std::uint64_t data_start = 0;
  bool closed = false;
  std::mutex mutex;                      ///< guards what is known of planes
  std::vector<unsigned char> completed;  ///< [chan]
  std::vector<Beam> beams;               ///< [chan]
  std::vector<std::string> history;
  UnwrittenRows holes;
  PlacedFile file;
};

FitsCubeWriter::FitsCubeWriter(const std::filesystem::path& path, const ImageHeader& given,
                               const ProductKind& kind) {
  const ImageHeader header = header_of(kind, given);
  require_expressible(header);
  impl_ = std::make_unique<Impl>(path, header, kind, PlacedFile::create(path.string()));
}

FitsCubeWriter::FitsCubeWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

FitsCubeWriter FitsCubeWriter::take_up(const std::filesystem::path& path, const ImageHeader& given,
                                       const ProductKind& kind) {
  const ImageHeader header = header_of(kind, given);
  require_expressible(header);
  // The length cuts off what a writer has added that did not come to its end.
  auto impl = std::make_unique<Impl>(path, header, kind, PlacedFile::open(path.string()));
  impl->holes.forget();
  return FitsCubeWriter(std::move(impl));
}

FitsCubeWriter::~FitsCubeWriter() = default;
FitsCubeWriter::FitsCubeWriter(FitsCubeWriter&&) noexcept = default;
FitsCubeWriter& FitsCubeWriter::operator=(FitsCubeWriter&&) noexcept = default;

std::size_t FitsCubeWriter::put_rows(std::size_t chan, std::size_t first_row, std::size_t rows,
                                     const float* pixels) {
  impl_->require_rows(chan, first_row, rows);
  if (!impl_->holes.must_write(chan * impl_->ny + first_row, rows, impl_->nx, pixels)) return 0;
  const std::size_t count = rows * impl_->nx;
  const std::size_t at_once = std::min(count, kTurnPixels);
  const auto turned = std::make_unique_for_overwrite<std::uint32_t[]>(at_once);
  std::uint64_t place = impl_->place_of(chan, first_row);
  for (std::size_t done = 0; done < count; done += at_once) {
    const std::size_t now = std::min(at_once, count - done);
    turn(pixels + done, now, turned.get());
    impl_->file.write(place, turned.get(), now * sizeof(float));
    place += now * sizeof(float);
  }
  return count * sizeof(float);
}

void FitsCubeWriter::complete_plane(std::size_t chan, const std::optional<Beam>& beam) {
  impl_->require_rows(chan, 0, 0);
  impl_->file.begin_writeback(impl_->place_of(chan, 0), impl_->plane_bytes());
  const std::lock_guard lock(impl_->mutex);
  impl_->completed[chan] = 1;
  impl_->beams[chan] = beam.value_or(Beam{});
}

void FitsCubeWriter::put_plane(std::size_t chan, const float* pixels,
                               const std::optional<Beam>& beam) {
  put_rows(chan, 0, impl_->ny, pixels);
  complete_plane(chan, beam);
}

void FitsCubeWriter::sync() { impl_->file.sync(); }

void FitsCubeWriter::add_history(const std::string& line) {
  impl_->require_open();
  impl_->history.push_back(fits_text(line));
}

void FitsCubeWriter::finish() {
  impl_->require_open();
  impl_->closed = true;
  impl_->blank_missing_planes();
  impl_->write_rest();
  impl_->file.sync();
}

}  // namespace skymill::radio
