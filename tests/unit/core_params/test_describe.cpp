// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/params.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "clip_params.h"

using namespace skymill;

namespace {

Schema<ClipParams> full_schema() {
  auto s = clip_schema();
  s.check([](const ClipParams&) { return true; }, "rms needs a level above 3");
  s.example("flag: { use: clip, nsigma: 7 }", "A milder clip.");
  return s;
}

}  // namespace

TEST_CASE("help for the terminal") {
  CHECK(describe_text(full_schema(), "clip") ==
        "clip\n"
        "    Flag visibilities far from the median.\n"
        "\n"
        "PARAMETERS\n"
        "    nsigma    number in sigma; 0.5 to 100 sigma; default 5 sigma\n"
        "              Clip level.\n"
        "    min_freq  number in Hz; 1 MHz to 1 THz; default 1.31 GHz\n"
        "              Lowest frequency kept.\n"
        "    mode      text; one of: mad, rms; default mad\n"
        "              Scatter estimate.\n"
        "    dry       true or false; default false\n"
        "              Count but do not flag. Has no influence on results.\n"
        "\n"
        "RULES\n"
        "    rms needs a level above 3\n"
        "\n"
        "EXAMPLES\n"
        "    flag: { use: clip, nsigma: 7 }\n"
        "        A milder clip.\n");
}

TEST_CASE("advanced and deprecated parameters come last; lines are wrapped") {
  Schema<ClipParams> s{"Order."};
  s.field("dry", &ClipParams::dry, "Dry").deprecated("use mode", "2.0");
  s.field("mode", &ClipParams::mode, "Mode").advanced();
  s.field("nsigma", &ClipParams::nsigma,
          "A level with a description so long that it cannot stand in one line of a terminal, so "
          "it goes on in the next")
      .required();
  const std::string text = describe_text(s, "order");
  CHECK(text ==
        "order\n"
        "    Order.\n"
        "\n"
        "PARAMETERS\n"
        "    nsigma  number; required\n"
        "            A level with a description so long that it cannot stand in one line\n"
        "            of a terminal, so it goes on in the next.\n"
        "    mode    text; default mad\n"
        "            Mode.\n"
        "    dry     true or false; default false\n"
        "            Dry. Deprecated since 2.0: use mode.\n");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
}

TEST_CASE("a section of the reference pages") {
  CHECK(describe_markdown(full_schema(), "clip") ==
        "## clip\n"
        "\n"
        "Flag visibilities far from the median.\n"
        "\n"
        "| Parameter | Type | Default | Range or choices | Meaning |\n"
        "|---|---|---|---|---|\n"
        "| `nsigma` | number in sigma | `5 sigma` | 0.5 to 100 sigma | Clip level. |\n"
        "| `min_freq` | number in Hz | `1.31 GHz` | 1 MHz to 1 THz | Lowest frequency kept. |\n"
        "| `mode` | text | `mad` | one of: mad, rms | Scatter estimate. |\n"
        "| `dry` | true or false | `false` |  | Count but do not flag. Has no influence on "
        "results. |\n"
        "\n"
        "Rules:\n"
        "\n"
        "- rms needs a level above 3\n"
        "\n"
        "A milder clip.\n"
        "\n"
        "```yaml\n"
        "flag: { use: clip, nsigma: 7 }\n"
        "```\n");
}

TEST_CASE("words are no tags and no emphasis") {
  Schema<ClipParams> s{"Writes <output>.x, of in*, too."};
  s.field("mode", &ClipParams::mode, "One of a|b, <prefix> or *all*").choices({"mad", "rms"});
  const std::string page = describe_markdown(s, "clip");
  CHECK(page.find("Writes &lt;output>.x, of in\\*, too.") != std::string::npos);
  CHECK(page.find("One of a\\|b, &lt;prefix> or \\*all\\*.") != std::string::npos);
}

TEST_CASE("a JSON Schema fragment") {
  Schema<ClipParams> s{"Say \"clip\"."};
  s.field("nsigma", &ClipParams::nsigma, "Clip level").unit("sigma").range(0.5, 100);
  s.field("mode", &ClipParams::mode, "Estimate").choices({"mad", "rms"});
  s.field("dry", &ClipParams::dry, "Dry").required();
  CHECK(describe_json(s, "clip") == R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "clip",
  "description": "Say \"clip\".",
  "type": "object",
  "properties": {
    "nsigma": {
      "description": "Clip level.",
      "anyOf": [
        {
          "type": "number",
          "minimum": 0.5,
          "maximum": 100.0
        },
        {
          "type": "string",
          "pattern": "^[ \\t]*([+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?[ \\t]*(sigma)?)[ \\t]*$"
        },
        {
          "type": "string",
          "pattern": "\\$\\("
        }
      ],
      "default": "5 sigma"
    },
    "mode": {
      "description": "Estimate.",
      "anyOf": [
        {
          "enum": [
            "mad",
            "rms"
          ]
        },
        {
          "type": "string",
          "pattern": "\\$\\("
        }
      ],
      "default": "mad"
    },
    "dry": {
      "description": "Dry.",
      "anyOf": [
        {
          "enum": [
            true,
            false,
            "true",
            "false"
          ]
        },
        {
          "type": "string",
          "pattern": "\\$\\("
        }
      ]
    }
  },
  "required": [
    "dry"
  ],
  "additionalProperties": false
})");
}

TEST_CASE("types and defaults in words") {
  const auto schema = all_schema();
  std::string words;
  for (const FieldInfo& field : schema.fields())
    words += field.name + ": " + field.type_name() + " = " + field.default_text() + "\n";
  CHECK(words ==
        "flag: true or false = false\n"
        "count: whole number = 3\n"
        "big: whole number = 0\n"
        "memory: whole number in B = 1 MiB\n"
        "cell: number in rad = 1e-05 rad\n"
        "name: text = x\n"
        "channels: list of whole numbers = []\n"
        "freqs: list of numbers in Hz = [1 GHz]\n"
        "antennas: list of texts = []\n"
        "mask: list of true or false = []\n"
        "size: one or two whole numbers = [512, 512]\n"
        "span: one or two numbers in s = [0 s, 1 s]\n"
        "threshold: number in Jy or none = none\n"
        "refant: whole number or none = none\n"
        "model: text or none = none\n");
  CHECK_FALSE(describe_json(schema, "all").empty());
}
