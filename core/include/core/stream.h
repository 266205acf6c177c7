// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/chunk.h>
#include <core/export.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace skymill {

class PipelineContext;

/// A lazy sequence of chunks. `next()` is called by one thread at a time and hands out work; the
/// work itself may run on any thread, many at once, as far as the memory budget allows.
template <class T>
class Stream {
 public:
  /// Makes one chunk when it is called.
  using Work = std::function<Chunk<T>(const PipelineContext&)>;
  using Next = std::function<std::optional<Work>()>;

  /// @param next  gives the next piece of work, or nothing at the end
  explicit Stream(Next next) : next_(std::move(next)) {}

  std::optional<Work> next() { return next_(); }

  /// A stream of one chunk that exists already.
  static Stream one(Chunk<T> chunk) {
    auto held = std::make_shared<One>(std::move(chunk));
    return Stream([held]() -> std::optional<Work> {
      if (std::exchange(held->given, true)) return std::nullopt;
      return Work([held](const PipelineContext&) { return std::move(held->chunk); });
    });
  }

 private:
  struct One {
    explicit One(Chunk<T> the_chunk) : chunk(std::move(the_chunk)) {}
    Chunk<T> chunk;
    bool given = false;
  };
  Next next_;
};

/// A stream of chunks of any kind, as the executor sees it.
class SKYMILL_API AnyStream {
 public:
  using Work = std::function<AnyChunk(const PipelineContext&)>;

  AnyStream() = default;
  template <class T>
  AnyStream(Stream<T> stream) {
    auto held = std::make_shared<Stream<T>>(std::move(stream));
    next_ = [held]() -> std::optional<Work> {
      auto work = held->next();
      if (!work) return {};
      return std::optional<Work>(
          std::in_place,
          [work = std::move(*work)](const PipelineContext& ctx) { return AnyChunk(work(ctx)); });
    };
  }

  std::optional<Work> next();

 private:
  std::function<std::optional<Work>()> next_;
};

}  // namespace skymill
