// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/image/sample_file.h>
#include <stages/image/spectral_grid.h>
#include <stages/image/spectral_track.h>
#include <stages/image/stokes_terms.h>
#include <stages/kernels/samples.h>

#include <complex>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// Samples of a plane, in the store or read from its file.
struct StoredPlane : kernels::PlaneSamples {
  std::vector<std::complex<float>> own_vis;  ///< empty when the store holds them
  std::vector<float> own_weight;
};

/// Stokes visibilities of all planes, sorted by plane: filled in one pass over the data, then read
/// plane by plane as often as cleaning needs. They are held, or stand in a scratch file.
class ChannelStore {
 public:
  /// @param stokes  "I", "Q", "U", "V", "pseudoI", or one hand: "XX", "YY", "RR", "LL"
  /// @param mean_of_hands  weight of a sample: the mean of first and last correlation as tclean's
  ///                       (imaging.md 2.1), else the least of the hands used, as WSClean's
  /// @param track  where the planes' channels are on the axis at each time; without it they stay
  /// @param file   where samples go; empty holds them
  /// @throws Error (input) when the data have not the correlations that `stokes` needs
  ChannelStore(const ObservationHeader& header, std::vector<PlaneChannels> planes,
               const std::string& stokes, bool mean_of_hands,
               std::shared_ptr<const SpectralTrack> track = nullptr, const std::string& file = {},
               SampleCoding coding = SampleCoding::kPlain);

  /// Bytes of the samples of these planes, held or in a file.
  static std::size_t sample_bytes(const ObservationHeader& header,
                                  const std::vector<PlaneChannels>& planes);
  /// Bytes that a store of these planes holds besides its samples.
  static std::size_t geometry_bytes(const ObservationHeader& header,
                                    const std::vector<PlaneChannels>& planes);

  /// Largest number of samples (rows × channels) of any of these planes.
  static std::size_t max_samples(const ObservationHeader& header,
                                 const std::vector<PlaneChannels>& planes);

  /// Adds a chunk: flags applied, hands combined (imaging.md 2.1, 2.4).
  /// @throws Error (input) when more rows come than the header said
  void add(const Visibilities& chunk);

  std::size_t planes() const { return planes_.size(); }
  const PlaneChannels& channels(std::size_t plane) const { return planes_[plane]; }

  /// The samples of a plane: weight is the natural weight of one hand. Valid as long as the store.
  /// Of channels that move along the axis uvw is scaled, so that frequencies are those of the axis.
  StoredPlane samples(std::size_t plane) const;
  /// Correlations that each sample stands for: 2 for Stokes I of two hands, 1 for one hand.
  int hands() const { return hands_; }
  /// Samples dropped because a flag, a weight or a number forbade them.
  std::size_t flagged() const { return flagged_; }

  /// Planes in the order in which they should be begun, those that will take longest first: what is
  /// cleaned deepest has most power in its visibilities for their weights.
  std::vector<std::size_t> longest_first() const;

  /// Bytes written to the scratch file.
  std::size_t bytes_written() const { return file_ ? file_->bytes_written() : 0; }
  /// Bytes read back from it since this was last asked.
  std::size_t take_bytes_read() { return file_ ? file_->take_bytes_read() : 0; }

  /// Frees a plane's visibilities once it is done.
  void release(std::size_t plane);

 private:
  /// Rows of one data description: where they stand in the row list of planes that it feeds.
  struct Block {
    std::size_t rows = 0;    ///< as the header says
    std::size_t filled = 0;  ///< come so far
    std::vector<double> uvw_m;
  };
  struct PlaneData {
    std::vector<int> descriptions;         ///< that feed the plane, in order
    std::vector<double> freq_hz;           ///< of its channels
    std::vector<double> joined_uvw_m;      ///< only when several descriptions feed it
    std::vector<std::complex<float>> vis;  ///< [row][chan]
    std::vector<float> weight;             ///< [row][chan]
    std::size_t rows = 0;
    double power = 0;  ///< weighted, of the samples that count
    std::size_t samples = 0;
  };
  struct Feed {
    std::size_t plane = 0;
    std::size_t column = 0;     ///< channel index within the plane
    std::size_t first_row = 0;  ///< of this description within the plane
    std::size_t channel = 0;    ///< within the chunk
    double freq_hz = 0;         ///< of that channel, or to which is interpolated
  };
  /// One visibility of the Stokes parameter wanted.
  struct Sample {
    std::complex<float> vis;
    float weight = 0;
  };

  void choose_hands(const ObservationHeader& header, const std::string& stokes);
  void add_plane(const ObservationHeader& header, std::size_t index);
  /// Nothing when a flag, a weight or a number forbids the sample.
  std::optional<Sample> sample(const Visibilities& chunk, std::size_t row,
                               std::size_t channel) const;
  /// pseudoI of the hands that are good, `cell` being the first correlation's place.
  std::optional<Sample> of_good_hands(const Visibilities& chunk, std::size_t cell,
                                      const float* weights, const StokesTerms& stokes) const;
  /// At a frequency of the data between two channels; nothing when one of the two is forbidden.
  std::optional<Sample> interpolated(const Visibilities& chunk, std::size_t row,
                                     double freq_hz) const;
  std::vector<double> ratios(const Visibilities& chunk) const;

  std::vector<PlaneChannels> planes_;
  std::vector<PlaneData> data_;
  std::vector<Block> blocks_;             ///< by data description
  std::vector<std::vector<Feed>> feeds_;  ///< by data description
  std::vector<StokesTerms> terms_;        ///< by data description
  std::shared_ptr<const SpectralTrack> track_;
  std::vector<std::vector<double>> chan_freq_hz_;  ///< by data description
  std::unique_ptr<SampleFile> file_;
  std::vector<std::complex<float>> stretch_vis_;  ///< of one plane and chunk on their way to it
  std::vector<float> stretch_weight_;
  bool interpolates_ = false;
  bool mean_of_hands_ = false;
  int hands_ = 1;
  std::size_t flagged_ = 0;
};

}  // namespace skymill::radio
