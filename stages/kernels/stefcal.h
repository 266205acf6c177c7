// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace skymill::kernels {

enum class GainMode {
  kAmplitudePhase,  ///< complex gains
  kPhase,           ///< |g| = 1
  kAmplitude,       ///< g real and positive, from |A|
};

enum class GainStop {
  kConverged,
  kIterations,  ///< max_iterations done without convergence: all flagged
  kStalled,     ///< no progress over five checks: all flagged
  kTooFew,      ///< fewer than 3 antennas (4 where amplitudes are solved) have enough baselines
};

inline constexpr std::size_t kNoAntenna = std::numeric_limits<std::size_t>::max();

struct StefcalOptions {
  GainMode mode = GainMode::kAmplitudePhase;
  double tolerance = 1e-5;           ///< of ||g - g two steps ago|| / ||g||
  std::size_t max_iterations = 100;  ///< single steps
  std::size_t min_baselines = 4;     ///< antennas with fewer are dropped, again and again
  double min_snr = 0;                ///< antennas below it are flagged
  std::size_t refant = kNoAntenna;   ///< gets phase 0; otherwise the first good antenna does
  bool robust = false;               ///< baselines that fit badly lose weight (see stefcal)
};

/// What one solution cell needs of its data, summed over the samples of each baseline i, j
/// (weights w = 1/σ² per real component, calibration.md 5.0). All arrays [i][j] of n × n with an
/// empty diagonal; `a` is Hermitian, the others are symmetric.
struct GainSums {
  explicit GainSums(std::size_t n)
      : antennas(n), a(n * n), b(n * n, 0), power(n * n, 0), samples(n * n, 0) {}

  /// Sets baseline i, j and its mirror; antenna i's conjugate stands on the right of `sum_a`.
  void set(std::size_t i, std::size_t j, std::complex<double> sum_a, double sum_b, double sum_power,
           std::uint32_t count) {
    a[i * antennas + j] = sum_a;
    a[j * antennas + i] = std::conj(sum_a);
    b[i * antennas + j] = b[j * antennas + i] = sum_b;
    power[i * antennas + j] = power[j * antennas + i] = sum_power;
    samples[i * antennas + j] = samples[j * antennas + i] = count;
  }

  std::size_t antennas;
  std::vector<std::complex<double>> a;  ///< Σ w D_ij conj(M_ij)
  std::vector<double> b;                ///< Σ w |M_ij|²; a baseline is usable where it is > 0
  std::vector<double> power;            ///< Σ w |D_ij|²
  std::vector<std::uint32_t> samples;   ///< number of samples
};

/// The same of many cells, where they are summed up: numbers of baseline i < j and cell k stand at
/// baseline_number(antennas, i, j) * cells + k.
struct GainCells {
  std::size_t antennas;
  std::size_t cells;
  const double* re;  ///< of Σ w D_ij conj(M_ij)
  const double* im;
  const double* b;
  const double* power;
  const std::uint32_t* samples;
};

/// Of baselines i < j in the order (0, 1), (0, 2), … (1, 2), ….
inline std::size_t baseline_number(std::size_t antennas, std::size_t i, std::size_t j) {
  return i * (2 * antennas - i - 1) / 2 + j - i - 1;
}

/// Gains with D_ij = g_i conj(g_j) M_ij, one per antenna.
struct GainSolution {
  std::vector<std::complex<double>> gain;  ///< 1 where flagged
  std::vector<std::uint8_t> flag;          ///< 1 = no solution
  std::vector<double> error;               ///< rms of the complex gain; 0 where flagged
  std::vector<double> snr;                 ///< |gain| / error; 0 where flagged
  std::size_t refant = kNoAntenna;         ///< antenna of phase 0
  std::size_t iterations = 0;
  GainStop stop = GainStop::kConverged;
  double chi2 = 0;  ///< Σ w |D - g_i conj(g_j) M|², with free amplitudes in phase mode
  double degrees_of_freedom = 0;
};

/// Alternating least squares for diagonal gains (Salvini and Wijnholds 2014; calibration.md 5.2):
/// g_i ← Σ_j A_ij g_j / Σ_j B_ij |g_j|², averaged with the step before at every second step.
/// Starts from the phases of the reference antenna's baselines, or of the antenna with most
/// signal. Antennas not connected with the largest group are dropped too. Errors are those of
/// CASA's PARAMERR and SNR; in phase mode they come from the amplitudes that fit best under the
/// phases found.
///
/// With `robust` the noise of a baseline's sum is taken to follow Student's distribution (Kazemi
/// and Yatawatta 2013, MNRAS 435, 597), here with 4 degrees of freedom: solved again and again with
/// A and B times 6/(4 + e²), where e² = |A - g_i conj(g_j) B|²/B in units of its typical value over
/// the baselines of the cell, until the gains stand still or 10 times.
/// @throws std::invalid_argument for arrays of the wrong size, or options out of range
GainSolution stefcal(const GainSums& sums, const StefcalOptions& options);

/// Solves all cells on `threads` threads. Results depend neither on the number of threads nor on
/// which cells are solved together.
std::vector<GainSolution> stefcal_cells(const GainCells& cells, const StefcalOptions& options,
                                        std::size_t threads);

/// Bytes that each thread works in.
std::size_t stefcal_work_bytes(std::size_t antennas, const StefcalOptions& options);

}  // namespace skymill::kernels
