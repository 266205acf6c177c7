// SPDX-License-Identifier: GPL-3.0-or-later
#include "uvh5_fixture.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

namespace skymill::radio::test {

namespace fs = std::filesystem;

std::optional<fs::path> real_data(const std::string& test) {
  const char* folder = std::getenv("SKYMILL_TEST_DATA");
  if (folder != nullptr && fs::is_directory(fs::path(folder) / "uvh5")) return fs::path(folder);
  std::cout << "SKIPPED: " << test << " (SKYMILL_TEST_DATA names no folder with real data)\n";
  return std::nullopt;
}

std::vector<std::string> real_uvh5(const fs::path& data) {
  std::vector<std::string> found;
  for (const char* folder : {"uvh5", "derived"}) {
    if (!fs::is_directory(data / folder)) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(data / folder)) {
      if (entry.path().extension() == ".uvh5") found.push_back(entry.path().string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

int run(const std::string& command, const std::string& log) {
  return std::system((command + " > '" + log + "' 2>&1").c_str());
}

bool has_h5py() {
  if (std::system("'" SKYMILL_PYTHON "' -c 'import h5py' > /dev/null 2>&1") == 0) return true;
  std::cout << "SKIPPED: comparison with h5py (not installed)\n";
  return false;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string write_eop(const std::string& folder) {
  const std::string path = folder + "/eop.txt";
  std::ofstream file(path);
  for (int mjd = 59990; mjd < 60010; ++mjd) file << mjd << " 0 0 0 0 0 II\n";
  return path;
}

SimulateParams small_dsa110(const std::string& eop) {
  SimulateParams params;
  params.telescope = "dsa110";
  params.antennas = 4;
  params.subbands = 2;
  params.nchan = 8;
  params.times = 3;
  params.autocorrelations = true;
  params.eop = eop;
  params.sources = {"10arcmin -20arcmin 5Jy", "-6arcmin 12arcmin 2Jy -0.7"};
  return params;
}

std::vector<std::string> write_observation(const SimulateParams& simulate,
                                           const Uvh5WriterParams& writer) {
  std::vector<testing::GivenStage> stages;
  stages.push_back(
      {"simulate", Shape::source, Simulate::ports(), std::make_unique<Simulate>(simulate)});
  stages.push_back(
      {"write", Shape::sink, Uvh5WriterStage::ports(), std::make_unique<Uvh5WriterStage>(writer)});
  testing::run_stages(std::move(stages));
  return find_uvh5_files({writer.output});
}

}  // namespace skymill::radio::test
