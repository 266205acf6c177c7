// SPDX-License-Identifier: GPL-3.0-or-later
#include "proc.h"

#include <fstream>
#include <sstream>

namespace skymill {

std::optional<std::size_t> proc_kilobytes(const std::string& file, const std::string& name) {
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line)) {
    if (line.rfind(name + ":", 0) != 0) continue;
    std::istringstream words(line.substr(name.size() + 1));
    std::size_t kilobytes = 0;
    if (words >> kilobytes) return kilobytes * 1024;
  }
  return std::nullopt;
}

std::optional<unsigned long long> process_start(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(in, line);
  // The second field is the name in brackets and may hold anything; the third is the state and the
  // 22nd the start (proc(5)).
  const auto bracket = line.rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::istringstream words(line.substr(bracket + 1));
  char state = 0;
  words >> state;
  if (state == 'Z' || state == 'X') return std::nullopt;
  std::string skipped;
  for (int field = 4; field < 22; ++field) words >> skipped;
  unsigned long long start = 0;
  if (!(words >> start)) return std::nullopt;
  return start;
}

}  // namespace skymill
