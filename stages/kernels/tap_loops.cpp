// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/es_kernel.h>
#include <stages/kernels/tap_loops.h>
#include <stages/kernels/vector_sets.h>

#include <stdexcept>
#include <string>

namespace skymill::kernels {

namespace {

struct Chosen {
  const TapLoops<float>* singles;
  const TapLoops<double>* doubles;
};

Chosen choose() {
#ifdef SKYMILL_VECTOR_SETS_X86
  if (vector_set() == VectorSet::kAvx512) {
    return {tap_loops_avx512::singles(), tap_loops_avx512::doubles()};
  }
  if (vector_set() == VectorSet::kAvx2) {
    return {tap_loops_avx2::singles(), tap_loops_avx2::doubles()};
  }
#endif
  return {tap_loops_baseline::singles(), tap_loops_baseline::doubles()};
}

std::size_t index_of(int taps) {
  if (taps < kLeastTaps || taps > kMostTaps) {
    throw std::invalid_argument("tap_loops: there are none for " + std::to_string(taps) + " taps");
  }
  return static_cast<std::size_t>(taps - kLeastTaps);
}

const Chosen& chosen() {
  static const Chosen result = choose();
  return result;
}

}  // namespace

template <>
const TapLoops<float>& tap_loops<float>(int taps) {
  return chosen().singles[index_of(taps)];
}
template <>
const TapLoops<double>& tap_loops<double>(int taps) {
  return chosen().doubles[index_of(taps)];
}

}  // namespace skymill::kernels
