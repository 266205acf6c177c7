// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/simulate/simulate_stage.h>

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;

/// What only the DSA-110 has.
bool has_instrument(const SimulateParams& p) {
  return p.groups != 1 || p.beam != "none" || p.delay != 0 || p.outrigger_delay ||
         p.bandpass_ripple != 0 || p.bandpass_edge != 0 || !p.bandpass_notches.empty() ||
         !p.dead_antennas.empty() || p.yy_amplitude != 1 || p.counts_per_jy != 1 ||
         p.rfi_carriers + p.rfi_drifting + p.rfi_bursts + p.rfi_zeros + p.rfi_nans != 0;
}

void add_instrument(Schema<SimulateParams>& s) {
  s.field("beam", &SimulateParams::beam,
          "Power with which the DSA-110's dishes of 4.65 m see a source as it drifts, per channel: "
          "airy: lit uniformly; tapered: less towards the rim")
      .choices({"none", "airy", "tapered"});
  s.field("delay", &SimulateParams::delay,
          "Standard deviation of the antennas' delays, of every hand; DSA-110 only")
      .unit("s")
      .range(0, 1e-3);
  s.field("outrigger_delay", &SimulateParams::outrigger_delay,
          "The same of the outriggers; none takes `delay`")
      .unit("s")
      .range(0, 1e-3);
  s.field("bandpass_ripple", &SimulateParams::bandpass_ripple,
          "Ripple of the voltage over frequency, as a fraction, in another place for every antenna "
          "and hand; DSA-110 only")
      .range(0, 0.9);
  s.field("bandpass_edge", &SimulateParams::bandpass_edge,
          "Fraction of the voltage that is lost at the edges of a subband; DSA-110 only")
      .range(0, 1);
  s.field("bandpass_notches", &SimulateParams::bandpass_notches,
          "Frequencies at which 80 % of the voltage are lost; DSA-110 only")
      .unit("Hz")
      .positive();
  s.field("dead_antennas", &SimulateParams::dead_antennas,
          "Names of antennas of the DSA-110 that give nothing but noise");
  s.field("yy_amplitude", &SimulateParams::yy_amplitude,
          "Factor of all gains of the hand YY, beside those of XX; DSA-110 only")
      .positive();
  s.field("counts_per_jy", &SimulateParams::counts_per_jy,
          "Unit of the data, for those that are not in Jy; DSA-110 only")
      .positive();
}

void add_interference(Schema<SimulateParams>& s) {
  s.field("rfi_carriers", &SimulateParams::rfi_carriers,
          "Transmitters that fill one channel at all times; DSA-110 only");
  s.field("rfi_drifting", &SimulateParams::rfi_drifting,
          "Transmitters of one channel that move by one to three channels an integration");
  s.field("rfi_bursts", &SimulateParams::rfi_bursts,
          "Transmitters that fill all channels for one to three integrations");
  s.field("rfi_zeros", &SimulateParams::rfi_zeros,
          "Times an antenna's data of one integration and subband are exactly zero");
  s.field("rfi_nans", &SimulateParams::rfi_nans,
          "Times an antenna's data of one integration and subband are no numbers");
  s.field("rfi_flux", &SimulateParams::rfi_flux, "Flux of every transmitter").unit("Jy").positive();
}

}  // namespace

Schema<SimulateParams> Simulate::schema() {
  Schema<SimulateParams> s{"Simulate an observation of point sources with noise."};
  s.field("telescope", &SimulateParams::telescope,
          "small: a spiral of antennas that tracks the phase centre; dsa110: antennas of the "
          "DSA-110, fringe-stopped to the meridian")
      .choices({"small", "dsa110"});
  s.field("antennas", &SimulateParams::antennas,
          "Number of antennas; of the DSA-110's 96 as many, spread over all its parts")
      .range(2, 4096);
  s.field("radius", &SimulateParams::radius, "Radius of the small array").unit("m").positive();
  s.field("diameter", &SimulateParams::diameter, "Diameter of a dish of the small array")
      .unit("m")
      .positive();
  s.field("longitude", &SimulateParams::longitude, "Of the small array, east positive").unit("rad");
  s.field("latitude", &SimulateParams::latitude, "Of the small array").unit("rad");
  s.field("height", &SimulateParams::height, "Of the small array above the ellipsoid").unit("m");
  s.field("times", &SimulateParams::times, "Number of integrations").range(1, 1e7);
  s.field("interval", &SimulateParams::interval,
          "Length of an integration; none takes 60 s, or 12.884901888 s of the DSA-110")
      .unit("s")
      .positive();
  s.field("start_mjd", &SimulateParams::start_mjd,
          "Start of the first integration, MJD UTC in days");
  s.field(
       "ra", &SimulateParams::ra,
       "Right ascension of the phase centre; without it what transits halfway; not for the DSA-110")
      .unit("rad");
  s.field("dec", &SimulateParams::dec,
          "Declination of the phase centre; apparent declination to which the DSA-110 points")
      .unit("rad")
      .range(-kPi / 2, kPi / 2);
  s.field("nchan", &SimulateParams::nchan,
          "Number of channels, of a subband of the DSA-110, where 48 are usual")
      .range(1, 1e6);
  s.field("freq", &SimulateParams::freq, "Centre of the first channel; not for the DSA-110")
      .unit("Hz")
      .positive();
  s.field("width", &SimulateParams::width,
          "Width of a channel; not for the DSA-110, whose subbands are 11.71875 MHz wide")
      .unit("Hz")
      .positive();
  s.field("sources", &SimulateParams::sources,
          "The sky as 'l m flux [index]' each, such as '30arcsec -20arcsec 1.5Jy -0.7'; empty "
          "takes random_sources");
  s.field("random_sources", &SimulateParams::random_sources,
          "Number of sources when none are listed");
  s.field("source_radius", &SimulateParams::source_radius, "Random sources stand within this")
      .unit("rad")
      .range(0, 1);
  s.field("flux_min", &SimulateParams::flux_min, "Faintest random source").unit("Jy").positive();
  s.field("flux_max", &SimulateParams::flux_max, "Brightest random source").unit("Jy").positive();
  s.field("flux_slope", &SimulateParams::flux_slope,
          "Random sources: how their number falls with flux, dN/dS ~ S^-slope; 1 is even in the "
          "logarithm, 1.7 like the sky at 1.4 GHz")
      .range(0, 10);
  s.field("index_mean", &SimulateParams::index_mean, "Mean spectral index of random sources")
      .range(-10, 10);
  s.field("index_scatter", &SimulateParams::index_scatter,
          "Standard deviation of the spectral indices of random sources")
      .range(0, 10);
  s.field("noise", &SimulateParams::noise,
          "Standard deviation of the real and of the imaginary part of one visibility; none takes "
          "0.1 Jy, or what sefd gives for the DSA-110: 2.59 Jy with 48 channels")
      .unit("Jy")
      .range(0, 1e12);
  s.field("sefd", &SimulateParams::sefd,
          "System equivalent flux density of an antenna of the DSA-110")
      .unit("Jy")
      .positive();
  s.field("gain_amplitude", &SimulateParams::gain_amplitude,
          "Standard deviation of the gains' amplitudes, as a fraction")
      .range(0, 1);
  s.field("gain_phase", &SimulateParams::gain_phase, "Standard deviation of the gains' phases")
      .unit("rad")
      .range(0, 100);
  s.field("gain_drift", &SimulateParams::gain_drift,
          "Phases of antennas wander besides, each as a sine of this standard deviation; not for "
          "the DSA-110, and not in the truth")
      .unit("rad")
      .range(0, 100);
  s.field("drift_period", &SimulateParams::drift_period,
          "Their periods lie between half and three halves of this")
      .unit("s")
      .positive();
  add_instrument(s);
  add_interference(s);
  s.field("autocorrelations", &SimulateParams::autocorrelations,
          "Make rows of an antenna with itself as well; DSA-110 only");
  s.field("groups", &SimulateParams::groups,
          "Observations of `times` integrations each, back to back; uvh5_writer's times_per_file "
          "parts them again; DSA-110 only")
      .range(1, 1e5);
  s.field("subbands", &SimulateParams::subbands,
          "Subbands of the DSA-110, from the highest frequencies downwards")
      .range(1, 16);
  s.field("eop", &SimulateParams::eop,
          "Table of Earth orientation for the DSA-110; empty looks in SKYMILL_EOP and "
          "share/skymill/eop")
      .advanced();
  s.field("allow_stale_eop", &SimulateParams::allow_stale_eop,
          "Take the nearest values when the table lacks the date")
      .advanced();
  s.field("seed", &SimulateParams::seed, "Of all random numbers");
  s.field("truth", &SimulateParams::truth,
          "JSON file for the true sources, gains and all else that was put in; empty writes none");
  s.check([](const SimulateParams& p) { return p.flux_min <= p.flux_max; },
          "flux_min must not be larger than flux_max");
  s.check([](const SimulateParams& p) { return p.telescope != "dsa110" || p.antennas <= 96; },
          "the DSA-110 has 96 antennas in use");
  s.check([](const SimulateParams& p) { return p.telescope != "dsa110" || p.gain_drift == 0; },
          "gain_drift needs telescope: small");
  s.check([](const SimulateParams& p) { return p.telescope == "dsa110" || !p.autocorrelations; },
          "autocorrelations need telescope: dsa110");
  s.check([](const SimulateParams& p) { return p.telescope == "dsa110" || !has_instrument(p); },
          "groups, beam, receivers and interference need telescope: dsa110");
  return s;
}

}  // namespace skymill::radio
