// SPDX-License-Identifier: GPL-3.0-or-later
#define SKYMILL_SPECTRUM_LOOPS spectrum_loops_avx512
#include <stages/kernels/spectrum_loops_body.h>
