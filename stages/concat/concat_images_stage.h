// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <core/storage.h>
#include <stages/concat/joined_axis.h>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

struct ConcatImagesParams {
  std::vector<std::string> inputs;
  std::string output;
  std::vector<std::string> extensions;
  std::string mode = "auto";
  bool keep_subcubes = true;
  bool reorder = false;
  bool relax = false;
  std::optional<std::size_t> nchan;
  double wait = 0;
  bool overwrite = false;
};

/// Joins images that exist to cubes along frequency: copied, referred to, or moved in
/// (imaging.md 6). `concat` joins the channels that a stage makes.
///
/// All cubes are whole and read back before the first gets its name, and only then inputs are
/// removed; whatever fails before leaves every input and no output. A run that was killed while it
/// moved inputs in leaves a cube that can be read; the next one moves the rest.
class ConcatImages final : public Task {
 public:
  using Params = ConcatImagesParams;
  static Schema<ConcatImagesParams> schema();
  static Ports ports() { return {}; }

  explicit ConcatImages(ConcatImagesParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  PipelineContext execute(const PipelineContext& ctx, const std::string& scratch) override;

 private:
  /// One cube on its way.
  struct Product {
    std::string extension;
    std::string path;
    std::optional<Draft> draft;
    std::map<std::string, ImagePart> known;  ///< by path
    std::vector<ImagePart> parts;
    JoinedCube cube;
  };
  std::string mode() const;
  std::string output_path(const std::string& extension) const;
  void require_apart(const Product& product) const;
  void require_same_parts(const std::vector<Product>& products) const;
  std::size_t survey(const PipelineContext& ctx, const Lane::Token& token, Product& product) const;
  void await_parts(const PipelineContext& ctx, const Lane::Token& token, Product& product) const;
  void gather(const PipelineContext& ctx, const Lane::Token& token, Product& product) const;
  void make(const PipelineContext& ctx, const Lane::Token& token, Product& product) const;
  static void refer(const std::string& cube, const std::string& folder,
                    const std::vector<std::string>& images, int axis);
  void refer_to_inputs(const Product& product) const;
  void require_movable(const Product& product) const;
  void move_inside(const PipelineContext& ctx, const std::vector<Product>& products) const;
  bool finish_moving(const PipelineContext& ctx, std::vector<Product>& products) const;
  void remove_inputs(const PipelineContext& ctx, const Product& product) const;

  ConcatImagesParams params_;
};

}  // namespace skymill::radio
