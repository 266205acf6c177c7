// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/find_interference.h>
#include <stages/kernels/parallel_ranges.h>
#include <stages/kernels/rfi_loops.h>
#include <stages/kernels/rfi_median.h>
#include <stages/kernels/scale_invariant_rank.h>

#include <algorithm>
#include <cmath>

namespace skymill::kernels {

namespace {

constexpr std::size_t kSample = 256;  // of each correlation, for its median and scatter

/// Where the amplitudes of one correlation lie.
struct Spread {
  float median = 0;
  float per_scatter = 0;  ///< 0: nothing is there
};

/// The work on one baseline, with its memory.
class BaselineSearch {
 public:
  BaselineSearch(const BaselineShape& shape, const InterferenceParams& params)
      : shape_(shape),
        params_(params),
        search_(shape.times, shape.nchan, params.threshold),
        plane_(shape.times * shape.nchan),
        missing_(plane_.size()),
        flag_(plane_.size()),
        sums_(shape.nchan),
        counts_(shape.nchan) {}

  void operator()(const float* amplitude, std::uint8_t* found) {
    const float level = load(amplitude);
    search_.find(plane_.data(), level, flag_.data());
    dilate_flags(shape_.times, shape_.nchan, params_.time_share, params_.channel_share,
                 missing_.data(), flag_.data());
    search_.find_times(flag_.data());
    fill_flags(shape_.times, shape_.nchan, params_.of_times, params_.of_channels, missing_.data(),
               flag_.data());
    pack(found);
  }

 private:
  Spread spread(const float* amplitude, std::size_t corr) {
    const std::size_t step = (plane_.size() / kSample) | 1;  // odd, to walk through all channels
    sample_.clear();
    for (std::size_t t = 0, c = 0; t < shape_.times; c += step) {
      for (; c >= shape_.nchan && t < shape_.times; ++t) c -= shape_.nchan;
      if (t == shape_.times) break;
      const float value = amplitude[(t * shape_.ncorr + corr) * shape_.nchan + c];
      if (value == value) sample_.push_back(value);
    }
    if (sample_.empty()) return {};
    Spread result;
    result.median = median_of(sample_);
    for (float& value : sample_) value = std::abs(value - result.median);
    const float scatter = std::max(median_of(sample_), kLeastScatter * result.median);
    result.per_scatter = scatter > 0 ? 1 / scatter : 0;
    return result;
  }

  /// Puts the correlations together; gives the greatest median in units of its scatter.
  float load(const float* amplitude) {
    std::vector<Spread> spreads;
    float level = 0;
    for (std::size_t k = 0; k < shape_.ncorr; ++k) {
      spreads.push_back(spread(amplitude, k));
      level = std::max(level, spreads[k].median * spreads[k].per_scatter);
    }
    for (std::size_t t = 0; t < shape_.times; ++t) {
      std::fill(sums_.begin(), sums_.end(), 0.0F);
      std::fill(counts_.begin(), counts_.end(), 0.0F);
      for (std::size_t k = 0; k < shape_.ncorr; ++k) {
        if (spreads[k].per_scatter == 0) continue;
        add_normalised(amplitude + (t * shape_.ncorr + k) * shape_.nchan, shape_.nchan,
                       spreads[k].median, spreads[k].per_scatter, sums_.data(), counts_.data());
      }
      const std::size_t row = t * shape_.nchan;
      for (std::size_t c = 0; c < shape_.nchan; ++c) {
        missing_[row + c] = counts_[c] > 0 ? 0 : 1;
        plane_[row + c] = sums_[c] / std::sqrt(counts_[c]);  // 0 / 0 where nothing is
      }
    }
    return level;
  }

  void pack(std::uint8_t* found) const {
    const std::size_t bytes = found_bytes(shape_.nchan);
    for (std::size_t t = 0; t < shape_.times; ++t) {
      const std::uint8_t* const row = &flag_[t * shape_.nchan];
      for (std::size_t byte = 0; byte < bytes; ++byte) {
        const std::size_t first = 8 * byte, end = std::min(first + 8, shape_.nchan);
        unsigned bits = 0;
        for (std::size_t c = first; c < end; ++c) bits |= unsigned{row[c]} << (c - first);
        found[t * bytes + byte] = static_cast<std::uint8_t>(bits);
      }
    }
  }

  BaselineShape shape_;
  InterferenceParams params_;
  SumThreshold search_;
  std::vector<float> plane_;                  // [time][chan]
  std::vector<std::uint8_t> missing_, flag_;  // likewise
  std::vector<float> sums_, counts_, sample_;
};

}  // namespace

void row_amplitudes(const std::complex<float>* data, const std::uint8_t* flag, std::size_t nchan,
                    std::size_t ncorr, float* out) {
  amplitudes(reinterpret_cast<const float*>(data), flag, nchan, ncorr, out);
}

std::size_t interference_scratch(const BaselineShape& shape) {
  const std::size_t cells = shape.times * shape.nchan;
  return SumThreshold::bytes(shape.times, shape.nchan) +
         cells * (2 + sizeof(float) + 2 * sizeof(int)) + 4 * sizeof(float) * shape.nchan;
}

void find_interference(const std::vector<const float*>& amplitude, const BaselineShape& shape,
                       const InterferenceParams& params, std::size_t threads,
                       const std::vector<std::uint8_t*>& found) {
  if (shape.cells() == 0) return;
  parallel_workers(amplitude.size(), threads, [&](const auto& take) {
    BaselineSearch search(shape, params);
    for (std::size_t k = take(); k < amplitude.size(); k = take()) search(amplitude[k], found[k]);
  });
}

}  // namespace skymill::kernels
