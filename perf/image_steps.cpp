// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of one cleaned channel, of 8000 x 8000 pixels or fewer, by the kernels alone, one
// thread, each beside what the machine needs for the same at least, measured in this process:
// passes over pixels at the memory's speed, transforms as bare batches of lines, additions to the
// grid at the speed of the first cache, writing at the disk's. The channel is that of perf_wgridder
// with points for a sky; Briggs weights, auto-multithresh, 200 iterations. `perf_image_steps [TURNS
// [WISDOM [FOLDER [ACCURACY [SIDE]]]]] [--json FILE]`: plans from the file WISDOM, or measured and
// kept there; files are written to FOLDER, by default the current one, and removed; ACCURACY is the
// gridder's. CPU seconds, the least of TURNS; of writing wall seconds, as the disk does it.
#include <fcntl.h>
#include <stages/formats/fits_cube.h>
#include <stages/kernels/auto_multithresh.h>
#include <stages/kernels/beam_fit.h>
#include <stages/kernels/direct_predict.h>
#include <stages/kernels/fft.h>
#include <stages/kernels/hogbom.h>
#include <stages/kernels/restore.h>
#include <stages/kernels/sparse_model.h>
#include <stages/kernels/statistics.h>
#include <stages/kernels/weighting.h>
#include <stages/kernels/wgridder.h>
#include <sys/resource.h>
#include <unistd.h>
#include "alma_channel.h"
#include "figures.h"
#include "least_time.h"

#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <functional>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using namespace skymill::kernels;
using namespace skymill::perf;

namespace {

constexpr double kCell = 0.0046 * kArcsec;
constexpr double kLongest = 15000;  // m
constexpr double kFlagged = 3;      // times its limit, from which on a step needs a reason
constexpr std::size_t kIterations = 200;

double volatile sink;  // keeps what is computed only to be timed

/// The image.
struct Size {
  std::size_t side;
  std::size_t pixels() const { return side * side; }
  double bytes() const { return static_cast<double>(pixels() * sizeof(float)); }
};

/// Times of one step and of its limit.
struct Step {
  std::string metric;
  std::string name;
  double seconds;
  double limit;
  std::string why;
};

/// CPU seconds: others on the machine count less than in wall seconds.
double least(int turns, const std::function<void()>& work) {
  LeastTime best;
  for (int turn = 0; turn < turns; ++turn) take(best, work);
  return best.cpu;
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

constexpr std::size_t kCacheLine = 1024;  // floats, twice: both stay in the first cache

/// Multiply-adds on memory in the first cache, by the widest vectors the machine has.
#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
void add_in_cache(std::size_t times) {
  alignas(64) static float line[kCacheLine];
  alignas(64) static float taps[kCacheLine];
  for (std::size_t t = 0; t < times; ++t) {
    const float factor = 1e-9F * static_cast<float>(t);
    for (std::size_t k = 0; k < kCacheLine; ++k) line[k] += factor * taps[k];
    asm volatile("" : : "r"(line), "r"(taps) : "memory");
  }
}

/// What the machine can do, one thread.
struct Machine {
  double read_s;    // a byte
  double write_s;   // a byte; lines that are written need not have been read
  double update_s;  // one addition to a random element of a density grid
  double add_s;     // one multiply-add of a float in the first cache
};

Machine measure_machine(int turns, const Size& size, std::vector<float>& a, std::vector<float>& b) {
  Machine m{};
  m.read_s = least(turns,
                   [&] {
                     float sum[64] = {};
                     for (std::size_t i = 0; i < size.pixels(); i += 64) {
                       for (std::size_t k = 0; k < 64; ++k) sum[k] += a[i + k];
                     }
                     sink = std::accumulate(sum, sum + 64, 0.0F);
                   }) /
             size.bytes();
  const double copy = least(turns, [&] { std::memcpy(b.data(), a.data(), size.pixels() * 4); });
  m.write_s = std::max(copy / size.bytes() - m.read_s, 0.25 * copy / size.bytes());

  std::vector<double> density(size.pixels() / 2);
  std::mt19937 random(1);
  std::vector<std::uint32_t> places(kSamples);
  for (auto& place : places) place = random() % density.size();
  m.update_s = least(turns,
                     [&] {
                       for (const std::uint32_t place : places) density[place] += 1;
                     }) /
               kSamples;
  constexpr std::size_t kTimes = 500000;
  m.add_s = least(turns, [&] { add_in_cache(kTimes); }) / static_cast<double>(kTimes * kCacheLine);
  return m;
}

/// Bare transforms of an image: `lines` of the uv plane along v, rows along u.
struct Transforms {
  double lines_s;
  double rows_to_image_s;
};

Transforms measure_transforms(int turns, const Size& size, const WGridder<float>::Treatment& how,
                              std::size_t lines) {
  const auto along_v = FftPlan<float>::complex_line(how.v_size, FftSign::kBackward);
  const auto backward = FftPlan<float>::complex_to_real_line(how.u_size);
  const std::size_t stride = (how.v_size + 16) / 8 * 8;
  const AlignedBuffer<Complex> plane(lines * stride);
  std::fill_n(plane.data(), plane.size(), Complex{});
  const AlignedBuffer<Complex> spectrum(how.u_size / 2 + 8);
  const AlignedBuffer<float> row(how.u_size);
  std::fill_n(spectrum.data(), spectrum.size(), Complex{});
  std::fill_n(row.data(), row.size(), 0.0F);
  Transforms t{};
  t.lines_s = least(turns, [&] {
    for (std::size_t k = 0; k < lines; ++k) along_v.execute(plane.data() + k * stride);
  });
  t.rows_to_image_s = least(turns, [&] {
    for (std::size_t y = 0; y < size.side; ++y) backward.execute(spectrum.data(), row.data());
  });
  return t;
}

/// Writing `bytes` by plain calls, made durable.
double plain_write(const std::filesystem::path& path, const std::vector<float>& pixels) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) throw std::runtime_error("cannot write " + path.string());
  const char* bytes = reinterpret_cast<const char*>(pixels.data());
  LeastTime time;
  take(time, [&] {
    for (std::size_t at = 0; at < pixels.size() * 4; at += std::size_t{4} << 20) {
      const std::size_t n = std::min(std::size_t{4} << 20, pixels.size() * 4 - at);
      if (write(file, bytes + at, n) != static_cast<ssize_t>(n)) {
        throw std::runtime_error("cannot write " + path.string());
      }
    }
    fsync(file);
  });
  close(file);
  std::filesystem::remove(path);
  return time.wall;
}

double fits_write(const std::filesystem::path& path, const Size& size,
                  const std::vector<float>& pixels) {
  skymill::radio::ImageHeader header;
  header.nx = header.ny = size.side;
  header.nchan = 1;
  header.cell_x_rad = -kCell;
  header.cell_y_rad = kCell;
  header.chan_freq_hz = {kFreq};
  header.chan_width_hz = 1e6;
  LeastTime time;
  take(time, [&] {
    skymill::radio::FitsCubeWriter writer(path, header, {"image", "Jy/beam", true});
    writer.put_plane(0, pixels.data());
    writer.finish();
  });
  std::filesystem::remove(path);
  return time.wall;
}

/// One sample of many: they mark the same lines of the uv plane and cost next to nothing to grid.
AlmaChannel thinned(const AlmaChannel& all, std::size_t step) {
  AlmaChannel few;
  for (std::size_t row = 0; row < all.weight.size(); row += step) {
    few.uvw.insert(few.uvw.end(), &all.uvw[3 * row], &all.uvw[3 * row] + 3);
    few.vis.push_back(all.vis[row]);
    few.weight.push_back(all.weight[row]);
  }
  return few;
}

/// Lines of the half uv plane that hold samples, with those that a kernel reaches.
std::size_t occupied_lines(const AlmaChannel& channel, const WGridder<float>::Treatment& how) {
  double farthest = 0;
  for (std::size_t row = 0; row < channel.weight.size(); ++row) {
    farthest = std::max(farthest, std::abs(channel.uvw[3 * row]));
  }
  const double cells = farthest * kFreq / 299792458.0 * kCell * static_cast<double>(how.u_size);
  return static_cast<std::size_t>(cells) + static_cast<std::size_t>(how.taps);
}

void measure(int turns, const std::filesystem::path& folder, double accuracy, const Size& size,
             const Figures& figures) {
  const std::size_t side = size.side;
  AlmaChannel channel = observe(kLongest);
  // A dozen points and their noise; the far ones fill the mask in several places.
  std::mt19937 random(4);
  std::uniform_real_distribution<float> place(-0.35F, 0.35F);
  std::normal_distribution<float> noise;
  for (auto& value : channel.vis) value = {0.15F * noise(random), 0.15F * noise(random)};
  WGridderOptions options;
  options.accuracy = accuracy;
  const WGridder<float> gridder(side, side, -kCell, kCell, options);
  std::vector<float> psf(size.pixels()), residual(size.pixels()), image(size.pixels());
  const auto view = [side](std::vector<float>& pixels) {
    return View<float, 2>(pixels.data(), {side, side});
  };
  std::vector<Complex> sky(kSamples);
  for (int source = 0; source < 12; ++source) {
    const auto x = static_cast<std::size_t>((0.5F + place(random)) * static_cast<float>(side));
    const auto y = static_cast<std::size_t>((0.5F + place(random)) * static_cast<float>(side));
    image[y * side + x] = 0.1F + 0.02F * static_cast<float>(source);
  }
  gridder.predict(view(image), channel.samples(), {sky.data(), {kSamples, 1}});
  for (std::size_t k = 0; k < kSamples; ++k) channel.vis[k] += sky[k];

  const Machine machine = measure_machine(turns, size, psf, image);
  std::fill(image.begin(), image.end(), 0.0F);
  std::printf(
      "read %.1f GB/s, write %.1f GB/s, %.1f M random additions/s, %.1f G "
      "multiply-adds/s in the first cache\n",
      1e-9 / machine.read_s, 1e-9 / machine.write_s, 1e-6 / machine.update_s, 1e-9 / machine.add_s);
  const auto pass = [&](double read, double written) {
    return size.bytes() * (read * machine.read_s + written * machine.write_s);
  };
  std::vector<Step> steps;
  const auto step = [&](const char* metric, const char* name, double limit, const char* why,
                        const std::function<void()>& work) {
    steps.push_back({metric, name, least(turns, work), limit, why});
  };

  std::vector<float> weight(kSamples);
  const double sample_bytes = kSamples * (3 * sizeof(double) + 2 * sizeof(float));
  step("weights", "weights",
       2 * kSamples * machine.update_s + 2 * sample_bytes * machine.read_s +
           static_cast<double>(DensityGrid::footprint_bytes(side, side)) * machine.write_s,
       "an addition to and a look at a random cell a sample, the cells cleared", [&] {
         const auto samples = channel.samples();
         const WeightSamples natural{samples.uvw_m, samples.freq_hz, samples.weight};
         DensityGrid density(side, side, kCell, kCell);
         density.add(natural, 2);
         density.imaging_weights(natural, {WeightingScheme::kBriggs, 0.5},
                                 {weight.data(), {kSamples, 1}});
       });
  channel.weight = weight;

  const AlmaChannel few = thinned(channel, 61);  // of every baseline: 61 divides no 780
  const auto how = gridder.treatment(channel.samples());
  if (gridder.treatment(few.samples()).planes != how.planes) {
    throw std::runtime_error("few samples would go through another number of planes");
  }
  const std::size_t lines = occupied_lines(channel, how);
  const Transforms fft = measure_transforms(turns, size, how, lines);
  std::printf("%d taps, grid %zu x %zu, %zu plane(s), %zu lines occupied\n", how.taps, how.u_size,
              how.v_size, how.planes, lines);
  const auto planes = static_cast<double>(how.planes);
  const auto taps = static_cast<double>(how.taps);
  // A sample's kernel values are polynomials of about (taps + 1)/2 + 3 powers, for one axis of
  // reals and one of pairs; then they are added to taps lines of pairs.
  const double powers = (taps + 1) / 2 + 3;
  const double adds = kSamples * planes * (2 * taps * taps + 3 * taps * powers) * machine.add_s;
  const double line_bytes =
      static_cast<double>(lines) * static_cast<double>(how.v_size) * sizeof(Complex);
  // Cleared, gridded in cache, gathered by rows: the transforms' own traffic is in their time.
  const double line_traffic = line_bytes * (machine.write_s + machine.read_s);
  const double to_image = planes * (fft.lines_s + fft.rows_to_image_s + line_traffic) + pass(0, 1) +
                          pass(planes - 1, planes - 1);
  // Two of these steps are differences of long ones: taken turn by turn, and their medians.
  double transform = 1e300;
  std::vector<double> gridding;
  std::vector<double> normalising;
  for (int turn = 0; turn < turns; ++turn) {
    const double bare = least(1, [&] { gridder.dirty(few.samples(), view(residual)); });
    gridding.push_back(least(1, [&] { gridder.dirty(channel.samples(), view(residual)); }) - bare);
    normalising.push_back(least(1, [&] { gridder.psf(few.samples(), view(psf)); }) - bare);
    transform = std::min(transform, bare);
  }
  steps.push_back({"grid", "grid an image", median_of(gridding), adds,
                   "multiply-adds of kernel values and cells, all in the first cache"});
  steps.push_back({"fft", "FFT, correction", transform, to_image,
                   "bare transforms of occupied lines and of rows; plane and image once"});
  steps.push_back({"psf_normalised", "PSF normalised", median_of(normalising), pass(1, 1),
                   "division: one pass; the peak is found on the way"});
  gridder.psf(channel.samples(), view(psf));
  gridder.dirty(channel.samples(), view(residual));

  GaussianBeam beam;
  double sidelobe = 0;
  step("psf_fit", "PSF fit, sidelobes", pass(1, 0), "one pass", [&] {
    const auto fitted = fit_beam(view(psf), -kCell, kCell);
    if (!fitted) throw std::runtime_error("no beam fits the PSF");
    beam = *fitted;
    sidelobe = sidelobe_level(view(psf), beam, -kCell, kCell);
  });
  step("peak", "peak", pass(1, 0), "one pass", [&] { sink = max_abs(view(residual)); });
  step("median", "median, MAD", pass(2, 0), "two passes",
       [&] { sink = median_and_deviation(view(residual)).mad_rms; });

  AutoMultithreshOptions mask_options;
  mask_options.sidelobethreshold = 2.5;
  mask_options.negativethreshold = 7;
  mask_options.growiterations = 50;
  AutoMultithreshPlane plane;
  plane.residual = view(residual);
  plane.sidelobe_level = sidelobe;
  plane.beam = beam;
  plane.cell_x_rad = -kCell;
  plane.cell_y_rad = kCell;
  LeastTime first_mask;
  LeastTime next_mask;
  PixelRuns mask;
  for (int turn = 0; turn < turns; ++turn) {
    AutoMultithresh masker(mask_options);
    mask.clear();
    plane.iterations_done = 0;
    take(first_mask, [&] { masker.update(plane, mask); });
    plane.iterations_done = kIterations;
    take(next_mask, [&] { masker.update(plane, mask); });
  }
  steps.push_back({"mask_first", "mask, first", first_mask.cpu, pass(2, 0),
                   "median with extremes, MAD; thresholds only where the extremes pass them"});
  steps.push_back({"mask_grown", "mask, grown", next_mask.cpu, pass(2, 0), "the same"});

  const std::vector<float> before = residual;  // as a minor cycle finds it
  HogbomOptions hogbom_options;
  hogbom_options.max_iterations = kIterations;
  hogbom_options.in_mask_only = true;
  LeastTime minor;
  HogbomResult cleaned;
  SparseModel model;
  for (int turn = 0; turn < turns; ++turn) {
    residual = before;
    model.clear();
    take(minor, [&] {
      cleaned = hogbom(view(residual), view(psf), mask, hogbom_options);
      add_components(cleaned.components, model);
    });
  }
  const auto mask_pixels = static_cast<double>(count_pixels(mask));
  std::printf(
      "mask %.0f pixels in %zu runs, %zu iterations, beam %.1f x %.1f pixels, sidelobe %.3f\n",
      mask_pixels, mask.size(), cleaned.iterations, beam.major_rad / kCell, beam.minor_rad / kCell,
      sidelobe);
  steps.push_back({"minor_cycle", "minor cycle", minor.cpu,
                   (mask_pixels + static_cast<double>(cleaned.iterations) * mask_pixels * 3) *
                       sizeof(float) * machine.read_s,
                   "the mask's pixels once; they and as many of the PSF an iteration"});

  std::vector<Complex> predicted(kSamples);
  const ModelGrid grid{side, side, -kCell, kCell};
  if (!direct_predict_pays(model, grid, kSamples)) {
    throw std::runtime_error("the model of this channel is too large for a direct sum");
  }
  // Phase in double precision, its fraction, sine and cosine of seven powers each, two sums.
  constexpr double kOperations = 30;
  step("predict", "predict",
       kOperations * static_cast<double>(model.size()) * kSamples * machine.add_s,
       "multiply-adds of a phase and its sine and cosine a sample and model pixel, in cache", [&] {
         direct_predict<float>(model, grid, true, channel.samples(), 1,
                               {predicted.data(), {kSamples, 1}});
       });
  step("restore", "restore", pass(1, 1), "residual read, image written; the model is a few stamps",
       [&] {
         const StampedModel stamps(model, {side, side}, beam, -kCell, kCell);
         constexpr std::size_t kRows = 32;  // as the writers ask for them
         for (std::size_t y = 0; y < side; y += kRows) {
           std::copy_n(&residual[y * side], kRows * side, &image[y * side]);
           stamps.add_to(y, {&image[y * side], {kRows, side}});
         }
       });
  double plain = 1e300;
  double fits = 1e300;
  for (int turn = 0; turn < std::min(turns, 3); ++turn) {
    plain = std::min(plain, plain_write(folder / "perf_image_steps.bytes", image));
    fits = std::min(fits, fits_write(folder / "perf_image_steps.fits", size, image));
  }
  steps.push_back(
      {"write", "write a product", fits, plain, "the same bytes by plain calls, with fsync"});

  std::printf("\n%-20s %9s %9s %7s\n", "step", "s", "limit s", "ratio");
  for (const Step& s : steps) {
    std::printf("%-20s %9.4f %9.4f %7.1f%s  %s\n", s.name.c_str(), s.seconds, s.limit,
                s.seconds / s.limit, s.seconds > kFlagged * s.limit ? " !" : "  ", s.why.c_str());
    // Of a difference that is lost in what it is taken from nothing can be said.
    if (s.seconds > 0) figures.add(s.metric, s.seconds, "s", {"limit", s.limit});
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("'!': above %.0f times its limit; peak memory %.0f MB\n", kFlagged,
              static_cast<double>(usage.ru_maxrss) / 1024);
}

}  // namespace

int main(int argc, char** argv) {
  const Figures figures("image_steps", argc, argv);
  try {
    const int turns = argc > 1 ? std::stoi(argv[1]) : 3;
    const std::string wisdom = argc > 2 ? argv[2] : "";
    if (!wisdom.empty() && !load_wisdom(wisdom)) set_fft_planning(FftPlanning::kMeasure);
    measure(turns, argc > 3 ? argv[3] : ".", argc > 4 ? std::stod(argv[4]) : 1e-4,
            {argc > 5 ? std::stoul(argv[5]) : 8000}, figures);
    if (!wisdom.empty()) save_wisdom(wisdom);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "perf_image_steps: %s\n", error.what());
    return 1;
  }
}
