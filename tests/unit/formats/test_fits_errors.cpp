// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/formats/fits_cube.h>
#include <stages/formats/preview_png.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "sample_cube.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

using Catch::Contains;

Thrown create_error(const TestFolder& folder, const ImageHeader& header) {
  return error_of([&] { FitsCubeWriter(folder / "no.fits", header, image_kind()); });
}

/// 512 x 512 x 8 pixels: 8 MiB.
ImageHeader big_header() {
  ImageHeader header = sample_header();
  header.nx = header.ny = 512;
  header.nchan = 8;
  header.chan_freq_hz.clear();
  for (int k = 0; k < 8; ++k) header.chan_freq_hz.push_back(1e9 + 1e6 * k);
  header.chan_width_hz = 1e6;
  return header;
}

void write_big(const std::filesystem::path& path, std::size_t planes_put) {
  const ImageHeader header = big_header();
  FitsCubeWriter writer(path, header, image_kind());
  const std::vector<float> plane(header.nx * header.ny, 1.0F);
  for (std::size_t k = 0; k < planes_put; ++k) writer.put_plane(k, plane.data());
  writer.finish();
}

/// A file system of 2 MiB; only root can have one.
class TinyFileSystem {
 public:
  explicit TinyFileSystem(const std::filesystem::path& where) : where_(where) {
    std::filesystem::create_directories(where_);
    mounted_ = ::mount("tmpfs", where_.c_str(), "tmpfs", 0, "size=2m") == 0;
  }
  ~TinyFileSystem() {
    if (mounted_) ::umount2(where_.c_str(), MNT_DETACH);
  }
  TinyFileSystem(const TinyFileSystem&) = delete;
  TinyFileSystem& operator=(const TinyFileSystem&) = delete;
  bool mounted() const { return mounted_; }

 private:
  std::filesystem::path where_;
  bool mounted_ = false;
};

/// From now on no file of this process may have more than `bytes`.
void limit_file_size(rlim_t bytes) {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{bytes, bytes};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(99);
}

/// Runs in a process of its own, as a limit stays. Returns the exit code.
int in_a_process(const std::function<int()>& action) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(action());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

}  // namespace

TEST_CASE("frequencies that are not equidistant are refused in words") {
  const TestFolder folder;
  ImageHeader header = sample_header();
  header.chan_freq_hz[3] += 5000;
  const Thrown thrown = create_error(folder, header);
  CHECK(thrown.kind == ErrorKind::description);
  CHECK_THAT(thrown.message, Contains("not equidistant") && Contains("channel 3"));
  CHECK_FALSE(std::filesystem::exists(folder / "no.fits"));
}

TEST_CASE("what FITS cannot say is refused before a file exists") {
  const TestFolder folder;
  const auto kind_after = [&](const std::function<void(ImageHeader&)>& change) {
    ImageHeader header = sample_header();
    change(header);
    const Thrown thrown = create_error(folder, header);
    CHECK(thrown.any);
    CHECK_FALSE(std::filesystem::exists(folder / "no.fits"));
    return thrown.kind;
  };
  CHECK(kind_after([](auto& h) { h.stokes = "IQUV"; }) == ErrorKind::description);
  CHECK(kind_after([](auto& h) { h.spectral_frame = "MOON"; }) == ErrorKind::description);
  CHECK(kind_after([](auto& h) { h.phase_centre.frame = "HADEC"; }) == ErrorKind::description);
  CHECK(kind_after([](auto& h) { h.nx = 0; }) == ErrorKind::description);
  CHECK(kind_after([](auto& h) { h.cell_y_rad = 0; }) == ErrorKind::description);
  CHECK(kind_after([](auto& h) { h.chan_freq_hz.pop_back(); }) == ErrorKind::description);
  CHECK(kind_after([](auto& h) {
          h.nchan = 1;
          h.chan_freq_hz.resize(1);
          h.chan_width_hz = 0;
        }) == ErrorKind::description);
}

TEST_CASE("a file that exists is not touched") {
  const TestFolder folder;
  std::ofstream(folder / "there.fits") << "precious";
  const Thrown thrown =
      error_of([&] { FitsCubeWriter(folder / "there.fits", sample_header(), image_kind()); });
  CHECK(thrown.kind == ErrorKind::failed);
  CHECK_THAT(thrown.message, Contains("there.fits") && Contains("exists"));
  CHECK(bytes_of(folder / "there.fits") == "precious");
}

TEST_CASE("a folder that does not exist is an error with the file's name") {
  const TestFolder folder;
  const Thrown thrown =
      error_of([&] { FitsCubeWriter(folder / "none" / "a.fits", sample_header(), image_kind()); });
  CHECK(thrown.any);
  CHECK_THAT(thrown.message, Contains("a.fits") && Contains("No such file"));
}

TEST_CASE("planes that do not exist and a finished writer are refused") {
  const TestFolder folder;
  const ImageHeader header = sample_header();
  const std::vector<float> plane = sample_plane(header, 0);
  FitsCubeWriter writer(folder / "a.fits", header, image_kind());
  CHECK(error_of([&] { writer.put_plane(6, plane.data()); }).any);
  writer.put_plane(0, plane.data());
  writer.finish();
  CHECK(error_of([&] { writer.put_plane(0, plane.data()); }).any);
  CHECK(error_of([&] { writer.finish(); }).any);
}

TEST_CASE("a full file system is an error of resources, wherever it fills up") {
  const TestFolder folder;
  const TinyFileSystem tiny(folder / "tiny");
  if (!tiny.mounted()) {
    WARN("SKIPPED: no small file system can be mounted here");
    return;
  }
  // Full while planes are put, while blank planes are filled in, and from the start.
  const std::size_t planes_put = GENERATE(8, 0, 1);
  const Thrown thrown = error_of([&] { write_big(folder / "tiny/a.fits", planes_put); });
  REQUIRE(thrown.any);
  CHECK(thrown.kind == ErrorKind::resources);
  CHECK_THAT(thrown.message, Contains("a.fits") && Contains("No space left"));

  std::filesystem::remove(folder / "tiny/a.fits");
  {
    std::ofstream filler(folder / "tiny/filler", std::ios::binary);
    const std::string block(65536, 'x');
    while (filler.write(block.data(), 65536) && filler.flush()) {
    }
  }
  const Thrown full = error_of([&] { write_big(folder / "tiny/b.fits", 1); });
  CHECK(full.kind == ErrorKind::resources);

  PreviewInput preview;
  preview.header = big_header();
  preview.pixels.assign(512 * 512, 1.0F);
  const Thrown png = error_of([&] { render_preview(folder / "tiny/b.png", preview); });
  CHECK(png.kind == ErrorKind::resources);
  CHECK_FALSE(std::filesystem::exists(folder / "tiny/b.png"));
}

TEST_CASE("after a failed write nothing claims success") {
  const TestFolder folder;
  const auto path = folder / "a.fits";
  const int code = in_a_process([&] {
    const ImageHeader header = big_header();
    FitsCubeWriter writer(path, header, image_kind());
    limit_file_size(3 << 20);
    const std::vector<float> plane(header.nx * header.ny, 1.0F);
    Thrown first;
    for (std::size_t k = 0; k < 8 && !first.any; ++k) {
      first = error_of([&] { writer.put_plane(k, plane.data()); });
    }
    if (!first.any || first.kind != ErrorKind::resources) return 1;
    if (!error_of([&] { writer.put_plane(0, plane.data()); }).any) return 2;
    if (!error_of([&] { writer.finish(); }).any) return 3;
    return 0;
  });
  CHECK(code == 0);
}

TEST_CASE("a limit that hits the last buffer is noticed in finish") {
  const TestFolder folder;
  const auto path = folder / "a.fits";
  FitsCubeWriter complete(folder / "whole.fits", sample_header(), image_kind());
  const std::vector<float> plane = sample_plane(sample_header(), 0);
  for (std::size_t k = 0; k < 6; ++k) complete.put_plane(k, plane.data(), sample_beam(k));
  complete.finish();
  const auto whole = std::filesystem::file_size(folder / "whole.fits");
  for (rlim_t less = 1; less < whole; less += 2880) {
    const int code = in_a_process([&] {
      limit_file_size(whole - less);
      const Thrown thrown = error_of([&] {
        FitsCubeWriter writer(path, sample_header(), image_kind());
        for (std::size_t k = 0; k < 6; ++k) writer.put_plane(k, plane.data(), sample_beam(k));
        writer.finish();
      });
      return thrown.any ? 0 : 1;
    });
    INFO("less by " << less);
    CHECK(code == 0);
    std::filesystem::remove(path);
  }
}
