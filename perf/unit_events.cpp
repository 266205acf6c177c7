// SPDX-License-Identifier: GPL-3.0-or-later
// What it costs to watch a unit: a channel with a row of 25 figures, with and without events.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "figures.h"
#include "least_time.h"
#include "run_watch.h"

namespace {

using namespace skymill;

Row channel_row(int channel) {
  Row row{{"channel", std::int64_t{channel}}, {"stop", std::string("threshold")}};
  for (int i = 0; i < 23; ++i)
    row.emplace_back("figure_" + std::to_string(i), 1.0 / (channel + i + 1));
  return row;
}

/// CPU microseconds of a unit from its start to its end, the record's row among them.
double unit_us(const std::string& events, int units) {
  Metrics metrics;
  RunWatch run(metrics);
  const Log log = make_log(nullptr, LogLevel::off);
  run.start("perf",
            {nullptr, log, events.empty() ? nullptr : std::make_shared<EventStream>(events, log),
             nullptr});
  PassFacts facts;
  facts.stages = {"image", "concat"};
  facts.units = static_cast<std::size_t>(units);
  facts.makes_units = true;
  PassWatch pass(run, facts);
  perf::LeastTime time;
  perf::take(time, [&] {
    for (int i = 0; i < units; ++i) {
      const auto place = static_cast<std::size_t>(i);
      const AnyChunk chunk(Chunk<int>(i, Span("channel", place, place + 1)));
      WatchedUnit watched;
      watched.number = place;
      UnitInWork unit(pass, watched, {});
      metrics.add_row("image", "channels", channel_row(i));
      unit.made(chunk);
      pass.done(watched);
    }
  });
  return 1e6 * time.cpu / units;
}

}  // namespace

int main(int argc, char** argv) {
  const perf::Figures figures("unit_events", argc, argv);
  const std::string file = argc > 1 ? argv[1] : "/dev/null";
  double without = 1e9;
  double with = 1e9;
  for (int turn = 0; turn < 7; ++turn) {
    without = std::min(without, unit_us("", 2000));
    with = std::min(with, unit_us(file, 2000));
  }
  std::printf("a unit: %.1f CPU us without events, %.1f us with them in %s\n", without, with,
              file.c_str());
  figures.add("without", 1e-6 * without, "s");
  figures.add("with", 1e-6 * with, "s", {"peer", 1e-6 * without});
}
