// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/gains/correlation_hands.h>
#include <stages/gains/row_factors.h>

#include <algorithm>
#include <string>

namespace skymill::radio {

namespace {

/// The product of all terms for one antenna and feed, by channel.
struct Product {
  std::vector<float> re, im, power;

  void start(std::size_t channels) {
    re.assign(channels, 1);
    im.assign(channels, 0);
    power.assign(channels, 1);
  }

  /// By `channels` values, or by one for all.
  void multiply(const std::complex<float>* inverse, std::size_t channels, bool weighs) {
    if (channels == 1) {
      const std::complex<float> one = *inverse;
      multiply_by([one](std::size_t) { return one; }, weighs);
    } else {
      multiply_by([inverse](std::size_t c) { return inverse[c]; }, weighs);
    }
  }

  /// |g|² from |1/g|²; nothing where there is no gain, so that it adds nothing.
  void invert_powers() {
    for (std::size_t c = 0; c < power.size(); ++c) {
      const bool solved = re[c] != 0 || im[c] != 0;
      power[c] = solved ? 1 / power[c] : 0;
    }
  }

 private:
  template <class Factor>
  void multiply_by(const Factor& factor, bool weighs) {
    for (std::size_t c = 0; c < re.size(); ++c) {
      const float a = factor(c).real();
      const float b = factor(c).imag();
      const float old = re[c];
      re[c] = old * a - im[c] * b;
      im[c] = old * b + im[c] * a;
    }
    for (std::size_t c = 0; weighs && c < power.size(); ++c) power[c] *= std::norm(factor(c));
  }
};

void spread(const Product& from, std::size_t corr, std::size_t ncorr, std::size_t place,
            AntennaFactors& into) {
  for (std::size_t c = 0; c < from.re.size(); ++c) {
    const std::size_t sample = place + c * ncorr + corr;
    into.re[sample] = from.re[c];
    into.im[sample] = from.im[c];
    into.power[sample] = from.power[c];
  }
}

AntennaFactors sized(std::size_t samples) {
  AntennaFactors factors;
  factors.re.resize(samples);
  factors.im.resize(samples);
  factors.power.resize(samples);
  return factors;
}

/// One factor a correlation, repeated so that loops over samples become vectors.
struct Pattern {
  static constexpr std::size_t kSize = 48;  // of 1, 2, 3 or 4 correlations
  float re[kSize], im[kSize], power[kSize];

  Pattern(const std::vector<Product>& by_feed, const std::vector<std::size_t>& feeds) {
    for (std::size_t s = 0; s < kSize; ++s) {
      const Product& product = by_feed[feeds[s % feeds.size()]];
      re[s] = product.re[0];
      im[s] = product.im[0];
      power[s] = product.power[0];
    }
  }
};

/// Multiplies an antenna's samples by a pattern.
void scale(const AntennaFactors& from, const Pattern& by, std::size_t place, std::size_t samples,
           AntennaFactors& into) {
  for (std::size_t first = 0; first < samples; first += Pattern::kSize) {
    const std::size_t n = std::min(Pattern::kSize, samples - first);
    const float* const re = &from.re[place + first];
    const float* const im = &from.im[place + first];
    const float* const power = &from.power[place + first];
    float* __restrict__ const out_re = &into.re[place + first];
    float* __restrict__ const out_im = &into.im[place + first];
    float* __restrict__ const out_power = &into.power[place + first];
    for (std::size_t s = 0; s < n; ++s) {
      out_re[s] = re[s] * by.re[s] - im[s] * by.im[s];
      out_im[s] = re[s] * by.im[s] + im[s] * by.re[s];
      out_power[s] = power[s] * by.power[s];
    }
  }
}

/// Marks an antenna's samples without a solution. @return how many there are
std::size_t mark_unsolved(std::size_t place, std::size_t samples, AntennaFactors& factors) {
  if (factors.re.empty()) return 0;
  const float* const re = &factors.re[place];
  const float* const im = &factors.im[place];
  std::uint32_t unsolved = 0;
  for (std::size_t s = 0; s < samples; ++s) unsolved += ((re[s] == 0) & (im[s] == 0)) ? 1 : 0;
  if (unsolved == 0) return 0;
  factors.unsolved.resize(factors.re.size(), 0);
  std::uint8_t* const mark = &factors.unsolved[place];
  for (std::size_t s = 0; s < samples; ++s) mark[s] = ((re[s] == 0) & (im[s] == 0)) ? 1 : 0;
  return unsolved;
}

/// @param second  as ANTENNA2; empty when it is the same
void find_unsolved(std::size_t antennas, std::size_t samples, AntennaFactors& first,
                   AntennaFactors& second, std::vector<Solved>& solved) {
  const std::size_t all = second.re.empty() ? samples : 2 * samples;
  for (std::size_t a = 0; a < antennas; ++a) {
    const std::size_t unsolved =
        mark_unsolved(a * samples, samples, first) + mark_unsolved(a * samples, samples, second);
    solved.push_back(unsolved == 0 ? Solved::all : unsolved == all ? Solved::none : Solved::some);
  }
  // Rows ask both.
  if (first.unsolved.empty() && second.unsolved.empty()) return;
  first.unsolved.resize(first.re.size(), 0);
  second.unsolved.resize(second.re.size(), 0);
}

}  // namespace

CorrelationFeeds correlation_feeds(const ObservationHeader& header, int data_desc_id) {
  CorrelationFeeds hands;
  const auto place_of = [&](int code) {
    const auto found = std::find(hands.feeds.begin(), hands.feeds.end(), code);
    const auto place = static_cast<std::size_t>(found - hands.feeds.begin());
    if (found == hands.feeds.end()) hands.feeds.push_back(code);
    return place;
  };
  for (const int code :
       header.data_descriptions.at(static_cast<std::size_t>(data_desc_id)).corr_types) {
    const auto feeds = feeds_of(code);
    if (!feeds) {
      throw Error(ErrorKind::input,
                  "'" + header.source + "' holds Stokes parameters in data description " +
                      std::to_string(data_desc_id) + ", which gains of feeds cannot correct");
    }
    hands.first.push_back(place_of(feeds->first));
    hands.second.push_back(place_of(feeds->second));
  }
  return hands;
}

RowFactors row_factors(const std::vector<std::shared_ptr<const InverseGains>>& terms,
                       const std::vector<bool>& calwt, const CorrelationFeeds& hands,
                       std::size_t antennas, std::size_t channels) {
  const std::size_t ncorr = hands.first.size();
  RowFactors factors;
  factors.samples = channels * ncorr;
  factors.first = sized(antennas * factors.samples);
  AntennaFactors second = sized(hands.crossed() ? antennas * factors.samples : 0);
  Product product;
  for (std::size_t a = 0; a < antennas; ++a) {
    for (std::size_t feed = 0; feed < hands.feeds.size(); ++feed) {
      product.start(channels);
      for (std::size_t t = 0; t < terms.size(); ++t) {
        const std::size_t stored = terms[t]->channels;
        product.multiply(&terms[t]->inverse[(a * hands.feeds.size() + feed) * stored], stored,
                         calwt[t]);
      }
      product.invert_powers();
      for (std::size_t k = 0; k < ncorr; ++k) {
        const std::size_t place = a * factors.samples;
        if (hands.first[k] == feed) spread(product, k, ncorr, place, factors.first);
        if (hands.crossed() && hands.second[k] == feed) spread(product, k, ncorr, place, second);
      }
    }
  }
  find_unsolved(antennas, factors.samples, factors.first, second, factors.solved);
  if (hands.crossed()) factors.other = std::make_shared<const AntennaFactors>(std::move(second));
  return factors;
}

RowFactors scaled_factors(const RowFactors& spectral,
                          const std::vector<std::shared_ptr<const InverseGains>>& flat,
                          const std::vector<bool>& calwt, const CorrelationFeeds& hands) {
  const std::size_t antennas = spectral.solved.size();
  RowFactors factors;
  factors.samples = spectral.samples;
  factors.first = sized(antennas * factors.samples);
  AntennaFactors second = sized(hands.crossed() ? antennas * factors.samples : 0);
  std::vector<Product> by_feed(hands.feeds.size());
  for (std::size_t a = 0; a < antennas; ++a) {
    for (std::size_t feed = 0; feed < by_feed.size(); ++feed) {
      Product& product = by_feed[feed];
      product.start(1);
      for (std::size_t t = 0; t < flat.size(); ++t) {
        product.multiply(&flat[t]->inverse[a * by_feed.size() + feed], 1, calwt[t]);
      }
      product.invert_powers();
    }
    const std::size_t place = a * factors.samples;
    scale(spectral.first, Pattern(by_feed, hands.first), place, factors.samples, factors.first);
    if (hands.crossed()) {
      scale(spectral.second(), Pattern(by_feed, hands.second), place, factors.samples, second);
    }
  }
  find_unsolved(antennas, factors.samples, factors.first, second, factors.solved);
  if (hands.crossed()) factors.other = std::make_shared<const AntennaFactors>(std::move(second));
  return factors;
}

std::size_t row_factors_bytes(std::size_t antennas, std::size_t channels, std::size_t ncorr) {
  return 2 * antennas * channels * ncorr * (3 * sizeof(float) + 1);
}

}  // namespace skymill::radio
