// SPDX-License-Identifier: GPL-3.0-or-later
#include "record_file.h"

#include <core/error.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace skymill {

std::string utc_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

void write_text_whole(const std::string& path, const std::string& text) {
  std::error_code code;
  const std::filesystem::path target(path);
  if (target.has_parent_path()) std::filesystem::create_directories(target.parent_path(), code);
  const std::string draft = path + ".partial";
  std::ofstream out(draft, std::ios::trunc);
  out << text << '\n';
  out.close();
  if (!out || std::rename(draft.c_str(), path.c_str()) != 0) {
    std::remove(draft.c_str());
    throw Error(ErrorKind::failed, "cannot write '" + path + "'", "give another place");
  }
}

void write_record(const std::string& path, const std::string& text) {
  try {
    write_text_whole(path, text);
  } catch (const Error&) {
    throw Error(ErrorKind::failed, "cannot write the run record '" + path + "'",
                "give another place with --record");
  }
}

}  // namespace skymill
