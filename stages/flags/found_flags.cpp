// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/flags/found_flags.h>
#include <stages/kernels/find_interference.h>

#include <algorithm>
#include <string>

namespace skymill::radio {

namespace {

constexpr double kSameTime_s = 1e-3;

}  // namespace

std::optional<std::size_t> FoundFlags::place_of(const Visibilities& rows, std::size_t row) const {
  const auto description = static_cast<std::size_t>(rows.data_desc_id);
  if (description >= windows.size()) return std::nullopt;
  const auto& all = windows[description];
  const double time_s = rows.time_s[row];
  const auto window = std::partition_point(all.begin(), all.end(), [&](const Window& one) {
    return one.time_s.back() < time_s - kSameTime_s;
  });
  if (window == all.end()) return std::nullopt;
  const auto time =
      std::lower_bound(window->time_s.begin(), window->time_s.end(), time_s - kSameTime_s);
  if (time == window->time_s.end() || *time > time_s + kSameTime_s) return std::nullopt;
  const std::uint64_t key = pair_key(rows.antenna1[row], rows.antenna2[row]);
  const auto baseline = std::lower_bound(window->baseline.begin(), window->baseline.end(), key);
  if (baseline == window->baseline.end() || *baseline != key) return std::nullopt;
  if (rows.nchan != window->nchan) {
    throw Error(ErrorKind::input,
                "interference was looked for in " + std::to_string(window->nchan) +
                    " channels of data description " + std::to_string(description) +
                    ", but now it has " + std::to_string(rows.nchan),
                "select the same channels both times");
  }
  const auto run = static_cast<std::size_t>(baseline - window->baseline.begin());
  const auto step = static_cast<std::size_t>(time - window->time_s.begin());
  return window->first + (run * window->time_s.size() + step) * kernels::found_bytes(window->nchan);
}

std::size_t FoundFlags::bytes() const {
  std::size_t sum = 0;
  for (const auto& all : windows) {
    for (const Window& window : all) {
      sum += sizeof(Window) + window.time_s.size() * sizeof(double) +
             window.baseline.size() * sizeof(std::uint64_t);
    }
  }
  return sum;
}

}  // namespace skymill::radio
