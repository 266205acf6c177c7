// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/padded_size.h>

#include <cmath>
#include <stdexcept>

namespace skymill::kernels {

namespace {

bool is_smooth(std::size_t n) {
  for (const std::size_t prime : {2U, 3U, 5U}) {
    while (n % prime == 0) {
      n /= prime;
    }
  }
  return n == 1;
}

}  // namespace

std::size_t smooth_even_size(std::size_t least) {
  std::size_t size = least < 2 ? 2 : least + least % 2;
  while (!is_smooth(size)) {
    size += 2;
  }
  return size;
}

std::size_t padded_size(std::size_t n) {
  if (n == 0) {
    throw std::invalid_argument("padded_size: an image side of 0 pixels cannot be padded");
  }
  const double padded = std::trunc(1.2 * static_cast<double>(n) - 0.5);
  return smooth_even_size(static_cast<std::size_t>(padded) + 1);
}

}  // namespace skymill::kernels
