// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/common_beam.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

namespace {

constexpr double kEnough = 1e-9;  // of the axes' squares
constexpr int kMostRounds = 500;
constexpr double kMadToSigma = 1.4826;
constexpr double kOutlierSigmas = 5;
constexpr double kOutlierRatio = 1.2;  // of the major axis

struct Point {
  double x = 0;
  double y = 0;
};

/// A symmetric matrix of two dimensions.
struct Symmetric {
  double xx = 0;
  double xy = 0;
  double yy = 0;

  double determinant() const { return xx * yy - xy * xy; }
  double along(const Point& p) const {
    return xx * p.x * p.x + 2 * xy * p.x * p.y + yy * p.y * p.y;
  }
  Point times(const Point& p) const { return {xx * p.x + xy * p.y, xy * p.x + yy * p.y}; }
  Symmetric inverse() const {
    const double d = determinant();
    return {yy / d, -xy / d, xx / d};
  }
};

/// Eigenvalues in falling order, and the direction of the first one from y towards x.
struct Axes {
  double largest = 0;
  double least = 0;
  double angle = 0;
};

Axes axes_of(const Symmetric& m) {
  const double mean = 0.5 * (m.xx + m.yy);
  const double half = std::hypot(0.5 * (m.yy - m.xx), m.xy);
  return {mean + half, mean - half, 0.5 * std::atan2(2 * m.xy, m.yy - m.xx)};
}

/// The matrix with these eigenvalues; the first belongs to the direction of the major axis.
Symmetric with_axes(double first, double second, double angle) {
  const double s = std::sin(angle);
  const double c = std::cos(angle);
  return {first * s * s + second * c * c, (first - second) * s * c, first * c * c + second * s * s};
}

/// Ellipses {x : x' A x <= 1} through all of two or three points and their mirror images; nullopt
/// when there is none.
std::optional<Symmetric> through(const Point& p, const Point& q) {
  // Of all ellipses through both the smallest: its inverse is pp' + qq'.
  const Symmetric inverse{p.x * p.x + q.x * q.x, p.x * p.y + q.x * q.y, p.y * p.y + q.y * q.y};
  if (!(inverse.determinant() > 0)) {
    return std::nullopt;
  }
  return inverse.inverse();
}

std::optional<Symmetric> through(const Point& p, const Point& q, const Point& r) {
  // Cramer's rule for a x^2 + b 2xy + c y^2 = 1 at the three points.
  const auto det = [](const Point& a, const Point& b, const Point& c, int column) {
    const auto row = [column](const Point& at, int k) {
      return k == column ? 1.0 : k == 0 ? at.x * at.x : k == 1 ? 2 * at.x * at.y : at.y * at.y;
    };
    const auto minor = [&](const Point& u, const Point& v, int k, int l) {
      return row(u, k) * row(v, l) - row(u, l) * row(v, k);
    };
    return row(a, 0) * minor(b, c, 1, 2) - row(a, 1) * minor(b, c, 0, 2) +
           row(a, 2) * minor(b, c, 0, 1);
  };
  const double all = det(p, q, r, -1);
  if (all == 0) {
    return std::nullopt;
  }
  const Symmetric a{det(p, q, r, 0) / all, det(p, q, r, 1) / all, det(p, q, r, 2) / all};
  if (!(a.xx > 0) || !(a.determinant() > 0)) {
    return std::nullopt;
  }
  return a;
}

struct Candidate {
  Symmetric ellipse;
  std::vector<Point> on;  // the points that hold it
};

/// The smallest ellipse around a few points: two or three of them lie on it.
std::optional<Candidate> smallest(const std::vector<Point>& points) {
  std::optional<Candidate> best;
  const auto consider = [&](const std::optional<Symmetric>& a, std::vector<Point> on) {
    const auto holds = [&](const Point& p) { return a->along(p) <= 1 + kEnough / 4; };
    if (a && std::all_of(points.begin(), points.end(), holds) &&
        (!best || a->determinant() > best->ellipse.determinant())) {
      best = Candidate{*a, std::move(on)};
    }
  };
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      consider(through(points[i], points[j]), {points[i], points[j]});
      for (std::size_t k = j + 1; k < points.size(); ++k) {
        consider(through(points[i], points[j], points[k]), {points[i], points[j], points[k]});
      }
    }
  }
  return best;
}

/// A beam as the matrix that makes its ellipse of the unit circle.
using Root = Symmetric;

struct Farthest {
  Point point;
  double along = 0;  // above 1 outside of the ellipse
};

Farthest farthest(const std::vector<Root>& beams, const Symmetric& ellipse) {
  Farthest found;
  for (const Root& root : beams) {
    const Point left = root.times(ellipse.times({root.xx, root.xy}));
    const Point right = root.times(ellipse.times({root.xy, root.yy}));
    const Axes axes = axes_of({left.x, left.y, right.y});
    if (axes.largest > found.along) {
      found = {root.times({std::sin(axes.angle), std::cos(axes.angle)}), axes.largest};
    }
  }
  return found;
}

bool is_beam(const GaussianBeam& beam) {
  return std::isfinite(beam.major_rad) && std::isfinite(beam.pa_rad) && beam.minor_rad > 0 &&
         beam.major_rad >= beam.minor_rad;
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The value above which a logarithm is an outlier.
double most(const std::vector<double>& logarithms, double least_margin) {
  const double centre = median_of(logarithms);
  std::vector<double> distances;
  for (const double value : logarithms) {
    distances.push_back(std::abs(value - centre));
  }
  return centre + std::max(kOutlierSigmas * kMadToSigma * median_of(distances), least_margin);
}

}  // namespace

GaussianBeam enclosing_beam(const std::vector<GaussianBeam>& beams) {
  if (beams.empty() || !std::all_of(beams.begin(), beams.end(), is_beam)) {
    throw std::invalid_argument("enclosing_beam: " + std::to_string(beams.size()) +
                                " beams, and each must have a width");
  }
  const auto by_area = [](const GaussianBeam& a, const GaussianBeam& b) {
    return a.solid_angle_sr() < b.solid_angle_sr();
  };
  const GaussianBeam& first = *std::max_element(beams.begin(), beams.end(), by_area);
  const double unit = first.major_rad;
  std::vector<Root> roots;
  for (const GaussianBeam& beam : beams) {
    roots.push_back(with_axes(beam.major_rad / unit, beam.minor_rad / unit, beam.pa_rad));
  }
  const double s = std::sin(first.pa_rad);
  const double c = std::cos(first.pa_rad);
  const double minor = first.minor_rad / unit;
  // Exchange: the ellipse around a few points, the point of all beams that is farthest out of it.
  Candidate best{with_axes(1, 1 / (minor * minor), first.pa_rad),
                 {{s, c}, {minor * c, -minor * s}}};
  Farthest outermost = farthest(roots, best.ellipse);
  for (int round = 0; round < kMostRounds && outermost.along > 1 + kEnough; ++round) {
    std::vector<Point> points = best.on;
    points.push_back(outermost.point);
    const auto next = smallest(points);
    if (!next) {
      break;
    }
    best = *next;
    outermost = farthest(roots, best.ellipse);
  }
  // What is left is made up for by size, so that all are enclosed whatever happened.
  const Axes axes = axes_of(best.ellipse.inverse());
  const double scale = unit * std::sqrt(std::max(1.0, outermost.along));
  const double pa =
      axes.angle <= -std::numbers::pi / 2 ? axes.angle + std::numbers::pi : axes.angle;
  return {scale * std::sqrt(axes.largest), scale * std::sqrt(axes.least), pa};
}

CommonBeam common_beam(const std::vector<GaussianBeam>& beams) {
  std::vector<double> majors;
  std::vector<double> areas;
  for (const GaussianBeam& beam : beams) {
    if (is_beam(beam)) {
      majors.push_back(std::log(beam.major_rad));
      areas.push_back(std::log(beam.solid_angle_sr()));
    }
  }
  if (majors.empty()) {
    throw std::invalid_argument("common_beam: none of " + std::to_string(beams.size()) +
                                " beams has a width");
  }
  double most_major = std::numeric_limits<double>::infinity();
  double most_area = most_major;
  if (majors.size() >= 3) {
    most_major = most(majors, std::log(kOutlierRatio));
    most_area = most(areas, 2 * std::log(kOutlierRatio));
  }
  CommonBeam result;
  std::vector<GaussianBeam> kept;
  for (std::size_t k = 0; k < beams.size(); ++k) {
    if (is_beam(beams[k]) && std::log(beams[k].major_rad) <= most_major &&
        std::log(beams[k].solid_angle_sr()) <= most_area) {
      kept.push_back(beams[k]);
    } else {
      result.left_out.push_back(k);
    }
  }
  result.beam = enclosing_beam(kept);
  return result;
}

}  // namespace skymill::kernels
