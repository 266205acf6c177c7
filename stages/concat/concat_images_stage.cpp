// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/concat/concat_images_stage.h>
#include <stages/concat/moved_folder.h>
#include <stages/concat/on_threads.h>
#include <stages/concat/paged_cube.h>
#include <stages/ms/image_concat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <filesystem>
#include <set>
#include <thread>

namespace fs = std::filesystem;

namespace skymill::radio {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{200};          ///< between two looks for new inputs
constexpr std::size_t kOverhead = std::size_t{1} << 17;  ///< bytes of headers, history, beams

std::string name_of(const std::string& path) { return fs::path(path).filename().string(); }

/// Where an input stands in the cube's folder, once it is moved there.
std::string inside_of(const std::string& folder, const std::string& path) {
  return (fs::absolute(folder).lexically_normal() / name_of(path)).string();
}

std::size_t channels_of(const std::map<std::string, ImagePart>& parts) {
  std::size_t nchan = 0;
  for (const auto& [path, part] : parts) nchan += part.header.nchan;
  return nchan;
}

/// As many at once as there are threads; the tables of each belong to a lane of its own.
template <class Product, class Step>
void for_each_product(const PipelineContext& ctx, std::vector<Product>& products,
                      const Step& step) {
  std::atomic<std::size_t> next{0};
  const auto most = std::min(products.size(), static_cast<std::size_t>(ctx.threads()));
  on_threads(static_cast<int>(most), [&] {
    for (std::size_t k = next++; k < products.size(); k = next++) {
      const std::string path = fs::weakly_canonical(products[k].path).string();
      ctx.lanes().get("table:" + path)->run([&](const Lane::Token& token) {
        step(token, products[k]);
      });
    }
  });
}

}  // namespace

Schema<ConcatImagesParams> ConcatImages::schema() {
  Schema<ConcatImagesParams> s{
      "Join CASA images that exist to cubes along frequency, in CASA's own forms. Their "
      "frequencies "
      "must follow each other exactly; nothing is removed before all cubes are whole."};
  s.field("inputs", &ConcatImagesParams::inputs,
          "Images in their order: paths, or patterns whose matches are sorted, 2 before 10")
      .required();
  s.field("output", &ConcatImagesParams::output, "The cube; with extensions its prefix").required();
  s.field("extensions", &ConcatImagesParams::extensions,
          "Products to join, such as image, psf: of inputs sub.* those named sub.*.image become "
          "<output>.image; empty takes inputs and output as they are");
  s.field("mode", &ConcatImagesParams::mode,
          "paged copies the planes into one image; virtual refers to the inputs, which must stay; "
          "movevirtual moves them into the cube's folder; auto is virtual when they are kept, else "
          "paged")
      .choices({"auto", "paged", "virtual", "movevirtual"});
  s.field("keep_subcubes", &ConcatImagesParams::keep_subcubes,
          "false removes the inputs of a paged cube, after every plane was read back and compared");
  s.field("reorder", &ConcatImagesParams::reorder, "Sort the images by frequency");
  s.field(
      "relax", &ConcatImagesParams::relax,
      "Gaps in frequency, and unequal cells, centres, units or beams, only warn; the cube takes "
      "those of the first image");
  s.field("nchan", &ConcatImagesParams::nchan, "Channels that there must be in all");
  s.field("wait", &ConcatImagesParams::wait,
          "How long to wait for the next image until there are nchan channels; images must appear "
          "whole, as by a rename. A virtual cube grows meanwhile as <output>.partial")
      .unit("s")
      .at_least(0)
      .tuning();
  s.field("overwrite", &ConcatImagesParams::overwrite, "Replace cubes that exist").tuning();
  s.check([](const ConcatImagesParams& p) { return p.mode != "virtual" || p.keep_subcubes; },
          "a virtual cube needs its inputs: keep_subcubes cannot be false");
  s.check([](const ConcatImagesParams& p) { return p.wait == 0 || p.nchan.has_value(); },
          "wait needs nchan, to know when all images are there");
  s.example("concat_images: {inputs: [parts/sub.*], extensions: [image, psf], output: cube}",
            "parts/sub.0.image, parts/sub.1.image, … as cube.image, and so the PSFs");
  return s;
}

std::string ConcatImages::mode() const {
  if (params_.mode != "auto") return params_.mode;
  return params_.keep_subcubes ? "virtual" : "paged";
}

std::string ConcatImages::output_path(const std::string& extension) const {
  std::string path = params_.output;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return extension.empty() ? path : path + "." + extension;
}

void ConcatImages::plan(Planning& planning) {
  std::vector<std::string> extensions = params_.extensions;
  if (extensions.empty()) extensions.emplace_back();
  for (const std::string& extension : extensions) {
    std::size_t bytes = kOverhead;
    if (mode() == "paged") {
      for (const std::string& path : find_image_parts(params_.inputs, extension)) {
        bytes += bytes_on_disk(path);
      }
    }
    const std::string path = output_path(extension);
    // What a run has left half moved is no finished product: execute() goes on with it.
    const bool unfinished = !unfinished_moves(path).empty();
    planning.add_product(path, bytes, params_.overwrite || unfinished);
  }
  planning.add_note("mode " + mode());
}

/// The output must not be one of the inputs, nor lie in one, nor they in it.
void ConcatImages::require_apart(const Product& product) const {
  const std::string output = fs::weakly_canonical(product.path).string() + "/";
  std::map<fs::path, fs::path> folders;  // as they are and without links: few for many parts
  for (const ImagePart& part : product.parts) {
    const fs::path path(part.path);
    fs::path& folder = folders[path.parent_path()];
    if (folder.empty()) folder = fs::weakly_canonical(path.parent_path());
    const std::string input = (folder / path.filename()).string() + "/";
    if (!input.starts_with(output) && !output.starts_with(input)) continue;
    throw Error(ErrorKind::description,
                "the input '" + part.path + "' and the output '" + product.path + "' overlap",
                "choose another output, or a pattern that does not fit it");
  }
}

/// Reads the headers of inputs that are new; those of an input that waits to be whole are left.
/// @return how many were new
std::size_t ConcatImages::survey(const PipelineContext& ctx, const Lane::Token& token,
                                 Product& product) const {
  const std::vector<std::string> paths = find_image_parts(params_.inputs, product.extension);
  std::size_t added = 0;
  std::set<std::string> seen;
  // Readers of a virtual cube take the histories from its members.
  const ImageHistory history = mode() == "paged" ? ImageHistory::read : ImageHistory::leave;
  for (const std::string& path : paths) {
    if (!seen.insert(path).second) {
      throw Error(ErrorKind::input, "'" + path + "' is named twice among the inputs");
    }
    if (product.known.count(path) != 0) continue;
    if (params_.wait > 0 && !fs::exists(path)) continue;
    ctx.throw_if_stopped();
    product.known.emplace(path, read_image_part(token, path, history));
    ++added;
  }
  product.parts.clear();
  for (const std::string& path : paths) {
    const auto found = product.known.find(path);
    if (found != product.known.end()) product.parts.push_back(found->second);
  }
  return added;
}

void ConcatImages::await_parts(const PipelineContext& ctx, const Lane::Token& token,
                               Product& product) const {
  const auto patience = std::chrono::duration<double>(params_.wait);
  auto last_news = Clock::now();
  for (;;) {
    const std::size_t added = survey(ctx, token, product);
    const std::size_t nchan = channels_of(product.known);
    if (params_.wait == 0 || nchan >= params_.nchan.value_or(0)) break;
    if (added > 0) {
      last_news = Clock::now();
      ctx.log().info(std::to_string(nchan) + " of " + std::to_string(*params_.nchan) +
                     " channels are there for '" + product.path + "'");
      if (mode() == "virtual") refer_to_inputs(product);
    }
    if (Clock::now() - last_news > patience) break;
    ctx.throw_if_stopped();
    std::this_thread::sleep_for(kLook);
  }
  if (product.parts.empty()) {
    const std::string ending = product.extension.empty() ? "" : "." + product.extension;
    throw Error(ErrorKind::input, "'" + params_.inputs.front() + ending + "' names no image",
                "check the path or pattern");
  }
  const std::size_t nchan = channels_of(product.known);
  if (params_.nchan && nchan != *params_.nchan) {
    throw Error(ErrorKind::input,
                "the images for '" + product.path + "' have " + std::to_string(nchan) +
                    " channels where nchan is " + std::to_string(*params_.nchan),
                nchan < *params_.nchan ? "make the missing ones, or wait longer"
                                       : "narrow the pattern of inputs");
  }
}

/// Writes the list of the images into the cube's folder, now called `folder`.
void ConcatImages::refer(const std::string& cube, const std::string& folder,
                         const std::vector<std::string>& images, int axis) {
  const std::string path = fs::absolute(cube).lexically_normal().string();
  write_image_concat(folder, path, images, axis);
  if (read_image_concat(folder, path).images != images) {
    throw Error(ErrorKind::failed, "the list of '" + cube + "' was read back otherwise",
                "the disk or the memory is faulty; the inputs are as they were");
  }
}

void ConcatImages::refer_to_inputs(const Product& product) const {
  std::vector<std::string> images;
  for (const ImagePart& part : product.parts) images.push_back(part.path);
  refer(product.path, product.draft->path(), images, product.parts.front().spectral_axis);
}

void ConcatImages::gather(const PipelineContext& ctx, const Lane::Token& token,
                          Product& product) const {
  product.draft.emplace(product.path, params_.overwrite);
  await_parts(ctx, token, product);
  require_apart(product);
  product.cube = join_parts(product.parts, {params_.relax, params_.reorder});
  for (const std::string& warning : product.cube.warnings) ctx.degrade(warning);
  product.cube.header.history.push_back("joined " + std::to_string(product.parts.size()) +
                                        " images, " + name_of(product.parts.front().path) + " to " +
                                        name_of(product.parts.back().path));
}

void ConcatImages::make(const PipelineContext& ctx, const Lane::Token& token,
                        Product& product) const {
  const std::string& draft = product.draft->path();
  if (mode() == "paged") {
    try {
      write_paged_cube(ctx, token, draft, product.extension, product.cube, product.parts);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::resources) throw;
      const ImageHeader& header = product.cube.header;
      const auto bytes = static_cast<double>(header.nx * header.ny * header.nchan * sizeof(float));
      throw Error(error.kind(),
                  error.message() + "; the cube takes " + format_quantity(bytes, "B") + " in all",
                  "free some space or choose another output; all inputs are as they were");
    }
    verify_paged_cube(ctx, token, draft, product.cube, product.parts, !params_.keep_subcubes);
    return;
  }
  refer_to_inputs(product);
  if (mode() == "movevirtual") require_movable(product);
}

/// Refuses what moving would fail at, before anything has its name.
void ConcatImages::require_movable(const Product& product) const {
  std::set<std::string> names;
  for (const ImagePart& part : product.parts) {
    if (!names.insert(name_of(part.path)).second) {
      throw Error(ErrorKind::input,
                  "two inputs are called '" + name_of(part.path) +
                      "', which cannot be moved into one folder",
                  "rename one, or use mode: paged or virtual");
    }
    if (fs::is_symlink(part.path)) {
      throw Error(ErrorKind::input, "'" + part.path + "' is a link, which cannot be moved",
                  "name the image itself, or use mode: paged or virtual");
    }
    require_same_disk(part.path, product.draft->path());
  }
}

/// The cubes are published as virtual ones. Links that lead to their members are made inside, the
/// list names those, and then each member changes places with its link: at every moment the cubes
/// are whole, and every member is where it was or inside.
void ConcatImages::move_inside(const PipelineContext& ctx,
                               const std::vector<Product>& products) const {
  const auto for_each_part = [&](const auto& step) {
    for (const Product& product : products) {
      for (const ImagePart& part : product.parts)
        step(part.path, inside_of(product.path, part.path));
    }
  };
  try {
    for_each_part(lead_to_folder);
    for (const Product& product : products) {
      std::vector<std::string> images;
      for (const ImagePart& part : product.parts)
        images.push_back(inside_of(product.path, part.path));
      refer(product.path, product.path, images, product.parts.front().spectral_axis);
    }
    for_each_part([&](const std::string& from, const std::string& to) {
      ctx.throw_if_stopped();
      move_over_link(from, to);
    });
  } catch (const std::exception&) {
    bool all_back = true;
    for_each_part([&](const std::string& from, const std::string& to) {
      all_back = move_back(from, to) && all_back;
    });
    std::error_code ignored;
    for (const Product& product : products) {
      if (all_back) fs::remove_all(product.path, ignored);
    }
    throw;
  }
  for (const Product& product : products) make_durable(product.path);
}

/// Goes on where a run was ended while it moved members inside. @return whether one was
bool ConcatImages::finish_moving(const PipelineContext& ctx, std::vector<Product>& products) const {
  bool any = false;
  for (Product& product : products) {
    if (unfinished_moves(product.path).empty()) continue;
    any = true;
    product.draft.emplace(product.path, true);  // so that no other run moves them, too
    const std::vector<Move> moves = unfinished_moves(product.path);
    const std::string left = std::to_string(moves.size()) + " of its images";
    if (mode() != "movevirtual") {
      throw Error(ErrorKind::failed,
                  "'" + product.path + "' is a cube of a run that was ended before " + left +
                      " were moved into its folder",
                  "run again with mode: movevirtual, which moves them; then the cube is whole");
    }
    ctx.log().info("'" + product.path + "': " + left + " are still to be moved into its folder");
    const ImageConcat list = read_image_concat(product.path, product.path);
    std::vector<std::string> inside;
    for (const std::string& member : list.images) {
      inside.push_back(inside_of(product.path, member));
    }
    for (const Move& move : moves) {
      const bool led = move.from == move.to || fs::is_symlink(fs::symlink_status(move.to));
      if (!led) lead_to_folder(move.from, move.to);
    }
    refer(product.path, product.path, inside, list.axis);
    for (const Move& move : moves) {
      ctx.throw_if_stopped();
      finish_move(move);
    }
    make_durable(product.path);
  }
  if (!any) return false;
  for (const Product& product : products) {
    for (const std::string& path : find_image_parts(params_.inputs, product.extension)) {
      remove_empty_link(path);
    }
    if (fs::exists(product.path)) ctx.record_output(product.path);
  }
  return true;
}

/// Every product must be joined from the same parts, else some cube would lack channels.
void ConcatImages::require_same_parts(const std::vector<Product>& products) const {
  const auto stems = [](const Product& product) {
    std::set<std::string> found;
    for (const ImagePart& part : product.parts) {
      found.insert(part.path.substr(0, part.path.size() - product.extension.size()));
    }
    return found;
  };
  const std::set<std::string> first = stems(products.front());
  for (const Product& product : products) {
    const std::set<std::string> other = stems(product);
    std::vector<std::string> only;
    std::set_symmetric_difference(first.begin(), first.end(), other.begin(), other.end(),
                                  std::back_inserter(only));
    if (only.empty()) continue;
    const bool in_first = first.count(only.front()) != 0;
    throw Error(ErrorKind::input,
                "there is '" + only.front() +
                    (in_first ? products.front().extension : product.extension) + "' but no '" +
                    only.front() + (in_first ? product.extension : products.front().extension) +
                    "'",
                "every product needs the same parts; make it, or leave one extension out");
  }
}

void ConcatImages::remove_inputs(const PipelineContext& ctx, const Product& product) const {
  std::size_t left = 0;
  std::string first;
  for (const ImagePart& part : product.parts) {
    std::error_code code;
    fs::remove_all(part.path, code);
    if (!code) continue;
    if (left++ == 0) first = "'" + part.path + "': " + code.message();
  }
  if (left == 0) return;
  ctx.degrade("'" + product.path + "' is whole, but " + std::to_string(left) +
              " of its inputs cannot be removed, such as " + first);
}

PipelineContext ConcatImages::execute(const PipelineContext& ctx, const std::string&) {
  std::vector<Product> products(std::max<std::size_t>(1, params_.extensions.size()));
  for (std::size_t k = 0; k < products.size(); ++k) {
    if (!params_.extensions.empty()) products[k].extension = params_.extensions[k];
    products[k].path = output_path(products[k].extension);
  }
  if (finish_moving(ctx, products)) return ctx;
  for_each_product(ctx, products, [&](const Lane::Token& token, Product& product) {
    gather(ctx, token, product);
  });
  require_same_parts(products);
  for_each_product(ctx, products,
                   [&](const Lane::Token& token, Product& product) { make(ctx, token, product); });
  for (Product& product : products) {
    product.draft->publish();
    ctx.record_output(product.path);
    for (const ImagePart& part : product.parts) ctx.record_input(part.path);
  }
  if (mode() == "movevirtual") move_inside(ctx, products);
  for (const Product& product : products) {
    if (mode() == "paged" && !params_.keep_subcubes) remove_inputs(ctx, product);
  }
  return ctx;
}

}  // namespace skymill::radio
