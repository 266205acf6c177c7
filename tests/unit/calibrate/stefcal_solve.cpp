// SPDX-License-Identifier: GPL-3.0-or-later
// stefcal_solve IN OUT ANTENNAS MODE TOLERANCE: solves cells of raw doubles, each the antennas²
// complex numbers A and then the antennas² real numbers B; writes complex gains.
#include <stages/kernels/stefcal.h>

#include <cstdlib>
#include <fstream>
#include <string>

int main(int argc, char** argv) {
  using namespace skymill::kernels;
  if (argc != 6) return 2;
  const auto n = static_cast<std::size_t>(std::atoi(argv[3]));
  std::ifstream in(argv[1], std::ios::binary);
  std::ofstream out(argv[2], std::ios::binary);
  StefcalOptions options;
  options.mode = std::string(argv[4]) == "p" ? GainMode::kPhase : GainMode::kAmplitudePhase;
  options.tolerance = std::atof(argv[5]);
  options.max_iterations = 1000;
  options.min_baselines = 1;  // the other solver drops none
  options.refant = 0;
  for (;;) {
    GainSums sums(n);
    in.read(reinterpret_cast<char*>(sums.a.data()), static_cast<std::streamsize>(16 * n * n));
    in.read(reinterpret_cast<char*>(sums.b.data()), static_cast<std::streamsize>(8 * n * n));
    if (!in) break;
    for (std::size_t k = 0; k < n * n; ++k) {
      sums.samples[k] = sums.b[k] > 0 ? 1 : 0;
      // Power of a perfect fit: only the errors depend on it, and they are not compared.
      if (sums.b[k] > 0) sums.power[k] = std::norm(sums.a[k]) / sums.b[k];
    }
    const GainSolution solution = stefcal(sums, options);
    out.write(reinterpret_cast<const char*>(solution.gain.data()),
              static_cast<std::streamsize>(16 * n));
  }
  return out ? 0 : 1;
}
