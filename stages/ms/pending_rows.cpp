// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/ms/pending_rows.h>

#include <algorithm>

namespace skymill::radio::wall {

namespace {

template <class T>
void drop_front(std::vector<T>& values, std::size_t count) {
  values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

std::vector<std::uint8_t> all_flagged(const Visibilities& chunk) {
  const std::size_t cell = chunk.nchan * chunk.ncorr;
  std::vector<std::uint8_t> all(chunk.rows());
  for (std::size_t row = 0; row < all.size(); ++row) {
    const auto begin = chunk.flag.begin() + static_cast<std::ptrdiff_t>(row * cell);
    all[row] = std::all_of(begin, begin + static_cast<std::ptrdiff_t>(cell),
                           [](std::uint8_t bad) { return bad != 0; });
  }
  return all;
}

PendingRows::PendingRows(std::size_t windows, std::size_t ncorr)
    : ncorr_(ncorr), next_(windows, 0), shares_(windows) {}

PendingRows::Place PendingRows::take(std::size_t window, const Visibilities& chunk,
                                     const std::string& named) {
  Place place{next_[window], 0};
  const std::size_t offset = brought(window);
  for (std::size_t i = 0; i < chunk.rows(); ++i) {
    const Row row{chunk.time_s[i], chunk.antenna1[i], chunk.antenna2[i], chunk.field_id[i]};
    if (offset + i >= rows_.size()) {
      rows_.push_back(row);
      ++place.fresh;
      continue;
    }
    const Row& known = rows_[offset + i];
    if (row.time_s == known.time_s && row.antenna1 == known.antenna1 &&
        row.antenna2 == known.antenna2 && row.field_id == known.field_id) {
      continue;
    }
    throw Error(ErrorKind::input,
                named + " do not fit: row " + std::to_string(place.first + i) +
                    " of data description " + std::to_string(window) +
                    " has another time, field or other antennas than in the other windows",
                "set join_spw: false to keep the windows apart");
  }
  next_[window] += chunk.rows();
  Share& share = shares_[window];
  share.weight.insert(share.weight.end(), chunk.weight.begin(), chunk.weight.end());
  const std::vector<std::uint8_t> bad = all_flagged(chunk);
  share.all_bad.insert(share.all_bad.end(), bad.begin(), bad.end());
  return place;
}

std::size_t PendingRows::complete_rows() const {
  return static_cast<std::size_t>(*std::min_element(next_.begin(), next_.end()) - first_);
}

bool PendingRows::ready() const { return complete_rows() > 0; }

bool PendingRows::counts(const Share& share, std::size_t row) const {
  if (!share.all_bad[row]) return true;
  return std::all_of(shares_.begin(), shares_.end(),
                     [&](const Share& other) { return other.all_bad[row] != 0; });
}

bool PendingRows::varies() const {
  const std::size_t count = complete_rows();
  for (std::size_t row = 0; row < count; ++row) {
    const float* one = nullptr;
    for (const Share& share : shares_) {
      if (!counts(share, row)) continue;
      const float* weight = &share.weight[row * ncorr_];
      if (one != nullptr && !std::equal(weight, weight + ncorr_, one)) return true;
      one = weight;
    }
  }
  return false;
}

PendingRows::Complete PendingRows::complete() {
  const std::size_t count = complete_rows();
  Complete done;
  done.first = first_;
  done.all_bad.assign(count, 1);
  done.weight.assign(count * ncorr_, 0);
  std::vector<double> sum(ncorr_);
  for (std::size_t row = 0; row < count; ++row) {
    std::size_t counted = 0;
    std::fill(sum.begin(), sum.end(), 0.0);
    for (const Share& share : shares_) {
      done.all_bad[row] &= share.all_bad[row];
      if (!counts(share, row)) continue;
      ++counted;
      for (std::size_t corr = 0; corr < ncorr_; ++corr) {
        sum[corr] += share.weight[row * ncorr_ + corr];
      }
    }
    for (std::size_t corr = 0; corr < ncorr_; ++corr) {
      done.weight[row * ncorr_ + corr] =
          static_cast<float>(sum[corr] / static_cast<double>(counted));
    }
  }
  drop_front(rows_, count);
  for (Share& share : shares_) {
    drop_front(share.weight, count * ncorr_);
    drop_front(share.all_bad, count);
  }
  first_ += count;
  return done;
}

std::vector<float> PendingRows::weights(std::size_t window) const { return shares_[window].weight; }

}  // namespace skymill::radio::wall
