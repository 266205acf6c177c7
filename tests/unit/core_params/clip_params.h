// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>

#include <string>

/// The parameters of architecture.md 3.2 and 3.8.
struct ClipParams {
  double nsigma = 5.0;
  double min_freq = 1.31e9;
  std::string mode = "mad";
  bool dry = false;
};

inline skymill::Schema<ClipParams> clip_schema() {
  skymill::Schema<ClipParams> s{"Flag visibilities far from the median."};
  s.field("nsigma", &ClipParams::nsigma, "Clip level").unit("sigma").range(0.5, 100);
  s.field("min_freq", &ClipParams::min_freq, "Lowest frequency kept").unit("Hz").range(1e6, 1e12);
  s.field("mode", &ClipParams::mode, "Scatter estimate").choices({"mad", "rms"});
  s.field("dry", &ClipParams::dry, "Count but do not flag").tuning();
  return s;
}

/// One member of every type.
struct AllParams {
  bool flag = false;
  int count = 3;
  std::int64_t big = 0;
  std::size_t memory = 1 << 20;
  double cell = 1e-5;
  std::string name = "x";
  std::vector<int> channels;
  std::vector<double> freqs{1e9};
  std::vector<std::string> antennas;
  std::vector<bool> mask;
  std::array<int, 2> size{512, 512};
  std::array<double, 2> span{0, 1};
  std::optional<double> threshold;
  std::optional<int> refant;
  std::optional<std::string> model;
};

inline skymill::Schema<AllParams> all_schema() {
  using P = AllParams;
  skymill::Schema<P> s{"Every type."};
  s.field("flag", &P::flag, "A switch");
  s.field("count", &P::count, "A count");
  s.field("big", &P::big, "A big count");
  s.field("memory", &P::memory, "Bytes").unit("B");
  s.field("cell", &P::cell, "Pixel size").unit("rad").positive();
  s.field("name", &P::name, "A name");
  s.field("channels", &P::channels, "Channels").at_least(0);
  s.field("freqs", &P::freqs, "Frequencies").unit("Hz");
  s.field("antennas", &P::antennas, "Antennas");
  s.field("mask", &P::mask, "Mask");
  s.field("size", &P::size, "Image size").range(1, 100000);
  s.field("span", &P::span, "Time span").unit("s");
  s.field("threshold", &P::threshold, "Stop level").unit("Jy");
  s.field("refant", &P::refant, "Reference antenna");
  s.field("model", &P::model, "Model file");
  return s;
}
