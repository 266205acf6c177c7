// SPDX-License-Identifier: GPL-3.0-or-later
#include "descriptor.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "clip_params.h"

using namespace skymill;

namespace {

struct Outcome {
  Descriptor descriptor;
  std::string remarks;
};

Outcome read(const std::string& text, const Overrides& overrides = {}) {
  Diagnostics diagnostics;
  Outcome outcome;
  outcome.descriptor = read_descriptor_text("d.yaml", text, overrides, diagnostics);
  outcome.remarks = diagnostics.text();
  return outcome;
}

const SettingValue& setting(const Outcome& outcome, const char* stage, const char* key) {
  const StageEntry* entry = outcome.descriptor.find_stage(stage);
  REQUIRE(entry);
  const Setting* found = entry->settings.find(key);
  REQUIRE(found);
  return found->value;
}

const std::string kGood =
    "skymill: 1\n"
    "description: Tile $(tile)\n"
    "record: $(tile)/run.json\n"
    "parameters:\n"
    "  tile: 2026-01-25T22:26:05\n"
    "  size: {default: 4800, doc: Image size in pixels}\n"
    "  spw: [1, 2]\n"
    "  out: products/$(tile).fits\n"
    "stages:\n"
    "  read: { use: ms_reader, input: /data/$(tile)_sb*.hdf5, spw: $(spw) }\n"
    "  flag: { use: clip, nsigma: 5, when: true }\n"
    "  image:\n"
    "    imsize: $(size)\n"
    "    path: $(out)\n"
    "    text: $$(tile)\n"
    "    after: [read, flag]\n"
    "require:\n"
    "  - { at_least: [image.imsize, flag.nsigma], message: \"odd\" }\n";

std::string with_stage(const std::string& stage) {
  return "skymill: 1\nstages:\n  a: {}\n" + stage;
}

}  // namespace

TEST_CASE("a good description") {
  const Outcome outcome = read(kGood);
  const Descriptor& d = outcome.descriptor;
  CHECK(outcome.remarks == "");
  CHECK(d.file == "d.yaml");
  CHECK(d.description == "Tile 2026-01-25T22:26:05");
  CHECK(d.record == "2026-01-25T22:26:05/run.json");
  REQUIRE(d.parameters.size() == 4);
  CHECK(d.parameters[1].doc == "Image size in pixels");
  REQUIRE(d.stages.size() == 3);
  CHECK(d.stages[0].use == "ms_reader");
  CHECK(d.stages[0].use_where.text() == "d.yaml:10:16");
  CHECK(d.stages[2].use == "image");
  CHECK(d.stages[2].where.text() == "d.yaml:12:3");
  CHECK(d.stages[1].settings.size() == 1);
  REQUIRE(d.stages[2].after.size() == 2);
  CHECK(d.stages[2].after[1].text == "flag");
  CHECK(setting(outcome, "read", "input").text == "/data/2026-01-25T22:26:05_sb*.hdf5");
  CHECK(setting(outcome, "read", "input").origin == "d.yaml:10:34");
  CHECK(setting(outcome, "read", "spw").items.size() == 2);
  CHECK(setting(outcome, "image", "imsize").origin == "d.yaml:6:19");
  CHECK(setting(outcome, "image", "path").text == "products/2026-01-25T22:26:05.fits");
  CHECK(setting(outcome, "image", "text").text == "$(tile)");
  REQUIRE(d.require.size() == 1);
  CHECK(d.require[0].relation == RequireEntry::Relation::at_least);
  CHECK(d.require[0].left.text == "image.imsize");
  CHECK(d.require[0].right.text == "flag.nsigma");
  CHECK(d.require[0].message == "odd");
}

TEST_CASE("the command line overrides parameters and settings") {
  const Outcome outcome =
      read(kGood, {{"size=512", "tile=x=y", "spw=[3, 4, 5]"},
                   {"image.niter=100", "flag.nsigma=$(size)", "read.spw=1,2", "flag.use=rms"}});
  CHECK(outcome.remarks == "");
  CHECK(setting(outcome, "image", "imsize").text == "512");
  CHECK(setting(outcome, "image", "imsize").origin == "--param size");
  CHECK(setting(outcome, "image", "path").text == "products/x=y.fits");
  CHECK(setting(outcome, "image", "path").origin == "d.yaml:8:8");
  CHECK(setting(outcome, "image", "niter").origin == "--set image.niter");
  CHECK(setting(outcome, "flag", "nsigma").origin == "--param size");
  CHECK(setting(outcome, "read", "spw").items.size() == 2);
  CHECK(setting(outcome, "read", "spw").text == "1,2");
  CHECK(outcome.descriptor.stages[1].use == "rms");
  // Text from the command line is data: it is not substituted again.
  const Outcome literal = read(kGood, {{"tile=$(size)"}, {}});
  CHECK(setting(literal, "image", "path").text == "products/$(size).fits");
  // The last one wins.
  CHECK(setting(read(kGood, {{"size=1", "size=2"}, {}}), "image", "imsize").text == "2");
}

TEST_CASE("wrong overrides") {
  const Outcome outcome =
      read(kGood, {{"sze=1", "size"}, {"imag.niter=1", "image=1", "image.niter", "flag.when=no"}});
  CHECK(outcome.remarks ==
        "--param size: error: there is no value; write --param name=value\n"
        "--param sze: error: no parameter 'sze'; did you mean 'size'?\n"
        "--set flag.when: error: 'when' is 'no'; write true or false\n"
        "--set imag.niter: error: no stage 'imag'; did you mean 'image'?\n"
        "--set image: error: there is no parameter and value; write --set "
        "stage.parameter=value\n"
        "--set image.niter: error: there is no parameter and value; write --set "
        "stage.parameter=value\n");
  CHECK(read(with_stage(""), {{"x=1"}, {}}).remarks ==
        "--param x: error: no parameter 'x'; the description has no parameters\n");
}

TEST_CASE("a stage is switched off") {
  const std::string text =
      "skymill: 1\nparameters: {on: false}\nstages:\n  a: {}\n  b: {when: $(on)}\n"
      "  c: {after: [a, b]}\n";
  const Outcome off = read(text);
  CHECK(off.remarks == "");
  CHECK(off.descriptor.stages.size() == 2);
  REQUIRE(off.descriptor.skipped.size() == 1);
  CHECK(off.descriptor.skipped[0].name == "b");
  REQUIRE(off.descriptor.stages[1].after.size() == 1);
  CHECK(off.descriptor.stages[1].after[0].text == "a");
  CHECK(read(text, {{"on=true"}, {}}).descriptor.stages.size() == 3);
}

TEST_CASE("a required parameter") {
  const std::string text =
      "skymill: 1\nparameters:\n  tile: {required: true, doc: Tile}\n"
      "stages:\n  a: {input: $(tile), other: x$(tile)}\n";
  const Outcome missing = read(text);
  CHECK(missing.remarks ==
        "d.yaml:3:3: error: parameter 'tile' is not given; use --param tile=...\n");
  CHECK(setting(missing, "a", "input").broken);
  CHECK(setting(missing, "a", "other").broken);
  const Outcome given = read(text, {{"tile=t"}, {}});
  CHECK(given.remarks == "");
  CHECK(setting(given, "a", "other").text == "xt");
}

TEST_CASE("the mistakes of a description in words") {
  const std::vector<std::vector<std::string>> table{
      {"stages: {a: {}}",
       "d.yaml:1:1: error: 'skymill' is missing; begin the file with 'skymill: "
       "1'\n"},
      {"stages: {a: {}}\nskymill: 1",
       "d.yaml:2:1: error: 'skymill' is not the first key; begin the file with 'skymill: 1'\n"},
      {"skymill: 2\nstages: {a: {}}",
       "d.yaml:1:10: error: 'skymill' is not 1; this program reads version 1 of descriptions\n"},
      {"skymill: 1", "d.yaml:1:1: error: there are no stages; write them below 'stages:'\n"},
      {"skymill: 1\nstages:",
       "d.yaml:2:1: error: there are no stages; write 'name: { use: type, ... }' lines\n"},
      {"skymill: 1\nstages: [a]",
       "d.yaml:2:9: error: 'stages' must be a map; write 'name: { use: type, ... }' lines\n"},
      {"skymill: 1\nstage: {a: {}}\nstages: {b: {}}",
       "d.yaml:2:1: error: no key 'stage'; did you mean 'stages'?\n"},
      {"skymill: 1\nzzz: 1\nstages: {b: {}}",
       "d.yaml:2:1: error: no key 'zzz'; the keys are: skymill, description, parameters, record, "
       "page, each, stages, require\n"},
      {with_stage("  b: clip"),
       "d.yaml:4:6: error: stage 'b' must be a map; write { use: clip }\n"},
      {with_stage("  b: [x]"),
       "d.yaml:4:6: error: stage 'b' must be a map; write 'parameter: value' lines\n"},
      {with_stage("  b.c: {}"),
       "d.yaml:4:3: error: 'b.c' is not a name; use letters, digits, - and _\n"},
      {with_stage("  b: {use: [x, y]}"),
       "d.yaml:4:12: error: 'use' is '[x, y]'; write the name of one stage type\n"},
      {with_stage("  b: {when: 1}"), "d.yaml:4:13: error: 'when' is '1'; write true or false\n"},
      {with_stage("  long: {after: lon}\n  b: {after: [logn, a]}"),
       "d.yaml:4:17: error: no stage 'lon'; did you mean 'long'?\n"
       "d.yaml:5:15: error: no stage 'logn'; did you mean 'long'?\n"},
      {with_stage("  b: {after: [b, c]}\n  c: {}"),
       "d.yaml:4:15: error: 'b' does not stand above 'b'; a stage can wait for stages above it\n"
       "d.yaml:4:18: error: 'c' does not stand above 'b'; a stage can wait for stages above "
       "it\n"},
      {with_stage("  b: {x: $(tile)}"),
       "d.yaml:4:10: error: no parameter 'tile'; the description has no parameters; $$( stands "
       "for $(\n"},
      {with_stage("  b: {x: a$(tile}"),
       "d.yaml:4:10: error: '$(' is not closed; write $(name), or $$( for the text $(\n"},
      {with_stage("parameters: {tile: 1}\nrequire: [{equal: [a.x, x.$(tle)]}]"),
       "d.yaml:5:25: error: no parameter 'tle'; did you mean 'tile'?\n"},
      {with_stage("parameters: {l: [1]}\n"), ""},
      {with_stage("  b: {x: a$(l), y: [$(l)]}\nparameters: {l: [1]}"),
       "d.yaml:4:10: error: $(l) is a list; it can only stand alone\n"
       "d.yaml:4:21: error: $(l) is a list; it can only stand alone\n"},
      {with_stage("parameters: [x]"),
       "d.yaml:4:13: error: 'parameters' must be a map; write 'name: default' lines\n"},
      {with_stage("parameters:\n  x:\n  1y: 2\n  z: {}\n  u: {defalt: 1}\n  v: {required: no}\n"
                  "  w: {required: true, default: 1}"),
       "d.yaml:5:3: error: 'x' has no default; write a value, or {required: true}\n"
       "d.yaml:6:3: error: '1y' is not a name; use letters, digits, - and _\n"
       "d.yaml:7:3: error: 'z' has no default; write a value, or {required: true}\n"
       "d.yaml:8:7: error: no key 'defalt'; did you mean 'default'?\n"
       "d.yaml:9:3: error: 'v' has no default; write a value, or {required: true}\n"
       "d.yaml:9:17: error: 'required' is 'no'; write true or false\n"
       "d.yaml:10:3: error: 'w' is required and has a default; remove one of them\n"},
      {with_stage("parameters: {x: $(y), y: $(y), z: $(x)}"),
       "d.yaml:4:17: error: $(y) is used before it is declared; a default can use the parameters "
       "above it\n"
       "d.yaml:4:26: error: $(y) is used before it is declared; a default can use the parameters "
       "above it\n"},
      {with_stage("require: x"),
       "d.yaml:4:10: error: 'require' must be a list; write '- { equal: [a.x, b.y], message: ... "
       "}' lines\n"},
      {with_stage("require:\n  - {equal: [a.x]}\n  - {equal: [a.x, b.y]}\n  - {equals: [a.x, "
                  "a.y]}\n  - {message: m}\n  - {at_most: [a.x, a]}\n  - x\n"
                  "  - {at_most: [a.x, a.y], at_least: [a.x, a.y]}"),
       "d.yaml:5:13: error: 'equal' compares two parameters; write [stage.parameter, "
       "stage.parameter]\n"
       "d.yaml:6:19: error: no stage 'b'\n"
       "d.yaml:7:6: error: no key 'equals'; did you mean 'equal'?\n"
       "d.yaml:8:5: error: a requirement needs one comparison; write one of equal, at_least, "
       "at_most\n"
       "d.yaml:9:21: error: 'a' is not a stage's parameter; write stage.parameter\n"
       "d.yaml:10:5: error: a requirement needs one comparison; write one of equal, at_least, "
       "at_most\n"
       "d.yaml:11:5: error: a requirement needs one comparison; write one of equal, at_least, "
       "at_most\n"},
  };
  for (const auto& row : table) {
    INFO(row[0]);
    CHECK(read(row[0]).remarks == row[1]);
  }
}

TEST_CASE("mistakes of the reader, the description and the schema come together") {
  Diagnostics diagnostics;
  const Descriptor d = read_descriptor_text("d.yaml",
                                            "skymill: 1\n"
                                            "stages:\n"
                                            "  clip:\n"
                                            "    nsigma: 900\n"
                                            "    mode: $(mod)\n"
                                            "    nsigma: 3\n"
                                            "    min_freq: &f 1 s\n"
                                            "parameters: {mode: mad}\n"
                                            "product: {}\n",
                                            {}, diagnostics);
  REQUIRE(d.stages.size() == 1);
  clip_schema().parse(d.stages[0].settings, d.stages[0].where, diagnostics);
  CHECK(diagnostics.text() ==
        "d.yaml:4:13: error: 'nsigma' is 900 sigma; the range is 0.5 to 100\n"
        "d.yaml:5:11: error: no parameter 'mod'; did you mean 'mode'?\n"
        "d.yaml:6:5: error: 'nsigma' is given twice (first on line 4)\n"
        "d.yaml:7:15: error: anchors (&f) are not allowed; use parameters: and $(name)\n"
        "d.yaml:7:15: error: 'min_freq' is in 's'; its unit is Hz\n"
        "d.yaml:9:1: error: no key 'product'; the keys are: skymill, description, parameters, "
        "record, page, each, stages, require\n");
}

TEST_CASE("parameters made of parameters cannot fill the memory") {
  std::string text = "skymill: 1\nstages: {a: {}}\nparameters:\n  p0: " + std::string(100, 'x');
  for (int i = 1; i < 40; ++i) {
    const std::string before = "$(p" + std::to_string(i - 1) + ")";
    text += "\n  p" + std::to_string(i) + ": " + before + before;
  }
  CHECK(read(text).remarks.find("longer than 1 MiB once") != std::string::npos);
}

TEST_CASE("a file that cannot be read") {
  Diagnostics diagnostics;
  CHECK_THROWS_WITH(
      read_descriptor("does/not/exist.yaml", {}, diagnostics),
      "the description 'does/not/exist.yaml' cannot be read: No such file or directory");
  CHECK_THROWS_WITH(read_descriptor("/", {}, diagnostics),
                    "the description '/' cannot be read: it is a directory");
  try {
    read_descriptor("does/not/exist.yaml", {}, diagnostics);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::description);
  }
}
