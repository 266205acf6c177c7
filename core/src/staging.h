// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/context.h>
#include <core/stage.h>
#include <core/tier.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymill {

/// A product that was to be made on a tier, for the run record.
struct StagedProduct {
  std::string stage;
  std::string path;
  std::string asked;  ///< "auto", or the name of a tier
  std::string tier;   ///< empty: none had room, it was made beside its final place
  std::string folder;
  std::size_t bytes = 0;
  std::shared_ptr<const std::atomic<std::size_t>> used;  ///< null without a tier
  std::vector<std::string> refusals;
};

/// The tiers of a run, and the leases for products whose stages have asked for them in `plan()`.
class Staging {
 public:
  void set_tiers(std::vector<Tier> tiers) { tiers_ = std::move(tiers); }

  /// The tiers that `asked` ("none", "auto", "disk" or a name) means, in their order.
  /// @throws Error (description) for a name that is none
  std::vector<Tier> order(const std::string& asked) const;

  /// Leases space for the products that a stage wants staged, before its work starts; `ctx` is the
  /// stage's. @throws Error when not even the destination has room, or a ledger is damaged
  void admit(const std::vector<Planning::Product>& products, const PipelineContext& ctx);

  /// The lease for a product, once; nothing when it is made beside its final place.
  std::optional<Space> take(const std::string& stage, const std::string& path);

  std::vector<StagedProduct> products() const;

 private:
  std::vector<Tier> tiers_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Space> leases_;  ///< by stage and path
  std::vector<StagedProduct> products_;
};

}  // namespace skymill
