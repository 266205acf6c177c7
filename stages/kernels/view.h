// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

namespace skymill::kernels {

/// A window on memory owned by somebody else: pointer, shape and element strides.
/// Index order is slowest first: an image is `view(y, x)`. A default view is empty.
template <class T, std::size_t N>
class View {
 public:
  using Shape = std::array<std::size_t, N>;
  using Strides = std::array<std::ptrdiff_t, N>;

  View() = default;

  /// A dense view: the last index is the fastest.
  View(T* data, const Shape& shape) : data_(data), shape_(shape) {
    std::ptrdiff_t step = 1;
    for (std::size_t d = N; d-- > 0;) {
      strides_[d] = step;
      step *= static_cast<std::ptrdiff_t>(shape_[d]);
    }
  }

  /// A strided view; strides count elements, not bytes.
  View(T* data, const Shape& shape, const Strides& strides)
      : data_(data), shape_(shape), strides_(strides) {}

  /// A mutable view converts to a read-only one.
  template <class U>
  requires(std::is_same_v<const U, T> && !std::is_const_v<U>)
      View(const View<U, N>& other)  // NOLINT: implicit on purpose
      : data_(other.data()), shape_(other.shape()), strides_(other.strides()) {}

  template <class... Index>
  requires(sizeof...(Index) == N) T& operator()(Index... index) const {
    const Strides at{static_cast<std::ptrdiff_t>(index)...};
    std::ptrdiff_t offset = 0;
    for (std::size_t d = 0; d < N; ++d) {
      offset += at[d] * strides_[d];
    }
    return data_[offset];
  }

  T* data() const { return data_; }
  const Shape& shape() const { return shape_; }
  const Strides& strides() const { return strides_; }
  std::size_t extent(std::size_t dimension) const { return shape_[dimension]; }
  std::ptrdiff_t stride(std::size_t dimension) const { return strides_[dimension]; }

  std::size_t size() const {
    std::size_t product = 1;
    for (const std::size_t n : shape_) {
      product *= n;
    }
    return product;
  }

  bool empty() const { return data_ == nullptr || size() == 0; }

  /// True when the elements lie one after the other, last index fastest.
  bool contiguous() const { return strides_ == View(data_, shape_).strides_; }

 private:
  T* data_ = nullptr;
  Shape shape_{};
  Strides strides_{};
};

}  // namespace skymill::kernels
