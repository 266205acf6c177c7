// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/stage.h>

#include <utility>

namespace skymill {

std::string_view shape_name(Shape shape) {
  switch (shape) {
    case Shape::source:
      return "source";
    case Shape::transform:
      return "transform";
    case Shape::reduce:
      return "reduce";
    case Shape::sink:
      return "sink";
    case Shape::task:
      return "task";
  }
  return "task";
}

Planning::Planning(PipelineContext ctx, std::string stage)
    : ctx_(std::move(ctx)), stage_(std::move(stage)) {}

const PortSpec& Planning::input() const {
  if (!has_input_)
    throw Error(ErrorKind::description, "stage '" + stage_ + "' has no input linked");
  return input_;
}

void Planning::require(Requirement requirement) { requirements_.push_back(std::move(requirement)); }
void Planning::set_lane(std::string key) { lane_ = std::move(key); }
void Planning::add_input(std::string path) { inputs_.push_back(std::move(path)); }
void Planning::add_note(std::string text) { notes_.push_back(std::move(text)); }

std::string Planning::scratch_path(const std::string& root, const std::string& stage,
                                   const std::string& name) {
  return root + "/" + stage + "." + name;
}

void Planning::add_product(std::string path, std::size_t bytes, bool overwrite,
                           std::string staging) {
  products_.push_back({std::move(path), bytes, overwrite, std::move(staging), false});
}

void Planning::add_scratch(const std::string& name, std::size_t bytes, std::string tier) {
  products_.push_back(
      {scratch_path(ctx_.scratch_root(), stage_, name), bytes, true, std::move(tier), true});
}

Stage::~Stage() = default;

void Stage::plan(Planning& planning) {
  if (shape() == Shape::transform) {
    const DataKind kind = planning.output().kind;
    planning.output() = planning.input();
    planning.output().kind = kind;
  }
}

namespace {

[[noreturn]] void not_of_this_shape(Shape shape) {
  throw Error(ErrorKind::failed,
              "a call that a " + std::string(shape_name(shape)) + " does not answer was made");
}

}  // namespace

std::optional<AnyChunk> Stage::pull(const PipelineContext&) { not_of_this_shape(shape()); }
AnyChunk Stage::apply(AnyChunk, const PipelineContext&) const { not_of_this_shape(shape()); }
void Stage::push(const AnyChunk&, const PipelineContext&) { not_of_this_shape(shape()); }
AnyStream Stage::conclude(const PipelineContext&) { not_of_this_shape(shape()); }
PipelineContext Stage::perform(const PipelineContext&, const std::string&) {
  not_of_this_shape(shape());
}

bool Stage::take_up(const std::vector<DoneUnit>&, const PipelineContext&) {
  not_of_this_shape(shape());
}
void Stage::settle(const PipelineContext&) { not_of_this_shape(shape()); }
Row Stage::unit_note(const AnyChunk&) const { not_of_this_shape(shape()); }

void Task::validate(const PipelineContext&) const {}
void Task::validate_outputs(const PipelineContext&) const {}

PipelineContext Task::perform(const PipelineContext& ctx, const std::string& scratch) {
  validate(ctx);
  PipelineContext with_products = execute(ctx, scratch);
  validate_outputs(with_products);
  return with_products;
}

}  // namespace skymill
