// SPDX-License-Identifier: GPL-3.0-or-later
#include <fftw3.h>
#include <stages/kernels/fft.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace skymill::kernels {

namespace {

// FFTW's planner and plan destruction share unprotected state; execution does not.
constinit std::mutex planner_mutex;
constinit unsigned planner_flags = FFTW_ESTIMATE;  // guarded by planner_mutex

/// Measuring a whole large plane takes minutes.
unsigned flags_for(int rank) { return rank == 1 ? planner_flags : FFTW_ESTIMATE; }

template <class Real>
struct Fftw;

template <>
struct Fftw<double> {
  using Plan = fftw_plan;
  using Complex = fftw_complex;
  static Plan c2c(int rank, const int* n, Complex* in, Complex* out, int sign) {
    return fftw_plan_dft(rank, n, in, out, sign, flags_for(rank));
  }
  static Plan r2c(int rank, const int* n, double* in, Complex* out) {
    return fftw_plan_dft_r2c(rank, n, in, out, flags_for(rank));
  }
  static Plan c2r(int rank, const int* n, Complex* in, double* out) {
    return fftw_plan_dft_c2r(rank, n, in, out, flags_for(rank));
  }
  static void run(Plan p, Complex* in, Complex* out) { fftw_execute_dft(p, in, out); }
  static void run(Plan p, double* in, Complex* out) { fftw_execute_dft_r2c(p, in, out); }
  static void run(Plan p, Complex* in, double* out) { fftw_execute_dft_c2r(p, in, out); }
  static void destroy(Plan p) { fftw_destroy_plan(p); }
};

template <>
struct Fftw<float> {
  using Plan = fftwf_plan;
  using Complex = fftwf_complex;
  static Plan c2c(int rank, const int* n, Complex* in, Complex* out, int sign) {
    return fftwf_plan_dft(rank, n, in, out, sign, flags_for(rank));
  }
  static Plan r2c(int rank, const int* n, float* in, Complex* out) {
    return fftwf_plan_dft_r2c(rank, n, in, out, flags_for(rank));
  }
  static Plan c2r(int rank, const int* n, Complex* in, float* out) {
    return fftwf_plan_dft_c2r(rank, n, in, out, flags_for(rank));
  }
  static void run(Plan p, Complex* in, Complex* out) { fftwf_execute_dft(p, in, out); }
  static void run(Plan p, float* in, Complex* out) { fftwf_execute_dft_r2c(p, in, out); }
  static void run(Plan p, Complex* in, float* out) { fftwf_execute_dft_c2r(p, in, out); }
  static void destroy(Plan p) { fftwf_destroy_plan(p); }
};

enum class Kind { kNone, kComplex, kRealToComplex, kComplexToReal };

void require_aligned(const void* memory) {
  if (memory == nullptr || reinterpret_cast<std::uintptr_t>(memory) % 64 != 0) {
    throw std::invalid_argument("FftPlan: memory is not aligned to 64 bytes; use AlignedBuffer");
  }
}

void require_kind(bool matches) {
  if (!matches) {
    throw std::invalid_argument("FftPlan: the plan was made for another kind of transform");
  }
}

int checked_length(std::size_t n) {
  if (n == 0 || n > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw std::invalid_argument("FftPlan: a length of " + std::to_string(n) +
                                " cannot be transformed");
  }
  return static_cast<int>(n);
}

template <class Real>
typename Fftw<Real>::Complex* fftw_pointer(std::complex<Real>* p) {
  return reinterpret_cast<typename Fftw<Real>::Complex*>(p);
}

}  // namespace

void set_fft_planning(FftPlanning planning) {
  const std::scoped_lock lock(planner_mutex);
  planner_flags = planning == FftPlanning::kMeasure ? FFTW_MEASURE : FFTW_ESTIMATE;
}

bool load_wisdom(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::size_t split = text.find('\0');
  if (!file || split == std::string::npos) {
    return false;
  }
  const std::scoped_lock lock(planner_mutex);
  return fftwf_import_wisdom_from_string(text.c_str()) == 1 &&
         fftw_import_wisdom_from_string(text.c_str() + split + 1) == 1;
}

void save_wisdom(const std::filesystem::path& path) {
  std::string text;
  {
    const std::scoped_lock lock(planner_mutex);
    const std::unique_ptr<char, decltype(&std::free)> singles(fftwf_export_wisdom_to_string(),
                                                              &std::free);
    const std::unique_ptr<char, decltype(&std::free)> doubles(fftw_export_wisdom_to_string(),
                                                              &std::free);
    if (!singles || !doubles) {
      throw std::runtime_error("save_wisdom: FFTW gives no wisdom to write to " + path.string());
    }
    text = std::string(singles.get()) + '\0' + doubles.get();
  }
  if (path.has_parent_path()) {
    std::filesystem::create_directories(path.parent_path());
  }
  // Another process may write at the same time: each has its own file until the rename.
  std::filesystem::path fresh = path;
  fresh += "." + std::to_string(getpid()) + ".new";
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) {
    std::error_code ignored;
    std::filesystem::remove(fresh, ignored);
    throw std::runtime_error("save_wisdom: " + fresh.string() + " cannot be written");
  }
  std::filesystem::rename(fresh, path);
}

template <class Real>
struct FftPlan<Real>::Impl {
  using Plan = typename Fftw<Real>::Plan;

  // Measuring writes to the memory it is shown; all of it is scratch.
  Impl(Kind a_kind, std::size_t ny, std::size_t nx, int rank, FftSign sign) : kind(a_kind) {
    const int n[2] = {rank == 2 ? checked_length(ny) : checked_length(nx), checked_length(nx)};
    const std::size_t rows = rank == 2 ? ny : 1;
    const AlignedBuffer<std::complex<Real>> spectrum(rows *
                                                     (kind == Kind::kComplex ? nx : nx / 2 + 1));
    const std::scoped_lock lock(planner_mutex);
    if (kind == Kind::kComplex) {
      plan = Fftw<Real>::c2c(rank, n, fftw_pointer(spectrum.data()), fftw_pointer(spectrum.data()),
                             sign == FftSign::kForward ? FFTW_FORWARD : FFTW_BACKWARD);
    } else {
      const AlignedBuffer<Real> real(rows * nx);
      plan = kind == Kind::kRealToComplex
                 ? Fftw<Real>::r2c(rank, n, real.data(), fftw_pointer(spectrum.data()))
                 : Fftw<Real>::c2r(rank, n, fftw_pointer(spectrum.data()), real.data());
    }
    if (plan == nullptr) {
      throw std::runtime_error("FftPlan: FFTW could not plan a transform of " + std::to_string(ny) +
                               " x " + std::to_string(nx));
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    const std::scoped_lock lock(planner_mutex);
    Fftw<Real>::destroy(plan);
  }

  Kind kind;
  Plan plan = nullptr;
};

template <class Real>
FftPlan<Real>::FftPlan() = default;
template <class Real>
FftPlan<Real>::~FftPlan() = default;
template <class Real>
FftPlan<Real>::FftPlan(FftPlan&&) noexcept = default;
template <class Real>
FftPlan<Real>& FftPlan<Real>::operator=(FftPlan&&) noexcept = default;
template <class Real>
FftPlan<Real>::FftPlan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

template <class Real>
FftPlan<Real> FftPlan<Real>::complex_2d(std::size_t ny, std::size_t nx, FftSign sign) {
  return FftPlan(std::make_unique<Impl>(Kind::kComplex, ny, nx, 2, sign));
}
template <class Real>
FftPlan<Real> FftPlan<Real>::complex_line(std::size_t n, FftSign sign) {
  return FftPlan(std::make_unique<Impl>(Kind::kComplex, 1, n, 1, sign));
}
template <class Real>
FftPlan<Real> FftPlan<Real>::real_to_complex_line(std::size_t n) {
  return FftPlan(std::make_unique<Impl>(Kind::kRealToComplex, 1, n, 1, FftSign::kForward));
}
template <class Real>
FftPlan<Real> FftPlan<Real>::complex_to_real_line(std::size_t n) {
  return FftPlan(std::make_unique<Impl>(Kind::kComplexToReal, 1, n, 1, FftSign::kBackward));
}
template <class Real>
FftPlan<Real> FftPlan<Real>::real_to_complex_2d(std::size_t ny, std::size_t nx) {
  return FftPlan(std::make_unique<Impl>(Kind::kRealToComplex, ny, nx, 2, FftSign::kForward));
}
template <class Real>
FftPlan<Real> FftPlan<Real>::complex_to_real_2d(std::size_t ny, std::size_t nx) {
  return FftPlan(std::make_unique<Impl>(Kind::kComplexToReal, ny, nx, 2, FftSign::kBackward));
}

template <class Real>
void FftPlan<Real>::execute(std::complex<Real>* in_place) const {
  require_kind(impl_ && impl_->kind == Kind::kComplex);
  require_aligned(in_place);
  Fftw<Real>::run(impl_->plan, fftw_pointer(in_place), fftw_pointer(in_place));
}

template <class Real>
void FftPlan<Real>::execute(Real* in, std::complex<Real>* out) const {
  require_kind(impl_ && impl_->kind == Kind::kRealToComplex);
  require_aligned(in);
  require_aligned(out);
  Fftw<Real>::run(impl_->plan, in, fftw_pointer(out));
}

template <class Real>
void FftPlan<Real>::execute(std::complex<Real>* in, Real* out) const {
  require_kind(impl_ && impl_->kind == Kind::kComplexToReal);
  require_aligned(in);
  require_aligned(out);
  Fftw<Real>::run(impl_->plan, fftw_pointer(in), out);
}

template class FftPlan<float>;
template class FftPlan<double>;

}  // namespace skymill::kernels
