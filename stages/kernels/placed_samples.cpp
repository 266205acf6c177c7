// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/check_samples.h>
#include <stages/kernels/huge_pages.h>
#include <stages/kernels/parallel_ranges.h>
#include <stages/kernels/placed_samples.h>
#include <stages/kernels/uv_slab.h>

#include <algorithm>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

namespace {

/// A buffer of one element for each sample: megabytes that are touched once.
template <class T>
AlignedBuffer<T> buffer_of(std::size_t size) {
  AlignedBuffer<T> buffer(size);
  prefer_huge_pages(buffer.data(), size * sizeof(T));
  return buffer;
}

constexpr std::uint32_t kDropped = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kBlockRows = 1024;  // sums of weights are taken by blocks, then in order

std::vector<double> inverse_wavelengths(const PlaneSamples& samples) {
  std::vector<double> result(samples.freq_hz.extent(0));
  for (std::size_t c = 0; c < result.size(); ++c) {
    result[c] = samples.freq_hz(c) / kLightSpeed;
  }
  return result;
}

/// Indices of the keys in the order of the keys, those that are dropped left out. Stable.
AlignedBuffer<std::uint32_t> sorted_by(const AlignedBuffer<std::uint32_t>& keys, std::size_t bins) {
  std::vector<std::uint32_t> starts(bins + 1, 0);
  for (std::size_t k = 0; k < keys.size(); ++k) {
    if (keys[k] != kDropped) {
      ++starts[keys[k] + 1];
    }
  }
  for (std::size_t bin = 0; bin < bins; ++bin) {
    starts[bin + 1] += starts[bin];
  }
  AlignedBuffer<std::uint32_t> order = buffer_of<std::uint32_t>(starts[bins]);
  for (std::size_t k = 0; k < keys.size(); ++k) {
    if (keys[k] != kDropped) {
      order[starts[keys[k]]++] = static_cast<std::uint32_t>(k);
    }
  }
  return order;
}

/// The same for an order that is there already.
AlignedBuffer<std::uint32_t> sorted_by(const AlignedBuffer<std::uint32_t>& keys, std::size_t bins,
                                       const AlignedBuffer<std::uint32_t>& before) {
  std::vector<std::uint32_t> starts(bins + 1, 0);
  for (std::size_t k = 0; k < before.size(); ++k) {
    ++starts[keys[before[k]] + 1];
  }
  for (std::size_t bin = 0; bin < bins; ++bin) {
    starts[bin + 1] += starts[bin];
  }
  AlignedBuffer<std::uint32_t> order(before.size());
  for (std::size_t k = 0; k < before.size(); ++k) {
    order[starts[keys[before[k]]]++] = before[k];
  }
  return order;
}

/// A sample in cells of the plane, mirrored to the half that is kept.
struct Position {
  double u;
  double v;
  double w;  // wavelengths
  bool mirrored;
};

/// The first of the taps around a position, and the argument of their polynomials.
struct FirstTap {
  FirstTap(double position, int taps) {
    const double start = position - taps / 2.0;
    // Truncation is the floor of what is made positive, and much cheaper than std::floor.
    constexpr int kShift = 1 << 24;
    index = static_cast<int>(start + kShift) - (kShift - 1);
    argument = 2 * (index - start) - 1;
  }
  int index;
  double argument;
};

/// exp(2 pi i turns).
std::complex<double> turned(double turns) {
  return std::polar(1.0, 2 * std::numbers::pi * (turns - std::nearbyint(turns)));
}

/// A sample before sorting; fits half a cache line in single precision.
template <class Real>
struct Unsorted {
  TapPlace<Real> place;
  std::complex<Real> turn;
  Real w_argument;
  bool mirrored;
};

}  // namespace

UvAxis::UvAxis(std::size_t image_pixels, double cell_rad, std::size_t grid_cells,
               const PolynomialKernel& kernel)
    : image_size(image_pixels),
      grid_size(grid_cells),
      cell(cell_rad),
      cells_per_lambda(-cell_rad * static_cast<double>(grid_cells)),
      half(static_cast<double>(grid_cells / 2)),
      correction(image_pixels) {
  const std::size_t middle = image_pixels / 2;
  for (std::size_t k = 0; k <= middle; ++k) {
    const double value =
        1 / kernel.transform(static_cast<double>(k) / static_cast<double>(grid_cells));
    correction[middle - k] = value;
    if (middle + k < image_pixels) {
      correction[middle + k] = value;
    }
  }
}

SampleReach reach_of(const PlaneSamples& samples, const UvAxis& u_axis, const UvAxis& v_axis) {
  const std::size_t chans = samples.freq_hz.extent(0);
  const bool weighted = samples.weight.data() != nullptr;
  double lowest = std::numeric_limits<double>::infinity();
  double highest = 0;
  for (const double k : inverse_wavelengths(samples)) {
    lowest = std::min(lowest, k);
    highest = std::max(highest, k);
  }
  SampleReach reach;
  reach.least_w = std::numeric_limits<double>::infinity();
  for (std::size_t row = 0; row < samples.uvw_m.extent(0); ++row) {
    const double u = std::abs(samples.uvw_m(row, 0));
    const double w = std::abs(samples.uvw_m(row, 2));
    bool counts = u_axis.holds(u_axis.position(u * lowest)) && std::isfinite(w) &&
                  v_axis.holds(v_axis.position(samples.uvw_m(row, 1) * lowest));
    if (counts && weighted) {
      counts = false;
      for (std::size_t c = 0; c < chans && !counts; ++c) {
        counts = samples.weight(row, c) > 0;
      }
    }
    if (counts) {
      reach.u_lambda = std::max(reach.u_lambda, u * highest);
      reach.least_w = std::min(reach.least_w, w * lowest);
      reach.largest_w = std::max(reach.largest_w, w * highest);
    }
  }
  reach.least_w = std::min(reach.least_w, reach.largest_w);
  return reach;
}

template <class Real>
PlacedSamples<Real>::PlacedSamples(const PlaneSamples& samples, SampleValues kind,
                                   const UvAxis& u_axis, const UvAxis& v_axis,
                                   const WTermPlan& w_plan, int taps, const Lines& lines,
                                   std::size_t threads) {
  const std::size_t rows = samples.uvw_m.extent(0);
  const std::size_t chans = samples.freq_hz.extent(0);
  if (rows * chans >= kDropped / 2) {
    throw std::invalid_argument("WGridder: " + std::to_string(rows) + " rows of " +
                                std::to_string(chans) +
                                " channels are more samples than one plane can take (2^31)");
  }
  const std::vector<double> per_metre = inverse_wavelengths(samples);
  const bool stacking = w_plan.kind == WTermPlan::Kind::kStacking;
  constexpr std::size_t kMargin = UvSlab<Real>::kMargin;
  const int column_offset = static_cast<int>(v_axis.grid_size / 2 + kMargin);
  strips = (lines.stored + kStripLines - 1) / kStripLines;
  const std::size_t tiles = (v_axis.grid_size + 2 * kMargin) / kTileColumns + 1;
  buckets = stacking ? w_plan.planes - static_cast<std::size_t>(w_plan.kernel.taps) + 1 : 1;

  const auto position_of = [&](std::size_t row, std::size_t chan, Position& p) {
    p.u = u_axis.position(samples.uvw_m(row, 0) * per_metre[chan]);
    p.v = v_axis.position(samples.uvw_m(row, 1) * per_metre[chan]);
    p.w = samples.uvw_m(row, 2) * per_metre[chan];
    if (!u_axis.holds(p.u) || !v_axis.holds(p.v) || !std::isfinite(p.w)) {
      return false;
    }
    p.mirrored = stacking ? p.w < 0 : p.u < 0;
    if (p.mirrored) {
      p.u = -p.u;
      p.v = -p.v;
      p.w = -p.w;
    }
    return true;
  };
  const auto w_tap = [&](double w) {
    return FirstTap((w - w_plan.w_first) * w_plan.w_scale, w_plan.kernel.taps);
  };

  const bool has_w = w_plan.kind != WTermPlan::Kind::kNone;
  const AlignedBuffer<std::uint32_t> tile_of = buffer_of<std::uint32_t>(rows * chans);
  const AlignedBuffer<std::uint32_t> bucket_of(stacking ? rows * chans : 0);
  const AlignedBuffer<Unsorted<Real>> unsorted = buffer_of<Unsorted<Real>>(rows * chans);
  const std::size_t blocks = (rows + kBlockRows - 1) / kBlockRows;
  std::vector<double> weights(blocks, 0.0);
  const auto place = [&](std::size_t row, std::size_t c, double& sum) {
    const std::size_t source = row * chans + c;
    tile_of[source] = kDropped;
    float weight = 1;
    if (kind != SampleValues::kNone) {
      weight = samples.weight(row, c);
      if (!(weight > 0) || !std::isfinite(weight)) {
        return;
      }
      if (samples.vis.data() != nullptr && !finite(samples.vis(row, c))) {
        return;
      }
    }
    Position p{};
    if (!position_of(row, c, p)) {
      return;
    }
    sum += static_cast<double>(weight);
    const FirstTap u(p.u, taps);
    const FirstTap v(p.v, taps);
    const auto line = static_cast<std::uint32_t>(u.index - lines.first);
    Unsorted<Real>& sample = unsorted[source];
    sample.place = {static_cast<Real>(u.argument), static_cast<Real>(v.argument),
                    line % static_cast<std::uint32_t>(kStripLines),
                    static_cast<std::uint32_t>(v.index + column_offset)};
    sample.mirrored = p.mirrored;
    tile_of[source] =
        static_cast<std::uint32_t>(line / kStripLines * tiles + sample.place.column / kTileColumns);
    if (has_w) {
      sample.turn = std::complex<Real>(turned(-p.w * w_plan.q_middle));
      sample.w_argument = static_cast<Real>(p.w * w_plan.w_scale);
    }
    if (stacking) {
      const FirstTap w = w_tap(p.w);
      sample.w_argument = static_cast<Real>(w.argument);
      bucket_of[source] = static_cast<std::uint32_t>(w.index);
    }
  };
  parallel_each(blocks, threads, [&](std::size_t block) {
    for (std::size_t row = block * kBlockRows; row < std::min(rows, (block + 1) * kBlockRows);
         ++row) {
      for (std::size_t c = 0; c < chans; ++c) {
        place(row, c, weights[block]);
      }
    }
  });
  for (const double weight : weights) {
    sum_of_weights += weight;
  }

  sources = sorted_by(tile_of, strips * tiles);
  if (stacking) {
    sources = sorted_by(bucket_of, buckets, sources);
  }
  starts.assign(buckets * strips + 1, 0);
  const std::size_t count = sources.size();
  places = buffer_of<TapPlace<Real>>(count);
  turns = buffer_of<std::complex<Real>>(has_w ? count : 0);
  w_arguments = buffer_of<Real>(has_w ? count : 0);
  for (std::size_t s = 0; s < count; ++s) {
    const std::size_t bucket = stacking ? bucket_of[sources[s]] : 0;
    ++starts[bucket * strips + tile_of[sources[s]] / tiles + 1];
  }
  for (std::size_t k = 0; k + 1 < starts.size(); ++k) {
    starts[k + 1] += starts[k];
  }
  parallel_ranges(count, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t s = begin; s < end; ++s) {
      const Unsorted<Real>& sample = unsorted[sources[s]];
      places[s] = sample.place;
      if (has_w) {
        turns[s] = sample.turn;
        w_arguments[s] = sample.w_argument;
      }
      sources[s] = 2 * sources[s] + (sample.mirrored ? 1 : 0);
    }
  });
}

template <class Real>
void PlacedSamples<Real>::set_values(const PlaneSamples& samples, SampleValues kind,
                                     std::size_t threads) {
  const std::size_t chans = samples.freq_hz.extent(0);
  if (values.size() != count()) values = buffer_of<std::complex<Real>>(count());
  parallel_ranges(count(), threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t s = begin; s < end; ++s) {
      const std::size_t source = sources[s] / 2;
      const std::size_t row = chans == 1 ? source : source / chans;
      const std::size_t c = source - row * chans;
      const auto weight = static_cast<double>(samples.weight(row, c));
      double re = weight;
      double im = 0;
      if (kind == SampleValues::kGiven) {
        const std::complex<float> vis = samples.vis(row, c);
        const bool counts = finite(vis);
        re = counts ? weight * static_cast<double>(vis.real()) : 0;
        im = counts ? weight * static_cast<double>(vis.imag()) : 0;
        im = sources[s] % 2 != 0 ? -im : im;
      }
      if (turns.size() > 0) {
        const std::complex<double> turn(turns[s]);
        const double turned_re = re * turn.real() - im * turn.imag();
        im = re * turn.imag() + im * turn.real();
        re = turned_re;
      }
      values[s] = {static_cast<Real>(re), static_cast<Real>(im)};
    }
  });
}

template struct PlacedSamples<float>;
template struct PlacedSamples<double>;

}  // namespace skymill::kernels
