// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/samples.h>
#include <stages/kernels/sparse_model.h>

#include <complex>
#include <cstddef>

namespace skymill::kernels {

/// Where the pixels of a model lie: pixel (ny/2, nx/2) is the phase centre,
/// l = (x - nx/2)*cell_x_rad and m = (y - ny/2)*cell_y_rad.
struct ModelGrid {
  std::size_t nx = 0;
  std::size_t ny = 0;
  double cell_x_rad = 0;
  double cell_y_rad = 0;
};

/// Visibilities of a model at every row and channel, by the sum of imaging.md 2.0 written out:
/// sum of flux * exp(2 pi i (u l + v m + w (n - 1))), without the last term unless `w_term`. To
/// 1e-6 of the flux in single precision (Real = float), 1e-12 in double; pixels beyond the horizon
/// count nothing where the w term does. A few components cost less so than the transforms of a
/// large plane do. The same bits for any number of threads on one machine.
template <class Real>
void direct_predict(const SparseModel& model, const ModelGrid& grid, bool w_term,
                    const PlaneSamples& geometry, std::size_t threads,
                    View<std::complex<float>, 2> vis_out);

/// Whether the direct sum is the less work, compared with transforms of the plane.
bool direct_predict_pays(const SparseModel& model, const ModelGrid& grid, std::size_t samples);

}  // namespace skymill::kernels
