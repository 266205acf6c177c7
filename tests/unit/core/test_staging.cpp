// SPDX-License-Identifier: GPL-3.0-or-later
// A sink with a parameter `staging`, run through planner and executor, and its run record.
#include <core/error.h>
#include <core/testing.h>

#include <nlohmann/json.hpp>

#include "executor.h"
#include "run_record.h"
#include "tier_fixture.h"

namespace fs = std::filesystem;
using namespace skymill;
using Catch::Matchers::Contains;

namespace {

struct LettersParams {
  std::string output;
  std::size_t estimate = 1000;
  std::size_t size = 1000;
  std::string staging = "none";
};

std::string seen_path;

/// Writes a file of letters, one for each number that comes.
class Letters final : public Sink<int> {
 public:
  using Params = LettersParams;
  static Schema<LettersParams> schema() {
    Schema<LettersParams> s{"Write letters."};
    s.field("output", &LettersParams::output, "File").required();
    s.field("estimate", &LettersParams::estimate, "Bytes that are announced");
    s.field("size", &LettersParams::size, "Bytes that are written");
    s.field("staging", &LettersParams::staging, "none, auto or the name of a tier").tuning();
    return s;
  }
  static Ports ports() {
    PortNeed need;
    need.kind = DataKindOf<int>::value;
    return Ports().in(need);
  }
  explicit Letters(LettersParams params) : params_(std::move(params)) {}
  void plan(Planning& planning) override {
    planning.add_product(params_.output, params_.estimate, false, params_.staging);
  }
  void write(const Chunk<int>&, const PipelineContext& ctx) override {
    draft_.emplace(ctx.draft(params_.output, false));
    seen_path = draft_->path();
    write_file(seen_path, params_.size);
    draft_->check_space();
  }
  void finish(const PipelineContext& ctx) override {
    draft_->publish();
    ctx.record_output(params_.output);
  }

 private:
  LettersParams params_;
  std::optional<Draft> draft_;
};

struct OneParams {
  int value = 1;
};
class One final : public Source<int> {
 public:
  using Params = OneParams;
  static Schema<OneParams> schema() {
    Schema<OneParams> s{"Give one number."};
    s.field("value", &OneParams::value, "Which");
    return s;
  }
  static Ports ports() { return Ports().out("out", DataKindOf<int>::value); }
  explicit One(OneParams) {}
  void plan(Planning& planning) override { planning.output().chunk_bytes = sizeof(int); }
  std::optional<Chunk<int>> next(const PipelineContext&) override {
    if (given_) return std::nullopt;
    given_ = true;
    return Chunk<int>(1);
  }

 private:
  bool given_ = false;
};

/// A folder with two tiers, of 1000 and of 5000 bytes, and a place for products.
struct TwoTiers {
  TwoTiers() {
    for (const char* name : {"/small", "/large", "/out"}) fs::create_directory(root.path() + name);
    tiers = {folder_tier("small", root.path() + "/small", 1000),
             folder_tier("large", root.path() + "/large", 5000)};
  }

  /// Runs the sink; gives what the record says of its staging. Throws what a run would.
  nlohmann::json run(const std::string& settings) const {
    Registry registry;
    registry.add<One>("one");
    registry.add<Letters>("letters");
    Diagnostics diagnostics;
    const Descriptor descriptor = read_descriptor_text(
        "t.yaml",
        "skymill: 1\nstages:\n  one: {}\n  letters: { output: " + product() + settings + " }\n", {},
        diagnostics);
    Planner planner(registry, diagnostics);
    Plan plan = planner.build(descriptor);
    diagnostics.throw_if_errors();
    auto services = std::make_shared<PipelineContext::Services>(
        make_log(nullptr, LogLevel::off), MemoryBudget(1 << 20, "test"), 2, "test", "/tmp");
    services->staging.set_tiers(tiers);
    const PipelineContext ctx = make_context(services);
    planner.plan_ready(plan, {}, ctx);
    explained = plan.text(services->memory, 0, 1);
    Executor(planner).run(plan, ctx);
    const std::string record = root.path() + "/run.json";
    write_run_record(record, {}, {}, &plan, *services);
    return nlohmann::json::parse(file_text(record)).at("staging");
  }

  std::string product() const { return root.path() + "/out/letters"; }
  bool nothing_leased() const {
    return tiers[0].state().leases.empty() && tiers[1].state().leases.empty() &&
           !fs::exists(root.path() + "/small/.skymill/test-1") &&
           !fs::exists(root.path() + "/large/.skymill/test-1");
  }

  Scratch root{"/tmp", "test"};
  std::vector<Tier> tiers;
  mutable std::string explained;
};

}  // namespace

TEST_CASE("a product that asks for no tier is made beside its final place") {
  const TwoTiers two;
  CHECK(two.run("").empty());
  CHECK(seen_path == two.product() + ".partial");
  CHECK(fs::file_size(two.product()) == 1000);
}

TEST_CASE("the record says which tier was used, how much of it, and why not an earlier one") {
  const TwoTiers two;
  const auto record = two.run(", staging: auto, estimate: 2000, size: 1500");
  CHECK(seen_path == two.root.path() + "/large/.skymill/test-1/letters");
  CHECK(fs::file_size(two.product()) == 1500);
  CHECK_THAT(two.explained, Contains("staged on tier: auto"));
  REQUIRE(record.size() == 1);
  CHECK(record[0]["stage"] == "letters");
  CHECK(record[0]["product"] == two.product());
  CHECK(record[0]["asked"] == "auto");
  CHECK(record[0]["tier"] == "large");
  CHECK(record[0]["reserved_bytes"] == 2000);
  CHECK(record[0]["used_bytes"] == 1500);
  REQUIRE(record[0]["refused"].size() == 1);
  CHECK_THAT(record[0]["refused"][0].get<std::string>(),
             Contains("tier 'small'") && Contains("1.9531 KiB") && Contains("1000 B are free"));
  CHECK(two.nothing_leased());
}

TEST_CASE("without room on any tier the product is made beside its final place, and it is said") {
  const TwoTiers two;
  const auto record = two.run(", staging: small, estimate: 2000, size: 1500");
  CHECK(seen_path == two.product() + ".partial");
  CHECK(fs::file_size(two.product()) == 1500);
  REQUIRE(record.size() == 1);
  CHECK(record[0]["tier"].is_null());
  CHECK(record[0]["reserved_bytes"] == 0);
  CHECK(record[0]["refused"].size() == 1);
}

TEST_CASE("a tier that the machine does not have is a mistake of the description") {
  const TwoTiers two;
  try {
    two.run(", staging: lage");
    FAIL("it ran");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::description);
    CHECK_THAT(error.what(), Contains("t.yaml:4:3") && Contains("no tier 'lage'") &&
                                 Contains("did you mean 'large'?"));
  }
}

TEST_CASE("a stage that fills more than it announced fails, and leaves nothing") {
  const TwoTiers two;
  CHECK_THROWS_WITH(two.run(", staging: auto, estimate: 900, size: 1200"),
                    Contains("stage 'letters'") && Contains("leased 900 B on tier 'small'") &&
                        Contains("fills 1.1719 KiB"));
  CHECK(fs::is_empty(two.root.path() + "/out"));
  CHECK(two.nothing_leased());
}
