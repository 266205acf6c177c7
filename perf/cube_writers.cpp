// SPDX-License-Identifier: GPL-3.0-or-later
// Writes the planes of a cube as a CASA image, as FITS and, as the measure, as bare bytes with
// pwrite and fsync; in turn. Prints the least CPU and wall seconds, the ratio to the
// measure and the bytes written a byte of pixels.
// usage: perf_cube_writers FOLDER [SIZE [PLANES [REPEATS]]] [--json FILE]
#include <core/storage.h>
#include <stages/formats/fits_cube.h>
#include <stages/ms/casa_image.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "figures.h"
#include "least_time.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

/// What this process has given the file systems to write.
double written_bytes() {
  std::ifstream io("/proc/self/io");
  std::string key;
  double bytes = 0;
  while (io >> key >> bytes) {
    if (key == "write_bytes:") return bytes;
  }
  return 0;
}

ImageHeader header_of(std::size_t size, std::size_t planes) {
  ImageHeader header;
  header.nx = header.ny = size;
  header.nchan = planes;
  header.cell_x_rad = -1e-6;
  header.cell_y_rad = 1e-6;
  header.phase_centre = {1, 0.5, "J2000"};
  for (std::size_t k = 0; k < planes; ++k) {
    header.chan_freq_hz.push_back(1.4e9 + 1e6 * static_cast<double>(k));
  }
  header.chan_width_hz = 1e6;
  header.telescope = "TEST";
  return header;
}

/// Calls `put(chan, first row, rows, pixels)` for all blocks of rows of all planes.
template <class Put, class Complete>
void all_rows(const ImageHeader& header, const std::vector<float>& plane, Put&& put,
              Complete&& complete) {
  const std::size_t most = std::max<std::size_t>(1, kBlockBytes / (header.nx * sizeof(float)));
  for (std::size_t chan = 0; chan < header.nchan; ++chan) {
    for (std::size_t row = 0; row < header.ny; row += most) {
      put(chan, row, std::min(most, header.ny - row), plane.data() + row * header.nx);
    }
    complete(chan);
  }
}

void write_bytes(const std::string& path, const ImageHeader& header,
                 const std::vector<float>& plane) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  bool good = file >= 0;
  std::size_t at = 0;
  all_rows(
      header, plane,
      [&](std::size_t, std::size_t, std::size_t rows, const float* pixels) {
        const std::size_t bytes = rows * header.nx * sizeof(float);
        good = good &&
               ::pwrite(file, pixels, bytes, static_cast<off_t>(at)) == static_cast<ssize_t>(bytes);
        at += bytes;
      },
      [](std::size_t) {});
  good = good && ::fsync(file) == 0;
  ::close(file);
  if (!good) {
    std::perror(path.c_str());
    std::exit(1);
  }
}

template <class Writer>
void write_rows(Writer& writer, const ImageHeader& header, const std::vector<float>& plane) {
  all_rows(
      header, plane,
      [&](std::size_t chan, std::size_t row, std::size_t rows, const float* pixels) {
        writer.put_rows(chan, row, rows, pixels);
      },
      [&](std::size_t chan) {
        writer.complete_plane(chan, Beam{5e-6, 4e-6, 0.1});
      });
}

void write_casa(const std::string& path, const ImageHeader& header,
                const std::vector<float>& plane) {
  Lane lane("perf");
  auto writer = lane.run([&](const Lane::Token& token) {
    return CasaImageWriter(token, path, header, {"image", "Jy/beam", true});
  });
  write_rows(writer, header, plane);
  lane.run([&](const Lane::Token& token) { writer.finish(token); });
}

void write_fits(const std::string& path, const ImageHeader& header,
                const std::vector<float>& plane) {
  FitsCubeWriter writer(path, header, {"image", "Jy/beam", true});
  write_rows(writer, header, plane);
  writer.finish();
}

}  // namespace

int main(int argc, char** argv) {
  const perf::Figures figures("cube_writers", argc, argv);
  if (argc < 2) {
    std::fprintf(stderr, "usage: perf_cube_writers FOLDER [SIZE [PLANES [REPEATS]]]\n");
    return 2;
  }
  const auto number = [&](int place, std::size_t otherwise) {
    return argc > place ? std::strtoull(argv[place], nullptr, 10) : otherwise;
  };
  const ImageHeader header = header_of(number(2, 8000), number(3, 4));
  const std::size_t repeats = number(4, 3);
  std::vector<float> plane(header.nx * header.ny);
  for (std::size_t i = 0; i < plane.size(); ++i) plane[i] = static_cast<float>(i % 10007);

  struct Way {
    const char* name;
    std::function<void(const std::string&, const ImageHeader&, const std::vector<float>&)> write;
    perf::LeastTime least;
    double bytes = 1e300;  ///< least written
  };
  std::vector<Way> ways{
      {"pwrite", write_bytes, {}}, {"CASA", write_casa, {}}, {"FITS", write_fits, {}}};
  const Scratch scratch(argv[1], "perf");
  for (std::size_t repeat = 0; repeat < repeats; ++repeat) {
    for (Way& way : ways) {
      const std::string path = scratch.path() + "/" + way.name;
      const double before = written_bytes();
      perf::take(way.least, [&] { way.write(path, header, plane); });
      way.bytes = std::min(way.bytes, written_bytes() - before);
      std::filesystem::remove_all(path);
    }
  }
  const double gigabytes = 4e-9 * static_cast<double>(plane.size() * header.nchan);
  std::printf("%zu planes of %zu x %zu, %.2f GB, fsync included\n", header.nchan, header.nx,
              header.ny, gigabytes);
  std::printf("%-8s %10s %10s %10s %10s %14s\n", "way", "CPU s/GB", "ratio", "wall s", "MB/s",
              "written/pixels");
  for (const Way& way : ways) {
    std::printf("%-8s %10.3f %10.2f %10.2f %10.0f %14.4f\n", way.name, way.least.cpu / gigabytes,
                way.least.cpu / ways.front().least.cpu, way.least.wall,
                1e3 * gigabytes / way.least.wall, 1e-9 * way.bytes / gigabytes);
    const std::string name = way.name;
    figures.add(name + "_cpu", way.least.cpu, "s", {"peer", ways.front().least.cpu});
    figures.add(name + "_wall", way.least.wall, "s", {"peer", ways.front().least.wall});
    figures.add(name + "_written", way.bytes, "B", {"limit", 1e9 * gigabytes});
  }
  return 0;
}
