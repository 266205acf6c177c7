// SPDX-License-Identifier: GPL-3.0-or-later
#define SKYMILL_PIXEL_LOOPS pixel_loops_avx512
#include <stages/kernels/pixel_loops_body.h>
