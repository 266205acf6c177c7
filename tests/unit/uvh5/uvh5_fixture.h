// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/storage.h>
#include <core/testing.h>
#include <stages/geometry/earth_orientation.h>
#include <stages/simulate/simulate_stage.h>
#include <stages/uvh5_reader/uvh5_reader_stage.h>
#include <stages/uvh5_writer/uvh5_writer_stage.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio::test {

/// The folder of the real data, or nothing after saying SKIPPED.
std::optional<std::filesystem::path> real_data(const std::string& test);

/// The UVH5 files among the real data, sorted.
std::vector<std::string> real_uvh5(const std::filesystem::path& data);

/// Runs a shell command and returns its exit code; its output is in the file `log`.
int run(const std::string& command, const std::string& log);
/// Whether Python has h5py; says SKIPPED otherwise.
bool has_h5py();
std::string text_of(const std::string& path);

/// A table of Earth orientation with zeros for the dates of the simulations.
std::string write_eop(const std::string& folder);

/// A small observation of the DSA-110: 4 antennas with autocorrelations, 2 subbands of 8 channels,
/// 3 integrations, unless changed.
SimulateParams small_dsa110(const std::string& eop);

/// Runs simulate and uvh5_writer, and names the files.
std::vector<std::string> write_observation(const SimulateParams& simulate,
                                           const Uvh5WriterParams& writer);

/// Chunks of one source, whole.
struct WholeStream {
  std::shared_ptr<const ObservationHeader> header;
  std::vector<Chunk<Visibilities>> chunks;
};
template <class S>
WholeStream stream_of(const typename S::Params& params) {
  WholeStream stream;
  testing::run_source<S>(params, [&](const Chunk<Visibilities>& chunk) {
    stream.header = chunk->header;
    stream.chunks.emplace_back(Visibilities(*chunk), chunk.span());
  });
  return stream;
}

}  // namespace skymill::radio::test
