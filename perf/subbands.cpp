// SPDX-License-Identifier: GPL-3.0-or-later
// Loading all subbands of an observation, each by one thread at a time: 1, 2 and 4 threads, with
// the files in the page cache and without, in turn; and by one thread into memory that is there and
// into new memory for every integration, as a reader without room of its own would.
//
//   perf_subbands FOLDER [--files 16] [--rounds 3] [--json FILE]    takes 0.14 GB a file
#include <core/error.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "figures.h"
#include "least_time.h"
#include "subband_file.h"

using namespace skymill;
using namespace skymill::perf;
using namespace skymill::radio;

namespace {

namespace fs = std::filesystem;

enum class Memory { used_again, fresh };

/// All cells of a file, an integration at a time.
void load(const std::string& path, Memory memory) {
  const Uvh5File file(path);
  Uvh5Cells room;
  for (std::size_t row = 0; row < file.header().rows; row += kRows) {
    Uvh5Cells mine;
    file.read_cells(row, kRows, memory == Memory::fresh ? mine : room);
  }
}

/// Each thread takes the next file.
void load_all(const std::vector<std::string>& paths, unsigned threads) {
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> readers;
  for (unsigned k = 0; k < threads; ++k) {
    readers.emplace_back([&] {
      for (std::size_t at = next++; at < paths.size(); at = next++) {
        load(paths[at], Memory::used_again);
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
}

/// Drops the files from the page cache.
void forget(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 || fsync(file) != 0 || posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0) {
      throw Error(ErrorKind::failed, "'" + path + "' cannot be dropped from the page cache");
    }
    close(file);
  }
}

void show(const Figures& figures, const std::string& metric, const LeastTime& time,
          const LeastTime& one, double bytes) {
  std::printf("%-20s %8.3f s wall %8.3f s CPU %8.2f GB/s  %5.2f times the speed of one\n",
              metric.c_str(), time.wall, time.cpu, 1e-9 * bytes / time.wall, one.wall / time.wall);
  figures.add(metric + "_wall", time.wall, "s", {"peer", one.wall});
  figures.add(metric + "_cpu", time.cpu, "s", {"peer", one.cpu});
}

int run(int argc, char** argv) {
  const Figures figures("subbands", argc, argv);
  std::string folder;
  std::size_t files = 16;
  int rounds = 3;
  for (int k = 1; k < argc; ++k) {
    const std::string word = argv[k];
    if (word == "--files" && k + 1 < argc) {
      files = std::stoul(argv[++k]);
    } else if (word == "--rounds" && k + 1 < argc) {
      rounds = std::stoi(argv[++k]);
    } else {
      folder = word;
    }
  }
  if (folder.empty() || files == 0 || rounds < 1) {
    std::fprintf(stderr, "usage: perf_subbands FOLDER [--files N] [--rounds N] [--json FILE]\n");
    return 2;
  }
  folder += "/perf_subbands";
  fs::create_directories(folder);
  std::vector<std::string> paths;
  for (std::size_t k = 0; k < files; ++k) {
    paths.push_back(folder + "/sb" + std::to_string(k) + ".hdf5");
    if (k == 0) {
      make_writer_file(paths[0]);
    } else {
      fs::copy_file(paths[0], paths[k], fs::copy_options::overwrite_existing);
    }
  }
  const double bytes = static_cast<double>(files * kTimes * kRows * kRow) * (8 + 1 + 4);
  constexpr unsigned kThreads[] = {1, 2, 4};
  LeastTime cold[3], warm[3], again, fresh;
  for (int round = 0; round < rounds; ++round) {
    for (int k = 0; k < 3; ++k) {
      forget(paths);
      take(cold[k], [&] { load_all(paths, kThreads[k]); });
      take(warm[k], [&] { load_all(paths, kThreads[k]); });
    }
    take(again, [&] { load(paths[0], Memory::used_again); });
    take(fresh, [&] { load(paths[0], Memory::fresh); });
  }
  std::printf("%zu subbands, %.2f GB of cells; the least of %d rounds; %u processors\n", files,
              1e-9 * bytes, rounds, std::thread::hardware_concurrency());
  for (int k = 0; k < 3; ++k) {
    const std::string threads = std::to_string(kThreads[k]);
    show(figures, "cold_" + threads, cold[k], cold[0], bytes);
    show(figures, "warm_" + threads, warm[k], warm[0], bytes);
  }
  const double one = bytes / static_cast<double>(files);
  show(figures, "memory_used_again", again, fresh, one);
  show(figures, "memory_fresh", fresh, fresh, one);
  fs::remove_all(folder);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "perf_subbands: %s\n", error.what());
    return static_cast<int>(error.kind());
  }
}
