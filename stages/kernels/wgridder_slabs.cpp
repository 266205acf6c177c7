// SPDX-License-Identifier: GPL-3.0-or-later
// The uv side of WGridder: samples to and from spectra of image rows, a slab of lines at a time.
#include <stages/kernels/parallel_ranges.h>
#include <stages/kernels/wgridder_impl.h>

#include <array>
#include <cstdint>

namespace skymill::kernels {

namespace {

constexpr std::size_t kChunk = 256;         // samples whose values are made ready together
constexpr std::size_t kLinesTogether = 64;  // that cross between lines and rows

}  // namespace

template <class Real>
typename WGridder<Real>::Impl::Plane WGridder<Real>::Impl::plane_of(const Call& call,
                                                                    std::size_t index) const {
  Plane plane{index, 0, 1, {}};
  if (call.whole) {
    const auto taps = static_cast<std::size_t>(call.w.kernel.taps);
    plane.first_bucket = index + 1 < taps ? 0 : index + 1 - taps;
    plane.end_bucket = std::min(index + 1, call.placed.buckets);
  }
  for (std::size_t strip = 0; strip < call.placed.strips; ++strip) {
    bool any = false;
    for (std::size_t bucket = plane.first_bucket; bucket < plane.end_bucket; ++bucket) {
      any = any || call.placed.begin_of(bucket, strip) < call.placed.begin_of(bucket, strip + 1);
    }
    if (!any) {
      continue;
    }
    const std::size_t first = strip * UvSlabs::kStripLines;
    const std::size_t end =
        std::min(first + UvSlabs::kStripLines + call.slabs.overlap, call.stored.stored);
    if (!plane.runs.empty() && plane.runs.back().end >= first) {
      plane.runs.back().end = end;
    } else {
      plane.runs.push_back({first, end});
    }
  }
  return plane;
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
void WGridder<Real>::Impl::grid_strip(const Call& call, const Plane& plane, std::size_t strip,
                                      Real* cells, std::size_t stride) const {
  const PlacedSamples<Real>& placed = call.placed;
  const std::size_t power = call.w.kind == Kind::kExpansion ? plane.index : 0;
  std::array<Complex, kChunk> ready;
  std::array<Real, kChunk> factors;
  for (std::size_t bucket = plane.first_bucket; bucket < plane.end_bucket; ++bucket) {
    const std::size_t end = placed.begin_of(bucket, strip + 1);
    for (std::size_t s = placed.begin_of(bucket, strip); s < end; s += kChunk) {
      const std::size_t count = std::min(kChunk, end - s);
      const Complex* values = placed.values.data() + s;
      if (call.w.kind != Kind::kNone) {
        factors_of(call, plane.index, bucket, s, count, factors.data());
        for (std::size_t k = 0; k < count; ++k) {
          ready[k] = times_power_of_i(values[k], power, false) * factors[k];
        }
        values = ready.data();
      }
      loops.add(coefficients.data(), placed.places.data() + s,
                reinterpret_cast<const Real*>(values), count, cells, stride);
    }
  }
}

template <class Real>
void WGridder<Real>::Impl::read_strip(const Call& call, const Plane& plane, std::size_t bucket,
                                      std::size_t strip, const Real* cells, std::size_t stride,
                                      std::size_t threads, std::vector<Complex>& sums) const {
  const PlacedSamples<Real>& placed = call.placed;
  const std::size_t power = call.w.kind == Kind::kExpansion ? plane.index : 0;
  const std::size_t offset = placed.begin_of(bucket, strip);
  const std::size_t end = placed.begin_of(bucket, strip + 1);
  const std::size_t chunks = (end - offset + kChunk - 1) / kChunk;
  parallel_ranges(chunks, threads, [&](std::size_t begin_chunk, std::size_t end_chunk) {
    std::array<Complex, kChunk> read;
    std::array<Real, kChunk> factors;
    factors.fill(Real{1});
    for (std::size_t chunk = begin_chunk; chunk < end_chunk; ++chunk) {
      const std::size_t s = offset + chunk * kChunk;
      const std::size_t count = std::min(kChunk, end - s);
      loops.read(coefficients.data(), placed.places.data() + s,
                 reinterpret_cast<Real*>(read.data()), count, cells, stride);
      if (call.w.kind != Kind::kNone) {
        factors_of(call, plane.index, bucket, s, count, factors.data());
      }
      for (std::size_t k = 0; k < count; ++k) {
        sums[s + k] += times_power_of_i(read[k], power, true) * factors[k];
      }
    }
  });
}

namespace {

/// Calls body(first, end) for what of the runs lies in [from, to), at most `most` at a time.
template <class Run, class Body>
void within(const std::vector<Run>& runs, std::size_t from, std::size_t to, std::size_t most,
            const Body& body) {
  for (const Run& run : runs) {
    const std::size_t end = std::min(run.end, to);
    for (std::size_t first = std::max(run.first, from); first < end; first += most) {
      body(first, std::min(first + most, end));
    }
  }
}

}  // namespace

template <class Real>
void WGridder<Real>::Impl::samples_to_spectra(const Call& call, const Plane& plane,
                                              const SpectrumRows<Real>& spectra) const {
  const UvSlabs& slabs = call.slabs;
  const std::size_t stored = call.stored.stored;
  // One slab keeps all threads busy inside; of several each has its thread.
  const std::size_t inside = slabs.count == 1 ? options.threads : 1;
  parallel_workers(slabs.count, options.threads, [&](const auto& take) {
    const UvSlab<Real> cells(v_axis.grid_size, slabs.most_lines());
    for (std::size_t slab = take(); slab < slabs.count; slab = take()) {
      const std::size_t own = slabs.first_line(slab);
      const std::size_t own_end = std::min(slabs.first_line(slab + 1), stored);
      const std::size_t first_strip = slabs.first_strip(slab) - (slab > 0 ? 1 : 0);
      const std::size_t strips = slabs.first_strip(slab + 1) - first_strip;
      const std::size_t base = first_strip * UvSlabs::kStripLines;
      const std::size_t touched = slabs.last_touched(slab, stored);
      within(plane.runs, base, touched, stored, [&](std::size_t first, std::size_t end) {
        parallel_ranges(end - first, inside, [&](std::size_t from, std::size_t to) {
          for (std::size_t k = first + from; k < first + to; ++k) {
            cells.clear(k - base);
          }
        });
      });
      for (std::size_t parity = 0; parity < 2; ++parity) {
        // Strips of one parity share no cells; their order is that of the plane, not of the slab.
        const std::size_t start = (first_strip + parity) % 2;
        parallel_each((strips + 1 - start) / 2, inside, [&](std::size_t k) {
          const std::size_t strip = start + 2 * k;
          grid_strip(call, plane, first_strip + strip, cells.reals(strip * UvSlabs::kStripLines),
                     cells.real_stride());
        });
      }
      within(plane.runs, own, own_end, stored, [&](std::size_t first, std::size_t end) {
        parallel_each(end - first, inside, [&](std::size_t k) {
          cells.fold(first + k - base);
          plans.backward_v.execute(cells.line(first + k - base));
        });
      });
      parallel_ranges(v_axis.image_size, inside, [&](std::size_t first_row, std::size_t end_row) {
        std::array<Complex, kLinesTogether> across;
        within(plane.runs, own, own_end, kLinesTogether, [&](std::size_t first, std::size_t end) {
          for (std::size_t y = first_row; y < end_row; ++y) {
            const std::size_t column = column_of(y);
            for (std::size_t k = first; k < end; ++k) {
              across[k - first] = cells.line(k - base)[column];
            }
            spectra.put(y, first, across.data(), end - first);
          }
        });
      });
    }
  });
}

template <class Real>
void WGridder<Real>::Impl::spectra_to_samples(const Call& call, const Plane& plane,
                                              const SpectrumRows<Real>& spectra,
                                              const std::vector<std::size_t>& rows,
                                              std::size_t first_slab, std::size_t end_slab,
                                              std::vector<Complex>& sums) const {
  const UvSlabs& slabs = call.slabs;
  const std::size_t inside = slabs.count == 1 ? options.threads : 1;
  const std::size_t origin = slabs.first_line(first_slab);
  parallel_workers(end_slab - first_slab, options.threads, [&](const auto& take) {
    const UvSlab<Real> cells(v_axis.grid_size, slabs.most_lines());
    for (std::size_t slab = first_slab + take(); slab < end_slab; slab = first_slab + take()) {
      const std::size_t base = slabs.first_line(slab);
      const std::size_t touched = slabs.last_touched(slab, call.stored.stored);
      within(plane.runs, base, touched, kLinesTogether, [&](std::size_t first, std::size_t end) {
        parallel_ranges(end - first, inside, [&](std::size_t from, std::size_t to) {
          std::array<Complex, kLinesTogether> across;
          const std::size_t begin = first + from;
          const std::size_t count = to - from;
          for (std::size_t k = begin; k < begin + count; ++k) {
            cells.clear(k - base);
          }
          for (std::size_t r = 0; r < rows.size(); ++r) {
            spectra.get(r, begin - origin, across.data(), count);
            const std::size_t column = column_of(rows[r]);
            for (std::size_t k = 0; k < count; ++k) {
              cells.line(begin + k - base)[column] = across[k];
            }
          }
          for (std::size_t k = begin; k < begin + count; ++k) {
            plans.forward_v.execute(cells.line(k - base));
            cells.unfold(k - base);
          }
        });
      });
      for (std::size_t bucket = plane.first_bucket; bucket < plane.end_bucket; ++bucket) {
        for (std::size_t strip = slabs.first_strip(slab); strip < slabs.first_strip(slab + 1);
             ++strip) {
          read_strip(call, plane, bucket, strip, cells.reals(strip * UvSlabs::kStripLines - base),
                     cells.real_stride(), inside, sums);
        }
      }
    }
  });
}

template typename WGridder<float>::Impl::Plane WGridder<float>::Impl::plane_of(const Call&,
                                                                               std::size_t) const;
template void WGridder<float>::Impl::samples_to_spectra(const Call&, const Plane&,
                                                        const SpectrumRows<float>&) const;
template void WGridder<float>::Impl::spectra_to_samples(const Call&, const Plane&,
                                                        const SpectrumRows<float>&,
                                                        const std::vector<std::size_t>&,
                                                        std::size_t, std::size_t,
                                                        std::vector<Complex>&) const;
template typename WGridder<double>::Impl::Plane WGridder<double>::Impl::plane_of(const Call&,
                                                                                 std::size_t) const;
template void WGridder<double>::Impl::samples_to_spectra(const Call&, const Plane&,
                                                         const SpectrumRows<double>&) const;
template void WGridder<double>::Impl::spectra_to_samples(const Call&, const Plane&,
                                                         const SpectrumRows<double>&,
                                                         const std::vector<std::size_t>&,
                                                         std::size_t, std::size_t,
                                                         std::vector<Complex>&) const;

}  // namespace skymill::kernels
