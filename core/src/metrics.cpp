// SPDX-License-Identifier: GPL-3.0-or-later
#include "metrics_state.h"

#include <algorithm>

namespace skymill {

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Metrics::State& Metrics::state() const { return *state_; }

void Metrics::add(const std::string& stage, const std::string& counter, std::int64_t amount) {
  const std::lock_guard lock(state_->mutex);
  state_->counters[stage][counter] += amount;
}

void Metrics::add_row(const std::string& stage, const std::string& table, Row row) {
  if (state_->on_row) state_->on_row(stage, table, row);
  const std::lock_guard lock(state_->mutex);
  auto& rows = state_->tables[stage][table];
  const auto place =
      std::upper_bound(rows.begin(), rows.end(), row, [](const Row& a, const Row& b) {
        return !a.empty() && !b.empty() && a.front().second < b.front().second;
      });
  rows.insert(place, std::move(row));
}

}  // namespace skymill
