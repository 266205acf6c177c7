// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/ms/table_kind.h>

#include <filesystem>
#include <fstream>

namespace skymill::radio {

bool is_casa_table(const std::string& path) {
  std::error_code code;
  if (!std::filesystem::is_directory(path, code)) return false;
  std::ifstream file(path + "/table.dat", std::ios::binary);
  // Every table.dat begins with the magic number of casacore's object files.
  unsigned char magic[4] = {};
  file.read(reinterpret_cast<char*>(magic), 4);
  return file.gcount() == 4 && magic[0] == 0xbe && magic[1] == 0xbe && magic[2] == 0xbe &&
         magic[3] == 0xbe;
}

std::string casa_table_type(const std::string& path) {
  if (!is_casa_table(path)) return {};
  std::ifstream file(path + "/table.info");
  const std::string key = "Type = ";
  std::string line;
  while (std::getline(file, line)) {
    if (line.compare(0, key.size(), key) == 0) {
      line.erase(0, key.size());
      while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.pop_back();
      return line;
    }
  }
  return {};
}

}  // namespace skymill::radio
