// SPDX-License-Identifier: GPL-3.0-or-later
#include "data_fixture.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

namespace skymill::radio::test {

namespace fs = std::filesystem;

std::optional<fs::path> real_data(const std::string& test) {
  const char* folder = std::getenv("SKYMILL_TEST_DATA");
  if (folder != nullptr && fs::is_directory(fs::path(folder) / "ms")) return fs::path(folder);
  std::cout << "SKIPPED: " << test << " (SKYMILL_TEST_DATA names no folder with real data)\n";
  return std::nullopt;
}

std::vector<fs::path> measurement_sets(const fs::path& data) {
  std::vector<fs::path> found;
  for (const char* folder : {"ms", "answer"}) {
    if (!fs::is_directory(data / folder)) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(data / folder)) {
      if (entry.path().extension() == ".ms") found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

Scratch::Scratch() {
  std::string pattern = (fs::temp_directory_path() / "skymill_ms_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder");
  folder_ = pattern;
}

Scratch::~Scratch() {
  std::error_code code;
  fs::remove_all(folder_, code);
}

namespace {

template <class T>
void hash(std::uint64_t& sum, const std::vector<T>& values) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
  for (std::size_t i = 0; i < values.size() * sizeof(T); ++i) {
    sum = (sum ^ bytes[i]) * 1099511628211ull;
  }
}

/// The weight of every sample: a WEIGHT_SPECTRUM that only repeats WEIGHT is not kept.
std::vector<float> weight_of_samples(const Visibilities& chunk) {
  if (!chunk.weight_spectrum.empty()) return chunk.weight_spectrum;
  std::vector<float> weights;
  for (std::size_t k = 0; k < chunk.data.size(); ++k) {
    weights.push_back(
        chunk.weight[k / (chunk.nchan * chunk.ncorr) * chunk.ncorr + k % chunk.ncorr]);
  }
  return weights;
}

}  // namespace

void Checksums::add(const Visibilities& chunk) {
  hash(time, chunk.time_s);
  hash(data, chunk.data);
  hash(flag, chunk.flag);
  hash(uvw, chunk.uvw_m);
  hash(weight, chunk.weight);
  hash(weight_spectrum, weight_of_samples(chunk));
  for (std::size_t row = 0; row < chunk.rows(); ++row) {
    hash(numbers,
         std::vector<std::int32_t>{chunk.antenna1[row], chunk.antenna2[row], chunk.field_id[row],
                                   chunk.scan_number[row], chunk.data_desc_id});
    hash(numbers, std::vector<double>{chunk.interval_s[row], chunk.exposure_s[row]});
  }
  rows += chunk.rows();
}

bool Checksums::operator==(const Checksums& o) const {
  return time == o.time && data == o.data && flag == o.flag && uvw == o.uvw && weight == o.weight &&
         weight_spectrum == o.weight_spectrum && numbers == o.numbers && rows == o.rows;
}

Checksums read_all(Lane& lane, MsReader& reader, std::size_t count) {
  return lane.run([&](const Lane::Token& token) {
    Checksums sums;
    while (sums.rows < reader.header()->rows) sums.add(reader.read(token, sums.rows, count));
    return sums;
  });
}

MsReader open_reader(Lane& lane, const std::string& path, const MsSelection& selection) {
  return lane.run([&](const Lane::Token& token) { return MsReader(token, path, selection); });
}

bool has_program(const std::string& name) {
  if (std::system(("command -v " + name + " > /dev/null 2>&1").c_str()) == 0) return true;
  std::cout << "SKIPPED: comparison with " << name << " (not installed)\n";
  return false;
}

int run(const std::string& command, const std::string& log) {
  return std::system(("( " + command + " ) > '" + log + "' 2>&1").c_str());
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace skymill::radio::test
