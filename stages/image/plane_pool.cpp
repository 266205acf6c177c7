// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/plane_pool.h>
#include <stages/kernels/fft.h>
#include <stages/kernels/huge_pages.h>

#include <mutex>
#include <vector>

namespace skymill::radio {

struct PlanePool::Shelf {
  std::size_t pixels = 0;
  std::mutex mutex;
  std::vector<kernels::AlignedBuffer<float>> free;
};

PlanePool::PlanePool(std::size_t pixels) : shelf_(std::make_shared<Shelf>()) {
  shelf_->pixels = pixels;
}

PooledPlane PlanePool::take() {
  kernels::AlignedBuffer<float> buffer;
  {
    const std::scoped_lock lock(shelf_->mutex);
    if (!shelf_->free.empty()) {
      buffer = std::move(shelf_->free.back());
      shelf_->free.pop_back();
    }
  }
  if (buffer.size() == 0) {
    buffer = kernels::AlignedBuffer<float>(shelf_->pixels);
    kernels::prefer_huge_pages(buffer.data(), buffer.size() * sizeof(float));
  }
  // The buffer waits in a box that both the deleter and the pointer know.
  auto box = std::make_shared<kernels::AlignedBuffer<float>>(std::move(buffer));
  float* pixels = box->data();
  return {pixels, [shelf = shelf_, box](float*) {
            const std::scoped_lock lock(shelf->mutex);
            shelf->free.push_back(std::move(*box));
          }};
}

}  // namespace skymill::radio
