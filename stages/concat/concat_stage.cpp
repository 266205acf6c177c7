// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/concat/concat_stage.h>
#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>

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

void note_beam(const std::string& name, const std::optional<Beam>& beam, Row& row) {
  if (!beam) return;
  row.emplace_back(name + "_major_rad", beam->major_rad);
  row.emplace_back(name + "_minor_rad", beam->minor_rad);
  row.emplace_back(name + "_pa_rad", beam->pa_rad);
}

std::optional<Beam> noted_beam(const std::string& name,
                               const std::map<std::string, PropertyValue>& note) {
  if (note.count(name + "_major_rad") == 0) return std::nullopt;
  const auto value = [&](const char* part) { return std::get<double>(note.at(name + part)); };
  return Beam{value("_major_rad"), value("_minor_rad"), value("_pa_rad")};
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
  planning.set_resumable();
  planning.set_scratch(kBlockBytes * static_cast<std::size_t>(planning.context().threads()));
  params_.casa = expanded(params_.casa);
  params_.fits = expanded(params_.fits);
  const auto add = [&](const std::string& product, const std::string& ending) {
    const ImageHeader image = header_of(header_->products[product_index(product)], header_->image);
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

/// @param found  goes on with the draft of an earlier run
void Concat::open(const std::string& product, bool fits, bool found, const Lane::Token& token) {
  Cube cube;
  cube.product = product_index(product);
  const std::string path = params_.output + "." + product + (fits ? ".fits" : "");
  cube.draft = std::make_unique<Draft>(found ? Draft::take_up(path, params_.overwrite)
                                             : Draft(path, params_.overwrite));
  const std::string& draft = cube.draft->path();
  const ProductKind& kind = header_->products[cube.product];
  if (fits) {
    cube.fits = std::make_unique<FitsCubeWriter>(
        found ? FitsCubeWriter::take_up(draft, header_->image, kind)
              : FitsCubeWriter(draft, header_->image, kind));
  } else {
    cube.casa = std::make_unique<CasaImageWriter>(
        found ? CasaImageWriter::take_up(token, draft, header_->image, kind)
              : CasaImageWriter(token, draft, header_->image, kind));
  }
  cubes_.push_back(std::move(cube));
}

void Concat::open_states() {
  // Only ever a draft: nothing of this name is published, nor replaced.
  states_draft_ = std::make_unique<Draft>(params_.output + ".planes", true);
  states_.assign(header_->image.nchan, kToCome);
  states_file_ = PlacedFile::create(states_draft_->path());
  states_file_->write(0, (std::string(states_.begin(), states_.end()) + "\n").data(),
                      states_.size() + 1);
}

void Concat::begin(const ChannelImage& first, const PipelineContext& ctx) {
  open_states();
  if (first.history && !first.history->empty()) {
    auto told = std::make_shared<CubeHeader>(*header_);
    told->image.history.insert(told->image.history.end(), first.history->begin(),
                               first.history->end());
    header_ = std::move(told);
  }
  tables(ctx)->run([&](const Lane::Token& token) {
    for (const std::string& product : params_.casa) open(product, false, false, token);
    for (const std::string& product : params_.fits) open(product, true, false, token);
  });
}

void Concat::settle(const PipelineContext&) {
  for (Cube& cube : cubes_) {
    if (cube.casa) cube.casa->sync();
    if (cube.fits) cube.fits->sync();
    cube.draft->keep();
  }
}

Row Concat::note(const Chunk<ChannelImage>& chunk) const {
  Row row{{"blank", chunk->blank}};
  note_beam("beam", chunk->beam, row);
  note_beam("restored", chunk->restored_beam, row);
  return row;
}

bool Concat::take_up(const std::vector<DoneUnit>& units, const PipelineContext& ctx) {
  try {
    tables(ctx)->run([&](const Lane::Token& token) {
      for (const std::string& product : params_.casa) open(product, false, true, token);
      for (const std::string& product : params_.fits) open(product, true, true, token);
    });
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::resources) throw;
    ctx.log().warning(error.what());
    cubes_.clear();
    return false;
  }
  std::call_once(begun_, [&] { open_states(); });
  for (const DoneUnit& unit : units) take_up_unit(unit);
  return true;
}

void Concat::take_up_unit(const DoneUnit& unit) {
  const std::size_t channel = unit.span.at("channel").begin;
  std::map<std::string, PropertyValue> note(unit.note.begin(), unit.note.end());
  const bool blank = std::get<bool>(note.at("blank"));
  set_state(channel, blank ? kNoData : kWritten);
  if (blank) return;
  for (Cube& cube : cubes_) {
    const auto beam =
        noted_beam(header_->products[cube.product].one_beam ? "restored" : "beam", note);
    if (cube.casa) cube.casa->recall_plane(channel, beam);
    if (cube.fits) cube.fits->complete_plane(channel, beam);
  }
}

void Concat::set_state(std::size_t channel, char state) {
  states_.at(channel) = state;
  states_file_->write(channel, &state, 1);
}

void Concat::write(const Chunk<ChannelImage>& chunk, const PipelineContext& ctx) {
  std::call_once(begun_, [&] { begin(*chunk, ctx); });
  const std::size_t channel = chunk.span().at("channel").begin;
  if (chunk->blank) {  // the plane stays masked
    set_state(channel, kNoData);
    return;
  }
  const std::size_t written = write_planes(*chunk, channel);
  ctx.count("bytes_written", static_cast<std::int64_t>(written));
  for (Cube& cube : cubes_) {
    const auto& beam =
        header_->products[cube.product].one_beam ? chunk->restored_beam : chunk->beam;
    if (cube.casa) cube.casa->complete_plane(channel, beam);
    if (cube.fits) cube.fits->complete_plane(channel, beam);
  }
  set_state(channel, kWritten);
}

/// Every block of rows is made once, for all cubes that take it. Returns the bytes written: blocks
/// of zeros stay holes.
std::size_t Concat::write_planes(const ChannelImage& image, std::size_t channel) {
  std::atomic<std::size_t> written{0};
  tbb::enumerable_thread_specific<std::vector<float>> buffers;
  for (std::size_t product = 0; product < header_->products.size(); ++product) {
    std::vector<Cube*> takers;
    for (Cube& cube : cubes_) {
      if (cube.product == product) takers.push_back(&cube);
    }
    if (takers.empty()) continue;
    const Plane& plane = image.products.at(product);
    const ImageHeader expected = header_of(header_->products[product], header_->image);
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
          if (cube->casa) written += cube->casa->put_rows(channel, first, rows, pixels.data());
          if (cube->fits) written += cube->fits->put_rows(channel, first, rows, pixels.data());
        }
      }
    });
  }
  return written;
}

/// Leaves nothing of cubes that nothing is in, not even what an earlier run has kept of them.
void Concat::give_up(const PipelineContext& ctx) {
  tables(ctx)->run([&](const Lane::Token&) {
    for (Cube& cube : cubes_) cube.casa.reset();
  });
  for (Cube& cube : cubes_) {
    const std::string path = cube.draft->final_path();
    cube.fits.reset();
    cube.draft.reset();
    Draft(path, true);  // goes at once, and the kept one with it
  }
  cubes_.clear();
}

void Concat::finish(const PipelineContext& ctx) {
  const auto written = std::count(states_.begin(), states_.end(), kWritten);
  if (written == 0) {
    const bool is_any_blank = std::count(states_.begin(), states_.end(), kNoData) > 0;
    give_up(ctx);
    if (!is_any_blank) throw Error(ErrorKind::failed, "no channel was made, so there is no cube");
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
  states_file_.reset();
  states_draft_.reset();
  // All are complete before the first gets its name.
  ctx.all_complete();
  for (Cube& cube : cubes_) {
    cube.draft->publish();
    ctx.record_output(cube.draft->final_path());
  }
}

}  // namespace skymill::radio
