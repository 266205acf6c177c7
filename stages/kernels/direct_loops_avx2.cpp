// SPDX-License-Identifier: GPL-3.0-or-later
#define SKYMILL_DIRECT_LOOPS direct_loops_avx2
#include <stages/kernels/direct_loops_body.h>
