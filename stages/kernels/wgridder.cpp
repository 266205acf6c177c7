// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/check_samples.h>
#include <stages/kernels/parallel_ranges.h>
#include <stages/kernels/wgridder_impl.h>

#include <array>
#include <cmath>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace skymill::kernels {

namespace {

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
template <class Pixel>
double WGridder<Real>::Impl::image_of(const Call& call, View<Pixel, 2> image, Pixel* peaks) const {
  if (!(call.placed.sum_of_weights > kLeastSumOfWeights)) {
    fill(image, Pixel{0});
    return call.placed.sum_of_weights;
  }
  typename SpectrumRows<Real>::Lent lent;
  if constexpr (std::is_same_v<Pixel, Real>) {
    if (call.w.planes == 1 && image.stride(1) == 1) {
      lent = {image.data(), image.stride(0), u_axis.image_size};
    }
  }
  const SpectrumRows<Real> spectra(v_axis.image_size, call.stored.stored, lent);
  bool add = false;
  for (std::size_t index = 0; index < call.w.planes; ++index) {
    const Plane plane = plane_of(call, index);
    if (plane.runs.empty()) {
      continue;
    }
    samples_to_spectra(call, plane, spectra);
    spectra_to_rows(call, plane, spectra, 1.0 / call.placed.sum_of_weights, add, image, peaks);
    add = true;
  }
  return call.placed.sum_of_weights;
}

template <class Real>
template <class Pixel>
double WGridder<Real>::Impl::dirty(Call& call, const PlaneSamples& samples,
                                   View<Pixel, 2> image) const {
  call.placed.set_values(samples, SampleValues::kGiven, options.threads);
  return image_of(call, image, static_cast<Pixel*>(nullptr));
}

template <class Real>
template <class Pixel>
double WGridder<Real>::Impl::psf(Call& call, const PlaneSamples& samples,
                                 View<Pixel, 2> image) const {
  call.placed.set_values(samples, SampleValues::kOnes, options.threads);
  std::vector<Pixel> peaks(v_axis.image_size, Pixel{0});
  const double sum_of_weights = image_of(call, image, peaks.data());
  const Pixel peak = *std::max_element(peaks.begin(), peaks.end());
  if (!(static_cast<double>(peak) > kLeastSumOfWeights)) {
    fill(image, Pixel{0});
    return sum_of_weights;
  }
  parallel_ranges(v_axis.image_size, options.threads, [&](std::size_t first, std::size_t end) {
    for (std::size_t y = first; y < end; ++y) {
      Pixel* row = &image(y, 0);
      if (image.stride(1) == 1) {
        for (std::size_t x = 0; x < u_axis.image_size; ++x) {
          row[x] /= peak;
        }
      } else {
        for (std::size_t x = 0; x < u_axis.image_size; ++x) {
          image(y, x) /= peak;
        }
      }
    }
  });
  return sum_of_weights;
}

template <class Real>
template <class Pixel>
void WGridder<Real>::Impl::predict(View<const Pixel, 2> model, const PlaneSamples& geometry,
                                   View<std::complex<Pixel>, 2> vis_out) const {
  fill(vis_out, std::complex<Pixel>{});
  const std::vector<std::size_t> rows = rows_with_flux(model);
  if (!rows.empty()) {
    predict(Call(*this, geometry, SampleValues::kNone), model, rows, vis_out);
  }
}

template <class Real>
template <class Pixel>
void WGridder<Real>::Impl::predict(const Call& call, View<const Pixel, 2> model,
                                   const std::vector<std::size_t>& rows,
                                   View<std::complex<Pixel>, 2> vis_out) const {
  const PlacedSamples<Real>& placed = call.placed;
  const std::size_t stored = call.stored.stored;
  std::vector<Complex> sums(placed.count());
  const SpectrumParts parts(call.slabs, rows.size(), stored, sizeof(Complex));
  const auto lines_of = [&](std::size_t part) {
    return Run{call.slabs.first_line(parts.first_slab(part)),
               call.slabs.last_touched(parts.first_slab(part + 1) - 1, stored)};
  };
  std::size_t most_lines = 0;
  for (std::size_t part = 0; part < parts.count; ++part) {
    most_lines = std::max(most_lines, lines_of(part).end - lines_of(part).first);
  }
  const SpectrumRows<Real> spectra(rows.size(), most_lines, {});
  for (std::size_t part = 0; part < parts.count; ++part) {
    const Run lines = lines_of(part);
    for (std::size_t index = 0; index < call.w.planes; ++index) {
      const Plane plane = plane_of(call, index);
      if (!plane.runs.empty()) {
        rows_to_spectra(call, plane, model, rows, lines, spectra);
        spectra_to_samples(call, plane, spectra, rows, parts.first_slab(part),
                           parts.first_slab(part + 1), sums);
      }
    }
  }
  const std::size_t chans = vis_out.extent(1);
  parallel_ranges(placed.count(), options.threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t s = begin; s < end; ++s) {
      const std::size_t row = placed.sources[s] / 2 / chans;
      const std::size_t c = placed.sources[s] / 2 % chans;
      std::complex<double> value(sums[s]);
      if (placed.turns.size() > 0) {
        const std::complex<double> turn(placed.turns[s]);
        value = {value.real() * turn.real() + value.imag() * turn.imag(),
                 value.imag() * turn.real() - value.real() * turn.imag()};
      }
      value = placed.sources[s] % 2 != 0 ? std::conj(value) : value;
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
  typename Impl::Call call(*impl_, samples, SampleValues::kGiven);
  return impl_->dirty(call, samples, image);
}
template <class Real>
double WGridder<Real>::dirty(const PlaneSamples& samples, View<double, 2> image) const {
  require_image("WGridder::dirty", image, ny(), nx());
  check_dirty(samples);
  typename Impl::Call call(*impl_, samples, SampleValues::kGiven);
  return impl_->dirty(call, samples, image);
}

template <class Real>
double WGridder<Real>::psf(const PlaneSamples& samples, View<float, 2> image) const {
  require_image("WGridder::psf", image, ny(), nx());
  check_psf(samples);
  typename Impl::Call call(*impl_, samples, SampleValues::kOnes);
  return impl_->psf(call, samples, image);
}
template <class Real>
double WGridder<Real>::psf(const PlaneSamples& samples, View<double, 2> image) const {
  require_image("WGridder::psf", image, ny(), nx());
  check_psf(samples);
  typename Impl::Call call(*impl_, samples, SampleValues::kOnes);
  return impl_->psf(call, samples, image);
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
WGridder<Real>::Placed::Placed(std::unique_ptr<Call> call) : call_(std::move(call)) {}
template <class Real>
WGridder<Real>::Placed::~Placed() = default;
template <class Real>
WGridder<Real>::Placed::Placed(Placed&&) noexcept = default;

namespace {

void require_same_samples(const char* where, std::size_t rows, std::size_t chans,
                          const std::array<std::size_t, 2>& shape) {
  if (shape[0] != rows || shape[1] != chans) {
    throw std::invalid_argument(std::string(where) + ": [" + std::to_string(shape[0]) + "][" +
                                std::to_string(shape[1]) + "] samples where [" +
                                std::to_string(rows) + "][" + std::to_string(chans) +
                                "] were placed");
  }
}

}  // namespace

template <class Real>
typename WGridder<Real>::Placed WGridder<Real>::place(const PlaneSamples& samples) const {
  check_psf(samples);
  using Call = typename Placed::Call;
  return Placed(
      std::make_unique<Call>(Call{typename Impl::Call(*impl_, samples, SampleValues::kOnes),
                                  samples.uvw_m.extent(0), samples.freq_hz.extent(0)}));
}

template <class Real>
double WGridder<Real>::dirty(Placed& placed, const PlaneSamples& samples,
                             View<float, 2> image) const {
  require_image("WGridder::dirty", image, ny(), nx());
  check_dirty(samples);
  require_same_samples("WGridder::dirty", placed.call_->rows, placed.call_->chans,
                       samples.vis.shape());
  return impl_->dirty(placed.call_->call, samples, image);
}

template <class Real>
double WGridder<Real>::psf(Placed& placed, const PlaneSamples& samples,
                           View<float, 2> image) const {
  require_image("WGridder::psf", image, ny(), nx());
  check_psf(samples);
  require_same_samples("WGridder::psf", placed.call_->rows, placed.call_->chans,
                       samples.weight.shape());
  return impl_->psf(placed.call_->call, samples, image);
}

template <class Real>
void WGridder<Real>::predict(const Placed& placed, View<const float, 2> model,
                             View<std::complex<float>, 2> vis_out) const {
  require_image("WGridder::predict", model, ny(), nx());
  require_same_samples("WGridder::predict", placed.call_->rows, placed.call_->chans,
                       vis_out.shape());
  fill(vis_out, std::complex<float>{});
  const std::vector<std::size_t> rows = impl_->rows_with_flux(model);
  if (!rows.empty()) impl_->predict(placed.call_->call, model, rows, vis_out);
}

template <class Real>
std::size_t WGridder<Real>::placed_bytes(std::size_t samples) {
  return samples * PlacedSamples<Real>::kBytesKept;
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
  const std::size_t strips = lines / UvSlabs::kStripLines + 1;
  const std::size_t buckets = whole ? plan.planes : 1;
  const std::size_t tiles = cost.v_size / PlacedSamples<Real>::kTileColumns + 2;
  const UvSlabs slabs(strips, UvSlab<Real>::bytes(cost.v_size, 1),
                      static_cast<std::size_t>(kernel.taps), options.threads);
  const SpectrumParts parts(slabs, ny, lines, sizeof(std::complex<Real>));
  // Two parts differ by a slab; and data that reach less far may just stay in one.
  const std::size_t part_lines =
      parts.count == 1 ? lines : slabs.first_line(parts.first_slab(1)) + 2 * slabs.most_lines();
  const std::size_t predicting =
      std::max(SpectrumRows<Real>::bytes(ny, part_lines, 0),
               parts.count == 1 ? std::size_t{0} : SpectrumParts::kMostBytes);
  const std::size_t imaging = SpectrumRows<Real>::bytes(ny, lines, plan.planes == 1 ? nx : 0);
  const std::size_t working =
      std::max(imaging, predicting) + options.threads * RowBlock<Real>::bytes(cost.u_size, nx) +
      UvSlabs::most_bytes(strips, UvSlab<Real>::bytes(cost.v_size, 1),
                          static_cast<std::size_t>(kernel.taps), options.threads);
  return std::max(samples * PlacedSamples<Real>::kBytesEach,
                  samples * PlacedSamples<Real>::kBytesKept + working) +
         strips * (buckets * sizeof(std::size_t) + tiles * sizeof(std::uint32_t));
}

template class WGridder<float>;
template class WGridder<double>;

}  // namespace skymill::kernels
