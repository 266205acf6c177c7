// SPDX-License-Identifier: GPL-3.0-or-later
#define SKYMILL_RFI_LOOPS rfi_loops_avx512
#include <stages/kernels/rfi_loops_body.h>
