// SPDX-License-Identifier: GPL-3.0-or-later
// Hot kernels by name on data made here, for perf/compare.py and perf/counts.py.
//
//   perf_kernels list
//   perf_kernels about
//   perf_kernels NAME [--repeat N] [--calls N] [--planted PERCENT] [--wait]
//
// `about` prints what decides how many instructions there are: compiler, C library, flags, machine.
// A line of JSON a run, with CPU seconds of the process and wall seconds; making the data is not
// timed, and one call comes before the first run. `--calls 0` makes the data and does nothing.
// `--planted 10` makes a tenth more calls in a run. With `--wait` a run begins when a line comes on
// standard input, so that two builds can take turns, and the program ends with the input.
#include <oneapi/tbb/global_control.h>
#include <unistd.h>
#include "kernel_bench.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace skymill::perf;

namespace {

std::vector<KernelBench> all_benches() {
  std::vector<KernelBench> all = imaging_benches();
  for (const auto& benches : {calibration_benches(), file_benches()}) {
    all.insert(all.end(), benches.begin(), benches.end());
  }
  return all;
}

KernelBench bench_named(const std::string& name) {
  for (const KernelBench& bench : all_benches()) {
    if (bench.name == name) return bench;
  }
  throw std::runtime_error("there is no kernel '" + name + "'; `perf_kernels list` names them");
}

int list() {
  for (const KernelBench& bench : all_benches()) {
    std::printf(R"({"bench": "%s", "calls": %zu, "clock": "%s", "counted": %s})"
                "\n",
                bench.name.c_str(), bench.calls, bench.threads == 1 ? "cpu" : "wall",
                bench.counted ? "true" : "false");
  }
  return 0;
}

const char* vectors() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return " avx512";
  if (__builtin_cpu_supports("avx2")) return " avx2";
#endif
  return "";
}

int about() {
#if defined(__clang__)
  const char* const compiler = "clang++ " __clang_version__;
#else
  const char* const compiler = "g++ " __VERSION__;
#endif
  char libc[64] = "";
  confstr(_CS_GNU_LIBC_VERSION, libc, sizeof libc);
  std::printf("%s %s, %s, %s%s\n", compiler, SKYMILL_PERF_BUILD_TYPE, libc, SKYMILL_PERF_MACHINE,
              vectors());
  return 0;
}

double cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Options {
  int repeat = 1;
  std::size_t calls = 0;
  bool wait = false;
};

int run(const KernelBench& bench, const Options& options) {
  const tbb::global_control threads(tbb::global_control::max_allowed_parallelism, bench.threads);
  const auto call = bench.make();
  if (options.calls == 0) return 0;
  call();
  std::string line;
  for (int k = 0; options.wait ? bool{std::getline(std::cin, line)} : k < options.repeat; ++k) {
    const auto begin = std::chrono::steady_clock::now();
    const double cpu_begin = cpu_s();
    for (std::size_t n = 0; n < options.calls; ++n) call();
    const double cpu = cpu_s() - cpu_begin;
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    std::printf(R"({"bench": "%s", "cpu_s": %.6f, "wall_s": %.6f})"
                "\n",
                bench.name.c_str(), cpu, wall.count());
    std::fflush(stdout);
  }
  return 0;
}

int run(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(
        stderr,
        "usage: perf_kernels list | about | NAME [--repeat N] [--calls N] [--planted PERCENT] "
        "[--wait]\n");
    return 2;
  }
  if (std::string(argv[1]) == "list") return list();
  if (std::string(argv[1]) == "about") return about();
  const KernelBench bench = bench_named(argv[1]);
  Options options;
  options.calls = bench.calls;
  double planted = 0;
  for (int k = 2; k < argc; ++k) {
    const std::string word = argv[k];
    const bool valued = k + 1 < argc;
    if (word == "--wait") {
      options.wait = true;
    } else if (word == "--repeat" && valued) {
      options.repeat = std::stoi(argv[++k]);
    } else if (word == "--calls" && valued) {
      options.calls = std::stoul(argv[++k]);
    } else if (word == "--planted" && valued) {
      planted = std::stod(argv[++k]);
    } else {
      throw std::runtime_error("unknown option '" + word + "'");
    }
  }
  options.calls = static_cast<std::size_t>(
      std::lround(static_cast<double>(options.calls) * (1 + planted / 100)));
  return run(bench, options);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "perf_kernels: %s\n", error.what());
    return 1;
  }
}
