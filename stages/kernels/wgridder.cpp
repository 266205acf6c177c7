// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/check_samples.h>
#include <stages/kernels/es_kernel.h>
#include <stages/kernels/grid_choice.h>
#include <stages/kernels/parallel_ranges.h>
#include <stages/kernels/placed_samples.h>
#include <stages/kernels/row_block.h>
#include <stages/kernels/tap_coefficients.h>
#include <stages/kernels/uv_lines.h>
#include <stages/kernels/w_term.h>
#include <stages/kernels/wgridder.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

namespace {

constexpr std::size_t kChunk = 256;  // samples whose values are made ready together

void check_arguments(std::size_t nx, std::size_t ny, double cell_x_rad, double cell_y_rad,
                     const WGridderOptions& options) {
  if (nx < 8 || ny < 8) {
    throw std::invalid_argument("WGridder: an image of " + std::to_string(nx) + " x " +
                                std::to_string(ny) + " pixels is below 8 x 8");
  }
  if (!(cell_x_rad < 0) || !(cell_y_rad > 0)) {
    throw std::invalid_argument("WGridder: cells are negative in x and positive in y, not " +
                                std::to_string(cell_x_rad) + " and " + std::to_string(cell_y_rad));
  }
  if (options.threads == 0) {
    throw std::invalid_argument("WGridder: no threads to work in");
  }
}

double largest_q(std::size_t nx, std::size_t ny, double cell_x_rad, double cell_y_rad) {
  const double l = static_cast<double>(nx / 2) * cell_x_rad;
  const double m = static_cast<double>(ny / 2) * cell_y_rad;
  const double r2 = std::min(1.0, l * l + m * m);
  return r2 / (1 + std::sqrt(1 - r2));
}

}  // namespace

template <class Real>
struct WGridder<Real>::Impl {
  using Complex = std::complex<Real>;
  using Kind = WTermPlan::Kind;

  Impl(std::size_t nx, std::size_t ny, double cell_x_rad, double cell_y_rad,
       const WGridderOptions& a_options)
      : options(a_options),
        choice(choose_kernel(nx, ny, a_options, sizeof(Real))),
        kernel(choice),
        u_axis(nx, cell_x_rad, grid_cells(nx, choice.oversampling), kernel),
        v_axis(ny, cell_y_rad, grid_cells(ny, choice.oversampling), kernel),
        q_largest(largest_q(nx, ny, cell_x_rad, cell_y_rad)),
        coefficients(tap_coefficients<Real>(kernel)),
        loops(tap_loops<Real>(choice.taps)),
        plans(u_axis.grid_size, v_axis.grid_size),
        l2(nx) {
    for (std::size_t x = 0; x < nx; ++x) {
      const double l = (static_cast<double>(x) - static_cast<double>(nx / 2)) * cell_x_rad;
      l2[x] = l * l;
    }
  }

  /// A call: its samples, and the planes they go through.
  struct Call {
    Call(const Impl& impl, const PlaneSamples& samples, SampleValues values)
        : Call(impl, samples, values, impl.reach_of_call(samples, values)) {}
    Call(const Impl& impl, const PlaneSamples& samples, SampleValues values,
         const SampleReach& reach)
        : w(impl.plan_w(reach, samples.uvw_m.extent(0) * samples.freq_hz.extent(0))),
          factors(w, impl.options.accuracy),
          whole(w.kind == Kind::kStacking),
          stored(impl.lines_for(reach.u_lambda, whole)),
          placed(samples, values, impl.u_axis, impl.v_axis, w, impl.choice.taps, stored,
                 impl.options.threads) {}

    WTermPlan w;
    WTermFactors factors;
    bool whole;
    typename PlacedSamples<Real>::Lines stored;
    PlacedSamples<Real> placed;
  };

  SampleReach reach_of_call(const PlaneSamples& samples, SampleValues values) const;
  WTermPlan plan_w(const SampleReach& reach, std::size_t samples) const;
  typename PlacedSamples<Real>::Lines lines_for(double u_lambda, bool whole) const;

  template <class Pixel>
  double image_of(const PlaneSamples& samples, SampleValues values, View<Pixel, 2> image) const;
  template <class Pixel>
  void normalise(View<Pixel, 2> image) const;
  template <class Pixel>
  void predict(View<const Pixel, 2> model, const PlaneSamples& geometry,
               View<std::complex<Pixel>, 2> vis_out) const;

  bool mark(const Call& call, std::size_t plane, UvLines<Real>& lines) const;
  void grid(const Call& call, std::size_t plane, const UvLines<Real>& lines) const;
  void sample(const Call& call, std::size_t plane, const UvLines<Real>& lines,
              std::vector<Complex>& sums) const;
  void factors_of(const Call& call, std::size_t plane, std::size_t bucket, std::size_t first,
                  std::size_t count, Real* factors) const;
  /// First and one past the last bucket whose samples enter a plane.
  std::array<std::size_t, 2> buckets_of(const Call& call, std::size_t plane) const;

  template <class Pixel>
  void to_rows(const Call& call, std::size_t plane, const UvLines<Real>& lines, double factor,
               bool add, View<Pixel, 2> image, std::size_t first, std::size_t end) const;
  template <class Pixel>
  void from_rows(const Call& call, std::size_t plane, const UvLines<Real>& lines,
                 View<const Pixel, 2> model, std::size_t first, std::size_t end) const;
  /// Factors of the pixels of image row y, as the plan of the w term has them.
  void row_factors(const Call& call, std::size_t plane, std::size_t y, RowBlock<Real>& block) const;
  const WholePlans<Real>& whole_plans() const;

  /// Calls body(first_row, end_row) for parts of the image.
  template <class Body>
  void over_rows(const Body& body) const {
    const std::size_t blocks = (v_axis.image_size + kRowsTogether - 1) / kRowsTogether;
    parallel_ranges(blocks, options.threads, [&](std::size_t begin, std::size_t end) {
      body(begin * kRowsTogether, std::min(end * kRowsTogether, v_axis.image_size));
    });
  }
  /// Cell of a transformed line that holds image row y.
  std::size_t column_of(std::size_t y) const {
    return (y + v_axis.grid_size - v_axis.image_size / 2) % v_axis.grid_size;
  }
  /// Correction of image row y, with the sign that moves the origin of v to mid-line.
  double row_scale(std::size_t y) const {
    return (y + v_axis.image_size / 2) % 2 == 0 ? v_axis.correction[y] : -v_axis.correction[y];
  }
  /// Calls body(x, element) for image columns: body gets runs [first, end) of columns and the
  /// element of a transformed row that holds the first.
  template <class Body>
  void over_columns(const Body& body) const {
    const std::size_t middle = u_axis.image_size / 2;
    body(std::size_t{0}, middle, u_axis.grid_size - middle);
    body(middle, u_axis.image_size, std::size_t{0});
  }
  std::size_t element_of_line(int u) const {
    return static_cast<std::size_t>(u < 0 ? u + static_cast<int>(u_axis.grid_size) : u);
  }

  WGridderOptions options;
  KernelChoice choice;
  PolynomialKernel kernel;
  UvAxis u_axis;
  UvAxis v_axis;
  double q_largest;
  AlignedBuffer<Real> coefficients;
  TapLoops<Real> loops;
  HalfPlans<Real> plans;
  std::vector<double> l2;  // per image column
  mutable std::once_flag whole_once;
  mutable std::optional<WholePlans<Real>> whole;
};

template <class Real>
const WholePlans<Real>& WGridder<Real>::Impl::whole_plans() const {
  std::call_once(whole_once, [this] { whole.emplace(u_axis.grid_size); });
  return *whole;
}

template <class Real>
WTermPlan WGridder<Real>::Impl::plan_w(const SampleReach& reach, std::size_t samples) const {
  if (options.w_term == WTerm::kIgnored) {
    return {};
  }
  const GridCost cost(choice, u_axis.image_size, v_axis.image_size, samples, sizeof(Real));
  return plan_w_term({.least_w = reach.least_w,
                      .largest_w = reach.largest_w,
                      .largest_q = q_largest,
                      .accuracy = options.accuracy,
                      .plane_cost = cost.plane,
                      .sample_cost = cost.sample,
                      .amplification = choice.amplification * choice.amplification,
                      .real_bytes = sizeof(Real)});
}

template <class Real>
typename PlacedSamples<Real>::Lines WGridder<Real>::Impl::lines_for(double u_lambda,
                                                                    bool whole_planes) const {
  const double farthest = std::min(std::abs(u_axis.position(u_lambda)) + 1, u_axis.half);
  const int reach = choice.taps / 2 + 1;
  const int last = static_cast<int>(farthest) + reach;
  const int first = whole_planes ? -last : -reach;
  // A line at least as far as those that are folded onto it.
  return {first, static_cast<std::size_t>(std::max(last, reach) - first + 1)};
}

template <class Real>
SampleReach WGridder<Real>::Impl::reach_of_call(const PlaneSamples& samples,
                                                SampleValues values) const {
  PlaneSamples counting = samples;
  if (values == SampleValues::kNone) {
    counting.weight = {};
  }
  return reach_of(counting, u_axis, v_axis);
}

template <class Real>
std::array<std::size_t, 2> WGridder<Real>::Impl::buckets_of(const Call& call,
                                                            std::size_t plane) const {
  if (!call.whole) {
    return {0, 1};
  }
  const auto taps = static_cast<std::size_t>(call.w.kernel.taps);
  return {plane + 1 < taps ? 0 : plane + 1 - taps, std::min(plane + 1, call.placed.buckets)};
}

template <class Real>
bool WGridder<Real>::Impl::mark(const Call& call, std::size_t plane, UvLines<Real>& lines) const {
  constexpr std::size_t kStripLines = PlacedSamples<Real>::kStripLines;
  const auto [from, to] = buckets_of(call, plane);
  bool any = false;
  lines.unmark();
  for (std::size_t strip = 0; strip < call.placed.strips; ++strip) {
    for (std::size_t bucket = from; bucket < to; ++bucket) {
      if (call.placed.begin_of(bucket, strip) < call.placed.begin_of(bucket, strip + 1)) {
        lines.mark(strip * kStripLines,
                   (strip + 1) * kStripLines + static_cast<std::size_t>(choice.taps) - 1);
        any = true;
      }
    }
  }
  lines.mark_homes();
  return any;
}

template <class Real>
void WGridder<Real>::Impl::factors_of(const Call& call, std::size_t plane, std::size_t bucket,
                                      std::size_t first, std::size_t count, Real* factors) const {
  const Real* arguments = call.placed.w_arguments.data() + first;
  if (call.w.kind == Kind::kStacking) {
    call.factors.stacking_taps(static_cast<int>(plane - bucket), arguments, count, factors);
    return;
  }
  for (std::size_t s = 0; s < count; ++s) {
    const Real x = arguments[s];
    Real before = x;  // T_{-1}
    Real value = 1;
    for (std::size_t k = 0; k < plane; ++k) {
      const Real next = 2 * x * value - before;
      before = value;
      value = next;
    }
    factors[s] = value;
  }
}

template <class Real>
void WGridder<Real>::Impl::grid(const Call& call, std::size_t plane,
                                const UvLines<Real>& lines) const {
  const PlacedSamples<Real>& placed = call.placed;
  const auto [from, to] = buckets_of(call, plane);
  const std::size_t power = call.w.kind == Kind::kExpansion ? plane : 0;
  const auto grid_strip = [&, first_bucket = from, end_bucket = to](std::size_t strip) {
    std::array<Complex, kChunk> ready;
    std::array<Real, kChunk> factors;
    for (std::size_t bucket = first_bucket; bucket < end_bucket; ++bucket) {
      const std::size_t end = placed.begin_of(bucket, strip + 1);
      for (std::size_t s = placed.begin_of(bucket, strip); s < end; s += kChunk) {
        const std::size_t count = std::min(kChunk, end - s);
        const Complex* values = placed.values.data() + s;
        if (call.w.kind != Kind::kNone) {
          factors_of(call, plane, bucket, s, count, factors.data());
          for (std::size_t k = 0; k < count; ++k) {
            ready[k] = times_power_of_i(values[k], power, false) * factors[k];
          }
          values = ready.data();
        }
        loops.add(coefficients.data(), placed.places.data() + s,
                  reinterpret_cast<const Real*>(values), count, lines.reals(), lines.real_stride());
      }
    }
  };
  for (std::size_t parity = 0; parity < 2; ++parity) {
    parallel_each((placed.strips + 1 - parity) / 2, options.threads,
                  [&](std::size_t k) { grid_strip(2 * k + parity); });
  }
}

template <class Real>
void WGridder<Real>::Impl::sample(const Call& call, std::size_t plane, const UvLines<Real>& lines,
                                  std::vector<Complex>& sums) const {
  const PlacedSamples<Real>& placed = call.placed;
  const auto [from, to] = buckets_of(call, plane);
  const std::size_t power = call.w.kind == Kind::kExpansion ? plane : 0;
  for (std::size_t bucket = from; bucket < to; ++bucket) {
    const std::size_t offset = placed.begin_of(bucket, 0);
    const std::size_t chunks = (placed.begin_of(bucket + 1, 0) - offset + kChunk - 1) / kChunk;
    parallel_ranges(chunks, options.threads, [&](std::size_t begin_chunk, std::size_t end_chunk) {
      std::array<Complex, kChunk> read;
      std::array<Real, kChunk> factors;
      factors.fill(Real{1});
      const std::size_t end = placed.begin_of(bucket + 1, 0);
      for (std::size_t chunk = begin_chunk; chunk < end_chunk; ++chunk) {
        const std::size_t s = offset + chunk * kChunk;
        const std::size_t count = std::min(kChunk, end - s);
        loops.read(coefficients.data(), placed.places.data() + s,
                   reinterpret_cast<Real*>(read.data()), count, lines.reals(), lines.real_stride());
        if (call.w.kind != Kind::kNone) {
          factors_of(call, plane, bucket, s, count, factors.data());
        }
        for (std::size_t k = 0; k < count; ++k) {
          sums[s + k] += times_power_of_i(read[k], power, true) * factors[k];
        }
      }
    });
  }
}

template <class Real>
void WGridder<Real>::Impl::row_factors(const Call& call, std::size_t plane, std::size_t y,
                                       RowBlock<Real>& block) const {
  const double m =
      (static_cast<double>(y) - static_cast<double>(v_axis.image_size / 2)) * v_axis.cell;
  if (call.w.kind == Kind::kNone) {
    std::fill_n(block.cosines.data(), block.cosines.size(), Real{1});
  } else if (call.w.kind == Kind::kExpansion) {
    call.factors.expansion_row(plane, l2.data(), m * m, l2.size(), block.cosines.data());
  } else {
    call.factors.stacking_row(plane, l2.data(), m * m, l2.size(), block.cosines.data(),
                              block.sines.data());
  }
  for (std::size_t x = 0; x < l2.size(); ++x) {
    block.cosines[x] *= static_cast<Real>(u_axis.correction[x]);
  }
  for (std::size_t x = 0; call.whole && x < l2.size(); ++x) {
    block.sines[x] *= static_cast<Real>(u_axis.correction[x]);
  }
}

template <class Real>
template <class Pixel>
void WGridder<Real>::Impl::to_rows(const Call& call, std::size_t plane, const UvLines<Real>& lines,
                                   double factor, bool add, View<Pixel, 2> image,
                                   std::size_t first_row, std::size_t end_row) const {
  RowBlock<Real> block(u_axis.grid_size, u_axis.image_size);
  const int first_line = lines.first_wanted();
  const int last_line = lines.last_wanted();
  const int nyquist = static_cast<int>(u_axis.grid_size / 2);
  for (std::size_t first = first_row; first < end_row; first += kRowsTogether) {
    const std::size_t rows = std::min(kRowsTogether, end_row - first);
    for (std::size_t k = 0; k < rows; ++k) {
      std::fill_n(block.spectrum(k), block.stride, Complex{});
    }
    for (int u = first_line; u <= last_line; ++u) {
      if (!lines.marked(u)) {
        continue;
      }
      const Complex* line = lines.line(u);
      const std::size_t element = element_of_line(u);
      // A real transform counts every line but these two twice: once as its conjugate.
      const Real twice = !call.whole && (u == 0 || u == nyquist) ? 2 : 1;
      for (std::size_t k = 0; k < rows; ++k) {
        block.spectrum(k)[element] = line[column_of(first + k)] * twice;
      }
    }
    for (std::size_t k = 0; k < rows; ++k) {
      const std::size_t y = first + k;
      const auto scale = static_cast<Real>(factor * row_scale(y) * (call.whole ? 1 : 0.5));
      row_factors(call, plane, y, block);
      if (call.whole) {
        whole_plans().backward_u.execute(block.spectrum(k));
      } else {
        plans.backward_u.execute(block.spectrum(k), block.row.data());
      }
      Pixel* out = &image(y, 0);
      const std::ptrdiff_t step = image.stride(1);
      over_columns([&](std::size_t x, std::size_t end, std::size_t element) {
        for (; x < end; ++x, ++element) {
          const Real value =
              scale * (call.whole ? block.spectrum(k)[element].real() * block.cosines[x] +
                                        block.spectrum(k)[element].imag() * block.sines[x]
                                  : block.row[element] * block.cosines[x]);
          Pixel& pixel = out[static_cast<std::ptrdiff_t>(x) * step];
          pixel = static_cast<Pixel>(value) + (add ? pixel : Pixel{0});
        }
      });
    }
  }
}

template <class Real>
template <class Pixel>
void WGridder<Real>::Impl::from_rows(const Call& call, std::size_t plane,
                                     const UvLines<Real>& lines, View<const Pixel, 2> model,
                                     std::size_t first_row, std::size_t end_row) const {
  RowBlock<Real> block(u_axis.grid_size, u_axis.image_size);
  const int first_line = lines.first_wanted();
  const int last_line = lines.last_wanted();
  for (std::size_t first = first_row; first < end_row; first += kRowsTogether) {
    const std::size_t rows = std::min(kRowsTogether, end_row - first);
    bool any = false;
    for (std::size_t y = first; y < first + rows && !any; ++y) {
      for (std::size_t x = 0; x < u_axis.image_size; ++x) {
        any = any || model(y, x) != 0;
      }
    }
    if (!any) {
      continue;  // models are mostly empty and the plane starts as zeros
    }
    for (std::size_t k = 0; k < rows; ++k) {
      const std::size_t y = first + k;
      const double scale = row_scale(y);
      row_factors(call, plane, y, block);
      Complex* spectrum = block.spectrum(k);
      if (call.whole) {
        std::fill_n(spectrum, u_axis.grid_size, Complex{});
      } else {
        std::fill_n(block.row.data(), u_axis.grid_size, Real{0});
      }
      over_columns([&](std::size_t x, std::size_t end, std::size_t element) {
        for (; x < end; ++x, ++element) {
          const auto pixel = static_cast<Real>(static_cast<double>(model(y, x)) * scale);
          if (call.whole) {
            spectrum[element] = {pixel * block.cosines[x], pixel * block.sines[x]};
          } else {
            block.row[element] = pixel * block.cosines[x];
          }
        }
      });
      if (call.whole) {
        whole_plans().forward_u.execute(spectrum);
      } else {
        plans.forward_u.execute(block.row.data(), spectrum);
      }
    }
    for (int u = first_line; u <= last_line; ++u) {
      if (!lines.marked(u)) {
        continue;
      }
      Complex* line = lines.line(u);
      const std::size_t element = element_of_line(u);
      for (std::size_t k = 0; k < rows; ++k) {
        line[column_of(first + k)] = block.spectrum(k)[element];
      }
    }
  }
}

namespace {

template <class Pixel>
void fill(View<Pixel, 2> image, Pixel value) {
  for (std::size_t y = 0; y < image.extent(0); ++y) {
    for (std::size_t x = 0; x < image.extent(1); ++x) {
      image(y, x) = value;
    }
  }
}

}  // namespace

template <class Real>
template <class Pixel>
double WGridder<Real>::Impl::image_of(const PlaneSamples& samples, SampleValues values,
                                      View<Pixel, 2> image) const {
  const Call call(*this, samples, values);
  if (!(call.placed.sum_of_weights > kLeastSumOfWeights)) {
    fill(image, Pixel{0});
    return call.placed.sum_of_weights;
  }
  UvLines<Real> lines(u_axis.grid_size, v_axis.grid_size, call.stored.first,
                      call.stored.first + static_cast<int>(call.stored.stored) - 1, !call.whole);
  bool add = false;
  for (std::size_t plane = 0; plane < call.w.planes; ++plane) {
    if (!mark(call, plane, lines)) {
      continue;
    }
    lines.clear(options.threads);
    grid(call, plane, lines);
    lines.fold();
    lines.transform(plans.backward_v, options.threads);
    over_rows([&](std::size_t first, std::size_t end) {
      to_rows(call, plane, lines, 1.0 / call.placed.sum_of_weights, add, image, first, end);
    });
    add = true;
  }
  return call.placed.sum_of_weights;
}

template <class Real>
template <class Pixel>
void WGridder<Real>::Impl::normalise(View<Pixel, 2> image) const {
  std::vector<Pixel> peaks(v_axis.image_size, Pixel{0});
  over_rows([&](std::size_t first, std::size_t end) {
    for (std::size_t y = first; y < end; ++y) {
      for (std::size_t x = 0; x < u_axis.image_size; ++x) {
        peaks[y] = std::max(peaks[y], image(y, x));
      }
    }
  });
  const Pixel peak = *std::max_element(peaks.begin(), peaks.end());
  if (!(static_cast<double>(peak) > kLeastSumOfWeights)) {
    fill(image, Pixel{0});
    return;
  }
  over_rows([&](std::size_t first, std::size_t end) {
    for (std::size_t y = first; y < end; ++y) {
      for (std::size_t x = 0; x < u_axis.image_size; ++x) {
        image(y, x) /= peak;
      }
    }
  });
}

template <class Real>
template <class Pixel>
void WGridder<Real>::Impl::predict(View<const Pixel, 2> model, const PlaneSamples& geometry,
                                   View<std::complex<Pixel>, 2> vis_out) const {
  const Call call(*this, geometry, SampleValues::kNone);
  const PlacedSamples<Real>& placed = call.placed;
  std::vector<Complex> sums(placed.count());
  UvLines<Real> lines(u_axis.grid_size, v_axis.grid_size, call.stored.first,
                      call.stored.first + static_cast<int>(call.stored.stored) - 1, !call.whole);
  for (std::size_t plane = 0; plane < call.w.planes; ++plane) {
    if (!mark(call, plane, lines)) {
      continue;
    }
    lines.clear(options.threads);
    over_rows([&](std::size_t first, std::size_t end) {
      from_rows(call, plane, lines, model, first, end);
    });
    lines.transform(plans.forward_v, options.threads);
    lines.unfold(options.threads);
    sample(call, plane, lines, sums);
  }
  const std::size_t chans = geometry.freq_hz.extent(0);
  fill(vis_out, std::complex<Pixel>{});
  parallel_ranges(placed.count(), options.threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t s = begin; s < end; ++s) {
      const std::size_t row = placed.sources[s] / 2 / chans;
      const std::size_t c = placed.sources[s] / 2 % chans;
      std::complex<double> value(sums[s]);
      value = placed.sources[s] % 2 != 0 ? std::conj(value) : value;
      if (call.w.kind != Kind::kNone) {
        const double w = geometry.uvw_m(row, 2) * (geometry.freq_hz(c) / kLightSpeed);
        value *= turned(w * call.w.q_middle);
      }
      vis_out(row, c) = std::complex<Pixel>(value);
    }
  });
}

template <class Real>
WGridder<Real>::WGridder(std::size_t nx, std::size_t ny, double cell_x_rad, double cell_y_rad,
                         const WGridderOptions& options) {
  check_arguments(nx, ny, cell_x_rad, cell_y_rad, options);
  impl_ = std::make_unique<const Impl>(nx, ny, cell_x_rad, cell_y_rad, options);
}
template <class Real>
WGridder<Real>::~WGridder() = default;
template <class Real>
WGridder<Real>::WGridder(WGridder&&) noexcept = default;
template <class Real>
WGridder<Real>& WGridder<Real>::operator=(WGridder&&) noexcept = default;

template <class Real>
std::size_t WGridder<Real>::nx() const {
  return impl_->u_axis.image_size;
}
template <class Real>
std::size_t WGridder<Real>::ny() const {
  return impl_->v_axis.image_size;
}

namespace {

void check_dirty(const PlaneSamples& samples) {
  require_geometry("WGridder::dirty", samples);
  require_samples("WGridder::dirty", "vis", samples.vis, samples);
  require_samples("WGridder::dirty", "weight", samples.weight, samples);
}

void check_psf(const PlaneSamples& samples) {
  require_geometry("WGridder::psf", samples);
  require_samples("WGridder::psf", "weight", samples.weight, samples);
  if (samples.vis.data() != nullptr) {
    require_samples("WGridder::psf", "vis", samples.vis, samples);
  }
}

}  // namespace

template <class Real>
double WGridder<Real>::dirty(const PlaneSamples& samples, View<float, 2> image) const {
  require_image("WGridder::dirty", image, ny(), nx());
  check_dirty(samples);
  return impl_->image_of(samples, SampleValues::kGiven, image);
}
template <class Real>
double WGridder<Real>::dirty(const PlaneSamples& samples, View<double, 2> image) const {
  require_image("WGridder::dirty", image, ny(), nx());
  check_dirty(samples);
  return impl_->image_of(samples, SampleValues::kGiven, image);
}

template <class Real>
double WGridder<Real>::psf(const PlaneSamples& samples, View<float, 2> image) const {
  require_image("WGridder::psf", image, ny(), nx());
  check_psf(samples);
  const double sum_of_weights = impl_->image_of(samples, SampleValues::kOnes, image);
  impl_->normalise(image);
  return sum_of_weights;
}
template <class Real>
double WGridder<Real>::psf(const PlaneSamples& samples, View<double, 2> image) const {
  require_image("WGridder::psf", image, ny(), nx());
  check_psf(samples);
  const double sum_of_weights = impl_->image_of(samples, SampleValues::kOnes, image);
  impl_->normalise(image);
  return sum_of_weights;
}

template <class Real>
void WGridder<Real>::predict(View<const float, 2> model, const PlaneSamples& geometry,
                             View<std::complex<float>, 2> vis_out) const {
  require_image("WGridder::predict", model, ny(), nx());
  require_geometry("WGridder::predict", geometry);
  require_samples("WGridder::predict", "vis_out", vis_out, geometry);
  impl_->predict(model, geometry, vis_out);
}
template <class Real>
void WGridder<Real>::predict(View<const double, 2> model, const PlaneSamples& geometry,
                             View<std::complex<double>, 2> vis_out) const {
  require_image("WGridder::predict", model, ny(), nx());
  require_geometry("WGridder::predict", geometry);
  require_samples("WGridder::predict", "vis_out", vis_out, geometry);
  impl_->predict(model, geometry, vis_out);
}

template <class Real>
typename WGridder<Real>::Treatment WGridder<Real>::treatment(const PlaneSamples& samples) const {
  require_geometry("WGridder::treatment", samples);
  const SampleReach reach = reach_of(samples, impl_->u_axis, impl_->v_axis);
  const WTermPlan plan = impl_->plan_w(reach, samples.uvw_m.extent(0) * samples.freq_hz.extent(0));
  return {plan.planes, plan.kind == WTermPlan::Kind::kStacking, impl_->choice.taps,
          impl_->u_axis.grid_size, impl_->v_axis.grid_size};
}

template <class Real>
std::size_t WGridder<Real>::footprint_bytes(std::size_t nx, std::size_t ny, double cell_x_rad,
                                            double cell_y_rad, std::size_t samples,
                                            const WGridderOptions& options, Reach reach) {
  check_arguments(nx, ny, cell_x_rad, cell_y_rad, options);
  const KernelChoice kernel = choose_kernel(nx, ny, options, sizeof(Real));
  const GridCost cost(kernel, nx, ny, samples, sizeof(Real));
  const double cells =
      std::min(0.5 * static_cast<double>(cost.u_size),
               reach.u_lambda * std::abs(cell_x_rad) * static_cast<double>(cost.u_size));
  WTermPlan plan;
  if (options.w_term == WTerm::kAsNeeded) {
    const double w = std::isfinite(reach.w_lambda)
                         ? reach.w_lambda
                         : 0.5 / std::min(std::abs(cell_x_rad), cell_y_rad);
    plan = plan_w_term({.least_w = 0,
                        .largest_w = w,
                        .largest_q = largest_q(nx, ny, cell_x_rad, cell_y_rad),
                        .accuracy = options.accuracy,
                        .plane_cost = cost.plane,
                        .sample_cost = cost.sample,
                        .amplification = kernel.amplification * kernel.amplification,
                        .real_bytes = sizeof(Real)});
  }
  // A narrow range of w can make stacking the cheaper way, but not below five half planes.
  const bool whole = plan.planes > 4;
  const std::size_t half_lines =
      static_cast<std::size_t>(cells) + static_cast<std::size_t>(kernel.taps) + 4;
  const std::size_t lines = (whole ? 2 : 1) * half_lines + static_cast<std::size_t>(kernel.taps);
  const std::size_t strips = lines / PlacedSamples<Real>::kStripLines + 1;
  const std::size_t buckets = whole ? plan.planes : 1;
  const std::size_t tiles = cost.v_size / PlacedSamples<Real>::kTileColumns + 2;
  return UvLines<Real>::bytes(cost.v_size, lines) +
         options.threads * RowBlock<Real>::bytes(cost.u_size, nx) +
         samples * (PlacedSamples<Real>::kBytesEach + sizeof(std::complex<Real>)) +
         strips * (buckets * sizeof(std::size_t) + tiles * sizeof(std::uint32_t));
}

template class WGridder<float>;
template class WGridder<double>;

}  // namespace skymill::kernels
