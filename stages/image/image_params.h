// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// Parameters of `image`; names and defaults are tclean's where tclean has them.
struct ImageParams {
  std::array<std::size_t, 2> imsize{512, 512};
  std::array<double, 2> cell{0, 0};  // rad; 0 is chosen from the data
  std::string phasecenter;
  std::string stokes = "I";
  std::string handweights = "min";
  std::string specmode = "cubedata";
  std::string start;
  std::string width;
  std::optional<std::size_t> nchan;
  std::string outframe = "LSRK";
  std::string veltype = "radio";
  double restfreq = 0;  // Hz
  std::string interpolation = "linear";
  std::string gridder = "wgridder";
  double accuracy = 1e-4;
  std::string weighting = "natural";
  double robust = 0.5;
  double noise = 1;  // Jy
  std::size_t npixels = 0;
  bool perchanweightdensity = true;
  std::optional<double> fracbw;
  std::vector<std::string> uvtaper;
  std::size_t niter = 0;
  std::string deconvolver = "hogbom";
  std::vector<double> scales;  // pixels
  double smallscalebias = 0;
  std::string usemask = "none";
  std::vector<std::string> mask;
  std::optional<double> pbmask;
  double sidelobethreshold = 3.0;
  double noisethreshold = 5.0;
  double lownoisethreshold = 1.5;
  double negativethreshold = 0.0;
  double smoothfactor = 1.0;
  double minbeamfrac = 0.3;
  double cutthreshold = 0.01;
  std::size_t growiterations = 75;
  bool dogrowprune = true;
  double minpercentchange = -1;
  bool fastnoise = true;
  double gain = 0.1;
  double threshold = 0;  // Jy
  double nsigma = 0;
  std::optional<std::size_t> cycleniter;
  double cyclefactor = 1.0;
  std::optional<double> minpsffraction;
  double maxpsffraction = 0.8;
  std::optional<std::size_t> nmajor;
  double psfcutoff = 0.35;
  double pblimit = -0.2;
  bool pbcor = false;
  std::optional<double> pointing_dec;  // rad
  std::string startmodel;
  std::vector<std::string> restoringbeam;
  std::string convergence = "channel";
  int cube_chunksize = -1;
  std::optional<std::size_t> nparts;
  std::string precision = "single";
  std::string scratch = "auto";
  std::string scratch_compression = "none";
};

Schema<ImageParams> image_schema();

/// Whether there is a mask to clean in.
bool cleans_in_mask(const ImageParams& params);

}  // namespace skymill::radio
