// SPDX-License-Identifier: GPL-3.0-or-later
// The image side of WGridder: rows of pixels to and from their spectra.
#include <stages/kernels/parallel_ranges.h>
#include <stages/kernels/pixel_loops.h>
#include <stages/kernels/wgridder_impl.h>

#include <cstdint>
#include <type_traits>

namespace skymill::kernels {

namespace {

/// Calls body(step) with the distance of pixels in a row, known beforehand where it is one: most
/// images, for which loops become vectors.
template <class T, class Body>
void with_step(View<T, 2> image, const Body& body) {
  if (image.stride(1) == 1) {
    body(std::integral_constant<std::ptrdiff_t, 1>{});
  } else {
    body(image.stride(1));
  }
}

/// The largest of n pixels and 0; NaN is passed over.
template <class Pixel>
Pixel peak_of(const Pixel* pixels, std::size_t n, std::ptrdiff_t step) {
  if constexpr (std::is_same_v<Pixel, float>) {
    if (step == 1) return range_of_pixels(pixels, n).greatest;
  }
  Pixel peak = 0;
  for (std::size_t k = 0; k < n; ++k) {
    const Pixel pixel = pixels[static_cast<std::ptrdiff_t>(k) * step];
    peak = pixel > peak ? pixel : peak;
  }
  return peak;
}

}  // namespace

template <class Real>
const WholePlans<Real>& WGridder<Real>::Impl::whole_plans() const {
  std::call_once(whole_once, [this] { whole.emplace(u_axis.grid_size); });
  return *whole;
}

template <class Real>
template <class Body>
void WGridder<Real>::Impl::inside_period(const Call& call, const Run& run, const Body& body) const {
  const auto size = static_cast<int>(u_axis.grid_size);
  const int first = call.stored.first + static_cast<int>(run.first);
  const int end = call.stored.first + static_cast<int>(run.end);
  const auto piece = [&](int from, int to, int to_element) {
    from = std::max(from, first);
    to = std::min(to, end);
    if (from < to) {
      body(from, static_cast<std::size_t>(to - from), static_cast<std::size_t>(from + to_element));
    }
  };
  if (call.whole) {
    piece(-size / 2, 0, size);
    piece(0, size / 2, 0);
  } else {
    piece(0, size / 2 + 1, 0);
  }
}

template <class Real>
template <class Body>
void WGridder<Real>::Impl::outside_period(const Call& call, const Run& run,
                                          const Body& body) const {
  const auto size = static_cast<int>(u_axis.grid_size);
  const int end = call.stored.first + static_cast<int>(run.end);
  const auto piece = [&](int from, int to) {
    for (int u = std::max(from, call.stored.first + static_cast<int>(run.first));
         u < std::min(to, end); ++u) {
      const int element = !call.whole ? (u < 0 ? -u : size - u) : (u + size) % size;
      body(u, static_cast<std::size_t>(element), !call.whole);
    }
  };
  piece(-size, call.whole ? -size / 2 : 0);
  piece(call.whole ? size / 2 : size / 2 + 1, size);
}

template <class Real>
void WGridder<Real>::Impl::row_factors(const Call& call, std::size_t plane, std::size_t y,
                                       RowBlock<Real>& block) const {
  const double m =
      (static_cast<double>(y) - static_cast<double>(v_axis.image_size / 2)) * v_axis.cell;
  if (call.w.kind == Kind::kNone) {
    std::copy(u_correction.begin(), u_correction.end(), block.cosines.data());
    return;
  }
  if (call.w.kind == Kind::kExpansion) {
    call.factors.expansion_row(plane, l2.data(), m * m, l2.size(), block.cosines.data());
  } else {
    call.factors.stacking_row(plane, l2.data(), m * m, l2.size(), block.cosines.data(),
                              block.sines.data());
  }
  for (std::size_t x = 0; x < l2.size(); ++x) {
    block.cosines[x] *= u_correction[x];
  }
  for (std::size_t x = 0; call.whole && x < l2.size(); ++x) {
    block.sines[x] *= u_correction[x];
  }
}

template <class Real>
template <class Pixel>
void WGridder<Real>::Impl::spectra_to_rows(const Call& call, const Plane& plane,
                                           const SpectrumRows<Real>& spectra, double factor,
                                           bool add, View<Pixel, 2> image, Pixel* peaks) const {
  const auto index_of = [&](int u) { return static_cast<std::size_t>(u - call.stored.first); };
  parallel_ranges(v_axis.image_size, options.threads, [&](std::size_t begin, std::size_t end) {
    RowBlock<Real> block(u_axis.grid_size, u_axis.image_size);
    Complex* spectrum = block.spectrum.data();
    for (std::size_t y = begin; y < end; ++y) {
      std::fill_n(spectrum, block.spectrum.size(), Complex{});
      for (const Run& run : plane.runs) {
        inside_period(call, run, [&](int u, std::size_t count, std::size_t element) {
          spectra.get(y, index_of(u), spectrum + element, count);
        });
      }
      for (const Run& run : plane.runs) {
        outside_period(call, run, [&](int u, std::size_t element, bool mirrored) {
          Complex value;
          spectra.get(y, index_of(u), &value, 1);
          spectrum[element] += mirrored ? std::conj(value) : value;
        });
      }
      const auto scale = static_cast<Real>(factor * row_scale(y) * (call.whole ? 1 : 0.5));
      row_factors(call, plane.index, y, block);
      if (call.whole) {
        whole_plans().backward_u.execute(spectrum);
      } else {
        // A real transform counts every line but these two twice: once as its conjugate.
        spectrum[0] *= 2;
        spectrum[u_axis.grid_size / 2] *= 2;
        plans.backward_u.execute(spectrum, block.row.data());
      }
      with_step(image, [&](auto step) {
        Pixel* out = &image(y, 0);
        const auto write = [&](auto adding) {
          over_columns([&](std::size_t x, std::size_t end_x, std::size_t element) {
            for (; x < end_x; ++x, ++element) {
              const Real value = scale * (call.whole ? spectrum[element].real() * block.cosines[x] +
                                                           spectrum[element].imag() * block.sines[x]
                                                     : block.row[element] * block.cosines[x]);
              Pixel& pixel = out[static_cast<std::ptrdiff_t>(x) * step];
              pixel = static_cast<Pixel>(value) + (adding ? pixel : Pixel{0});
            }
          });
        };
        if (add) {
          write(std::true_type{});
        } else {
          write(std::false_type{});
        }
        if (peaks != nullptr) {
          peaks[y] = peak_of(out, u_axis.image_size, static_cast<std::ptrdiff_t>(step));
        }
      });
    }
  });
}

template <class Real>
template <class Pixel>
std::vector<std::size_t> WGridder<Real>::Impl::rows_with_flux(View<const Pixel, 2> model) const {
  std::vector<std::uint8_t> any(v_axis.image_size, 0);
  parallel_ranges(v_axis.image_size, options.threads, [&](std::size_t begin, std::size_t end) {
    with_step(model, [&](auto step) {
      for (std::size_t y = begin; y < end; ++y) {
        const Pixel* row = &model(y, 0);
        bool flux = false;
        for (std::size_t x = 0; x < u_axis.image_size; ++x) {
          flux |= row[static_cast<std::ptrdiff_t>(x) * step] != 0;
        }
        any[y] = flux ? 1 : 0;
      }
    });
  });
  std::vector<std::size_t> rows;
  for (std::size_t y = 0; y < any.size(); ++y) {
    if (any[y] != 0) {
      rows.push_back(y);
    }
  }
  return rows;
}

template <class Real>
template <class Pixel>
void WGridder<Real>::Impl::rows_to_spectra(const Call& call, const Plane& plane,
                                           View<const Pixel, 2> model,
                                           const std::vector<std::size_t>& rows, const Run& lines,
                                           const SpectrumRows<Real>& spectra) const {
  const auto index_of = [&](int u) {
    return static_cast<std::size_t>(u - call.stored.first) - lines.first;
  };
  std::vector<Run> wanted;
  for (const Run& run : plane.runs) {
    const Run part{std::max(run.first, lines.first), std::min(run.end, lines.end)};
    if (part.first < part.end) {
      wanted.push_back(part);
    }
  }
  parallel_ranges(rows.size(), options.threads, [&](std::size_t begin, std::size_t end) {
    RowBlock<Real> block(u_axis.grid_size, u_axis.image_size);
    Complex* spectrum = block.spectrum.data();
    for (std::size_t r = begin; r < end; ++r) {
      const double scale = row_scale(rows[r]);
      row_factors(call, plane.index, rows[r], block);
      if (call.whole) {
        std::fill_n(spectrum, u_axis.grid_size, Complex{});
      } else {
        std::fill_n(block.row.data(), u_axis.grid_size, Real{0});
      }
      with_step(model, [&](auto step) {
        const Pixel* row = &model(rows[r], 0);
        over_columns([&](std::size_t x, std::size_t end_x, std::size_t element) {
          for (; x < end_x; ++x, ++element) {
            const auto pixel = static_cast<Real>(
                static_cast<double>(row[static_cast<std::ptrdiff_t>(x) * step]) * scale);
            if (call.whole) {
              spectrum[element] = {pixel * block.cosines[x], pixel * block.sines[x]};
            } else {
              block.row[element] = pixel * block.cosines[x];
            }
          }
        });
      });
      if (call.whole) {
        whole_plans().forward_u.execute(spectrum);
      } else {
        plans.forward_u.execute(block.row.data(), spectrum);
      }
      for (const Run& run : wanted) {
        inside_period(call, run, [&](int u, std::size_t count, std::size_t element) {
          spectra.put(r, index_of(u), spectrum + element, count);
        });
        outside_period(call, run, [&](int u, std::size_t element, bool mirrored) {
          const Complex value = mirrored ? std::conj(spectrum[element]) : spectrum[element];
          spectra.put(r, index_of(u), &value, 1);
        });
      }
    }
  });
}

template void WGridder<float>::Impl::spectra_to_rows(const Call&, const Plane&,
                                                     const SpectrumRows<float>&, double, bool,
                                                     View<float, 2>, float*) const;
template std::vector<std::size_t> WGridder<float>::Impl::rows_with_flux(View<const float, 2>) const;
template void WGridder<float>::Impl::rows_to_spectra(const Call&, const Plane&,
                                                     View<const float, 2>,
                                                     const std::vector<std::size_t>&, const Run&,
                                                     const SpectrumRows<float>&) const;
template void WGridder<float>::Impl::spectra_to_rows(const Call&, const Plane&,
                                                     const SpectrumRows<float>&, double, bool,
                                                     View<double, 2>, double*) const;
template std::vector<std::size_t> WGridder<float>::Impl::rows_with_flux(
    View<const double, 2>) const;
template void WGridder<float>::Impl::rows_to_spectra(const Call&, const Plane&,
                                                     View<const double, 2>,
                                                     const std::vector<std::size_t>&, const Run&,
                                                     const SpectrumRows<float>&) const;
template void WGridder<double>::Impl::spectra_to_rows(const Call&, const Plane&,
                                                      const SpectrumRows<double>&, double, bool,
                                                      View<float, 2>, float*) const;
template std::vector<std::size_t> WGridder<double>::Impl::rows_with_flux(
    View<const float, 2>) const;
template void WGridder<double>::Impl::rows_to_spectra(const Call&, const Plane&,
                                                      View<const float, 2>,
                                                      const std::vector<std::size_t>&, const Run&,
                                                      const SpectrumRows<double>&) const;
template void WGridder<double>::Impl::spectra_to_rows(const Call&, const Plane&,
                                                      const SpectrumRows<double>&, double, bool,
                                                      View<double, 2>, double*) const;
template std::vector<std::size_t> WGridder<double>::Impl::rows_with_flux(
    View<const double, 2>) const;
template void WGridder<double>::Impl::rows_to_spectra(const Call&, const Plane&,
                                                      View<const double, 2>,
                                                      const std::vector<std::size_t>&, const Run&,
                                                      const SpectrumRows<double>&) const;

}  // namespace skymill::kernels
