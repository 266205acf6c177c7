// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: which of the instruction sets that loops are compiled for this machine
// has.
#pragma once

namespace skymill::kernels {

enum class VectorSet { kBaseline, kAvx2, kAvx512 };

inline VectorSet vector_set() {
#ifdef SKYMILL_VECTOR_SETS_X86
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq")) {
    return VectorSet::kAvx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return VectorSet::kAvx2;
  }
#endif
  return VectorSet::kBaseline;
}

}  // namespace skymill::kernels
