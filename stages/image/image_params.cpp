// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/image_params.h>
#include <stages/image/imaging_weights.h>
#include <stages/image/restoring_beams.h>

#include <algorithm>

namespace skymill::radio {

Schema<ImageParams> image_schema() {
  Schema<ImageParams> s{
      "Image and clean channels: weights, PSF, dirty image, deconvolution in minor and major "
      "cycles, restoration."};
  s.field("imsize", &ImageParams::imsize, "Image size in x and y, pixels").range(16, 65536);
  s.field("cell", &ImageParams::cell, "Pixel size; 0 takes a fifth of the finest fringe")
      .unit("rad")
      .range(0, 0.1);
  s.field("phasecenter", &ImageParams::phasecenter,
          "Centre of the image, such as ICRS 12h30m49.4s 12d23m28s; empty takes the field's");
  s.field("stokes", &ImageParams::stokes,
          "I, Q, U, V; I from the hands that are good each by itself (pseudoI); or one hand alone")
      .choices({"I", "Q", "U", "V", "pseudoI", "XX", "YY", "RR", "LL"});
  s.field(
       "handweights", &ImageParams::handweights,
       "Weight of a Stokes I sample whose hands differ in weight: min as WSClean, mean as tclean")
      .choices({"min", "mean"});
  s.field("specmode", &ImageParams::specmode,
          "cubedata: planes in the frame of the data; cube: in outframe, every visibility "
          "converted at its own time; mfs: one plane of all channels")
      .choices({"cubedata", "cube", "mfs"});
  s.field("start", &ImageParams::start,
          "First plane: a channel counted from 0 over all windows in order of frequency, or its "
          "centre as frequency or velocity; empty begins with the data");
  s.field("width", &ImageParams::width,
          "Width of a plane in channels, or as frequency or velocity; negative frequencies and "
          "positive velocities descend in frequency; empty takes one channel's");
  s.field("nchan", &ImageParams::nchan, "Number of planes; without it all that the data fill");
  s.field("outframe", &ImageParams::outframe, "Frame of the planes' frequencies, for specmode cube")
      .choices({"LSRK", "BARY", "GEO", "TOPO"});
  s.field("veltype", &ImageParams::veltype, "How start and width count velocities")
      .choices({"radio", "optical"});
  s.field("restfreq", &ImageParams::restfreq,
          "Rest frequency, for velocities; 0 when there is none")
      .unit("Hz")
      .at_least(0);
  s.field("interpolation", &ImageParams::interpolation,
          "nearest grids channels at their own frequencies, linear visibilities between channels; "
          "not for cubedata by channels")
      .choices({"linear", "nearest"});
  s.field("gridder", &ImageParams::gridder,
          "wgridder: to the accuracy, w term as far as it shows; standard: tclean's spheroidal "
          "kernel, w term ignored")
      .choices({"wgridder", "standard"});
  s.field("accuracy", &ImageParams::accuracy,
          "Relative error of the wgridder's images and predicted visibilities; single precision "
          "reaches 1e-6, double 1e-12")
      .range(1e-12, 0.1);
  s.field("weighting", &ImageParams::weighting,
          "Imaging weights; briggsabs takes the noise that is given, briggsbwtaper lessens the "
          "density by the cube's bandwidth, superuniform takes it from a box around a sample")
      .choices(
          {"natural", "uniform", "briggs", "briggsabs", "briggsbwtaper", "superuniform", "radial"});
  s.field("robust", &ImageParams::robust, "Briggs robustness, -2 uniform to 2 natural")
      .range(-2, 2);
  s.field("noise", &ImageParams::noise, "Noise of a visibility of weight 1, for briggsabs")
      .unit("Jy")
      .at_least(0);
  s.field("npixels", &ImageParams::npixels,
          "Half the side of superuniform's box in cells of the uv plane; 0 takes 3")
      .range(0, 100);
  s.field("perchanweightdensity", &ImageParams::perchanweightdensity,
          "Every plane has its own density of weights; false: one of all planes together");
  s.field("fracbw", &ImageParams::fracbw,
          "Fractional bandwidth of the full cube for briggsbwtaper; without it that of the planes")
      .positive();
  s.field("uvtaper", &ImageParams::uvtaper,
          "Gaussian taper of the weights: a width, or [major, minor, angle]; in lambda half widths "
          "in the uv plane, in arcsec full widths in the image");
  s.field("niter", &ImageParams::niter, "Most clean iterations of a channel; 0 leaves it dirty");
  s.field("deconvolver", &ImageParams::deconvolver,
          "hogbom and clark make the sky of points, multiscale of points and blobs")
      .choices({"hogbom", "clark", "multiscale"});
  s.field("scales", &ImageParams::scales,
          "Radii of multiscale's blobs in pixels, 0 for points; none means [0]")
      .at_least(0);
  s.field("smallscalebias", &ImageParams::smallscalebias,
          "Above 0 multiscale prefers small scales, below 0 large ones")
      .range(-1, 1);
  s.field(
       "usemask", &ImageParams::usemask,
       "Where to clean: none and user in `mask`, or everywhere without one; pb where the primary "
       "beam is above pbmask; auto-multithresh where emission shows as cycles go on")
      .choices({"none", "user", "pb", "auto-multithresh"});
  s.field("mask", &ImageParams::mask,
          "Where cleaning may go at all: images of the cube's pixels (above 0.5, one plane or as "
          "many as the cube), regions such as circle[[256pix, 256pix], 30pix] or "
          "box[[12h30m50s, 12d23m], [12h30m49s, 12d24m]], texts of regions; several are joined");
  s.field("pbmask", &ImageParams::pbmask,
          "Cleaning stays where the primary beam is above this; without it 0.2 for usemask pb and "
          "auto-multithresh where the beam is known, else 0, which does not ask for a beam")
      .range(0, 0.999);
  s.field("sidelobethreshold", &ImageParams::sidelobethreshold,
          "The automatic mask begins above this many times the largest sidelobe of the peak")
      .range(0, 1e6);
  s.field("noisethreshold", &ImageParams::noisethreshold, "and above this many times the noise")
      .range(0, 1e6);
  s.field("lownoisethreshold", &ImageParams::lownoisethreshold,
          "It grows down to this many times the noise")
      .range(0, 1e6);
  s.field("negativethreshold", &ImageParams::negativethreshold,
          "Absorption is masked below minus this many times the noise; 0 leaves it out")
      .range(0, 1e6);
  s.field("smoothfactor", &ImageParams::smoothfactor,
          "The mask is smoothed with a Gaussian of this many beams")
      .range(0.01, 100)
      .advanced();
  s.field("minbeamfrac", &ImageParams::minbeamfrac,
          "Regions of less than this many beams are dropped from the mask; 0 keeps all")
      .range(0, 1e6);
  s.field("cutthreshold", &ImageParams::cutthreshold,
          "The smoothed mask is cut at this fraction of its peak")
      .range(0, 0.99)
      .advanced();
  s.field("growiterations", &ImageParams::growiterations,
          "Most pixels by which the mask grows in a cycle");
  s.field("dogrowprune", &ImageParams::dogrowprune, "Drop small regions of the grown mask too");
  s.field("minpercentchange", &ImageParams::minpercentchange,
          "A mask that changes by less is not made again; below 0 it always is")
      .range(-1, 100);
  s.field("fastnoise", &ImageParams::fastnoise,
          "Measure noise over all pixels instead of those outside the mask");
  s.field("gain", &ImageParams::gain, "Loop gain").range(1e-6, 1);
  s.field("threshold", &ImageParams::threshold, "Cleaning stops at this peak residual")
      .unit("Jy")
      .range(0, 1e12);
  s.field("nsigma", &ImageParams::nsigma,
          "Cleaning stops at this many times the residual's noise; 0 does not ask for it")
      .range(0, 1e6);
  s.field("cycleniter", &ImageParams::cycleniter,
          "Most iterations between two major cycles; without it niter");
  s.field("cyclefactor", &ImageParams::cyclefactor,
          "Depth of a minor cycle in units of the PSF's largest sidelobe")
      .range(0, 1e6);
  s.field("minpsffraction", &ImageParams::minpsffraction,
          "A minor cycle goes at most this deep, as a fraction of its first peak; without it 0.05 "
          "inside a mask, as in tclean, and 0.2 where everything is cleaned")
      .range(0, 1);
  s.field("maxpsffraction", &ImageParams::maxpsffraction,
          "A minor cycle goes at least this deep, as a fraction of its first peak")
      .range(0, 1);
  s.field("nmajor", &ImageParams::nmajor,
          "Most major cycles after the first residual; without it no limit");
  s.field("convergence", &ImageParams::convergence,
          "Which planes share cycles, thresholds and the end: channel, each its own; chunk, some "
          "together; cube, all, as tclean does")
      .choices({"channel", "chunk", "cube"});
  s.field("cube_chunksize", &ImageParams::cube_chunksize,
          "Planes of a chunk that converges together; -1 makes as many chunks as there are threads")
      .range(-1, 1 << 30);
  s.field("nparts", &ImageParams::nparts, "Number of such chunks, instead of their size");
  s.field("psfcutoff", &ImageParams::psfcutoff, "Level of the PSF down to which its beam is fitted")
      .range(0.01, 0.99);
  s.field("pblimit", &ImageParams::pblimit,
          "The primary beam is cut at this level, whatever the sign, in .pb and .image.pbcor; not "
          "below 0 it masks image and residual too")
      .range(-0.999, 0.999);
  s.field("pbcor", &ImageParams::pbcor, "Make image.pbcor, the image divided by the primary beam");
  s.field("pointing_dec", &ImageParams::pointing_dec,
          "The dishes stood on the meridian at this apparent declination, and the sky drifted "
          "through their beam: the primary beam is its mean over the good data, not renormalised; "
          "none takes the declination that the data bring, or dishes that track the phase centre")
      .unit("rad");
  s.field("startmodel", &ImageParams::startmodel,
          "Image of the cube's pixels in Jy/pixel, one plane or as many as the cube, from which "
          "cleaning goes on; empty starts from nothing");
  s.field("restoringbeam", &ImageParams::restoringbeam,
          "Beam of the restored image: none takes each plane's own; common the smallest that holds "
          "those of all planes; or a width, or [major, minor, angle]");
  s.field("precision", &ImageParams::precision, "Of grids and transforms")
      .choices({"single", "double"});
  s.field(
       "scratch", &ImageParams::scratch,
       "Where the samples of all planes wait, which are read once: memory; a tier of this machine "
       "or none, the folder of temporary files; auto holds what half of the memory takes")
      .tuning();
  s.field("scratch_compression", &ImageParams::scratch_compression,
          "How samples stand on a tier: lz4 trades time for room")
      .choices({"none", "lz4"})
      .tuning();
  s.check(
      [](const ImageParams& p) {
        const double most = static_cast<double>(std::min(p.imsize[0], p.imsize[1])) / 4;
        return std::all_of(p.scales.begin(), p.scales.end(),
                           [&](double scale) { return scale <= most; });
      },
      "scales must not be larger than a quarter of the image");
  s.check([](const ImageParams& p) { return p.precision == "double" || p.accuracy >= 1e-6; },
          "an accuracy below 1e-6 needs precision double");
  s.check(
      [](const ImageParams& p) {
        return p.specmode != "mfs" || (p.start.empty() && p.width.empty() && !p.nchan);
      },
      "specmode mfs takes neither start nor width nor nchan");
  s.check(
      [](const ImageParams& p) {
        return p.weighting != "briggsbwtaper" || (p.perchanweightdensity && p.npixels == 0);
      },
      "briggsbwtaper needs perchanweightdensity true and npixels 0");
  s.check([](const ImageParams& p) { return p.npixels == 0 || p.weighting == "superuniform"; },
          "npixels is for weighting superuniform");
  s.check(
      [](const ImageParams& p) {
        return p.weighting != "briggsabs" || p.robust != 0 || p.noise > 0;
      },
      "briggsabs needs a robust or a noise other than 0");
  s.check(
      [](const ImageParams& p) -> std::optional<std::string> {
        try {
          parse_uvtaper(p.uvtaper);
        } catch (const Error& error) {
          return error.what();
        }
        return std::nullopt;
      },
      "uvtaper is one width, or major axis, minor axis and position angle");
  s.check(
      [](const ImageParams& p) -> std::optional<std::string> {
        try {
          given_beam(p.restoringbeam);
        } catch (const Error& error) {
          return error.what();
        }
        return std::nullopt;
      },
      "restoringbeam is common, one width, or major axis, minor axis and position angle");
  s.check([](const ImageParams& p) { return p.minpsffraction.value_or(0) <= p.maxpsffraction; },
          "minpsffraction must not be larger than maxpsffraction");
  return s;
}

bool cleans_in_mask(const ImageParams& params) {
  return !params.mask.empty() || params.pbmask.value_or(0) > 0 || params.usemask == "pb" ||
         params.usemask == "auto-multithresh";
}

}  // namespace skymill::radio
