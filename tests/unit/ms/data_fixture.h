// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/ms/ms_reader.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio::test {

/// The folder of the real data, or nothing after saying SKIPPED with the reason.
std::optional<std::filesystem::path> real_data(const std::string& test);

/// MeasurementSets among the real data, sorted by name.
std::vector<std::filesystem::path> measurement_sets(const std::filesystem::path& data);

/// A new folder that is removed at the end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

/// FNV-1a checksums of every array of chunks that follow each other, so that the sums do not
/// depend on where the chunks end; weights are those of samples.
struct Checksums {
  static constexpr std::uint64_t kStart = 14695981039346656037ull;
  std::uint64_t time = kStart, data = kStart, flag = kStart, uvw = kStart, weight = kStart,
                weight_spectrum = kStart, numbers = kStart;
  std::size_t rows = 0;

  void add(const Visibilities& chunk);
  bool operator==(const Checksums& other) const;
};

/// Reads the whole selection in chunks of `count` rows.
Checksums read_all(Lane& lane, MsReader& reader, std::size_t count);

/// Makes a reader in the lane.
MsReader open_reader(Lane& lane, const std::string& path, const MsSelection& selection = {});

/// True when the program can be found; says SKIPPED otherwise.
bool has_program(const std::string& name);

/// Runs a shell command quietly and returns its exit code; its output is in `log`.
int run(const std::string& command, const std::string& log);

/// Everything in a text file.
std::string text_of(const std::string& path);

}  // namespace skymill::radio::test
