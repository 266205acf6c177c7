// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5/uvh5_file.h>
#include "kernel_bench.h"
#include "subband_file.h"

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace skymill::perf {
namespace {

/// A subband of two integrations, read from the page cache: chunks gathered, flags unpacked.
std::function<void()> uvh5_reading() {
  const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                     ("perf_kernels." + std::to_string(getpid()) + ".hdf5");
  make_writer_file(path.string(), 2);
  const auto file = std::make_shared<radio::Uvh5File>(path.string());
  std::filesystem::remove(path);  // it stays for as long as it is open
  const auto cells = std::make_shared<radio::Uvh5Cells>();
  return [=] {
    for (std::size_t t = 0; t < 2; ++t) file->read_cells(t * kRows, kRows, *cells);
  };
}

/// What no reading can beat: the bytes of visdata of two integrations.
std::function<void()> copying() {
  const auto from = std::make_shared<std::vector<char>>(2 * kRows * kRow * 8, 'x');
  const auto to = std::make_shared<std::vector<char>>(from->size());
  return [=] { std::memcpy(to->data(), from->data(), from->size()); };
}

}  // namespace

std::vector<KernelBench> file_benches() {
  return {{"uvh5_read", 30, 1, true, uvh5_reading}, {"copy", 400, 1, false, copying}};
}

}  // namespace skymill::perf
