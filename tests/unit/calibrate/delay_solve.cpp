// SPDX-License-Identifier: GPL-3.0-or-later
// delay_solve IN OUT ANTENNAS: delays of raw doubles, first the number of channels and their
// frequencies, then the complex spectra of all baselines i < j of one polarisation after the other;
// writes delays in seconds and flags, antenna after antenna.
#include <stages/kernels/delay_fit.h>

#include <complex>
#include <cstdlib>
#include <fstream>
#include <vector>

int main(int argc, char** argv) {
  using namespace skymill::kernels;
  if (argc != 4) return 2;
  std::ifstream in(argv[1], std::ios::binary);
  std::ofstream out(argv[2], std::ios::binary);
  const auto antennas = static_cast<std::size_t>(std::atoi(argv[3]));
  const auto read = [&](auto* numbers, std::size_t count) {
    in.read(reinterpret_cast<char*>(numbers),
            static_cast<std::streamsize>(count * sizeof *numbers));
  };
  double channels = 0;
  read(&channels, 1);
  std::vector<double> freq_hz(static_cast<std::size_t>(channels));
  read(freq_hz.data(), freq_hz.size());
  std::vector<std::complex<double>> spectra(antennas * (antennas - 1) / 2 * freq_hz.size());
  for (;;) {
    read(spectra.data(), spectra.size());
    if (!in) break;
    std::vector<double> re, im;
    for (const std::complex<double>& value : spectra) {
      re.push_back(value.real());
      im.push_back(value.imag());
    }
    const std::vector<double> b(re.size(), 1);
    const DelaySolution solution = fit_delays(
        {antennas, freq_hz.size(), freq_hz.size(), re.data(), im.data(), b.data()}, freq_hz, {});
    for (std::size_t a = 0; a < antennas; ++a) {
      const double numbers[] = {solution.delay_s[a], static_cast<double>(solution.flag[a])};
      out.write(reinterpret_cast<const char*>(numbers), sizeof numbers);
    }
  }
  return out ? 0 : 1;
}
