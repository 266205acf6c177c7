// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/chunk.h>
#include <core/context.h>
#include <core/export.h>
#include <core/port.h>
#include <core/stream.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skymill {

enum class Shape { source, transform, reduce, sink, task };

SKYMILL_API std::string_view shape_name(Shape shape);

/// A stage's share in planning: from metadata alone it learns what comes in, and says what goes
/// out and what the work will hold.
class SKYMILL_API Planning {
 public:
  Planning(PipelineContext ctx, std::string stage)
      : ctx_(std::move(ctx)), stage_(std::move(stage)) {}

  const PipelineContext& context() const { return ctx_; }
  const std::string& stage() const { return stage_; }

  /// What flows into the streamed input.
  const PortSpec& input() const;
  /// What will flow out of the output; set its axes, columns, properties, header and chunk size.
  PortSpec& output() { return output_; }
  /// Columns that stages downstream need; empty means they did not say.
  const std::vector<std::string>& wanted_columns() const { return wanted_columns_; }

  /// Properties that the input must have, given these parameters.
  void require(Requirement requirement) { requirements_.push_back(std::move(requirement)); }
  /// Bytes needed for each chunk in flight, beyond the chunks themselves.
  void set_scratch(std::size_t bytes) { scratch_bytes_ = bytes; }
  /// Bytes held from the first chunk until the results are consumed (accumulators).
  void set_state(std::size_t bytes) { state_bytes_ = bytes; }
  /// Reduce only: bytes needed while one chunk of the result is computed, the chunk included.
  void set_result_work(std::size_t bytes) { result_work_bytes_ = bytes; }
  /// The stage's calls must come from one thread of their own: the lane of this key.
  void set_lane(std::string key) { lane_ = std::move(key); }
  /// Sink or Reduce: chunks may come in any order, each says its own place.
  void set_any_order() { any_order_ = true; }
  /// Sink without a lane: several threads may call `write` at once, in any order; each chunk is
  /// then written by the worker that made it, while others go on.
  void set_concurrent() { concurrent_ = true; }
  /// A file or directory that the stage reads.
  void add_input(std::string path) { inputs_.push_back(std::move(path)); }
  /// A product that the stage will publish, with its size; checked for room and for an existing
  /// product before the work starts.
  /// @param staging where it is made: "none" (beside its final place), "auto" (on the fastest tier
  ///        of this machine that has room) or the name of a tier. What is staged is written through
  ///        `PipelineContext::draft` of the same path; tiers without room are passed over, the last
  ///        resort is beside its final place.
  void add_product(std::string path, std::size_t bytes, bool overwrite,
                   std::string staging = "none");
  /// The stage's parameters as `name = value`, for the history of products.
  const std::vector<std::string>& parameters() const { return parameters_; }
  /// A line for `skymill explain`.
  void add_note(std::string text) { notes_.push_back(std::move(text)); }

  struct Product {
    std::string path;
    std::size_t bytes = 0;
    bool overwrite = false;
    std::string staging;
  };

 private:
  friend class Planner;
  PipelineContext ctx_;
  std::string stage_;
  std::optional<PortSpec> input_;
  PortSpec output_;
  std::vector<std::string> wanted_columns_;
  std::vector<std::string> parameters_;
  std::vector<Requirement> requirements_;
  std::size_t scratch_bytes_ = 0;
  std::size_t state_bytes_ = 0;
  std::size_t result_work_bytes_ = 0;
  std::string lane_;
  bool any_order_ = false;
  bool concurrent_ = false;
  std::vector<std::string> inputs_;
  std::vector<Product> products_;
  std::vector<std::string> notes_;
};

/// What the executor sees of a stage. Authors derive from one of the five shapes below.
class SKYMILL_API Stage {
 public:
  virtual ~Stage();
  virtual Shape shape() const = 0;

  /// Maps what comes in to what goes out, from metadata alone; called once before the stage runs,
  /// which may keep what it learned.
  /// The default passes the input's properties and header on.
  virtual void plan(Planning& planning);

  // Each shape binds the calls that it has; the others are never made.
  virtual std::optional<AnyChunk> pull(const PipelineContext& ctx);
  virtual AnyChunk apply(AnyChunk chunk, const PipelineContext& ctx) const;
  virtual void push(const AnyChunk& chunk, const PipelineContext& ctx);
  virtual AnyStream conclude(const PipelineContext& ctx);
  virtual PipelineContext perform(const PipelineContext& ctx, const std::string& scratch);
};

/// Gives chunks: reads a file, makes a simulation. Called by one thread at a time.
template <class Out>
class Source : public Stage {
 public:
  using Output = Out;
  static constexpr Shape kShape = Shape::source;
  Shape shape() const final { return kShape; }

  /// The next chunk, or nothing at the end.
  virtual std::optional<Chunk<Out>> next(const PipelineContext& ctx) = 0;

 private:
  std::optional<AnyChunk> pull(const PipelineContext& ctx) final {
    auto chunk = next(ctx);
    if (!chunk) return std::nullopt;
    return AnyChunk(std::move(*chunk));
  }
};

/// Turns one chunk into another. Many threads call it at once, hence const.
template <class In, class Out>
class Transform : public Stage {
 public:
  using Input = In;
  using Output = Out;
  static constexpr Shape kShape = Shape::transform;
  Shape shape() const final { return kShape; }

  virtual Chunk<Out> operator()(Chunk<In> chunk, const PipelineContext& ctx) const = 0;

 private:
  AnyChunk apply(AnyChunk chunk, const PipelineContext& ctx) const final {
    return AnyChunk((*this)(chunk.take<In>(), ctx));
  }
};

/// Gathers all chunks, then gives its results as a lazy stream: solutions, or planes of a cube.
template <class In, class Out>
class Reduce : public Stage {
 public:
  using Input = In;
  using Output = Out;
  static constexpr Shape kShape = Shape::reduce;
  Shape shape() const final { return kShape; }

  /// Called by one thread at a time, in the order of the chunks.
  virtual void add(const Chunk<In>& chunk, const PipelineContext& ctx) = 0;
  /// Called once after the last chunk. The stage outlives the stream.
  virtual Stream<Out> finish(const PipelineContext& ctx) = 0;

 private:
  void push(const AnyChunk& chunk, const PipelineContext& ctx) final { add(chunk.as<In>(), ctx); }
  AnyStream conclude(const PipelineContext& ctx) final { return AnyStream(finish(ctx)); }
};

/// Writes chunks into a product that it publishes at the end.
template <class In>
class Sink : public Stage {
 public:
  using Input = In;
  static constexpr Shape kShape = Shape::sink;
  Shape shape() const final { return kShape; }

  /// Called by one thread at a time, unless `plan` said `set_concurrent`.
  virtual void write(const Chunk<In>& chunk, const PipelineContext& ctx) = 0;
  /// Called once after the last chunk of a run that did not fail: complete and publish.
  virtual void finish(const PipelineContext& ctx) = 0;

 private:
  void push(const AnyChunk& chunk, const PipelineContext& ctx) final { write(chunk.as<In>(), ctx); }
  AnyStream conclude(const PipelineContext& ctx) final {
    finish(ctx);
    return {};
  }
};

/// Works on whole products, or wraps an existing program.
class SKYMILL_API Task : public Stage {
 public:
  static constexpr Shape kShape = Shape::task;
  Shape shape() const final { return kShape; }

  /// Checks what the work needs, before it starts. @throws Error
  virtual void validate(const PipelineContext& ctx) const;
  /// Does the work. Temporary files go to `scratch`, which is removed afterwards in any case;
  /// products are published through `Draft`.
  /// @return the context with the products that later stages may use
  virtual PipelineContext execute(const PipelineContext& ctx, const std::string& scratch) = 0;
  /// Checks what the work has made. @throws Error
  virtual void validate_outputs(const PipelineContext& ctx) const;

 private:
  PipelineContext perform(const PipelineContext& ctx, const std::string& scratch) final;
};

}  // namespace skymill
