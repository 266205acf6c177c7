// SPDX-License-Identifier: GPL-3.0-or-later
#define SKYMILL_GAIN_LOOPS correction_loops_avx512
#include <stages/kernels/correction_loops_body.h>
