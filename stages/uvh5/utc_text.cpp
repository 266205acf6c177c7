// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5/utc_text.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace skymill::radio {

std::string utc_seconds_text(double time_s) {
  using namespace std::chrono;
  const auto total = static_cast<std::int64_t>(std::llround(time_s));
  const sys_seconds time{seconds(total)};
  const auto midnight = floor<days>(time);
  const year_month_day date(midnight);
  const hh_mm_ss clock(time - midnight);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

}  // namespace skymill::radio
