// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/auto_multithresh.h>
#include <stages/kernels/beam_fit.h>
#include <stages/kernels/direct_predict.h>
#include <stages/kernels/fft.h>
#include <stages/kernels/hogbom.h>
#include <stages/kernels/restore.h>
#include <stages/kernels/sparse_model.h>
#include <stages/kernels/standard_gridder.h>
#include <stages/kernels/statistics.h>
#include <stages/kernels/weighting.h>
#include <stages/kernels/wgridder.h>
#include "alma_channel.h"
#include "kernel_bench.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

namespace skymill::perf {
namespace {

using namespace skymill::kernels;

constexpr double kLongest_m = 900;
constexpr double kCell = 0.07 * kArcsec;
constexpr int kFewTimes = 44;  // 34,320 samples

double volatile kept;  // what is computed only to be timed

/// Samples of one image plane, and an image for them.
struct Plane {
  explicit Plane(std::size_t pixels)
      : side(pixels),
        channel(observe(kLongest_m, kFewTimes)),
        image(pixels * pixels),
        vis(channel.vis) {}
  View<float, 2> view() { return {image.data(), {side, side}}; }
  View<Complex, 2> vis_out() { return {vis.data(), {vis.size(), 1}}; }

  std::size_t side;
  AlmaChannel channel;
  std::vector<float> image;
  std::vector<Complex> vis;
};

/// A model of `count` points in the inner part of a plane.
SparseModel points(std::size_t count, std::size_t side) {
  std::mt19937 random(7);
  std::vector<CleanComponent> components;
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t x = side / 4 + random() % (side / 2);
    const std::size_t y = side / 4 + random() % (side / 2);
    components.push_back({x, y, 0.1F + 0.01F * static_cast<float>(k % 10)});
  }
  SparseModel model;
  add_components(components, model);
  return model;
}

/// Noise of 1 a pixel with a few sources of 50.
std::vector<float> noisy_plane(std::size_t side) {
  std::mt19937 random(11);
  std::normal_distribution<float> noise;
  std::vector<float> pixels(side * side);
  for (float& pixel : pixels) pixel = noise(random);
  for (const ModelPixel& source : points(12, side)) pixels[source.y * side + source.x] += 50;
  return pixels;
}

/// A beam of six pixels with rings around it.
std::vector<float> ringed_psf(std::size_t side) {
  std::vector<float> psf(side * side);
  const auto middle = static_cast<double>(side / 2);
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) {
      const double r = std::hypot(static_cast<double>(x) - middle, static_cast<double>(y) - middle);
      psf[y * side + x] = static_cast<float>(std::exp(-r * r / 13) +
                                             0.05 * std::cos(r) / (1 + r) * (r > 6 ? 1 : 0));
    }
  }
  return psf;
}

constexpr GaussianBeam kBeam{6 * kCell, 5 * kCell, 0.3};

std::function<void()> gridding(std::size_t side, std::size_t threads) {
  const auto plane = std::make_shared<Plane>(side);
  WGridderOptions options;
  options.threads = threads;
  const auto gridder = std::make_shared<WGridder<float>>(side, side, -kCell, kCell, options);
  return [=] { gridder->dirty(plane->channel.samples(), plane->view()); };
}

std::function<void()> degridding() {
  const auto plane = std::make_shared<Plane>(256);
  for (const ModelPixel& pixel : points(40, 256)) plane->image[pixel.y * 256 + pixel.x] = 1;
  const auto gridder = std::make_shared<WGridder<float>>(256, 256, -kCell, kCell);
  return [=] { gridder->predict(plane->view(), plane->channel.samples(), plane->vis_out()); };
}

std::function<void()> standard_gridding() {
  const auto plane = std::make_shared<Plane>(256);
  const auto gridder = std::make_shared<StandardGridder<float>>(256, 256, -kCell, kCell);
  return [=] { gridder->dirty(plane->channel.samples(), plane->view()); };
}

std::function<void()> weights() {
  const auto plane = std::make_shared<Plane>(8);
  const auto out = std::make_shared<std::vector<float>>(plane->channel.weight.size());
  return [=] {
    const PlaneSamples samples = plane->channel.samples();
    const WeightSamples natural{samples.uvw_m, samples.freq_hz, samples.weight};
    DensityGrid density(1024, 1024, kCell / 4, kCell / 4);
    density.add(natural, 2);
    density.imaging_weights(natural, {WeightingScheme::kBriggs, 0.5},
                            {out->data(), {out->size(), 1}});
  };
}

/// Rows of a spectrum to rows of an image, as the gridder's last step.
std::function<void()> fft_rows() {
  constexpr std::size_t kLength = 9600;
  const auto plan = std::make_shared<FftPlan<float>>(FftPlan<float>::complex_to_real_line(kLength));
  const auto spectrum = std::make_shared<AlignedBuffer<Complex>>(kLength / 2 + 8);
  const auto row = std::make_shared<AlignedBuffer<float>>(kLength);
  return [=] {
    for (int k = 0; k < 100; ++k) {
      std::fill_n(spectrum->data(), spectrum->size(), Complex{1, 0});
      plan->execute(spectrum->data(), row->data());
    }
  };
}

std::function<void()> direct_sum() {
  const auto plane = std::make_shared<Plane>(8);
  const auto model = std::make_shared<SparseModel>(points(60, 1024));
  return [=] {
    direct_predict<float>(*model, {1024, 1024, -kCell, kCell}, true, plane->channel.samples(), 1,
                          plane->vis_out());
  };
}

std::function<void()> statistics() {
  const auto pixels = std::make_shared<std::vector<float>>(noisy_plane(1024));
  return [=] {
    const View<const float, 2> view(pixels->data(), {1024, 1024});
    kept = median_and_deviation(view).mad_rms + plane_statistics(view).rms;
  };
}

std::function<void()> mask() {
  const auto pixels = std::make_shared<std::vector<float>>(noisy_plane(512));
  return [=] {
    AutoMultithreshPlane plane;
    plane.residual = View<float, 2>(pixels->data(), {512, 512});
    plane.sidelobe_level = 0.05;
    plane.beam = kBeam;
    plane.cell_x_rad = -kCell;
    plane.cell_y_rad = kCell;
    PixelRuns runs;
    AutoMultithresh({}).update(plane, runs);
    plane.iterations_done = 100;
    AutoMultithresh({}).update(plane, runs);
  };
}

std::function<void()> minor_cycle() {
  const auto psf = std::make_shared<std::vector<float>>(ringed_psf(512));
  const auto dirty = std::make_shared<std::vector<float>>(noisy_plane(512));
  const auto residual = std::make_shared<std::vector<float>>(*dirty);
  const auto model = std::make_shared<std::vector<float>>(dirty->size());
  return [=] {
    *residual = *dirty;
    HogbomOptions options;
    options.max_iterations = 50;
    hogbom({residual->data(), {512, 512}}, {psf->data(), {512, 512}}, {model->data(), {512, 512}},
           {}, options);
  };
}

/// As with an automatic mask: a few hundred pixels.
std::function<void()> masked_minor_cycle() {
  const auto psf = std::make_shared<std::vector<float>>(ringed_psf(512));
  const auto dirty = std::make_shared<std::vector<float>>(noisy_plane(512));
  const auto residual = std::make_shared<std::vector<float>>(*dirty);
  const auto runs = std::make_shared<PixelRuns>();
  for (std::size_t y = 130; y < 380; y += 25) {
    for (std::size_t line = y; line < y + 8; ++line) runs->push_back({line, y, y + 12});
  }
  return [=] {
    *residual = *dirty;
    HogbomOptions options;
    options.max_iterations = 2000;
    options.in_mask_only = true;
    hogbom({residual->data(), {512, 512}}, {psf->data(), {512, 512}}, *runs, options);
  };
}

std::function<void()> restoring() {
  const auto residual = std::make_shared<std::vector<float>>(noisy_plane(1024));
  const auto image = std::make_shared<std::vector<float>>(residual->size());
  const auto stamps = std::make_shared<StampedModel>(points(5000, 1024), std::array{1024UL, 1024UL},
                                                     kBeam, -kCell, kCell);
  return [=] {
    *image = *residual;
    stamps->add_to(0, {image->data(), {1024, 1024}});
  };
}

std::function<void()> beam_fitting() {
  const auto psf = std::make_shared<std::vector<float>>(ringed_psf(512));
  return [=] {
    const View<const float, 2> view(psf->data(), {512, 512});
    const auto beam = fit_beam(view, -kCell, kCell);
    if (!beam) throw std::runtime_error("no beam fits the PSF");
    kept = sidelobe_level(view, *beam, -kCell, kCell);
  };
}

}  // namespace

std::vector<KernelBench> imaging_benches() {
  return {{"gridding", 30, 1, true, [] { return gridding(256, 1); }},
          {"gridding_2_threads", 10, 2, false, [] { return gridding(1024, 2); }},
          {"degridding", 40, 1, true, degridding},
          {"standard_gridding", 60, 1, true, standard_gridding},
          {"weights", 80, 1, true, weights},
          {"fft_rows", 50, 1, true, fft_rows},
          {"direct_sum", 80, 1, true, direct_sum},
          {"statistics", 30, 1, true, statistics},
          {"mask", 80, 1, true, mask},
          {"minor_cycle", 20, 1, true, minor_cycle},
          {"masked_minor_cycle", 20, 1, true, masked_minor_cycle},
          {"restore", 60, 1, true, restoring},
          {"beam_fit", 300, 1, true, beam_fitting}};
}

}  // namespace skymill::perf
