// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/fft.h>
#include <stages/kernels/view.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <complex>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numbers>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace skymill::kernels;

TEST_CASE("views index by strides", "[kernels][view]") {
  std::vector<int> memory(24);
  for (std::size_t k = 0; k < memory.size(); ++k) {
    memory[k] = static_cast<int>(k);
  }
  const View<int, 3> dense(memory.data(), {2, 3, 4});
  CHECK(dense(1, 2, 3) == 23);
  CHECK(dense(1, 0, 2) == 14);
  CHECK(dense.contiguous());
  CHECK(dense.size() == 24);
  const View<int, 2> transposed(memory.data(), {4, 3}, {1, 4});
  CHECK(transposed(3, 2) == 11);
  CHECK_FALSE(transposed.contiguous());
  const View<const int, 2> readonly = transposed;
  CHECK(readonly(1, 1) == 5);
  CHECK(View<float, 2>().empty());
  dense(0, 0, 0) = 99;
  CHECK(memory[0] == 99);
}

TEMPLATE_TEST_CASE("a 2-D transform is the double sum", "[kernels][fft]", float, double) {
  using Complex = std::complex<TestType>;
  const std::size_t ny = 6;
  const std::size_t nx = 10;
  AlignedBuffer<Complex> data(ny * nx);
  std::vector<std::complex<double>> input(ny * nx);
  for (std::size_t k = 0; k < input.size(); ++k) {
    input[k] = {std::sin(static_cast<double>(k * k)), std::cos(static_cast<double>(3 * k))};
    data[k] = Complex(input[k]);
  }
  FftPlan<TestType>::complex_2d(ny, nx, FftSign::kForward).execute(data.data());
  for (std::size_t q = 0; q < ny; ++q) {
    for (std::size_t p = 0; p < nx; ++p) {
      std::complex<double> sum = 0;
      for (std::size_t y = 0; y < ny; ++y) {
        for (std::size_t x = 0; x < nx; ++x) {
          const double turns = static_cast<double>(p * x) / static_cast<double>(nx) +
                               static_cast<double>(q * y) / static_cast<double>(ny);
          sum += input[y * nx + x] * std::polar(1.0, -2 * std::numbers::pi * turns);
        }
      }
      CHECK(std::abs(sum - std::complex<double>(data[q * nx + p])) < 2e-5);
    }
  }
}

TEST_CASE("real transforms there and back multiply by the size", "[kernels][fft]") {
  AlignedBuffer<double> real(8 * 6);
  AlignedBuffer<std::complex<double>> spectrum(8 * 4);
  for (std::size_t k = 0; k < real.size(); ++k) {
    real[k] = std::sin(static_cast<double>(k));
  }
  FftPlan<double>::real_to_complex_2d(8, 6).execute(real.data(), spectrum.data());
  FftPlan<double>::complex_to_real_2d(8, 6).execute(spectrum.data(), real.data());
  for (std::size_t k = 0; k < real.size(); ++k) {
    CHECK(real[k] == Approx(48 * std::sin(static_cast<double>(k))).epsilon(0).margin(1e-12));
  }
}

TEST_CASE("plans refuse unaligned memory and the wrong kind", "[kernels][fft]") {
  AlignedBuffer<std::complex<double>> data(9);
  const auto plan = FftPlan<double>::complex_line(8, FftSign::kBackward);
  CHECK_THROWS_WITH(plan.execute(data.data() + 1), Catch::Contains("aligned"));
  AlignedBuffer<double> real(16);
  CHECK_THROWS_WITH(plan.execute(real.data(), data.data()), Catch::Contains("kind"));
  CHECK_THROWS_AS(FftPlan<double>::complex_line(0, FftSign::kForward), std::invalid_argument);
}

TEST_CASE("plans may be made in several threads at once", "[kernels][fft]") {
  std::vector<double> results(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < results.size(); ++t) {
    threads.emplace_back([&results, t] {
      for (std::size_t n = 16; n < 60; ++n) {
        AlignedBuffer<std::complex<double>> data(n);
        for (std::size_t k = 0; k < n; ++k) {
          data[k] = 1;
        }
        FftPlan<double>::complex_line(n, FftSign::kForward).execute(data.data());
        results[t] += data[0].real();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(results == std::vector<double>(4, (16 + 59) * 44 / 2));
}

TEST_CASE("measured plans are kept as wisdom", "[kernels][fft]") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("wisdom_" + std::to_string(getpid()));
  const std::filesystem::path path = folder / "deep" / "fftw.wisdom";
  CHECK_FALSE(load_wisdom(path));
  set_fft_planning(FftPlanning::kMeasure);
  const auto measured = FftPlan<float>::complex_line(34, FftSign::kForward);
  set_fft_planning(FftPlanning::kEstimate);
  AlignedBuffer<std::complex<float>> line(34);
  std::fill_n(line.data(), 34, std::complex<float>(1));
  measured.execute(line.data());
  CHECK(line[0].real() == Approx(34));
  save_wisdom(path);
  CHECK(load_wisdom(path));
  // Whole, and nothing left beside it.
  CHECK(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}) == 1);
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  CHECK(text.find("fftwf_wisdom") != std::string::npos);
  CHECK(text.find("fftw_wisdom") != std::string::npos);
  // A damaged file changes nothing and says so.
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text.substr(0, text.size() / 4);
  CHECK_FALSE(load_wisdom(path));
  // The folder cannot be made where a file stands.
  CHECK_THROWS(save_wisdom(path / "below"));
  std::filesystem::remove_all(folder);
}
