// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/concat/concat_stage.h>
#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <filesystem>

namespace skymill::radio {

namespace {

constexpr char kToCome = '.';
constexpr char kWritten = '+';
constexpr char kNoData = '-';

/// Rows are made and written this much at once: it stays in the cache of a core.
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

std::size_t rows_at_once(std::size_t nx) {
  return std::max<std::size_t>(1, kBlockBytes / (nx * sizeof(float)));
}

std::vector<std::string> choices() {
  return {"all",   "image", "image.pbcor", "residual", "psf",
          "model", "mask",  "pb",          "sumwt",    "weight"};
}

}  // namespace

Schema<ConcatParams> Concat::schema() {
  Schema<ConcatParams> s{
      "Join channel images to cubes, written in place: <output>.image, .residual, … as CASA images "
      "and <output>.image.fits, … as FITS."};
  s.field("output", &ConcatParams::output, "Prefix of the cubes' names").required();
  s.field("casa", &ConcatParams::casa, "Products to write as CASA images; all: whatever comes")
      .choices(choices());
  s.field("fits", &ConcatParams::fits, "Products to write as FITS; all: whatever comes")
      .choices(choices());
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
    throw Error(ErrorKind::description, "no '" + extension + "' comes from the stage above");
  }
  return static_cast<std::size_t>(found - header_->products.begin());
}

ImageHeader Concat::image_header(std::size_t product) const {
  ImageHeader image = header_->image;
  if (header_->products[product].one_pixel) image.nx = image.ny = 1;
  return image;
}

/// The products of the list, each once, with `all` for those that come.
std::vector<std::string> Concat::expanded(const std::vector<std::string>& chosen) const {
  std::vector<std::string> products;
  const auto add = [&](const std::string& product) {
    if (std::find(products.begin(), products.end(), product) == products.end()) {
      products.push_back(product);
    }
  };
  for (const std::string& product : chosen) {
    if (product != "all") {
      add(product);
      continue;
    }
    for (const ProductKind& kind : header_->products) add(kind.extension);
  }
  return products;
}

void Concat::plan(Planning& planning) {
  header_ = planning.input().header<CubeHeader>();
  planning.set_concurrent();
  planning.set_scratch(kBlockBytes * static_cast<std::size_t>(planning.context().threads()));
  params_.casa = expanded(params_.casa);
  params_.fits = expanded(params_.fits);
  const auto add = [&](const std::string& product, const std::string& ending) {
    const ImageHeader image = image_header(product_index(product));
    const std::size_t pixels = image.nx * image.ny * image.nchan;
    const std::size_t overhead = (std::size_t{1} << 17) + 512 * image.nchan;  // header, beams
    const std::size_t mask = ending.empty() ? pixels / 8 : 0;
    planning.add_product(params_.output + "." + product + ending,
                         pixels * sizeof(float) + mask + overhead, params_.overwrite);
  };
  for (const std::string& product : params_.casa) add(product, "");
  for (const std::string& product : params_.fits) add(product, ".fits");
}

std::shared_ptr<Lane> Concat::tables(const PipelineContext& ctx) const {
  return ctx.lanes().get("table:" + std::filesystem::absolute(params_.output).string());
}

void Concat::open(const std::string& product, bool fits, const Lane::Token& token) {
  Cube cube;
  cube.product = product_index(product);
  cube.draft = std::make_unique<Draft>(params_.output + "." + product + (fits ? ".fits" : ""),
                                       params_.overwrite);
  const ProductKind& kind = header_->products[cube.product];
  const ImageHeader image = image_header(cube.product);
  if (fits) {
    cube.fits = std::make_unique<FitsCubeWriter>(cube.draft->path(), image, kind);
  } else {
    cube.casa = std::make_unique<CasaImageWriter>(token, cube.draft->path(), image, kind);
  }
  cubes_.push_back(std::move(cube));
}

void Concat::begin(const PipelineContext& ctx) {
  // Only ever a draft: nothing of this name is published, nor replaced.
  states_draft_ = std::make_unique<Draft>(params_.output + ".planes", true);
  states_.assign(header_->image.nchan, kToCome);
  states_file_ = PlacedFile::create(states_draft_->path());
  states_file_->write(0, (std::string(states_.begin(), states_.end()) + "\n").data(),
                      states_.size() + 1);
  tables(ctx)->run([&](const Lane::Token& token) {
    for (const std::string& product : params_.casa) open(product, false, token);
    for (const std::string& product : params_.fits) open(product, true, token);
  });
}

void Concat::set_state(std::size_t channel, char state) {
  states_.at(channel) = state;
  states_file_->write(channel, &state, 1);
}

void Concat::write(const Chunk<ChannelImage>& chunk, const PipelineContext& ctx) {
  std::call_once(begun_, [&] { begin(ctx); });
  const std::size_t channel = chunk.span().at("channel").begin;
  if (chunk->blank) {  // the plane stays masked
    set_state(channel, kNoData);
    return;
  }
  write_planes(*chunk, channel);
  for (Cube& cube : cubes_) {
    if (cube.casa) cube.casa->complete_plane(channel, chunk->beam);
    if (cube.fits) cube.fits->complete_plane(channel, chunk->beam);
    const Plane& plane = chunk->products[cube.product];
    ctx.count("bytes_written", static_cast<std::int64_t>(plane.nx() * plane.ny() * sizeof(float)));
  }
  set_state(channel, kWritten);
}

/// Every block of rows is made once, for all cubes that take it.
void Concat::write_planes(const ChannelImage& image, std::size_t channel) {
  tbb::enumerable_thread_specific<std::vector<float>> buffers;
  for (std::size_t product = 0; product < header_->products.size(); ++product) {
    std::vector<Cube*> takers;
    for (Cube& cube : cubes_) {
      if (cube.product == product) takers.push_back(&cube);
    }
    if (takers.empty()) continue;
    const Plane& plane = image.products.at(product);
    const ImageHeader expected = image_header(product);
    if (plane.nx() != expected.nx || plane.ny() != expected.ny) {
      throw Error(ErrorKind::failed,
                  "'" + header_->products[product].extension + "' of channel " +
                      std::to_string(channel) + " has " + std::to_string(plane.nx()) + " x " +
                      std::to_string(plane.ny()) + " pixels, not " + std::to_string(expected.nx) +
                      " x " + std::to_string(expected.ny));
    }
    const std::size_t most = rows_at_once(plane.nx());
    const std::size_t blocks = (plane.ny() + most - 1) / most;
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, blocks), [&](const auto& range) {
      std::vector<float>& pixels = buffers.local();
      for (std::size_t block = range.begin(); block != range.end(); ++block) {
        const std::size_t first = block * most;
        const std::size_t rows = std::min(most, plane.ny() - first);
        pixels.resize(most * plane.nx());
        plane.read(first, rows, pixels.data());
        for (Cube* cube : takers) {
          if (cube->casa) cube->casa->put_rows(channel, first, rows, pixels.data());
          if (cube->fits) cube->fits->put_rows(channel, first, rows, pixels.data());
        }
      }
    });
  }
}

void Concat::finish(const PipelineContext& ctx) {
  const auto written = std::count(states_.begin(), states_.end(), kWritten);
  if (written == 0) {
    throw Error(ErrorKind::input, "no channel has usable data, so there is no cube to write",
                "look at the flags and weights of the input");
  }
  const auto missing = static_cast<std::ptrdiff_t>(states_.size()) - written;
  if (missing > 0) {
    ctx.degrade(std::to_string(missing) + " of " + std::to_string(states_.size()) +
                " channels have no data and are masked");
  }
  for (Cube& cube : cubes_) {
    if (cube.casa) {
      tables(ctx)->run([&](const Lane::Token& token) { cube.casa->finish(token); });
    }
    if (cube.fits) cube.fits->finish();
    cube.casa.reset();
    cube.fits.reset();
  }
  // All are complete before the first gets its name.
  for (Cube& cube : cubes_) {
    cube.draft->publish();
    ctx.record_output(cube.draft->final_path());
  }
  states_file_.reset();
  states_draft_.reset();
}

}  // namespace skymill::radio
