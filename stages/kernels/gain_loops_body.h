// SPDX-License-Identifier: GPL-3.0-or-later
// Private to gain_loops_*.cpp: the text of the loops, compiled once per instruction set. In an
// unnamed namespace and without library code, so that the linker cannot pick an instance that this
// machine cannot run.
#pragma once

#include <stages/kernels/gain_loops.h>

namespace skymill::kernels::SKYMILL_GAIN_LOOPS {

namespace {

#define SKYMILL_INLINE inline __attribute__((always_inline))

constexpr float kLargest = 3.402823466e+38F;
constexpr std::size_t kBlock = 64;  // channels: what is between two loops stays in the first cache

typedef double Lanes __attribute__((vector_size(kGainLanes * sizeof(double))));
typedef double LooseLanes
    __attribute__((vector_size(kGainLanes * sizeof(double)), aligned(alignof(double)), may_alias));

// By reference: how wide values are handed over differs between instruction sets.
SKYMILL_INLINE const LooseLanes& load(const double* from) {
  return *reinterpret_cast<const LooseLanes*>(from);
}
SKYMILL_INLINE void store(double* to, const Lanes& value) {
  *reinterpret_cast<LooseLanes*>(to) = value;
}

SKYMILL_INLINE double total(const Lanes& lanes) {
  double sum = 0;
  for (std::size_t k = 0; k < kGainLanes; ++k) sum += lanes[k];
  return sum;
}

/// Samples of a block of channels, side by side; weight 0 for those that are not good.
struct Block {
  float re[kBlock], im[kBlock], weight[kBlock];
};

/// What a block adds to its cells.
struct Products {
  double re[kBlock], im[kBlock], b[kBlock], power[kBlock];
  int good[kBlock];
};

template <std::size_t Stride>
SKYMILL_INLINE void unpack(const RowSamples& samples, std::size_t first, std::size_t n,
                           Block& block) {
  const std::size_t stride = Stride > 0 ? Stride : samples.stride;
  const float* const data = samples.data + 2 * stride * first;
  const std::uint8_t* const flag = samples.flag + stride * first;
  const float* const weight = samples.weight + samples.weight_stride * first;
  for (std::size_t c = 0; c < n; ++c) {
    block.re[c] = data[2 * stride * c];
    block.im[c] = data[2 * stride * c + 1];
  }
  if (samples.weight_stride == 0) {
    const float same = *samples.weight;
    for (std::size_t c = 0; c < n; ++c) block.weight[c] = flag[stride * c] == 0 ? same : 0.0F;
  } else if (Stride > 0 && samples.weight_stride == Stride) {
    for (std::size_t c = 0; c < n; ++c) {
      block.weight[c] = flag[stride * c] == 0 ? weight[stride * c] : 0.0F;
    }
  } else {
    for (std::size_t c = 0; c < n; ++c) {
      block.weight[c] = flag[stride * c] == 0 ? weight[samples.weight_stride * c] : 0.0F;
    }
  }
}

SKYMILL_INLINE void multiply(const Block& block, const double* model, double turn, std::size_t n,
                             Products& products) {
  for (std::size_t c = 0; c < n; ++c) {
    const double model_re = model[2 * c];
    const double model_im = model[2 * c + 1];
    const double norm = model_re * model_re + model_im * model_im;
    const bool good = (block.weight[c] > 0) & (block.weight[c] <= kLargest) &
                      (__builtin_fabsf(block.re[c]) <= kLargest) &
                      (__builtin_fabsf(block.im[c]) <= kLargest) & (norm > 0);
    const double weight = good ? static_cast<double>(block.weight[c]) : 0.0;
    const double re = good ? static_cast<double>(block.re[c]) : 0.0;
    const double im = good ? static_cast<double>(block.im[c]) : 0.0;
    products.re[c] = weight * (re * model_re + im * model_im);
    products.im[c] = turn * weight * (im * model_re - re * model_im);
    products.b[c] = good ? weight * norm : 0.0;
    products.power[c] = weight * (re * re + im * im);
    products.good[c] = good ? 1 : 0;
  }
}

SKYMILL_INLINE RowUse use_of(const Block& block, const Products& products, std::size_t n) {
  int used = 0;
  for (std::size_t c = 0; c < n; ++c) used += products.good[c];
  double weight[kGainLanes] = {};
  std::size_t c = 0;
  for (; c + kGainLanes <= n; c += kGainLanes) {
    for (std::size_t k = 0; k < kGainLanes; ++k) {
      weight[k] += products.good[c + k] != 0 ? static_cast<double>(block.weight[c + k]) : 0.0;
    }
  }
  for (; c < n; ++c) {
    weight[0] += products.good[c] != 0 ? static_cast<double>(block.weight[c]) : 0.0;
  }
  double sum = 0;
  for (std::size_t k = 0; k < kGainLanes; ++k) sum += weight[k];
  return {static_cast<std::size_t>(used), sum};
}

/// Gives the products of block after block to `take(first, n, products)`.
template <class Take>
SKYMILL_INLINE RowUse each_block(const RowSamples& samples, const Take& take) {
  RowUse use;
  for (std::size_t first = 0; first < samples.n; first += kBlock) {
    const std::size_t n = samples.n - first < kBlock ? samples.n - first : kBlock;
    Block block;
    Products products;
    switch (samples.stride) {
      case 1:
        unpack<1>(samples, first, n, block);
        break;
      case 2:
        unpack<2>(samples, first, n, block);
        break;
      case 4:
        unpack<4>(samples, first, n, block);
        break;
      default:
        unpack<0>(samples, first, n, block);
    }
    multiply(block, samples.model + 2 * first, samples.conjugate ? -1 : 1, n, products);
    take(first, n, products);
    const RowUse more = use_of(block, products, n);
    use.used += more.used;
    use.weight += more.weight;
  }
  return use;
}

SKYMILL_INLINE void add(const double* from, std::size_t n, double* to) {
  for (std::size_t c = 0; c < n; ++c) to[c] += from[c];
}

SKYMILL_INLINE double sum_of(const double* values, std::size_t n) {
  Lanes lanes{};
  std::size_t c = 0;
  for (; c + kGainLanes <= n; c += kGainLanes) lanes += load(values + c);
  double sum = total(lanes);
  for (; c < n; ++c) sum += values[c];
  return sum;
}

RowUse add_each(const RowSamples& samples, const CellSums& cells) {
  return each_block(samples, [&](std::size_t first, std::size_t n, const Products& products) {
    add(products.re, n, cells.re + first);
    add(products.im, n, cells.im + first);
    add(products.b, n, cells.b + first);
    add(products.power, n, cells.power + first);
    for (std::size_t c = 0; c < n; ++c) {
      cells.samples[first + c] += static_cast<unsigned>(products.good[c]);
    }
  });
}

RowUse add_all(const RowSamples& samples, const CellSums& cell) {
  return each_block(samples, [&](std::size_t, std::size_t n, const Products& products) {
    *cell.re += sum_of(products.re, n);
    *cell.im += sum_of(products.im, n);
    *cell.b += sum_of(products.b, n);
    *cell.power += sum_of(products.power, n);
    for (std::size_t c = 0; c < n; ++c) *cell.samples += static_cast<unsigned>(products.good[c]);
  });
}

void step(const LaneStep& with) {
  const std::size_t n = with.antennas;
  for (std::size_t k = 0; k < n * kGainLanes; ++k) {
    with.sum_re[k] = 0;
    with.sum_im[k] = 0;
    with.sum_b[k] = 0;
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    const Lanes gi_re = load(with.g_re + i * kGainLanes);
    const Lanes gi_im = load(with.g_im + i * kGainLanes);
    const Lanes gi_norm = gi_re * gi_re + gi_im * gi_im;
    Lanes i_re = load(with.sum_re + i * kGainLanes);
    Lanes i_im = load(with.sum_im + i * kGainLanes);
    Lanes i_b = load(with.sum_b + i * kGainLanes);
    for (std::size_t j = i + 1; j < n; ++j, at += kGainLanes) {
      const Lanes re = load(with.re + at);
      const Lanes im = load(with.im + at);
      const Lanes b = load(with.b + at);
      const std::size_t to = j * kGainLanes;
      const Lanes gj_re = load(with.g_re + to);
      const Lanes gj_im = load(with.g_im + to);
      i_re += re * gj_re - im * gj_im;
      i_im += re * gj_im + im * gj_re;
      i_b += b * (gj_re * gj_re + gj_im * gj_im);
      store(with.sum_re + to, load(with.sum_re + to) + (re * gi_re + im * gi_im));
      store(with.sum_im + to, load(with.sum_im + to) + (re * gi_im - im * gi_re));
      store(with.sum_b + to, load(with.sum_b + to) + b * gi_norm);
    }
    store(with.sum_re + i * kGainLanes, i_re);
    store(with.sum_im + i * kGainLanes, i_im);
    store(with.sum_b + i * kGainLanes, i_b);
  }
}

void stack(const ChannelRun& run, const StackedRun& into) {
#pragma GCC ivdep
  for (std::size_t c = 0; c < run.n; ++c) {
    const double re = run.re[c];
    const double im = run.im[c];
    into.i_re[c] += re * run.j_re[c] - im * run.j_im[c];
    into.i_im[c] += re * run.j_im[c] + im * run.j_re[c];
    into.j_re[c] += re * run.i_re[c] + im * run.i_im[c];
    into.j_im[c] += re * run.i_im[c] - im * run.i_re[c];
  }
}

RunSums turned(const ChannelRun& run, const double* b, const double* x) {
  Lanes re{}, im{}, sum_b{}, sum_bx{};
  RunSums sums;
  std::size_t c = 0;
  for (; c + kGainLanes <= run.n; c += kGainLanes) {
    const Lanes i_re = load(run.i_re + c), i_im = load(run.i_im + c);
    const Lanes j_re = load(run.j_re + c), j_im = load(run.j_im + c);
    const Lanes by_re = i_re * j_re + i_im * j_im;
    const Lanes by_im = i_re * j_im - i_im * j_re;
    const Lanes a_re = load(run.re + c), a_im = load(run.im + c);
    re += a_re * by_re - a_im * by_im;
    im += a_re * by_im + a_im * by_re;
    sum_b += load(b + c);
    sum_bx += load(b + c) * load(x + c);
  }
  sums = {total(re), total(im), total(sum_b), total(sum_bx)};
  for (; c < run.n; ++c) {
    const double by_re = run.i_re[c] * run.j_re[c] + run.i_im[c] * run.j_im[c];
    const double by_im = run.i_re[c] * run.j_im[c] - run.i_im[c] * run.j_re[c];
    sums.re += run.re[c] * by_re - run.im[c] * by_im;
    sums.im += run.re[c] * by_im + run.im[c] * by_re;
    sums.b += b[c];
    sums.bx += b[c] * x[c];
  }
  return sums;
}

#undef SKYMILL_INLINE

}  // namespace

const GainLoops kLoops{add_each, add_all, step, stack, turned};

}  // namespace skymill::kernels::SKYMILL_GAIN_LOOPS
