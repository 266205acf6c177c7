// SPDX-License-Identifier: GPL-3.0-or-later
// auto_multithresh_cycles <in> <out>: the masks of a plane over some cycles, for
// compare_auto_multithresh.py, which also says how the files are laid out.
#include <stages/kernels/auto_multithresh.h>

#include <fstream>
#include <iostream>
#include <vector>

using namespace skymill::kernels;

namespace {

template <class T>
std::vector<T> read(std::ifstream& in, std::size_t n) {
  std::vector<T> values(n);
  in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(n * sizeof(T)));
  return values;
}

template <class T>
void write(std::ofstream& out, const std::vector<T>& values) {
  out.write(reinterpret_cast<const char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(T)));
}

PixelRuns above(const std::vector<float>& pb, double limit, std::size_t ny,
                            std::size_t nx) {
  PixelRuns runs;
  for (std::size_t k = 0; k < pb.size() && k < ny * nx; ++k) {
    if (static_cast<double>(pb[k]) > limit) add_pixel(k / nx, k % nx, runs);
  }
  return runs;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "auto_multithresh_cycles <in> <out>\n";
    return 2;
  }
  std::ifstream in(argv[1], std::ios::binary);
  std::ofstream out(argv[2], std::ios::binary);
  const auto head = read<double>(in, 23);
  const auto ny = static_cast<std::size_t>(head[0]);
  const auto nx = static_cast<std::size_t>(head[1]);
  AutoMultithreshOptions o;
  o.sidelobethreshold = head[6];
  o.noisethreshold = head[7];
  o.lownoisethreshold = head[8];
  o.negativethreshold = head[9];
  o.smoothfactor = head[10];
  o.minbeamfrac = head[11];
  o.cutthreshold = head[12];
  o.growiterations = static_cast<std::size_t>(head[13]);
  o.dogrowprune = head[14] != 0;
  o.minpercentchange = head[15];
  o.fastnoise = head[16] != 0;
  const auto pb = read<float>(in, head[3] != 0 ? ny * nx : 0);
  const auto valid = read<float>(in, head[4] != 0 ? ny * nx : 0);
  auto mask = read<float>(in, ny * nx);
  AutoMultithreshPlane plane;
  plane.beam = {head[18], head[19], head[20]};
  plane.cell_x_rad = head[21];
  plane.cell_y_rad = head[22];
  auto valid_runs = masked_runs(
      valid.empty() ? View<const float, 2>() : View<const float, 2>(valid.data(), {ny, nx}),
      {ny, nx});
  if (!pb.empty() && head[5] >= 0) {
    valid_runs = intersection(valid_runs, above(pb, head[5], ny, nx));
  }
  plane.valid = &valid_runs;
  const auto pb_runs = above(pb, head[17], ny, nx);
  if (!pb.empty()) plane.pb = &pb_runs;
  auto runs = masked_runs(View<const float, 2>(mask.data(), {ny, nx}), {ny, nx});
  AutoMultithresh masker(o);
  for (int cycle = 0; cycle < static_cast<int>(head[2]); ++cycle) {
    const auto now = read<double>(in, 4);
    const auto residual = read<float>(in, ny * nx);
    plane.residual = {residual.data(), {ny, nx}};
    plane.sidelobe_level = now[0];
    plane.iterations_done = static_cast<std::size_t>(now[1]);
    plane.cyclethreshold = now[2];
    plane.threshold = now[3];
    const auto r = masker.update(plane, runs);
    write_rows(runs, 0, View<float, 2>(mask.data(), {ny, nx}));
    write(out, std::vector<double>{r.absmax, r.median, r.rms, r.mask_threshold, r.low_threshold,
                                   r.negative_threshold, r.by_sidelobe ? 1.0 : 0.0,
                                   r.skipped ? 1.0 : 0.0, masker.skips() ? 1.0 : 0.0,
                                   static_cast<double>(r.pixels)});
    write(out, mask);
  }
  return in && out ? 0 : 1;
}
