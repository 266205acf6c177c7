// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <fcntl.h>
#include <stages/concat/on_threads.h>
#include <stages/concat/paged_cube.h>
#include <stages/ms/casa_image_update.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <optional>

namespace skymill::radio {

namespace {

/// The planes of one part that lie in one piece each, straight from its file; on any thread.
class PlaneFile {
 public:
  explicit PlaneFile(const ImagePart& part) : part_(part) {}
  ~PlaneFile() {
    if (handle_ >= 0) ::close(handle_);
  }
  PlaneFile(const PlaneFile&) = delete;
  PlaneFile& operator=(const PlaneFile&) = delete;

  void read(std::size_t chan, std::vector<float>& pixels) {
    const CasaImageReader::PlanePlace& place = part_.places[chan];
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

 private:
  [[noreturn]] void fail(const CasaImageReader::PlanePlace& place, const char* why) const {
    throw Error(ErrorKind::input,
                "cannot read '" + place.file + "' of the image '" + part_.path + "': " + why);
  }

  const ImagePart& part_;
  int handle_ = -1;
};

/// The planes of any part, by casacore where their tiles scatter them.
class PartPlanes {
 public:
  PartPlanes(const Lane::Token& token, const ImagePart& part)
      : token_(token), part_(part), file_(part) {}

  void read(std::size_t chan, std::vector<float>& pixels) {
    if (part_.places.empty()) {
      opened().read_plane(token_, chan, pixels.data());
    } else {
      file_.read(chan, pixels);
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

  const Lane::Token& token_;
  const ImagePart& part_;
  PlaneFile file_;
  std::optional<CasaImageReader> image_;
};

bool any_masked(const std::vector<ImagePart>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [](const ImagePart& part) { return part.has_mask; });
}

/// Channel of the cube at which each part begins.
std::vector<std::size_t> first_channels(const std::vector<ImagePart>& parts) {
  std::vector<std::size_t> firsts{0};
  for (const ImagePart& part : parts) firsts.push_back(firsts.back() + part.header.nchan);
  return firsts;
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
  CasaImageWriter writer(token, path, cube.header, kind);
  std::vector<float> pixels(cube.header.nx * cube.header.ny);
  const auto copy = [&](auto& planes, const ImagePart& part, std::size_t first,
                        std::vector<float>& plane) {
    for (std::size_t chan = 0; chan < part.header.nchan; ++chan) {
      ctx.throw_if_stopped();
      planes.read(chan, plane);
      const auto beam = kind.has_beam ? std::optional(cube.beams[first + chan]) : std::nullopt;
      writer.put_plane(first + chan, plane.data(), beam);
    }
  };
  const std::vector<std::size_t> firsts = first_channels(parts);
  for (std::size_t k = 0; k < parts.size(); ++k) {
    if (!parts[k].places.empty()) continue;
    PartPlanes planes(token, parts[k]);
    copy(planes, parts[k], firsts[k], pixels);
  }
  std::atomic<std::size_t> next{0};
  on_threads(ctx.threads(), [&] {
    std::vector<float> plane(pixels.size());
    for (std::size_t k = next++; k < parts.size(); k = next++) {
      if (parts[k].places.empty()) continue;
      PlaneFile planes(parts[k]);
      copy(planes, parts[k], firsts[k], plane);
    }
  });
  writer.finish(token);
  ctx.count("bytes_written",
            static_cast<std::int64_t>(cube.header.nchan * pixels.size() * sizeof(float)));

  CasaImageUpdate update(token, path);
  update.take_coordinates(token, parts.front().path);
  if (any_masked(parts)) {
    std::vector<std::uint8_t> mask(pixels.size());
    for (std::size_t k = 0; k < parts.size(); ++k) {
      ctx.throw_if_stopped();
      PartPlanes planes(token, parts[k]);
      for (std::size_t chan = 0; parts[k].has_mask && chan < parts[k].header.nchan; ++chan) {
        planes.read_mask(chan, mask);
        update.put_mask(token, firsts[k] + chan, mask.data());
      }
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
