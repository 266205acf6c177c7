// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/statistics.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "direct_sum.h"

using namespace skymill::kernels;
using oracle::Image;

TEST_CASE("statistics of a plane worked out by hand", "[kernels][statistics]") {
  Image image(3, 2);
  image.pixels = {1, -5, 3, 2, 2, std::numeric_limits<float>::quiet_NaN()};
  const auto s = plane_statistics(std::as_const(image).view());
  CHECK(s.count == 5);
  CHECK(s.min == -5);
  CHECK(s.min_x == 1);
  CHECK(s.min_y == 0);
  CHECK(s.max == 3);
  CHECK(s.max_x == 2);
  CHECK(s.max_abs == 5);
  CHECK(s.sum == 3);
  CHECK(s.mean == Approx(0.6));
  CHECK(s.rms == Approx(std::sqrt(43.0 / 5)));
  CHECK(median(std::as_const(image).view()) == 2);
  // |x - 2| = 1 7 1 0 0, of median 1.
  CHECK(mad_rms(std::as_const(image).view()) == Approx(1.4826));
}

TEST_CASE("a mask, an even count, nothing at all", "[kernels][statistics]") {
  Image image(4, 1);
  image.pixels = {4, 1, 100, 2};
  Image mask(4, 1);
  mask.pixels = {1, 1, 0.5F, 1};
  CHECK(median(std::as_const(image).view()) == 3);
  CHECK(median(std::as_const(image).view(), std::as_const(mask).view()) == 2);
  CHECK(plane_statistics(std::as_const(image).view(), std::as_const(mask).view()).max == 4);
  mask.pixels = {0, 0, 0, 0};
  CHECK(median(std::as_const(image).view(), std::as_const(mask).view()) == 0);
  CHECK(plane_statistics(std::as_const(image).view(), std::as_const(mask).view()).count == 0);
  const Image other(2, 2);
  CHECK_THROWS_WITH(median(std::as_const(image).view(), other.view()), Catch::Contains("mask"));
}

TEST_CASE("the deviation of Gaussian noise with outliers", "[kernels][statistics]") {
  Image image(200, 200);
  std::mt19937 random(8);
  std::normal_distribution<float> noise(0.5F, 2.0F);
  for (float& p : image.pixels) {
    p = noise(random);
  }
  for (std::size_t k = 0; k < 100; ++k) {
    image.pixels[k * 300] = 1e4F;
  }
  CHECK(mad_rms(std::as_const(image).view()) == Approx(2.0).epsilon(0.02));
  CHECK(median(std::as_const(image).view()) == Approx(0.5).epsilon(0).margin(0.05));
}

namespace {

/// The definitions written out on a sorted copy.
std::vector<float> sorted_pixels(const Image& image, const Image* mask) {
  std::vector<float> values;
  for (std::size_t k = 0; k < image.pixels.size(); ++k) {
    if (std::isfinite(image.pixels[k]) && (mask == nullptr || mask->pixels[k] > 0.5F)) {
      values.push_back(image.pixels[k]);
    }
  }
  std::sort(values.begin(), values.end());
  return values;
}

double middle_of(const std::vector<float>& sorted) {
  const std::size_t n = sorted.size();
  if (n == 0) {
    return 0;
  }
  const auto upper = static_cast<double>(sorted[n / 2]);
  return n % 2 == 1 ? upper : 0.5 * (upper + static_cast<double>(sorted[n / 2 - 1]));
}

void check_exact(const Image& image, const Image* mask) {
  std::vector<float> values = sorted_pixels(image, mask);
  const double centre = middle_of(values);
  for (float& value : values) {
    value = static_cast<float>(std::abs(static_cast<double>(value) - centre));
  }
  std::sort(values.begin(), values.end());
  const View<const float, 2> chosen = mask == nullptr ? View<const float, 2>{} : mask->view();
  CHECK(median(image.view(), chosen) == centre);
  CHECK(mad_rms(image.view(), chosen) == 1.4826 * middle_of(values));
  const auto both = median_and_deviation(image.view(), chosen);
  CHECK(both.median == centre);
  CHECK(both.mad_rms == 1.4826 * middle_of(values));
}

}  // namespace

TEST_CASE("median and deviation are exact whatever the values", "[kernels][statistics]") {
  const auto [nx, ny] = GENERATE(table<std::size_t, std::size_t>(
      {{1, 1}, {2, 1}, {5, 7}, {64, 64}, {64, 65}, {301, 203}, {1000, 700}}));
  std::mt19937 random(static_cast<unsigned>(nx * ny));
  std::normal_distribution<float> noise(0.3F, 1.0F);
  Image image(nx, ny);
  for (float& p : image.pixels) {
    p = noise(random);
  }
  Image mask(nx, ny);
  for (float& p : mask.pixels) {
    p = noise(random) > 0 ? 1.0F : 0.0F;
  }
  SECTION("noise") {}
  SECTION("few different values") {
    for (float& p : image.pixels) {
      p = std::round(p);
    }
  }
  SECTION("all the same") { std::fill(image.pixels.begin(), image.pixels.end(), -2.5F); }
  SECTION("two values, half each") {
    for (std::size_t k = 0; k < image.pixels.size(); ++k) {
      image.pixels[k] = k % 2 == 0 ? 1.0F : 4.0F;
    }
  }
  SECTION("sorted, and rows with a pattern") {
    for (std::size_t k = 0; k < image.pixels.size(); ++k) {
      image.pixels[k] = static_cast<float>(k) + 1e6F * static_cast<float>(k % 16 == 0);
    }
  }
  SECTION("some are no numbers or endless") {
    for (std::size_t k = 0; k < image.pixels.size(); k += 3) {
      image.pixels[k] = k % 2 == 0 ? std::numeric_limits<float>::quiet_NaN()
                                   : -std::numeric_limits<float>::infinity();
    }
  }
  SECTION("none is a number") {
    std::fill(image.pixels.begin(), image.pixels.end(), std::numeric_limits<float>::quiet_NaN());
  }
  SECTION("a mask of a few pixels") {
    std::fill(mask.pixels.begin(), mask.pixels.end(), 0.0F);
    mask.pixels.back() = 1;
    mask.pixels[mask.pixels.size() / 2] = 1;
  }
  SECTION("distances beyond the largest number") {
    for (std::size_t k = 0; k < image.pixels.size(); ++k) {
      image.pixels[k] = (k % 3 == 0 ? -1.0F : 1.0F) * std::numeric_limits<float>::max();
    }
  }
  check_exact(image, nullptr);
  check_exact(image, &mask);
}

TEST_CASE("a sample that misleads costs time and not the result", "[kernels][statistics]") {
  // Half of the pixels are one value, so that the middle two differ: no sample can tell.
  Image image(512, 1024);
  for (std::size_t k = 0; k < image.pixels.size(); ++k) {
    image.pixels[k] = k < image.pixels.size() / 2 ? 1.0F : 2.0F + static_cast<float>(k) * 1e-6F;
  }
  check_exact(image, nullptr);
  image.pixels[0] = 3;
  check_exact(image, nullptr);
}

TEST_CASE("statistics of planes with strides", "[kernels][statistics]") {
  Image wide(900, 300);
  std::mt19937 random(3);
  std::normal_distribution<float> noise(0, 1);
  for (float& p : wide.pixels) {
    p = noise(random);
  }
  Image every_third(300, 300);
  for (std::size_t k = 0; k < every_third.pixels.size(); ++k) {
    every_third.pixels[k] = wide.pixels[3 * k];
  }
  const View<const float, 2> strided(wide.pixels.data(), {300, 300}, {900, 3});
  CHECK(mad_rms(strided) == mad_rms(std::as_const(every_third).view()));
  CHECK(median(strided) == median(std::as_const(every_third).view()));
}
