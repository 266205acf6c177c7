// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/axes.h>
#include <core/data_kind.h>
#include <core/export.h>

#include <cstddef>
#include <memory>
#include <utility>

namespace skymill {

/// A piece of data with its place on the axes. Moved, never copied.
template <class T>
class Chunk {
 public:
  explicit Chunk(T value, Span span = {}) : value_(std::move(value)), span_(std::move(span)) {}
  Chunk(Chunk&&) noexcept = default;
  Chunk& operator=(Chunk&&) noexcept = default;
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;

  T& operator*() { return value_; }
  const T& operator*() const { return value_; }
  T* operator->() { return &value_; }
  const T* operator->() const { return &value_; }
  const Span& span() const { return span_; }

 private:
  T value_;
  Span span_;
};

/// Bytes that a value holds: its `bytes()` member where it has one, else its size.
template <class T>
std::size_t bytes_of(const T& value) {
  if constexpr (requires { value.bytes(); }) {
    return value.bytes();
  } else {
    return sizeof(T);
  }
}

/// A chunk of any kind, as the executor moves it between stages.
class SKYMILL_API AnyChunk {
 public:
  AnyChunk() = default;
  template <class T>
  AnyChunk(Chunk<T> chunk) : held_(std::make_unique<Held<T>>(std::move(chunk))) {}

  bool empty() const { return !held_; }
  DataKind kind() const { return *held_->kind; }
  const Span& span() const { return held_->span(); }
  std::size_t bytes() const { return held_->bytes(); }
  /// Address of the held value, of the type that `kind` names.
  const void* value() const { return held_->value(); }

  /// @throws Error when the chunk is of another kind
  template <class T>
  const Chunk<T>& as() const {
    require<T>();
    return static_cast<const Held<T>&>(*held_).chunk;
  }
  /// Moves the chunk out. @throws Error when the chunk is of another kind
  template <class T>
  Chunk<T> take() {
    require<T>();
    return std::move(static_cast<Held<T>&>(*held_).chunk);
  }
  /// Replaces the chunk by what `f` makes of it. @throws Error when the chunk is of another kind
  template <class T, class F>
  void change(const F& f) {
    require<T>();
    Chunk<T>& chunk = static_cast<Held<T>&>(*held_).chunk;
    chunk = f(std::move(chunk));
  }

 private:
  struct HeldBase {
    explicit HeldBase(const DataKind& held_kind) : kind(&held_kind) {}
    virtual ~HeldBase() = default;
    virtual const Span& span() const = 0;
    virtual std::size_t bytes() const = 0;
    virtual const void* value() const = 0;
    const DataKind* const kind;
  };
  template <class T>
  struct Held final : HeldBase {
    explicit Held(Chunk<T> held_chunk)
        : HeldBase(DataKindOf<T>::value), chunk(std::move(held_chunk)) {}
    const Span& span() const override { return chunk.span(); }
    std::size_t bytes() const override { return bytes_of(*chunk); }
    const void* value() const override { return &*chunk; }
    Chunk<T> chunk;
  };

  template <class T>
  void require() const {
    // Within one library a kind stands in one place; this is called at every boundary.
    if (!held_ || held_->kind != &DataKindOf<T>::value) require(DataKindOf<T>::value);
  }
  void require(const DataKind& wanted) const;

  std::unique_ptr<HeldBase> held_;
};

}  // namespace skymill
