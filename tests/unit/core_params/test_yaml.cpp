// SPDX-License-Identifier: GPL-3.0-or-later
// Every trap of YAML that the strict reader closes, with its exact message.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "yaml_tree.h"

using namespace skymill;

namespace {

std::string remarks(const std::string& text) {
  Diagnostics diagnostics;
  read_yaml("f", text, diagnostics);
  return diagnostics.text();
}

std::string nested(std::size_t depth) {
  return "a: " + std::string(depth, '[') + "x" + std::string(depth, ']') + "\n";
}

}  // namespace

TEST_CASE("scalars stay text") {
  Diagnostics diagnostics;
  const auto root = read_yaml(
      "f", "a: 12:30:49\nb: no\nc: 0x10\nd: 1_000\ne: -26:05:10\nf: 'q: r'\ng: |\n  x\n  y\n",
      diagnostics);
  CHECK(diagnostics.text() == "");
  REQUIRE(root);
  std::string texts;
  for (const YamlEntry& entry : root->entries) texts += entry.key + "=" + entry.value.text + ";";
  CHECK(texts == "a=12:30:49;b=no;c=0x10;d=1_000;e=-26:05:10;f=q: r;g=x\ny\n;");
  CHECK(root->find("b")->where.line == 2);
  CHECK(root->find("b")->value.where.column == 4);
}

TEST_CASE("what is not allowed is reported with its position") {
  const std::vector<std::vector<std::string>> table{
      {"a: 1\nb: 2\na: 3\n", "f:3:1: error: 'a' is given twice (first on line 1)\n"},
      {"x: {a: 1, a: 2, a: 3}\n",
       "f:1:11: error: 'a' is given twice (first on line 1)\n"
       "f:1:17: error: 'a' is given twice (first on line 1)\n"},
      {"a: &x 1\nb: *x\n",
       "f:1:4: error: anchors (&x) are not allowed; use parameters: and $(name)\n"
       "f:2:4: error: aliases (*name) are not allowed; write the value again, or use "
       "parameters: and $(name)\n"},
      {"a: &x\n  b: *x\n",
       "f:1:4: error: anchors (&x) are not allowed; use parameters: and $(name)\n"
       "f:2:6: error: aliases (*name) are not allowed; write the value again, or use "
       "parameters: and $(name)\n"},
      {"a: !!int 3\n", "f:1:4: error: tags (!name) are not allowed; every field knows its type\n"},
      {"a: !mine {b: 1}\n",
       "f:1:4: error: tags (!name) are not allowed; every field knows its type\n"},
      {"a: ! b\n", "f:1:4: error: tags (!name) are not allowed; every field knows its type\n"},
      {"a: !!null\n", "f:1:4: error: tags (!name) are not allowed; every field knows its type\n"},
      {"<<: {b: 1}\n", "f:1:1: error: merge keys (<<) are not allowed; write the keys out\n"},
      {"a: 1\n---\nb: 2\n", "f:2:1: error: there is a second document; write one to a file\n"},
      {"a: 1\n...\n---\nb: 2\n", "f:3:1: error: there is a second document; write one to a file\n"},
      {"%YAML 1.2\n---\na: 1\n", "f:1:1: error: directives are not allowed; remove the line\n"},
      {"a:\n\tb: 1\n  \tc: 2\n",
       "f:2:1: error: there is a tab in the indentation; use spaces\n"
       "f:3:3: error: there is a tab in the indentation; use spaces\n"},
      {"- a\n- b\n", "f:1:1: error: the file is a list; it must be a map of 'key: value' lines\n"},
      {"text\n",
       "f:1:1: error: the file is a single value; it must be a map of 'key: value' lines\n"},
      {"", "f: error: the file is empty\n"},
      {"\n# nothing\n", "f: error: the file is empty\n"},
      {"[a, b]: 1\n", "f:1:1: error: a key must be a name\n"},
      {"? {a: b}\n: 1\n", "f:1:3: error: a key must be a name\n"},
      {"~: 1\n", "f:1:1: error: a key must be a name\n"},
      {"'': 1\n", "f:1:1: error: a key must be a name\n"},
      {"a: \xFF\n", "f:1:4: error: the text is not UTF-8 here; save the file as UTF-8\n"},
      {"a: \xC0\x80\n", "f:1:4: error: the text is not UTF-8 here; save the file as UTF-8\n"},
      {"a: \xED\xA0\x80\n", "f:1:4: error: the text is not UTF-8 here; save the file as UTF-8\n"},
      {"a: \xF4\x90\x80\x80\n",
       "f:1:4: error: the text is not UTF-8 here; save the file as UTF-8\n"},
      {"a: \xC3", "f:1:4: error: the text is not UTF-8 here; save the file as UTF-8\n"},
      {std::string("\xFF\xFE\x61\0", 4),
       "f:1:1: error: the text is not UTF-8 here; save the file as UTF-8\n"},
      {std::string("a: 1\nb: \0\n", 10), "f:2:4: error: there is a control character; remove it\n"},
      {"a: 1\n\x04\nb: 2\n", "f:2:1: error: there is a control character; remove it\n"},
      {"a: \xC2\x80\n", "f:1:4: error: there is a control character; remove it\n"},
  };
  for (const auto& row : table) {
    INFO(row[0]);
    CHECK(remarks(row[0]) == row[1]);
  }
}

TEST_CASE("syntax errors have a position, and mistakes before them are kept") {
  CHECK(remarks("a: 1\na: 2\nb: [1, 2\n") ==
        "f:2:1: error: 'a' is given twice (first on line 1)\n"
        "f:4:1: error: this is not valid YAML: end of sequence flow not found; look above for a "
        "'[' without ']', or a missing comma\n");
  CHECK(remarks("a: b: c\n").find("f:1:5: error: this is not valid YAML: ") == 0);
  CHECK(remarks("a: 'x\n") == "f:1:4: error: the quote is not closed\n");
  CHECK(remarks("a: \"x\\\"\n  b\n\n") == "f:1:4: error: the quote is not closed\n");
  CHECK(remarks("a: 'it''s'\nb: \"\\\"\\\\\"\n") == "");
  CHECK(remarks("a: *nowhere\n").find("f:1:") == 0);
}

TEST_CASE("depth and size are bounded") {
  CHECK(remarks(nested(kMostYamlDepth - 1)) == "");  // the root is a level, too
  CHECK(remarks(nested(kMostYamlDepth)) == "f:1:35: error: the nesting is deeper than 32 levels\n");
  CHECK(remarks("a: " + std::string(500000, '[')).find("deeper than 32") != std::string::npos);
  CHECK(remarks("a: " + std::string(500000, '{')).find("deeper than 32") != std::string::npos);
  std::string dashes;
  for (int i = 0; i < 5000; ++i) dashes += "- ";
  CHECK(remarks(dashes).find("deeper than 32") != std::string::npos);
  CHECK(remarks("a: " + std::string(kMostYamlBytes, 'x')) ==
        "f: error: the file is larger than 1 MiB; a pipeline description is short; is it the "
        "right file?\n");
  CHECK(remarks("a: " + std::string(kMostYamlBytes - 3, 'x')) == "");
}

TEST_CASE("what is harmless is read") {
  CHECK(remarks("\xEF\xBB\xBF"
                "a: 1\n") == "");
  CHECK(remarks("---\na: 1\n...\n") == "");
  CHECK(remarks("a: 1\r\nb: 2\r\n") == "");
  CHECK(remarks("a: 1 # comment\n\t\n\t# tab before a comment\nb: x\ty\n") == "");
  CHECK(remarks("a: '!x'\nb: \"&y *z\"\nc: 'a'\n'<<': 1\n") == "");
}

TEST_CASE("columns count characters") {
  CHECK(remarks("a: {\xC3\xA9\xC3\xA9: 1, b: 1, b: 2}\n") ==
        "f:1:18: error: 'b' is given twice (first on line 1)\n");
  CHECK(remarks("\xEF\xBB\xBF"
                "a: !x 1\n")
            .find("f:1:4:") == 0);
  std::string line = "a: [";
  for (int i = 0; i < 1000; ++i) line += "\xC3\xA9\xC3\xA9, ";  // more than a block of bytes
  CHECK(remarks(line + "!x y]\n").find("f:1:4005:") == 0);
}
