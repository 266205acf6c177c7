// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/uvh5/uvh5_chunk_place.h>
#include <stages/uvh5_writer/file_defects.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace skymill::radio {

namespace {

struct NamedKind {
  const char* name;
  DefectKind kind;
};
constexpr std::array kKinds{
    NamedKind{"missing", DefectKind::missing},
    NamedKind{"duplicate", DefectKind::duplicate},
    NamedKind{"incomplete", DefectKind::incomplete},
    NamedKind{"truncated", DefectKind::truncated},
    NamedKind{"late", DefectKind::late},
    NamedKind{"short", DefectKind::shortened},
    NamedKind{"antennas", DefectKind::antennas},
    NamedKind{"corrupted", DefectKind::corrupted},
    NamedKind{"unreadable", DefectKind::unreadable},
};

constexpr double kLargestJitterSeconds = 60;
constexpr std::uint64_t kDamagedBytes = 4096;

[[noreturn]] void refuse(const std::string& line) {
  std::string kinds;
  for (const NamedKind& known : kKinds)
    kinds += (kinds.empty() ? "" : ", ") + std::string(known.name);
  throw Error(ErrorKind::description, "the defect '" + line + "' cannot be read",
              "write '<kind> sbNN', '<kind> any' or '<kind> sbNN group N'; kinds are " + kinds);
}

/// Random numbers of one place; the generator's output is laid down by the C++ standard.
std::mt19937_64 generator(std::uint64_t seed, std::size_t group, int number) {
  std::seed_seq sequence{seed & 0xffffffffU, seed >> 32, static_cast<std::uint64_t>(group),
                         static_cast<std::uint64_t>(number)};
  return std::mt19937_64(sequence);
}

/// Uniform in (0, 1].
double uniform(std::mt19937_64& random) {
  return (static_cast<double>(random() >> 11) + 1) * 0x1p-53;
}

}  // namespace

const char* name_of(DefectKind kind) {
  return std::find_if(kKinds.begin(), kKinds.end(),
                      [&](const NamedKind& known) { return known.kind == kind; })
      ->name;
}

std::vector<FileDefect> parse_defects(const std::vector<std::string>& lines) {
  std::vector<FileDefect> defects;
  for (const std::string& line : lines) {
    std::istringstream words(line);
    std::string kind, subband, group, more;
    words >> kind >> subband;
    const auto known = std::find_if(kKinds.begin(), kKinds.end(),
                                    [&](const NamedKind& k) { return k.name == kind; });
    if (known == kKinds.end()) refuse(line);
    FileDefect defect;
    defect.kind = known->kind;
    if (subband != "any") {
      const bool two_digits = subband.size() == 4 && subband.compare(0, 2, "sb") == 0 &&
                              subband.find_first_not_of("0123456789", 2) == std::string::npos;
      if (!two_digits) refuse(line);
      defect.subband = std::stoi(subband.substr(2));
    }
    if (words >> group) {
      std::size_t number = 0;
      if (group != "group" || !(words >> number)) refuse(line);
      defect.group = number;
    }
    if (words.clear(), words >> more) refuse(line);
    defects.push_back(defect);
  }
  return defects;
}

std::set<DefectKind> defects_of(const std::vector<FileDefect>& defects, std::size_t group,
                                int subband, const std::vector<int>& subbands, std::uint64_t seed) {
  std::set<DefectKind> found;
  for (std::size_t k = 0; k < defects.size(); ++k) {
    const FileDefect& defect = defects[k];
    if (defect.group && *defect.group != group) continue;
    auto random = generator(seed, group, 1000 + static_cast<int>(k));
    const int its = defect.subband.value_or(subbands[random() % subbands.size()]);
    if (its == subband) found.insert(defect.kind);
  }
  return found;
}

double name_jitter_s(double sigma_s, std::size_t group, int subband, std::uint64_t seed) {
  auto random = generator(seed, group, subband);
  const double radius = std::sqrt(-2 * std::log(uniform(random)));
  const double normal = radius * std::cos(2 * 3.14159265358979323846 * uniform(random));
  return std::clamp(sigma_s * normal, -kLargestJitterSeconds, kLargestJitterSeconds);
}

Damage truncate_file(const std::string& path) {
  const std::uint64_t size = std::filesystem::file_size(path), kept = size / 5 * 3;
  std::filesystem::resize_file(path, kept);
  return {kept, size - kept};
}

Damage corrupt_chunk(const std::string& path, std::uint64_t seed) {
  auto random = generator(seed, 0, 2000);
  const ChunkPlace place = visdata_chunk(path, random());
  const Damage damage{place.offset, std::min(place.bytes, kDamagedBytes)};
  std::string noise(damage.bytes, '\0');
  for (char& byte : noise) byte = static_cast<char>(random() >> 56);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(damage.offset));
  file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  file.close();
  if (!file) throw Error(ErrorKind::failed, "cannot damage '" + path + "' as asked");
  return damage;
}

}  // namespace skymill::radio
