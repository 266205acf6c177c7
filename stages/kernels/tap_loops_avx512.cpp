// SPDX-License-Identifier: GPL-3.0-or-later
#define SKYMILL_VECTOR_BYTES 64
#include <stages/kernels/tap_loops_body.h>

namespace skymill::kernels::tap_loops_avx512 {

const TapLoops<float>* singles() { return kSingles.of_taps; }
const TapLoops<double>* doubles() { return kDoubles.of_taps; }

}  // namespace skymill::kernels::tap_loops_avx512
