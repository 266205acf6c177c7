// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <fcntl.h>
#include <stages/concat/paged_cube.h>
#include <stages/ms/casa_image_update.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <optional>

namespace skymill::radio {

namespace {

/// The planes of one part: straight from its file where they lie in one piece, else by casacore.
class PartPlanes {
 public:
  PartPlanes(const Lane::Token& token, const ImagePart& part) : token_(token), part_(part) {}
  ~PartPlanes() {
    if (handle_ >= 0) ::close(handle_);
  }
  PartPlanes(const PartPlanes&) = delete;
  PartPlanes& operator=(const PartPlanes&) = delete;

  void read(std::size_t chan, std::vector<float>& pixels) {
    if (part_.places.empty()) {
      opened().read_plane(token_, chan, pixels.data());
    } else {
      read_in_place(part_.places[chan], pixels);
    }
  }

  void read_mask(std::size_t chan, std::vector<std::uint8_t>& mask) {
    opened().read_mask(token_, chan, mask.data());
  }

 private:
  CasaImageReader& opened() {
    if (!image_) image_.emplace(token_, part_.path);
    return *image_;
  }

  void read_in_place(const CasaImageReader::PlanePlace& place, std::vector<float>& pixels) {
    if (handle_ < 0) handle_ = ::open(place.file.c_str(), O_RDONLY | O_CLOEXEC);
    if (handle_ < 0) fail(place, std::strerror(errno));
    auto* to = reinterpret_cast<char*>(pixels.data());
    const std::size_t bytes = pixels.size() * sizeof(float);
    for (std::size_t done = 0; done < bytes;) {
      const ssize_t count =
          ::pread(handle_, to + done, bytes - done, static_cast<off_t>(place.offset_bytes + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail(place, std::strerror(errno));
      if (count == 0) fail(place, "it has become shorter");
      done += static_cast<std::size_t>(count);
    }
  }

  [[noreturn]] void fail(const CasaImageReader::PlanePlace& place, const char* why) const {
    throw Error(ErrorKind::input,
                "cannot read '" + place.file + "' of the image '" + part_.path + "': " + why);
  }

  const Lane::Token& token_;
  const ImagePart& part_;
  std::optional<CasaImageReader> image_;
  int handle_ = -1;
};

bool any_masked(const std::vector<ImagePart>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [](const ImagePart& part) { return part.has_mask; });
}

void require_joinable(const ImagePart& part) {
  if (part.stokes.size() == 1 && part.spectral_axis == 3) return;
  throw Error(ErrorKind::input,
              "the image '" + part.path +
                  "' is not one Stokes plane with axes RA, Dec, Stokes, "
                  "frequency",
              "use mode: virtual for it");
}

}  // namespace

void write_paged_cube(const PipelineContext& ctx, const Lane::Token& token, const std::string& path,
                      const std::string& extension, const JoinedCube& cube,
                      const std::vector<ImagePart>& parts) {
  require_joinable(parts.front());  // the others are like it
  ProductKind kind;
  kind.extension = extension;
  kind.unit = cube.unit;
  kind.has_beam = !cube.beams.empty();
  std::vector<float> pixels(cube.header.nx * cube.header.ny);
  std::size_t first = 0;
  CasaImageWriter writer(token, path, cube.header, kind);
  for (const ImagePart& part : parts) {
    ctx.throw_if_stopped();
    PartPlanes planes(token, part);
    for (std::size_t chan = 0; chan < part.header.nchan; ++chan) {
      planes.read(chan, pixels);
      const auto beam = kind.has_beam ? std::optional(cube.beams[first + chan]) : std::nullopt;
      writer.put_plane(token, first + chan, pixels.data(), beam);
    }
    first += part.header.nchan;
  }
  writer.finish(token);
  ctx.count("bytes_written", static_cast<std::int64_t>(first * pixels.size() * sizeof(float)));

  CasaImageUpdate update(token, path);
  update.take_coordinates(token, parts.front().path);
  if (any_masked(parts)) {
    std::vector<std::uint8_t> mask(pixels.size());
    first = 0;
    for (const ImagePart& part : parts) {
      ctx.throw_if_stopped();
      PartPlanes planes(token, part);
      for (std::size_t chan = 0; part.has_mask && chan < part.header.nchan; ++chan) {
        planes.read_mask(chan, mask);
        update.put_mask(token, first + chan, mask.data());
      }
      first += part.header.nchan;
    }
  }
  update.finish(token);
}

void verify_paged_cube(const PipelineContext& ctx, const Lane::Token& token,
                       const std::string& path, const JoinedCube& cube,
                       const std::vector<ImagePart>& parts, bool planes) {
  CasaImageReader made(token, path);
  const auto require = [&](bool equal, const std::string& what) {
    if (equal) return;
    throw Error(ErrorKind::failed, "the cube '" + path + "' was read back with other " + what,
                "the disk or the memory is faulty; the inputs are as they were");
  };
  const ImageHeader& header = made.header();
  require(header.nx == cube.header.nx && header.ny == cube.header.ny &&
              header.nchan == cube.header.nchan,
          "shape");
  for (std::size_t chan = 0; chan < header.nchan; ++chan) {
    const double wanted = cube.header.chan_freq_hz[chan];
    // The line through the first and the last frequency, or the frequencies themselves.
    const double allowed = 2e-6 * std::abs(cube.header.chan_width_hz) + 1e-15 * std::abs(wanted);
    require(std::abs(header.chan_freq_hz[chan] - wanted) <= allowed,
            "frequency of channel " + std::to_string(chan));
  }
  require(made.unit() == cube.unit, "unit");
  require(made.beams().size() == cube.beams.size(), "number of beams");
  if (!planes) return;
  std::vector<float> wanted(header.nx * header.ny), found(wanted.size());
  std::vector<std::uint8_t> wanted_mask(wanted.size()), found_mask(wanted.size());
  std::size_t first = 0;
  for (const ImagePart& part : parts) {
    ctx.throw_if_stopped();
    PartPlanes original(token, part);
    for (std::size_t chan = 0; chan < part.header.nchan; ++chan) {
      const std::string which = " of channel " + std::to_string(first + chan);
      original.read(chan, wanted);
      made.read_plane(token, first + chan, found.data());
      require(std::memcmp(wanted.data(), found.data(), found.size() * sizeof(float)) == 0,
              "pixels" + which);
      if (!made.has_mask()) continue;
      std::fill(wanted_mask.begin(), wanted_mask.end(), std::uint8_t{1});
      if (part.has_mask) original.read_mask(chan, wanted_mask);
      made.read_mask(token, first + chan, found_mask.data());
      require(wanted_mask == found_mask, "mask" + which);
    }
    first += part.header.nchan;
  }
  require(made.has_mask() == any_masked(parts), "mask");
}

}  // namespace skymill::radio
