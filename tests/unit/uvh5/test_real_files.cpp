// SPDX-License-Identifier: GPL-3.0-or-later
// Real files against MeasurementSets of the same data: those that pyuvdata wrote, which keep
// visdata and uvw_array, and for the VLA the one that the files were made from.
#include <core/error.h>
#include <core/lane.h>
#include <stages/ms/ms_reader.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iostream>
#include <map>
#include <tuple>

#include "uvh5_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;

namespace {

/// Antenna numbers, the smaller first, and the time in units of 10 ms.
using RowKey = std::tuple<std::int64_t, std::int64_t, std::int64_t>;
struct MsRow {
  bool exchanged = false;  ///< the larger number comes first
  std::array<double, 3> uvw{};
  double time_s = 0;
  std::vector<std::complex<float>> data;
  std::vector<std::uint8_t> flag;
};

RowKey key_of(std::int64_t a, std::int64_t b, double time_s) {
  return {std::min(a, b), std::max(a, b), std::llround(time_s * 100)};
}

std::map<RowKey, MsRow> rows_of_ms(const std::string& path, std::vector<double>& freq_hz) {
  std::map<RowKey, MsRow> rows;
  Lane lane("ms");
  lane.run([&](const Lane::Token& token) {
    MsSelection selection;
    selection.datacolumn = "data";
    selection.autocorrelations = true;
    MsReader reader(token, path, selection);
    freq_hz = reader.header()->spectral_windows.at(0).chan_freq_hz;
    for (std::size_t first = 0; first < reader.header()->rows;) {
      const Visibilities chunk = reader.read(token, first, 10000);
      const std::size_t cells = chunk.nchan * chunk.ncorr;
      for (std::size_t r = 0; r < chunk.rows(); ++r) {
        MsRow row;
        row.exchanged = chunk.antenna1[r] > chunk.antenna2[r];
        row.uvw = {chunk.uvw_m[3 * r], chunk.uvw_m[3 * r + 1], chunk.uvw_m[3 * r + 2]};
        row.time_s = chunk.time_s[r];
        row.data.assign(&chunk.data[r * cells], &chunk.data[r * cells] + cells);
        row.flag.assign(&chunk.flag[r * cells], &chunk.flag[r * cells] + cells);
        // The row of ANTENNA is the antenna's number in what pyuvdata and importuvfits write.
        rows.emplace(key_of(chunk.antenna1[r], chunk.antenna2[r], chunk.time_s[r]), std::move(row));
      }
      first += chunk.rows();
    }
  });
  return rows;
}

/// What differs from an MS, counted.
struct Differences {
  std::size_t rows = 0, values = 0, data = 0, amplitude = 0, flags = 0, uvw = 0, missing = 0;
};

/// @param conjugated  the MS has UVW = r(2) - r(1) and DATA as UVH5 has them
Differences compare(const std::string& uvh5, const std::string& ms, bool conjugated) {
  const Uvh5File file(uvh5);
  std::vector<double> ms_freq;
  const auto expected = rows_of_ms(ms, ms_freq);
  Uvh5ReaderParams params;
  params.input = {uvh5};
  params.chunk_bytes = 300000;
  const WholeStream stream = stream_of<Uvh5ReaderStage>(params);
  const auto& freq = stream.header->spectral_windows.at(0).chan_freq_hz;
  const auto start = std::find_if(ms_freq.begin(), ms_freq.end(),
                                  [&](double f) { return std::abs(f - freq.front()) < 1; });
  REQUIRE(start != ms_freq.end());
  const auto offset = static_cast<std::size_t>(start - ms_freq.begin());
  Differences count;
  for (const auto& chunk : stream.chunks) {
    const std::size_t ncorr = chunk->ncorr;
    for (std::size_t r = 0; r < chunk->rows(); ++r) {
      ++count.rows;
      const auto& numbers = file.header().antenna_numbers;
      const std::int64_t a = numbers[static_cast<std::size_t>(chunk->antenna1[r])];
      const std::int64_t b = numbers[static_cast<std::size_t>(chunk->antenna2[r])];
      const auto found = expected.find(key_of(a, b, chunk->time_s[r]));
      if (found == expected.end()) {
        ++count.missing;
        continue;
      }
      const MsRow& row = found->second;
      CHECK(std::abs(row.time_s - chunk->time_s[r]) < 2e-6);
      const bool opposite = row.exchanged != (a > b);
      const bool conjugate = conjugated != opposite;
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const double uvw = conjugate ? -row.uvw[axis] : row.uvw[axis];
        if (std::abs(uvw - chunk->uvw_m[3 * r + axis]) > 1e-9) ++count.uvw;
      }
      for (std::size_t c = 0; c < chunk->nchan; ++c) {
        for (std::size_t corr = 0; corr < ncorr; ++corr) {
          const std::size_t partner =
              opposite && ncorr == 4 && (corr == 1 || corr == 2) ? 3 - corr : corr;
          const std::size_t from = (c + offset) * ncorr + partner;
          const std::size_t at = (r * chunk->nchan + c) * ncorr + corr;
          const std::complex<float> value = conjugate ? std::conj(row.data[from]) : row.data[from];
          const std::complex<float> got = chunk->data[at];
          ++count.values;
          if (std::memcmp(&value, &got, sizeof(got)) != 0 && value != got) ++count.data;
          if (std::abs(std::abs(std::complex<double>(value)) -
                       std::abs(std::complex<double>(got))) >
              1e-6 * std::abs(std::complex<double>(value))) {
            ++count.amplitude;
          }
          if (row.flag[from] != chunk->flag[at]) ++count.flags;
        }
      }
    }
  }
  std::cout << std::filesystem::path(uvh5).filename().string() << ": " << count.rows << " rows, "
            << count.values << " values; differ: data " << count.data << ", amplitude "
            << count.amplitude << ", flags " << count.flags << ", uvw " << count.uvw
            << ", rows without partner " << count.missing << "\n";
  return count;
}

}  // namespace

TEST_CASE("a tracked file is bit by bit the MeasurementSet that pyuvdata wrote, conjugated") {
  const auto data = real_data("ATA against pyuvdata");
  if (!data) return;
  const auto count = compare((*data / "uvh5/ata_3c286_C0352.uvh5").string(),
                             (*data / "answer/ata_3c286_C0352.pyuvdata.ms").string(), true);
  CHECK(count.rows == 406);
  CHECK(count.missing == 0);
  CHECK(count.data == 0);
  CHECK(count.uvw == 0);
  // Its nsamples are all negative: we flag what has no weight.
  CHECK(count.flags == count.values);
  Uvh5ReaderParams params;
  params.input = {(*data / "uvh5/ata_3c286_C0352.uvh5").string()};
  params.nsamples = "ignore";
  for (const auto& chunk : stream_of<Uvh5ReaderStage>(params).chunks) {
    CHECK(chunk->weight == std::vector<float>(chunk->rows() * 4, 1.0f));
    CHECK(std::count(chunk->flag.begin(), chunk->flag.end(), 1) == 0);
  }
}

TEST_CASE("the four subbands of the VLA scan are the MeasurementSet that they were made from") {
  const auto data = real_data("VLA subbands");
  if (!data) return;
  for (int k = 0; k < 4; ++k) {
    const auto count =
        compare((*data / ("derived/vla_J1008_sb0" + std::to_string(k) + ".uvh5")).string(),
                (*data / "ms/vla_J1008_36GHz_64ch.ms").string(), false);
    CHECK(count.rows == 1360);
    CHECK(count.missing == 0);
    CHECK(count.data == 0);
    CHECK(count.uvw == 0);
  }
  Uvh5ReaderParams params;
  params.input = {(*data / "derived").string()};
  const WholeStream all = stream_of<Uvh5ReaderStage>(params);
  REQUIRE(all.header->spectral_windows.size() == 4);
  for (std::size_t w = 1; w < 4; ++w) {
    CHECK(all.header->spectral_windows[w].chan_freq_hz.front() -
              all.header->spectral_windows[w - 1].chan_freq_hz.back() ==
          Approx(125000).epsilon(1e-10));
  }
  CHECK(all.header->phasing == Phasing::tracked);
  CHECK(all.header->fields.at(0).name == "J1008+0730");
  CHECK(all.header->fields.at(0).phase_dir.frame == "J2000");
  CHECK(all.header->rows == 4 * 1360);
}

TEST_CASE("drift files have the amplitudes of the MeasurementSets that pyuvdata phased") {
  const auto data = real_data("drift files against pyuvdata");
  if (!data) return;
  for (const char* name :
       {"hera_2458432_int32_v12", "hera_2457698_1024ch_v01", "hera_2457698_256ch_v12",
        "hera_2458098_4pol_v01", "mwa_1061315448_8256bl"}) {
    const auto count =
        compare((*data / "uvh5" / (std::string(name) + ".uvh5")).string(),
                (*data / "answer" / (std::string(name) + ".pyuvdata.ms")).string(), true);
    CAPTURE(name);
    CHECK(count.missing == 0);
    CHECK(count.amplitude == 0);
  }
}

TEST_CASE("of several observations in a folder one is chosen by its time") {
  const auto data = real_data("observations in a folder");
  if (!data) return;
  Uvh5ReaderParams params;
  params.input = {(*data / "uvh5/hera_2458043.*.uvh5").string()};
  CHECK_THROWS_WITH(stream_of<Uvh5ReaderStage>(params),
                    Catch::Matchers::Contains("3 observations are given") &&
                        Catch::Matchers::Contains("hera_2458043.40887.uvh5"));
  params.observation = "2017-10-16T21:48";
  const WholeStream one = stream_of<Uvh5ReaderStage>(params);
  CHECK(one.header->rows == 1680);
  CHECK(one.header->phasing == Phasing::unprojected);
  REQUIRE(one.header->fields.size() == 1);
  CHECK(one.header->fields[0].name == "zenith");
}
