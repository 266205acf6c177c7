// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <catch2/catch.hpp>

#include <fstream>

#include "uvh5_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;
using Catch::Matchers::Contains;

namespace fs = std::filesystem;

namespace {

/// A written observation and a reader of it.
struct Observation {
  Scratch scratch{"/tmp", "test"};
  std::vector<std::string> paths;
  Uvh5ReaderParams reader;

  explicit Observation(std::size_t subbands = 3) {
    SimulateParams simulate = small_dsa110(write_eop(scratch.path()));
    simulate.subbands = subbands;
    Uvh5WriterParams writer;
    writer.output = scratch.path() + "/in";
    fs::create_directory(writer.output);
    paths = write_observation(simulate, writer);
    reader.input = {writer.output};
    reader.expect_subbands = subbands;
    reader.eop = simulate.eop;
  }

  /// The message of what goes wrong.
  std::string fault() const {
    try {
      stream_of<Uvh5ReaderStage>(reader);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::input);
      return error.message();
    }
    return "nothing went wrong";
  }

  /// Changes a file with h5py: `f` is the open file.
  void change(const std::string& path, const std::string& python) const {
    const std::string log = scratch.path() + "/log";
    const std::string code = "import h5py, numpy as np\nwith h5py.File('" + path +
                             "', 'r+') as f:\n    " + python + "\n";
    std::ofstream(scratch.path() + "/change.py") << code;
    const int status = run("'" SKYMILL_PYTHON "' -B '" + scratch.path() + "/change.py'", log);
    INFO(text_of(log));
    REQUIRE(status == 0);
  }
};

}  // namespace

TEST_CASE("files cut short, at many places, are named") {
  const Observation observation(1);
  const std::string whole = text_of(observation.paths[0]);
  const double parts[] = {0.0, 0.0001, 0.01, 0.3, 0.5, 0.9, 0.99, 0.9999};
  for (const double part : parts) {
    const auto size = static_cast<std::size_t>(part * static_cast<double>(whole.size()));
    std::ofstream(observation.paths[0], std::ios::binary) << whole.substr(0, size);
    const std::string fault = observation.fault();
    CAPTURE(part, fault);
    CHECK_THAT(fault, Contains(observation.paths[0]));
    CHECK_THAT(fault, Contains("cut short or damaged") || Contains("is no HDF5 file"));
  }
}

TEST_CASE("files whose bytes are damaged end in a sentence or are read, never worse") {
  const Observation observation(1);
  const std::string whole = text_of(observation.paths[0]);
  for (std::size_t k = 0; k < 60; ++k) {
    std::string broken = whole;
    const std::size_t at = 8 + (k * 7919) % (whole.size() / (k % 2 == 0 ? 1 : 8) - 64);
    for (std::size_t b = 0; b < 16; ++b) broken[at + b] = static_cast<char>(0xa5 + b * k);
    std::ofstream(observation.paths[0], std::ios::binary) << broken;
    try {
      stream_of<Uvh5ReaderStage>(observation.reader);
    } catch (const Error& error) {
      CHECK_THAT(error.message(), Contains(observation.paths[0]));
    }
  }
}

TEST_CASE("what is no UVH5 file is named with the reason") {
  Observation observation(1);
  const std::string folder = observation.scratch.path();
  const std::string text = folder + "/text.hdf5";
  std::ofstream(text) << "not what it seems\n";
  observation.reader.input = {text};
  CHECK(observation.fault() == "stage 'tested': '" + text + "' is no HDF5 file");
  observation.reader.input = {folder + "/nothing.hdf5"};
  CHECK_THAT(observation.fault(), Contains("nothing.hdf5' there is no such file"));
  fs::create_directory(folder + "/empty");
  observation.reader.input = {folder + "/empty"};
  CHECK_THAT(observation.fault(), Contains("empty' names no UVH5 file"));
  observation.reader.input = {folder + "/in/*.uvh5"};
  CHECK_THAT(observation.fault(), Contains("names no UVH5 file"));
  std::ofstream(folder + "/empty/x_sb00_incomplete.hdf5") << "still being written";
  observation.reader.input = {folder + "/empty"};
  CHECK_THAT(observation.fault(), Contains("names no UVH5 file"));
  fs::create_directory(folder + "/in/folder.hdf5");
  observation.reader.input = {folder + "/in"};
  CHECK_THAT(observation.fault(), Contains("folder.hdf5' is a directory"));
}

TEST_CASE("headers that lack or contradict something are named with it") {
  if (!has_h5py()) return;
  struct Change {
    const char* python;
    const char* expected;
  };
  const Change changes[] = {
      {"del f['Header']", "is HDF5 but no UVH5 file: it has no group 'Header'"},
      {"del f['Data/nsamples']", "has no 'Data/nsamples'"},
      {"del f['Header/time_array']", "has no 'Header/time_array'"},
      {"del f['Header/freq_array']", "has no 'Header/freq_array'"},
      {"f['Header/Nblts'][()] = 20", "says Nblts = 20, but Nbls = 10 and Ntimes = 3 make 30"},
      {"f['Header/Ntimes'][()] = 2", "says Nblts = 30, but Nbls = 10 and Ntimes = 2 make 20"},
      {"f['Header/ant_1_array'][5] = 500", "has antenna 500 in row 5"},
      {"f['Header/time_array'][7] = np.nan", "in row 7"},
      {"f['Header/freq_array'][0, 2] = -1", "has channel 2 at -1"},
      {"f['Header/polarization_array'][0] = 1", "has polarization 1"},
      {"f['Header/extra_keywords/ha_phase_center'][()] = 0.1", "hour angle 0.1"},
      {"del f['Header/extra_keywords/phase_center_dec'], f['Header/phase_center_app_dec']",
       "gives no declination"},
      {"f['Header/latitude'][()] = 100", "no place on Earth"},
      {"f['Data/visdata'].resize(29, axis=0)", "'Data/visdata' of shape [29"},
      {"del f['Header/phase_type']; f['Header/phase_type'] = np.bytes_('phased'); "
       "f['Header/phase_center_ra'] = 1.0; f['Header/phase_center_dec'] = 0.5",
       "says HADEC"},
  };
  for (const Change& change : changes) {
    const Observation observation(1);
    observation.change(observation.paths[0], change.python);
    const std::string fault = observation.fault();
    CAPTURE(change.python, fault);
    CHECK_THAT(fault, Contains(observation.paths[0]) && Contains(change.expected));
  }
}

TEST_CASE("missing subbands are named, and dropped when told so") {
  Observation observation(4);
  fs::remove(observation.paths[2]);
  CHECK_THAT(observation.fault(), Contains("1 of 4 subbands are missing") && Contains("sb02"));
  observation.reader.expect_subbands.reset();
  CHECK_THAT(observation.fault(), Contains("13 of 16 subbands are missing"));
  observation.reader.expect_subbands = 2;
  CHECK_THAT(observation.fault(), Contains("3 subbands are there where 2 are expected"));
  observation.reader.expect_subbands = 4;
  observation.reader.missing = "drop";
  const WholeStream rest = stream_of<Uvh5ReaderStage>(observation.reader);
  REQUIRE(rest.header->spectral_windows.size() == 3);
  CHECK(rest.header->spectral_windows[0].name == "sb03");
  CHECK(rest.header->spectral_windows[1].name == "sb01");
}

TEST_CASE("missing subbands are flagged windows at their own frequencies when told so") {
  Observation observation(4);
  const WholeStream whole = stream_of<Uvh5ReaderStage>(observation.reader);
  fs::remove(observation.paths[3]);  // the lowest
  observation.reader.missing = "flag";
  const WholeStream got = stream_of<Uvh5ReaderStage>(observation.reader);
  REQUIRE(got.header->spectral_windows.size() == 4);
  CHECK(got.header->rows == whole.header->rows);
  for (std::size_t w = 0; w < 4; ++w) {
    const auto& a = got.header->spectral_windows[w];
    const auto& b = whole.header->spectral_windows[w];
    CHECK(a.name == b.name);
    REQUIRE(a.chan_freq_hz.size() == b.chan_freq_hz.size());
    for (std::size_t c = 0; c < a.chan_freq_hz.size(); ++c) {
      CHECK(std::abs(a.chan_freq_hz[c] - b.chan_freq_hz[c]) < 1e-3);
    }
  }
  std::size_t blank = 0;
  for (const auto& chunk : got.chunks) {
    if (chunk->data_desc_id != 0) continue;
    blank += chunk->rows();
    CHECK(std::count(chunk->flag.begin(), chunk->flag.end(), 1) ==
          static_cast<std::ptrdiff_t>(chunk->data.size()));
    CHECK(std::count(chunk->weight.begin(), chunk->weight.end(), 0.0f) ==
          static_cast<std::ptrdiff_t>(chunk->weight.size()));
  }
  CHECK(blank == got.header->rows / 4);
  observation.reader.min_subbands = 4;
  CHECK_THAT(observation.fault(), Contains("1 of 4 subbands are missing"));
  observation.reader.min_subbands.reset();
  fs::remove(observation.paths[2]);  // two of four are less than three quarters
  CHECK_THAT(observation.fault(), Contains("2 of 4 subbands are missing"));
}

TEST_CASE("a subband that is there twice, or of another time, is named") {
  Observation observation(3);
  const std::string again = observation.scratch.path() + "/in/2023-02-25T12:01:00_sb01.hdf5";
  fs::copy_file(observation.paths[1], again);
  CHECK_THAT(observation.fault(), Contains(again) && Contains(observation.paths[1]) &&
                                      Contains("both hold subband sb01"));
  if (!has_h5py()) return;
  observation.change(again, "f['Header/time_array'][:] += 0.01");
  CHECK_THAT(observation.fault(), Contains("2 observations are given") && Contains(again));
  observation.reader.observation = "2023-02-25T12:00";
  CHECK(stream_of<Uvh5ReaderStage>(observation.reader).header->spectral_windows.size() == 3);
}

TEST_CASE("subbands that differ in antennas, rows or pointing are named") {
  if (!has_h5py()) return;
  struct Change {
    const char* python;
    const char* expected;
  };
  const Change changes[] = {
      {"f['Header/antenna_names'][3] = b'Q'", "differ in their antenna lists: '4' and 'Q'"},
      {"f['Header/antenna_positions'][3, 1] += 0.5", "differ in their positions of antenna '4'"},
      {"f['Header/ant_1_array'][3] = 7", "differ in the antennas of their rows"},
      {"f['Header/time_array'][12] += 1e-6", "differ in the times of their rows"},
      {"f['Header/time_array'][20:] += 1.0 / 86400", "differ in the times of their rows"},
      {"f['Header/extra_keywords/phase_center_dec'][()] = 0.5", "differ in their phasing"},
  };
  for (const Change& change : changes) {
    const Observation observation(2);
    observation.change(observation.paths[0], change.python);
    const std::string fault = observation.fault();
    CAPTURE(change.python, fault);
    CHECK_THAT(fault, Contains(observation.paths[0]) && Contains(observation.paths[1]) &&
                          Contains(change.expected));
  }
}

TEST_CASE("samples without weight and values that are no numbers are flagged") {
  if (!has_h5py()) return;
  const Observation observation(1);
  observation.change(observation.paths[0],
                     "f['Data/nsamples'][2, 0, 1, 0] = 0; f['Data/nsamples'][2, 0, 2, 0] = np.nan; "
                     "f['Data/nsamples'][4, 0, :, 1] = -1; f['Data/visdata'][6, 0, 3, 1] = np.nan; "
                     "f['Data/flags'][8, 0, 0, 0] = True");
  const WholeStream got = stream_of<Uvh5ReaderStage>(observation.reader);
  std::size_t flagged = 0;
  for (const std::uint8_t flag : got.chunks.at(0)->flag) flagged += flag;
  const Visibilities& rows = *got.chunks[0];
  CHECK(flagged == 2 + 8 + 1 + 1);
  // Channels descend in the file: its channel 1 of 8 is our channel 6.
  const auto cell = [](std::size_t row, std::size_t channel, std::size_t corr) {
    return (row * 8 + 7 - channel) * 2 + corr;
  };
  CHECK(rows.flag[cell(2, 1, 0)] == 1);
  CHECK(rows.flag[cell(2, 2, 0)] == 1);
  CHECK(rows.flag[cell(6, 3, 1)] == 1);
  CHECK(rows.flag[cell(8, 0, 0)] == 1);
  CHECK(rows.weight[4 * 2 + 1] == 0);
  CHECK(rows.weight[2 * 2] == rows.weight[0]);
  REQUIRE(rows.weight_spectrum.size() == rows.data.size());
  CHECK(rows.weight_spectrum[cell(2, 1, 0)] == 0);
}

TEST_CASE("flags and nsamples that never change need not be read, if they do not") {
  Observation observation(2);
  const WholeStream all = stream_of<Uvh5ReaderStage>(observation.reader);
  observation.reader.assume_constant_flags = true;
  const WholeStream assumed = stream_of<Uvh5ReaderStage>(observation.reader);
  REQUIRE(all.chunks.size() == assumed.chunks.size());
  for (std::size_t k = 0; k < all.chunks.size(); ++k) {
    CHECK(all.chunks[k]->flag == assumed.chunks[k]->flag);
    CHECK(all.chunks[k]->weight == assumed.chunks[k]->weight);
    CHECK(all.chunks[k]->data == assumed.chunks[k]->data);
  }
  if (!has_h5py()) return;
  observation.change(observation.paths[1], "f['Data/nsamples'][0, 0, 2, 1] = 5");
  CHECK_THAT(observation.fault(), Contains(observation.paths[1]) && Contains("nsamples 5"));
  observation.change(observation.paths[1],
                     "f['Data/nsamples'][0, 0, 2, 1] = f['Data/nsamples'][0, 0, 1, 1]; "
                     "f['Data/flags'][29, 0, 7, 0] = True");
  CHECK_THAT(observation.fault(), Contains("flagged samples in row 29"));
}
