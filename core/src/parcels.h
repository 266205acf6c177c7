// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <tbb/cache_aligned_allocator.h>

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "cache_line.h"
#include "stage_clock.h"
#include "write_behind.h"

namespace skymill {

/// A load on its way through the filters, as TBB hands it on without an allocation. One thread at a
/// time works on it, so what its loads took is added up here.
struct alignas(kCacheLine) Parcel {
  explicit Parcel(std::size_t stages) : sums(stages) {}

  std::shared_ptr<Load> load;  ///< shared, because a lane may look at it after the last filter
  std::vector<StageSums, tbb::cache_aligned_allocator<StageSums>> sums;  ///< of each stage
  Parcel* next = nullptr;
  std::atomic<bool> is_free{false};
};

/// Gives parcels and takes them back; as many exist as were on their way at once. They stand in a
/// ring, since they mostly come back in the order in which they went: then the next one is free.
class alignas(kCacheLine) Parcels {
 public:
  explicit Parcels(std::size_t stages) : stages_(stages) {}

  /// By one thread at a time.
  Parcel* take() {
    for (std::size_t k = 0; k < all_.size(); ++k) {
      last_ = last_->next;
      if (!last_->is_free.load(std::memory_order_acquire)) continue;
      last_->is_free.store(false, std::memory_order_relaxed);
      return last_;
    }
    Parcel* const added = &all_.emplace_back(stages_);
    added->next = last_ ? std::exchange(last_->next, added) : added;
    return last_ = added;
  }
  static void give_back(Parcel& parcel) { parcel.is_free.store(true, std::memory_order_release); }

  /// When none is on its way.
  const std::deque<Parcel>& all() const { return all_; }

 private:
  const std::size_t stages_;
  std::deque<Parcel> all_;
  Parcel* last_ = nullptr;  ///< that was taken
};

}  // namespace skymill
