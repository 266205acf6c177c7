// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <complex>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <new>
#include <type_traits>

namespace skymill::kernels {

/// Owns `size` elements aligned to 64 bytes, which FFT plans require. Not initialised.
template <class T>
class AlignedBuffer {
 public:
  static_assert(std::is_trivially_destructible_v<T>);

  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size)
      : data_(static_cast<T*>(::operator new (size * sizeof(T), std::align_val_t{64}))),
        size_(size) {}

  T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) const { return data_.get()[i]; }

 private:
  struct Free {
    void operator()(T* p) const { ::operator delete (p, std::align_val_t{64}); }
  };
  std::unique_ptr<T, Free> data_;
  std::size_t size_ = 0;
};

/// Sign of the exponent. Transforms are never scaled: forward then backward multiplies by n.
enum class FftSign { kForward = -1, kBackward = +1 };

/// How plans are found. Measuring takes a second or two for each new length and makes transforms
/// up to twice as fast; its outcome depends on the machine's load, and with it the last bits of
/// results, unless it is kept as wisdom.
enum class FftPlanning { kEstimate, kMeasure };

/// Sets how plans of lines made from now on in this process are found; kEstimate at the start, and
/// always for planes, which take minutes to measure. A plan that wisdom holds is taken from there
/// either way.
void set_fft_planning(FftPlanning planning);

/// Adds the plans that save_wisdom wrote to those the process knows. Plans made from then on use
/// them, so call it before anything is planned. False when there is no such file or it is not
/// for this build of FFTW: then nothing has changed.
bool load_wisdom(const std::filesystem::path& path);

/// Writes what load_wisdom reads: every plan measured or loaded so far, for this machine. The
/// file appears whole or not at all; folders above it are made. Throws std::filesystem::
/// filesystem_error or std::runtime_error when it cannot be written.
void save_wisdom(const std::filesystem::path& path);

/// One planned, unscaled transform; `execute` may be called from several threads at once on
/// different memory. Plans are single-threaded and, unless set_fft_planning says otherwise,
/// estimated, so the bits of a result depend neither on the machine's load nor on threads;
/// planning is serialised over the process.
/// Real is float or double. All memory passed in must be aligned to 64 bytes
/// (std::invalid_argument otherwise).
template <class Real>
class FftPlan {
 public:
  FftPlan();
  ~FftPlan();
  FftPlan(FftPlan&&) noexcept;
  FftPlan& operator=(FftPlan&&) noexcept;

  /// In place, complex [ny][nx] dense; fill with nx = 1 for one dimension of ny.
  static FftPlan complex_2d(std::size_t ny, std::size_t nx, FftSign sign);
  /// In place, complex, one line of n.
  static FftPlan complex_line(std::size_t n, FftSign sign);
  /// Real [n] to complex [n/2+1], forward, out of place; the input is kept.
  static FftPlan real_to_complex_line(std::size_t n);
  /// Complex [n/2+1] to real [n], backward, out of place; the input is overwritten.
  static FftPlan complex_to_real_line(std::size_t n);
  /// Real [ny][nx] to complex [ny][nx/2+1], forward, out of place.
  static FftPlan real_to_complex_2d(std::size_t ny, std::size_t nx);
  /// Complex [ny][nx/2+1] to real [ny][nx], backward, out of place; the input is overwritten.
  static FftPlan complex_to_real_2d(std::size_t ny, std::size_t nx);

  void execute(std::complex<Real>* in_place) const;
  void execute(Real* in, std::complex<Real>* out) const;
  void execute(std::complex<Real>* in, Real* out) const;

 private:
  struct Impl;
  explicit FftPlan(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::kernels
