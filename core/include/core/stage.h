// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/chunk.h>
#include <core/context.h>
#include <core/export.h>
#include <core/port.h>
#include <core/stream.h>
#include <core/unit.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace skymill {

enum class Shape { source, transform, reduce, sink, task };

SKYMILL_API std::string_view shape_name(Shape shape);

/// A stage's share in planning: from metadata alone it learns what comes in, and says what goes
/// out and what the work will hold.
class SKYMILL_API Planning {
 public:
  Planning(PipelineContext ctx, std::string stage);

  const PipelineContext& context() const { return ctx_; }
  const std::string& stage() const { return stage_; }

  /// What flows into the streamed input.
  const PortSpec& input() const;
  /// What will flow out of the output; set its axes, columns, properties, header and chunk size.
  PortSpec& output() { return output_; }
  /// Columns that stages downstream need; empty means they did not say.
  const std::vector<std::string>& wanted_columns() const { return wanted_columns_; }

  /// Properties that the input must have, given these parameters.
  void require(Requirement requirement);
  /// Bytes needed for each chunk in flight, beyond the chunks themselves.
  void set_scratch(std::size_t bytes) { scratch_bytes_ = bytes; }
  /// Bytes held from the first chunk until the results are consumed (accumulators).
  void set_state(std::size_t bytes) { state_bytes_ = bytes; }
  /// Reduce only: bytes needed while one chunk of the result is computed, the chunk included.
  void set_result_work(std::size_t bytes) { result_work_bytes_ = bytes; }
  /// The stage's calls must come from one thread of their own: the lane of this key.
  void set_lane(std::string key);
  /// Sink or Reduce: chunks may come in any order, each says its own place.
  void set_any_order() { any_order_ = true; }
  /// Sink without a lane: several threads may call `write` at once, in any order; each chunk is
  /// then written by the worker that made it, while others go on.
  void set_concurrent() { concurrent_ = true; }
  /// A file or directory that the stage reads.
  void add_input(std::string path);
  /// A product that the stage will publish, with its size; checked for room and for an existing
  /// product before the work starts.
  /// @param staging where it is made: "none" (beside its final place), "auto" (on the fastest tier
  ///        of this machine that has room) or the name of a tier. What is staged is written through
  ///        `PipelineContext::draft` of the same path; tiers without room are passed over, the last
  ///        resort is beside its final place.
  void add_product(std::string path, std::size_t bytes, bool overwrite,
                   std::string staging = "none");
  /// A folder for temporary files of up to so many bytes, as `PipelineContext::scratch` of the same
  /// name gives it to the running stage.
  /// @param tier as `staging` of `add_product`, where "none" is the run's folder of temporary
  ///        files and "disk" is "auto" without the tiers in memory
  void add_scratch(const std::string& name, std::size_t bytes, std::string tier = "auto");
  /// Sink or Task: the announced products follow from the parameters, the inputs and what flows in,
  /// and nothing else is given on; so what an earlier run has made of them, with all of those the
  /// same, is not made again. A journal beside the first product knows.
  void set_resumable() { resumable_ = true; }
  /// The stage's parameters as `name = value`, for the history of products.
  const std::vector<std::string>& parameters() const { return parameters_; }
  /// A line for `skymill explain`.
  void add_note(std::string text);

  /// What names a scratch folder in the ledger of leases; nothing is ever made there.
  static std::string scratch_path(const std::string& root, const std::string& stage,
                                  const std::string& name);

  struct Product {
    std::string path;
    std::size_t bytes = 0;
    bool overwrite = false;
    std::string staging;
    bool scratch = false;  ///< a folder of temporary files, no product
  };

 private:
  friend class Planner;
  PipelineContext ctx_;
  std::string stage_;
  bool has_input_ = false;
  PortSpec input_;
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
  bool resumable_ = false;
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

  /// Of a resumable sink; see `Sink`.
  virtual bool take_up(const std::vector<DoneUnit>& units, const PipelineContext& ctx);
  virtual void settle(const PipelineContext& ctx);
  virtual Row unit_note(const AnyChunk& chunk) const;
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
    if (!chunk) return {};
    return std::optional<AnyChunk>(std::in_place, std::move(*chunk));
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
    if constexpr (std::is_same_v<In, Out> && std::is_move_assignable_v<Chunk<In>>) {
      chunk.change<In>([&](Chunk<In>&& in) { return (*this)(std::move(in), ctx); });
      return chunk;
    } else {
      return AnyChunk((*this)(chunk.take<In>(), ctx));
    }
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

  // A sink that is resumable (`Planning::set_resumable`) and writes the results of a Reduce, each
  // chunk in its own place, can go on where an earlier run was ended. These are called in the
  // stage's lane if it has one.

  /// Makes all that was written durable and lets it stay there without being published
  /// (`Draft::keep`); the journal then calls those units done. Called now and then after a write,
  /// by one thread at a time; if the sink is concurrent, others may be writing.
  void settle(const PipelineContext&) override {}
  /// What `take_up` must know of a chunk that was written, such as its beam; small.
  virtual Row note(const Chunk<In>&) const {
    return std::enable_if_t<(sizeof(In) > 0), Row>();  // only made for those who call it
  }
  /// Opens what an earlier run has left (`Draft::take_up`), with these units in it. Called before
  /// the first write, if at all.
  /// @return false, with nothing changed, when it is not all there; then everything is made anew
  bool take_up(const std::vector<DoneUnit>&, const PipelineContext&) override { return false; }

 private:
  void push(const AnyChunk& chunk, const PipelineContext& ctx) final { write(chunk.as<In>(), ctx); }
  Row unit_note(const AnyChunk& chunk) const final { return note(chunk.as<In>()); }
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
