// SPDX-License-Identifier: GPL-3.0-or-later
#define SKYMILL_RFI_LOOPS rfi_loops_baseline
#include <stages/kernels/rfi_loops_body.h>
