// SPDX-License-Identifier: GPL-3.0-or-later
#define SKYMILL_BRACKET_LOOPS bracket_loops_avx2
#include <stages/kernels/bracket_loops_body.h>
