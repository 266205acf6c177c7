// SPDX-License-Identifier: GPL-3.0-or-later
// The block `each:` of a description, and what `$(each.name)` stands for.
#include <catch2/catch.hpp>
#include <string>

#include "descriptor.h"

using namespace skymill;

namespace {

struct Outcome {
  Descriptor descriptor;
  std::string remarks;
};

Outcome read(const std::string& text, const WorkItem* item = nullptr,
             const Overrides& overrides = {}) {
  Diagnostics diagnostics;
  Outcome outcome;
  outcome.descriptor = read_descriptor_text("d.yaml", text, overrides, diagnostics, item);
  outcome.remarks = diagnostics.text();
  return outcome;
}

const SettingValue& setting(const Outcome& outcome, const char* key) {
  const Setting* found = outcome.descriptor.stages.at(0).settings.find(key);
  REQUIRE(found);
  return found->value;
}

const std::string kGood =
    "skymill: 1\n"
    "parameters: { out: products }\n"
    "record: $(out)/$(each.name).json\n"
    "each:\n"
    "  use: find\n"
    "  input: $(out)/in\n"
    "  poll: 2 min\n"
    "  product: $(out)/$(each.name).ms\n"
    "  skip_existing: true\n"
    "  record: $(out)/batch.json\n"
    "stages:\n"
    "  read: { input: $(each.files), text: a $(each.name) b, times: $(each.times) }\n";

WorkItem sample() {
  WorkItem item;
  item.name = "first";
  item.parameters["files"] = std::vector<std::string>{"a.hdf5", "b,c.hdf5"};
  item.parameters["times"] = "24";
  return item;
}

}  // namespace

TEST_CASE("before any item its values are unknown, without an error") {
  const Outcome outcome = read(kGood);
  CHECK(outcome.remarks.empty());
  REQUIRE(outcome.descriptor.each);
  const EachEntry& each = *outcome.descriptor.each;
  CHECK(each.source.use == "find");
  CHECK(each.source.settings.size() == 1);
  CHECK(each.source.settings.find("input")->value.text == "products/in");
  CHECK(each.poll_s == 120);
  CHECK(each.skip_existing);
  CHECK(each.record == "products/batch.json");
  CHECK(setting(outcome, "input").broken);
  CHECK(setting(outcome, "times").broken);
  REQUIRE(each.uses.size() == 5);
  CHECK(each.uses[0].text == "name");
  CHECK(each.uses[0].where.text() == "d.yaml:8:12");
  CHECK(each.uses[2].text == "files");
  CHECK(each.uses[2].where.text() == "d.yaml:12:18");
}

TEST_CASE("the values of an item take their places") {
  const WorkItem item = sample();
  const Outcome outcome = read(kGood, &item);
  CHECK(outcome.remarks.empty());
  CHECK(outcome.descriptor.record == "products/first.json");
  CHECK(outcome.descriptor.each->product == "products/first.ms");
  const SettingValue& files = setting(outcome, "input");
  REQUIRE(files.is_list());
  REQUIRE(files.items.size() == 2);
  CHECK(files.items[1].text == "b,c.hdf5");
  CHECK(files.origin == "each first");
  CHECK(setting(outcome, "text").text == "a first b");
  CHECK(setting(outcome, "times").text == "24");
}

TEST_CASE("the command line changes parameters of the block") {
  const Outcome outcome = read(kGood, nullptr, {{}, {"each.input=elsewhere", "each.poll=1s"}});
  CHECK(outcome.remarks.empty());
  CHECK(outcome.descriptor.each->source.settings.find("input")->value.text == "elsewhere");
  CHECK(outcome.descriptor.each->poll_s == 1);
}

TEST_CASE("mistakes with items in words") {
  struct Case {
    std::string text, remark;
  };
  const std::string head = "skymill: 1\n";
  const std::string stages = "stages: { a: {} }\n";
  const Case cases[] = {
      {"stages: { a: { x: $(each.name) } }\n",
       "d.yaml:2:19: error: no parameter 'each.name'; a description with an 'each' block knows it "
       "in 'stages', 'record' and 'product'\n"},
      {"parameters: { p: $(each.name) }\neach: { use: find }\n" + stages,
       "d.yaml:2:18: error: no parameter 'each.name'; a description with an 'each' block knows it "
       "in 'stages', 'record' and 'product'\n"},
      {"each: { use: find, input: $(each.name) }\n" + stages,
       "d.yaml:2:27: error: no parameter 'each.name'; a description with an 'each' block knows it "
       "in 'stages', 'record' and 'product'\n"},
      {"each: { input: x }\n" + stages,
       "d.yaml:2:1: error: 'each' names no stage; write 'use: type' below it, with the parameters "
       "of the stage\n"},
      {"each: find\n" + stages,
       "d.yaml:2:1: error: 'each' names no stage; write 'use: type' below it, with the parameters "
       "of the stage\n"},
      {"each: { use: find, skip_existing: true }\n" + stages,
       "d.yaml:2:1: error: 'skip_existing' needs to know what an item makes; write 'product: "
       "$(output)/$(each.name)' beside it\n"},
      {"each: { use: find, skip_existing: yes, product: x }\n" + stages,
       "d.yaml:2:35: error: 'skip_existing' is 'yes'; write true or false\n"},
      {"each: { use: find, poll: 3 Jy }\n" + stages, "d.yaml:2:26: error: 'poll': "},
      {"each: { use: find, poll: 0 }\n" + stages,
       "d.yaml:2:26: error: 'poll' is '0'; write a time, such as 60s\n"},
  };
  for (const Case& one : cases) {
    const std::string remarks = read(head + one.text).remarks;
    CAPTURE(one.text, remarks);
    CHECK(remarks.rfind(one.remark, 0) == 0);
  }
}

TEST_CASE("a name that an item does not have") {
  const WorkItem item = sample();
  CHECK(read("skymill: 1\neach: { use: find }\nstages: { a: { x: $(each.flies) } }\n", &item)
            .remarks ==
        "d.yaml:3:19: error: no parameter 'each.flies'; did you mean 'each.files'?\n");
  CHECK(read("skymill: 1\neach: { use: find }\nstages: { a: { x: b$(each.files) } }\n", &item)
            .remarks == "d.yaml:3:19: error: $(each.files) is a list; it can only stand alone\n");
}
