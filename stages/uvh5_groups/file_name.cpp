// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5_groups/file_name.h>

#include <array>
#include <charconv>
#include <chrono>
#include <filesystem>

namespace skymill::radio {

namespace {

constexpr std::size_t kDateTime = std::string_view("2025-10-02T06:30:06").size();

/// The number in exactly these characters, which must all be digits.
std::optional<int> digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = 10 * value + (c - '0');
  }
  return text.empty() ? std::nullopt : std::optional(value);
}

}  // namespace

std::optional<double> parse_utc(std::string_view text) {
  if (!text.empty() && text.back() == 'Z') text.remove_suffix(1);
  // The characters between the numbers, and the width of what follows each.
  constexpr std::array<char, 5> marks{'-', '-', 'T', ':', ':'};
  std::array<int, 6> part{0, 1, 1, 0, 0, 0};
  std::size_t at = 0, count = 0;
  for (; count < part.size() && at < text.size(); ++count) {
    if (count > 0 && text[at++] != marks[count - 1]) return std::nullopt;
    const std::size_t width = count == 0 ? 4 : 2;
    if (at + width > text.size()) return std::nullopt;
    const auto value = digits(text.substr(at, width));
    if (!value) return std::nullopt;
    part[count] = *value;
    at += width;
  }
  double fraction = 0;
  if (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (count < part.size() || rest.size() < 2 || rest[0] != '.' || !digits(rest.substr(1, 1))) {
      return std::nullopt;
    }
    const auto end =
        std::from_chars(rest.data(), rest.data() + rest.size(), fraction, std::chars_format::fixed);
    if (end.ptr != rest.data() + rest.size()) return std::nullopt;
  }
  using namespace std::chrono;
  const year_month_day date{year(part[0]), month(static_cast<unsigned>(part[1])),
                            day(static_cast<unsigned>(part[2]))};
  // A leap second is counted as the second that follows it, as POSIX does.
  if (count < 3 || !date.ok() || part[3] > 23 || part[4] > 59 || part[5] > 60) return std::nullopt;
  const auto days = sys_days(date).time_since_epoch().count();
  return static_cast<double>(days) * 86400 + part[3] * 3600 + part[4] * 60 + part[5] + fraction;
}

SubbandName parse_subband_name(const std::string& path) {
  const std::string stem = std::filesystem::path(path).stem().string();
  SubbandName name;
  name.incomplete = stem.ends_with("_incomplete");
  if (stem.size() >= kDateTime)
    name.time_s = parse_utc(std::string_view(stem).substr(0, kDateTime));
  const std::size_t mark = stem.rfind("_sb");
  if (mark != std::string::npos) {
    const std::size_t end = stem.find_first_not_of("0123456789", mark + 3);
    const std::size_t count = std::min(end, stem.size()) - (mark + 3);
    const bool ends = end == std::string::npos || stem[end] == '_';
    if (ends && count >= 1 && count <= 3) name.subband = digits(stem.substr(mark + 3, count));
  }
  return name;
}

}  // namespace skymill::radio
