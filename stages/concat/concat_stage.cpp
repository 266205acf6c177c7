// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/concat/concat_stage.h>

#include <algorithm>
#include <filesystem>

namespace skymill::radio {

namespace {

const std::vector<std::string> kProducts{"image", "residual", "psf", "model",
                                         "mask",  "sumwt",    "pb",  "image.pbcor"};

}  // namespace

Schema<ConcatParams> Concat::schema() {
  Schema<ConcatParams> s{
      "Join channel images to cubes, written in place: <output>.image, .residual, … as CASA images "
      "and <output>.image.fits, … as FITS."};
  s.field("output", &ConcatParams::output, "Prefix of the cubes' names").required();
  s.field("casa", &ConcatParams::casa, "Products to write as CASA images").choices(kProducts);
  s.field("fits", &ConcatParams::fits, "Products to write as FITS").choices(kProducts);
  s.field("overwrite", &ConcatParams::overwrite, "Replace cubes that exist").tuning();
  return s;
}

Ports Concat::ports() {
  PortNeed need;
  need.kind = ChannelImage::kDataKind;
  need.axes = {"channel", "y", "x"};
  return Ports().in(need, "channels in any order");
}

std::size_t Concat::product_index(const std::string& extension) const {
  const auto found =
      std::find_if(header_->products.begin(), header_->products.end(),
                   [&](const ProductKind& kind) { return kind.extension == extension; });
  if (found == header_->products.end()) {
    throw Error(ErrorKind::description, "no '" + extension + "' comes from the stage above",
                "mask needs niter and a mask, pb the diameter of the antennas, image.pbcor pbcor");
  }
  return static_cast<std::size_t>(found - header_->products.begin());
}

void Concat::plan(Planning& planning) {
  header_ = planning.input().header<CubeHeader>();
  planning.set_lane("table:" + std::filesystem::absolute(params_.output).string());
  planning.set_any_order();
  const ImageHeader& image = header_->image;
  const auto bytes_of = [&](const ProductKind& kind) {
    return (kind.one_pixel ? 1 : image.nx * image.ny) * image.nchan * sizeof(float);
  };
  const std::size_t overhead = std::size_t{1} << 17;  // headers, history, beams
  for (const std::string& product : params_.casa) {
    const std::size_t bytes = bytes_of(header_->products[product_index(product)]);
    planning.add_product(params_.output + "." + product, bytes + overhead, params_.overwrite);
  }
  for (const std::string& product : params_.fits) {
    const std::size_t bytes = bytes_of(header_->products[product_index(product)]);
    planning.add_product(params_.output + "." + product + ".fits", bytes + overhead,
                         params_.overwrite);
  }
}

void Concat::begin(const PipelineContext& ctx) {
  done_.assign(header_->image.nchan, false);
  const auto open = [&](const std::string& product, const std::string& ending) {
    Cube cube;
    cube.product = product_index(product);
    cube.draft =
        std::make_unique<Draft>(params_.output + "." + product + ending, params_.overwrite);
    const ProductKind& kind = header_->products[cube.product];
    if (ending.empty()) {
      cube.casa = std::make_unique<CasaImageWriter>(ctx.lane_token(), cube.draft->path(),
                                                    header_->image, kind);
    } else {
      cube.fits = std::make_unique<FitsCubeWriter>(cube.draft->path(), header_->image, kind);
    }
    cubes_.push_back(std::move(cube));
  };
  for (const std::string& product : params_.casa) open(product, "");
  for (const std::string& product : params_.fits) open(product, ".fits");
}

void Concat::write(const Chunk<ChannelImage>& chunk, const PipelineContext& ctx) {
  if (cubes_.empty()) begin(ctx);
  const std::size_t channel = chunk.span().at("channel").begin;
  if (chunk->blank) return;  // the plane stays masked
  for (Cube& cube : cubes_) {
    const std::vector<float> plane_pixels = chunk->products.at(cube.product).pixels();
    const float* pixels = plane_pixels.data();
    const auto& beam =
        header_->products[cube.product].one_beam ? chunk->restored_beam : chunk->beam;
    if (cube.casa) cube.casa->put_plane(ctx.lane_token(), channel, pixels, beam);
    if (cube.fits) cube.fits->put_plane(channel, pixels, beam);
    ctx.count("bytes_written", static_cast<std::int64_t>(plane_pixels.size() * sizeof(float)));
  }
  done_.at(channel) = true;
}

void Concat::finish(const PipelineContext& ctx) {
  const auto missing = std::count(done_.begin(), done_.end(), false);
  if (cubes_.empty() || missing == static_cast<std::ptrdiff_t>(done_.size())) {
    throw Error(ErrorKind::input, "no channel has usable data, so there is no cube to write",
                "look at the flags and weights of the input");
  }
  if (missing > 0) {
    ctx.degrade(std::to_string(missing) + " of " + std::to_string(done_.size()) +
                " channels have no data and are masked");
  }
  for (Cube& cube : cubes_) {
    if (cube.casa) cube.casa->finish(ctx.lane_token());
    if (cube.fits) cube.fits->finish();
    cube.casa.reset();
    cube.fits.reset();
  }
  // All are complete before the first gets its name.
  for (Cube& cube : cubes_) {
    cube.draft->publish();
    ctx.record_output(cube.draft->final_path());
  }
}

}  // namespace skymill::radio
