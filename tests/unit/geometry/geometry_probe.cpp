// SPDX-License-Identifier: GPL-3.0-or-later
// Lets a Python test ask the library: `geometry_probe TABLE LONGITUDE LATITUDE HEIGHT` (degrees and
// metres; TABLE of Earth orientation), then on standard input one question a line, answered by one
// line of numbers:
//   axes MJD_S RA DEC FRAME derivative|rigid   u, v, w in ITRF axes
//   centres DEC MJD_S...                       ICRS right ascension and declination of each
//   zenith MJD_S                               the same
//   sidereal MJD_S                             local apparent sidereal time
//   doppler MJD_S RA DEC FROM TO               ratio of frequencies, for an ICRS direction
//   transit MJD_S RA DEC                       the transit nearest to it, MJD UTC seconds
//   place                                      geocentric ITRF of the site
#include <core/error.h>
#include <stages/geometry/earth_time.h>
#include <stages/geometry/frequency_frames.h>
#include <stages/geometry/sky_frames.h>
#include <stages/sky/transit.h>

#include <cstdio>
#include <iostream>
#include <sstream>

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr double kDegree = 3.14159265358979323846 / 180;

void show(const Vector3& v) { std::printf("%.17g %.17g %.17g ", v[0], v[1], v[2]); }
void show(const Direction& d) { std::printf("%.17g %.17g ", d.ra_rad, d.dec_rad); }

void answer(const std::string& line, const EarthOrientation& earth, const GeodeticPosition& site,
            const SkyFrames& frames) {
  std::istringstream in(line);
  std::string what, kind;
  double number = 0;
  in >> what >> number;
  if (what == "place") {
    show(geocentric_m(site));
  } else if (what == "axes") {
    Direction centre;
    in >> centre.ra_rad >> centre.dec_rad >> centre.frame >> kind;
    const UvwAxes axes =
        frames.at(number).axes(centre, kind == "rigid" ? UvwKind::rigid : UvwKind::derivative);
    for (const Vector3* axis : {&axes.u, &axes.v, &axes.w}) show(*axis);
  } else if (what == "centres") {
    std::vector<double> times;
    for (double time_s = 0; in >> time_s;) times.push_back(time_s);
    for (const Direction& centre : meridian_centres(times, site, number, earth)) show(centre);
  } else if (what == "zenith") {
    show(frames.at(number).icrs_of_zenith());
  } else if (what == "doppler") {
    Direction towards{0, 0, "ICRS"};
    std::string from, to;
    in >> towards.ra_rad >> towards.dec_rad >> from >> to;
    const FrequencyFrames frequencies(site, towards);
    std::printf("%.17g ", frequencies.ratio(frequency_frame(from), frequency_frame(to), number));
  } else if (what == "transit") {
    Direction source{0, 0, "ICRS"};
    in >> source.ra_rad >> source.dec_rad;
    const auto transit = transit_near(number, source, site, frames);
    if (transit) std::printf("%.17g ", transit->mjd_utc_s);
  } else if (what == "sidereal") {
    std::printf("%.17g ", apparent_sidereal_rad(number, site.longitude_rad, earth.at(number)));
  } else {
    throw Error(ErrorKind::description, "no such question: " + line);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  try {
    const EarthOrientation earth = EarthOrientation::find(argv[1]);
    const GeodeticPosition site{std::stod(argv[2]) * kDegree, std::stod(argv[3]) * kDegree,
                                std::stod(argv[4])};
    const SkyFrames frames(site, earth);
    for (std::string line; std::getline(std::cin, line);) {
      answer(line, earth, site, frames);
      std::printf("\n");
    }
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
