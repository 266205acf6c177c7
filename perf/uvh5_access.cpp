// SPDX-License-Identifier: GPL-3.0-or-later
// Reading UVH5 in several orders, by the library with several caches and directly, page cache warm
// (dsa110.md 6.4).
//
//   uvh5_access FOLDER [--full] [--files 16] [--rounds 3] [--only-files]
#include <core/error.h>
#include <stages/geometry/earth_time.h>
#include <stages/uvh5/dataset_reader.h>
#include <stages/uvh5/uvh5_file.h>
#include <stages/uvh5/uvh5_scan.h>
#include <stages/uvh5/uvh5_writer.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

using namespace skymill;
using namespace skymill::radio;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAntennas = 96, kRows = kAntennas * (kAntennas + 1) / 2, kTimes = 24;
constexpr std::size_t kChannels = 48, kPols = 2, kRow = kChannels * kPols;
constexpr std::size_t kMiB = std::size_t{1} << 20;

/// Bytes and calls of reading by this process so far.
struct Read {
  double bytes = 0;
  double calls = 0;
};
Read read_so_far() {
  std::ifstream io("/proc/self/io");
  Read read;
  std::string word;
  double value = 0;
  while (io >> word >> value) {
    if (word == "rchar:") read.bytes = value;
    if (word == "syscr:") read.calls = value;
  }
  return read;
}

double seconds_of(const std::function<void()>& call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void print_cell(const char* access, const char* layout, const std::string& way,
                const std::function<void()>& call) {
  const Read before = read_so_far();
  const double time = seconds_of(call);
  const Read after = read_so_far();
  std::printf("%-34s %-6s %-16s %9.3f s %9.1f MB %9.0f calls\n", access, layout, way.c_str(), time,
              (after.bytes - before.bytes) / 1e6, after.calls - before.calls);
  std::fflush(stdout);
}

/// Noise of a few bits beside a slope: compresses about as the data do.
std::vector<std::complex<float>> integration(std::size_t time) {
  std::vector<std::complex<float>> cells(kRows * kRow);
  std::uint32_t state = static_cast<std::uint32_t>(time) * 7919U + 1U;
  for (auto& cell : cells) {
    state = state * 1664525U + 1013904223U;
    const auto re = static_cast<float>(state >> 20U), im = static_cast<float>(state >> 8U & 0xfffU);
    cell = {re / 64.0F - 32.0F, im / 64.0F - 32.0F};
  }
  return cells;
}

/// A subband as the correlator writes it.
void make_writer_file(const std::string& path) {
  Uvh5Subband subband;
  subband.position = {-2.0644, 0.6498, 1222};
  const auto centre = geocentric_m(subband.position);
  for (std::size_t k = 0; k < 117; ++k) {
    Antenna antenna;
    antenna.name = std::to_string(k + 1);
    antenna.position_m = centre;
    antenna.position_m[0] += 5.0 * static_cast<double>(k);
    antenna.diameter_m = 4.65;
    subband.antennas.push_back(antenna);
  }
  subband.antennas_in_data = kAntennas;
  subband.baselines = kRows;
  for (std::size_t c = 0; c < kChannels; ++c) {
    subband.freq_hz.push_back(1498643188.0 - 244140.625 * static_cast<double>(c));
  }
  subband.polarizations = {-5, -6};
  subband.pointing_dec_rad = 0.65;
  Uvh5Writer writer(path, subband);
  for (std::size_t t = 0; t < kTimes; ++t) {
    Uvh5Rows rows;
    Uvh5Cells cells;
    for (std::int32_t a = 0; a < std::int32_t{kAntennas}; ++a) {
      for (std::int32_t b = a; b < std::int32_t{kAntennas}; ++b) {
        rows.antenna1.push_back(a);
        rows.antenna2.push_back(b);
      }
    }
    rows.time_jd.assign(kRows, 2460950.5 + 12.884902 / 86400 * static_cast<double>(t));
    rows.interval_s.assign(kRows, 12.884902);
    rows.uvw_m.assign(3 * kRows, 1.0);
    cells.data = integration(t);
    cells.flag.assign(kRows * kRow, 0);
    cells.nsamples.assign(kRows * kRow, 96);
    writer.append(rows, cells);
  }
  writer.finish();
}

/// visdata with one compressed chunk an integration.
void make_seed_file(const std::string& path) {
  const hdf5::Lock lock;
  const hdf5::File file = hdf5::File::create(path);
  const hdf5::Handle group(H5Gcreate2(file.id(), "Data", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                           H5Gclose);
  const hdf5::Handle type(H5Tcreate(H5T_COMPOUND, 8), H5Tclose);
  H5Tinsert(type.id(), "r", 0, H5T_NATIVE_FLOAT);
  H5Tinsert(type.id(), "i", 4, H5T_NATIVE_FLOAT);
  const hsize_t shape[] = {kRows * kTimes, 1, kChannels, kPols};
  const hsize_t chunk[] = {kRows, 1, kChannels, kPols};
  const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_chunk(creation.id(), 4, chunk);
  H5Pset_shuffle(creation.id());
  H5Pset_deflate(creation.id(), 1);
  const hdf5::Handle space(H5Screate_simple(4, shape, nullptr), H5Sclose);
  const hdf5::Handle memory(H5Screate_simple(4, chunk, nullptr), H5Sclose);
  const hdf5::Handle made(H5Dcreate2(file.id(), "Data/visdata", type.id(), space.id(), H5P_DEFAULT,
                                     creation.id(), H5P_DEFAULT),
                          H5Dclose);
  for (std::size_t t = 0; t < kTimes; ++t) {
    const hsize_t start[] = {t * kRows, 0, 0, 0};
    H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start, nullptr, chunk, nullptr);
    H5Dwrite(made.id(), type.id(), memory.id(), space.id(), H5P_DEFAULT, integration(t).data());
  }
}

/// Boxes of visdata through the library with a cache.
class Library {
 public:
  Library(const std::string& path, std::size_t cache_bytes, std::size_t chunk_bytes)
      : file_(hdf5::File::open(path)) {
    const hdf5::Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
    H5Pset_chunk_cache(access.id(), prime_from(100 * (cache_bytes / chunk_bytes + 1)), cache_bytes,
                       0.75);
    dataset_ = file_.dataset("Data/visdata", access.id());
    type_ = hdf5::memory_type(hdf5::CellType::complex_float, dataset_.id());
  }
  void read(hsize_t row, hsize_t rows, hsize_t channel, hsize_t channels, void* into) const {
    const hdf5::Lock lock;
    const hsize_t start[] = {row, 0, channel, 0}, size[] = {rows, 1, channels, kPols};
    const hdf5::Handle space(H5Dget_space(dataset_.id()), H5Sclose);
    const hdf5::Handle memory(H5Screate_simple(4, size, nullptr), H5Sclose);
    H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start, nullptr, size, nullptr);
    H5Dread(dataset_.id(), type_.id(), memory.id(), space.id(), H5P_DEFAULT, into);
  }

 private:
  hdf5::File file_;
  hdf5::Handle dataset_, type_;
};

using Cells = std::vector<std::complex<float>>;

struct Access {
  const char* name;
  std::function<void(const Library&, Cells&)> by_library;
  std::function<void(hdf5::DatasetReader&, Cells&)> direct;  ///< in the order of rows
};

std::vector<Access> accesses() {
  const auto onward = [](hdf5::DatasetReader& reader, Cells& cells) {
    for (std::size_t t = 0; t < kTimes; ++t) reader.read_rows(t * kRows, kRows, cells.data());
  };
  return {
      {"whole",
       [](const Library& l, Cells& c) { l.read(0, kRows * kTimes, 0, kChannels, c.data()); },
       [](hdf5::DatasetReader& r, Cells& c) { r.read_rows(0, kRows * kTimes, c.data()); }},
      {"per integration",
       [](const Library& l, Cells& c) {
         for (std::size_t t = 0; t < kTimes; ++t) l.read(t * kRows, kRows, 0, kChannels, c.data());
       },
       onward},
      {"row by row, 4656 rows",
       [](const Library& l, Cells& c) {
         for (std::size_t row = 0; row < kRows; ++row) l.read(row, 1, 0, kChannels, c.data());
       },
       [](hdf5::DatasetReader& r, Cells& c) {
         for (std::size_t row = 0; row < kRows; ++row) r.read_rows(row, 1, c.data());
       }},
      {"100 baselines x 24, strided",
       [](const Library& l, Cells& c) {
         for (std::size_t b = 0; b < 100; ++b) {
           for (std::size_t t = 0; t < kTimes; ++t) {
             l.read(t * kRows + 46 * b, 1, 0, kChannels, c.data());
           }
         }
       },
       [](hdf5::DatasetReader& r, Cells& c) {
         for (std::size_t t = 0; t < kTimes; ++t) {
           for (std::size_t b = 0; b < 100; ++b) r.read_rows(t * kRows + 46 * b, 1, c.data());
         }
       }},
      {"channel by channel",
       [](const Library& l, Cells& c) {
         for (std::size_t ch = 0; ch < kChannels; ++ch) l.read(0, kRows * kTimes, ch, 1, c.data());
       },
       onward},
  };
}

/// Cells of a minute and more: a cache too small for chunks of 3.4 MiB, or none for many visits.
bool is_slow(std::size_t access, bool seed, std::size_t cache_mib) {
  if (access == 2) return seed && cache_mib < 4;
  if (access == 3) return seed;
  if (access == 4) return seed || cache_mib == 0;
  return false;
}

void table(const std::string& folder, bool full) {
  Cells cells(kRows * kTimes * kRow);
  const auto all = accesses();
  for (const bool seed : {false, true}) {
    const std::string path = folder + (seed ? "/seed.hdf5" : "/sb00.hdf5");
    const char* const layout = seed ? "seed" : "writer";
    for (std::size_t k = 0; k < all.size(); ++k) {
      for (const std::size_t mib : {0U, 1U, 16U, 64U, 96U}) {
        if (mib == 96 && k != 3 && k != 4) continue;
        if (is_slow(k, seed, mib) && !full && mib != 96) {
          std::printf("%-34s %-6s %3zu MiB cache     --full\n", all[k].name, layout, mib);
          continue;
        }
        print_cell(all[k].name, layout, std::to_string(mib) + " MiB cache", [&] {
          const Library library(path, mib * kMiB, seed ? kRows * kRow * 8 : 12288);
          all[k].by_library(library, cells);
        });
      }
      print_cell(all[k].name, layout, "direct", [&] {
        const auto file = hdf5::OpenFile::open(path);
        hdf5::DatasetReader reader(file, "Data/visdata", hdf5::CellType::complex_float);
        all[k].direct(reader, cells);
      });
    }
  }
}

std::uint64_t print_of(const void* data, std::size_t bytes, std::uint64_t print) {
  const auto* const from = static_cast<const char*>(data);
  for (std::size_t at = 0; at + 8 <= bytes; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, from + at, 8);
    print = (print ^ word) * 1099511628211U;
  }
  return print;
}

/// Opens a file and reads all cells, an integration at a time; a checksum when asked for.
std::uint64_t read_file(const std::string& path, bool direct, bool checked) {
  const Uvh5File file(path, {direct});
  Uvh5Cells cells;
  std::uint64_t print = 0;
  for (std::size_t row = 0; row < file.header().rows; row += kRows) {
    file.read_cells(row, kRows, cells);
    if (!checked) continue;
    print = print_of(cells.data.data(), cells.data.size() * 8, print);
    print = print_of(cells.flag.data(), cells.flag.size(), print);
    print = print_of(cells.nsamples.data(), cells.nsamples.size() * 4, print);
  }
  return print;
}

void whole_files(const std::vector<std::string>& paths, int rounds) {
  for (const std::string& path : paths) {
    if (read_file(path, true, true) != read_file(path, false, true)) {
      throw Error(ErrorKind::failed, "'" + path + "' differs between direct and library");
    }
  }
  std::printf("\n%zu whole files, bit-equal both ways; visdata, flags, nsamples by integration\n",
              paths.size());
  double best[2] = {1e9, 1e9};
  for (int round = 0; round < rounds; ++round) {
    for (const bool direct : {false, true}) {
      const double time = seconds_of([&] {
        for (const std::string& path : paths) read_file(path, direct, false);
      });
      best[direct ? 1 : 0] = std::min(best[direct ? 1 : 0], time);
    }
  }
  print_cell("whole files", "writer", "library", [&] {
    for (const std::string& path : paths) read_file(path, false, false);
  });
  print_cell("whole files", "writer", "direct", [&] {
    for (const std::string& path : paths) read_file(path, true, false);
  });
  std::printf("least of %d rounds: library %.3f s, direct %.3f s, ratio %.2f\n", rounds, best[0],
              best[1], best[0] / best[1]);
  print_cell("header scan of all", "writer", "", [&] {
    for (const std::string& path : paths) scan_uvh5(path);
  });
}

int run(int argc, char** argv) {
  std::string folder;
  bool full = false, only_files = false;
  std::size_t files = 16;
  int rounds = 3;
  for (int k = 1; k < argc; ++k) {
    const std::string word = argv[k];
    if (word == "--full")
      full = true;
    else if (word == "--only-files")
      only_files = true;
    else if (word == "--files" && k + 1 < argc)
      files = std::stoul(argv[++k]);
    else if (word == "--rounds" && k + 1 < argc)
      rounds = std::stoi(argv[++k]);
    else
      folder = word;
  }
  if (folder.empty() || files == 0) {
    std::fprintf(stderr,
                 "usage: uvh5_access FOLDER [--full] [--files N] [--rounds N] "
                 "[--only-files]\n");
    return 2;
  }
  folder += "/uvh5_access";
  fs::create_directories(folder);
  std::vector<std::string> paths{folder + "/sb00.hdf5"};
  make_writer_file(paths[0]);
  if (!only_files) {
    make_seed_file(folder + "/seed.hdf5");
    table(folder, full);
    fs::remove(folder + "/seed.hdf5");
  }
  for (std::size_t k = 1; k < files; ++k) {
    paths.push_back(folder + "/copy" + std::to_string(k) + ".hdf5");
    fs::copy_file(paths[0], paths.back(), fs::copy_options::overwrite_existing);
  }
  whole_files(paths, rounds);
  fs::remove_all(folder);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "uvh5_access: %s\n", error.what());
    return static_cast<int>(error.kind());
  }
}
