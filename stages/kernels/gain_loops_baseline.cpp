// SPDX-License-Identifier: GPL-3.0-or-later
#define SKYMILL_GAIN_LOOPS gain_loops_baseline
#include <stages/kernels/gain_loops_body.h>
