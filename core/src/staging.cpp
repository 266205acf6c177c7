// SPDX-License-Identifier: GPL-3.0-or-later
#include "staging.h"

#include <core/diagnostics.h>
#include <core/error.h>
#include <core/units.h>

#include <algorithm>
#include <iterator>

#include "words.h"

namespace skymill {

std::vector<Tier> Staging::order(const std::string& asked) const {
  if (asked == "none") return {};
  if (asked == "auto") return tiers_;
  if (asked == "disk") {
    std::vector<Tier> disks;
    std::copy_if(tiers_.begin(), tiers_.end(), std::back_inserter(disks),
                 [](const Tier& tier) { return tier.description().kind != TierKind::tmpfs; });
    return disks;
  }
  std::vector<std::string> names{"none", "auto"};
  for (const Tier& tier : tiers_) {
    if (tier.description().name == asked) return {tier};
    names.push_back(tier.description().name);
  }
  std::string hint = did_you_mean(asked, names);
  if (hint.empty()) hint = "write one of: " + joined(names);
  throw Error(ErrorKind::description, "this machine has no tier " + in_quotes(asked),
              hint + "; 'skymill tiers' shows them");
}

void Staging::admit(const std::vector<Planning::Product>& products, const PipelineContext& ctx) {
  for (const Planning::Product& product : products) {
    if (product.staging == "none") continue;
    SpaceRequest request;
    request.bytes = product.bytes;
    request.run = ctx.run_id();
    request.purpose = "'" + ctx.stage() + "' (" + product.path + ")";
    request.destination = product.path;
    request.memory = &ctx.memory();
    Placement placement = place(order(product.staging), request);

    StagedProduct note{ctx.stage(), product.path,  product.staging, {},
                       {},          product.bytes, nullptr,         placement.refusals};
    // A tier that the user has named and does not get is worth a warning.
    for (const std::string& refusal : placement.refusals) {
      if (product.staging == "auto" || product.staging == "disk") {
        ctx.log().info(refusal);
      } else {
        ctx.log().warning(refusal);
      }
    }
    const std::lock_guard lock(mutex_);
    if (placement.space) {
      note.tier = placement.space->tier();
      note.folder = placement.space->path();
      note.used = placement.space->most_used();
      ctx.log().info("'" + product.path + "' is made on tier '" + note.tier + "', " +
                     format_quantity(static_cast<double>(product.bytes), "B") + " leased");
      leases_.insert_or_assign({ctx.stage(), product.path}, std::move(*placement.space));
    }
    products_.push_back(std::move(note));
  }
}

std::optional<Space> Staging::take(const std::string& stage, const std::string& path) {
  const std::lock_guard lock(mutex_);
  auto found = leases_.extract({stage, path});
  if (found.empty()) return std::nullopt;
  return std::move(found.mapped());
}

std::vector<StagedProduct> Staging::products() const {
  const std::lock_guard lock(mutex_);
  return products_;
}

}  // namespace skymill
