// SPDX-License-Identifier: GPL-3.0-or-later
// The quick look at a header against the whole reader, and what `skymill inspect` says.
#include <core/error.h>
#include <stages/uvh5/uvh5_inspect.h>
#include <stages/uvh5/uvh5_scan.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "hdf5_fixture.h"
#include "uvh5_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;
using Catch::Matchers::Contains;

namespace {

/// Bytes that this process has read from files so far, whatever library asked for them.
std::uint64_t bytes_read_by_process() {
  std::ifstream io("/proc/self/io");
  std::string word;
  std::uint64_t bytes = 0;
  io >> word >> bytes;
  REQUIRE(word == "rchar:");
  return bytes;
}

void check_same(const std::string& path) {
  CAPTURE(path);
  const Uvh5Scan scan = scan_uvh5(path);
  const Uvh5File file(path);
  const Uvh5Header& header = file.header();
  CHECK(scan.telescope_name == header.telescope_name);
  CHECK(scan.rows == header.rows);
  CHECK(scan.baselines == header.baselines);
  CHECK(scan.times == header.times);
  CHECK(scan.channels == header.channels());
  CHECK(scan.polarizations == header.polarizations);
  CHECK(scan.time_first_jd == header.time_first_jd);
  CHECK(scan.time_last_jd == header.time_last_jd);
  CHECK(scan.interval_s == file.read_rows(0, 1).interval_s[0]);
  CHECK(scan.freq_first_hz == header.freq_hz.front());
  CHECK(scan.freq_last_hz == header.freq_hz.back());
  CHECK(scan.width_hz == header.width_hz.front());
  CHECK(scan.meridian == (header.phasing == Phasing::meridian));
  if (scan.meridian) CHECK(scan.pointing_dec_rad == header.pointing_dec_rad);
  CHECK(scan.has_data);
  CHECK(scan.data_fault.empty());
  CHECK(scan.file_bytes == std::filesystem::file_size(path));
}

std::vector<std::string> observation(const Scratch& scratch, std::size_t antennas,
                                     std::size_t times) {
  SimulateParams simulate = small_dsa110(write_eop(scratch.path()));
  simulate.antennas = antennas;
  simulate.times = times;
  simulate.nchan = 48;
  Uvh5WriterParams writer;
  writer.output = scratch.path() + "/in";
  std::filesystem::create_directory(writer.output);
  return write_observation(simulate, writer);
}

}  // namespace

TEST_CASE("a scan says what the whole header says") {
  const Scratch scratch{"/tmp", "test"};
  const auto paths = observation(scratch, 5, 3);
  for (const std::string& path : paths) check_same(path);
  const Uvh5Scan first = scan_uvh5(paths.at(0)), second = scan_uvh5(paths.at(1));
  CHECK(first.baseline_print == second.baseline_print);
  CHECK(first.antenna_print == second.antenna_print);
  const Scratch other{"/tmp", "test"};
  CHECK(scan_uvh5(observation(other, 4, 3).at(0)).baseline_print != first.baseline_print);
  const auto data = real_data("scan of real files");
  if (!data) return;
  for (const std::string& path : real_uvh5(*data)) check_same(path);
}

TEST_CASE("a scan of a file with the rows of a DSA-110 integration reads less than 200 kB") {
  const Scratch scratch{"/tmp", "test"};
  const std::string path = observation(scratch, 96, 2).at(0);
  const std::uint64_t before = bytes_read_by_process();
  const Uvh5Scan scan = scan_uvh5(path);
  CHECK(bytes_read_by_process() - before < 200000);
  CHECK(scan.rows == 2 * 4656);
}

TEST_CASE("a scan names what is wrong with a file") {
  const Scratch scratch{"/tmp", "test"};
  const std::string made = scratch.path() + "/made.hdf5";
  make_file(made, {{40, 1, 6, 2}, {7, 1, 5, 2}, {}});
  CHECK_THROWS_WITH(scan_uvh5(made), Contains(made) && Contains("no group 'Header'"));
  CHECK_THROWS_WITH(scan_uvh5(scratch.path() + "/none"), Contains("there is no such file"));
  const std::string path = observation(scratch, 4, 3).at(0);
  {
    const hdf5::Lock lock;
    const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose);
    REQUIRE(H5Ldelete(file.id(), "Data/visdata", H5P_DEFAULT) >= 0);
  }
  const Uvh5Scan scan = scan_uvh5(path);
  CHECK_FALSE(scan.has_data);
  CHECK(scan.data_fault == "there is no 'Data/visdata'");
}

TEST_CASE("inspect shows each data set with its way of reading and the reason") {
  const Scratch scratch{"/tmp", "test"};
  const std::string path = scratch.path() + "/made.h5";
  make_file(path, {{1200, 1, 48, 2}, {128, 1, 12, 1}, {2, 1}});
  std::string text = inspect_hdf5(path);
  INFO(text);
  CHECK_THAT(text, Contains("[1200, 1, 48, 2]") && Contains("{r: float32, i: float32}") &&
                       Contains("[128, 1, 12, 1], 12.0 KiB x 80") &&
                       Contains("shuffle, deflate 1") && Contains("direct") &&
                       Contains("version-1 B-tree"));
  MadeDataset latest{{1200, 1, 48, 2}, {128, 1, 12, 1}, {}};
  latest.latest = true;
  make_file(path, latest);
  text = inspect_hdf5(path);
  INFO(text);
  CHECK_THAT(text, Contains("library, streaming: 96.0 KiB, 809 slots") &&
                       Contains("layout version 4") && Contains("960.0 KiB"));
  // Every line but the first begins its second column at the same place.
  std::istringstream lines(text);
  std::string title, head, line;
  std::getline(lines, title);
  std::getline(lines, head);
  std::getline(lines, line);
  CHECK(head.find("shape") == line.find("[1200"));
  CHECK(is_hdf5(path));
  std::ofstream(path) << "plain text\n";
  CHECK_FALSE(is_hdf5(path));
  CHECK_THROWS_WITH(inspect_hdf5(path), Contains("is no HDF5 file"));
}
