// SPDX-License-Identifier: GPL-3.0-or-later
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <array>
#include <exception>
#include <map>
#include <sstream>
#include <utility>

#include "yaml_source.h"
#include "yaml_tree.h"

namespace skymill {

namespace {

/// Ends the parsing from within an event; the reason is already reported.
class Stopped : public std::exception {};

/// Builds the tree from yaml-cpp's events, which, unlike its nodes, show every key, anchor and
/// alias as it was written.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const YamlSource& source, Diagnostics& diagnostics)
      : source_(source), diagnostics_(diagnostics) {}

  bool has_document() const { return documents_ > 0; }
  /// The whole tree, once parsing has ended well.
  YamlNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    diagnostics_.error(where(mark), "there is a second document", "write one to a file");
    throw Stopped();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    check_tag(mark);
    YamlNode node;
    node.where = where(mark);
    add(std::move(node), false);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    diagnostics_.error(where(mark), "aliases (*name) are not allowed",
                       "write the value again, or use parameters: and $(name)");
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.where = where(mark);
    add(std::move(node), false);
  }

  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    diagnostics_.error(where(mark), "anchors (&" + name + ") are not allowed",
                       "use parameters: and $(name)");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    check_tag(mark, tag);
    check_quote(mark);
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.where = where(mark);
    node.text = value;
    add(std::move(node), tag == "?");
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::list, mark, tag);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::map, mark, tag);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A list or map that is not yet closed; of a map also the key whose value comes next.
  struct Frame {
    YamlNode node;
    bool has_key = false;
    bool key_is_good = false;
    std::string key;
    Where key_where;
    std::map<std::string, int> line_of_key;
  };

  Where where(const YAML::Mark& mark) const {
    return source_.where(mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos));
  }

  /// yaml-cpp gives "?" to plain and "!" to quoted scalars that have no tag, and loses the tag of
  /// a null; the source shows them all.
  void check_tag(const YAML::Mark& mark, const std::string& tag = "?") {
    const char first = source_.at(mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos));
    if (first != '!' && (tag.empty() || tag == "?" || tag == "!")) return;
    diagnostics_.error(where(mark), "tags (!name) are not allowed", "every field knows its type");
  }

  /// yaml-cpp takes the end of the text for the end of a quoted scalar when it begins a line.
  void check_quote(const YAML::Mark& mark) {
    const auto start = mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos);
    const char quote = source_.at(start);
    if (quote != '"' && quote != '\'') return;
    const std::size_t size = source_.text().size();
    for (std::size_t i = start + 1; i < size; ++i) {
      const bool doubled = quote == '\'' && source_.at(i) == quote && source_.at(i + 1) == quote;
      if (doubled || (quote == '"' && source_.at(i) == '\\'))
        ++i;
      else if (source_.at(i) == quote)
        return;
    }
    diagnostics_.error(where(mark), "the quote is not closed");
    throw Stopped();
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag) {
    check_tag(mark, tag);
    if (frames_.size() >= kMostYamlDepth) {
      diagnostics_.error(
          where(mark), "the nesting is deeper than " + std::to_string(kMostYamlDepth) + " levels");
      throw Stopped();
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.where = where(mark);
    frames_.push_back(std::move(frame));
  }

  void close() {
    YamlNode node = std::move(frames_.back().node);
    frames_.pop_back();
    add(std::move(node), false);
  }

  /// Puts a complete node where it belongs: as root, item, key or value.
  void add(YamlNode node, bool is_plain) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.kind == YamlNode::Kind::list) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {
      take_key(frame, node, is_plain);
    } else {
      if (node.kind == YamlNode::Kind::missing) node.where = frame.key_where;
      if (frame.key_is_good)
        frame.node.entries.push_back({std::move(frame.key), frame.key_where, std::move(node)});
      frame.has_key = false;
    }
  }

  void take_key(Frame& frame, const YamlNode& node, bool is_plain) {
    frame.has_key = true;
    frame.key_is_good = false;
    frame.key = node.text;
    frame.key_where = node.where;
    if (node.kind != YamlNode::Kind::scalar || node.text.empty()) {
      diagnostics_.error(node.where, "a key must be a name");
      return;
    }
    if (is_plain && node.text == "<<") {
      diagnostics_.error(node.where, "merge keys (<<) are not allowed", "write the keys out");
      return;
    }
    const auto [place, is_new] = frame.line_of_key.emplace(node.text, node.where.line);
    frame.key_is_good = is_new;
    if (!is_new)
      diagnostics_.error(node.where, "'" + node.text + "' is given twice (first on line " +
                                         std::to_string(place->second) + ")");
  }

  const YamlSource& source_;
  Diagnostics& diagnostics_;
  std::vector<Frame> frames_;
  YamlNode root_;
  int documents_ = 0;
};

/// What is mostly the matter where yaml-cpp says this, often some lines further up.
std::string yaml_hint(const std::string& message) {
  struct Hint {
    std::string_view words, hint;
  };
  constexpr std::array hints{
      Hint{"end of map flow not found", "look above for a '{' without '}', or a missing comma"},
      Hint{"end of sequence flow not found",
           "look above for a '[' without ']', or a missing comma"},
      Hint{"end of map not found", "begin the keys of one map in the same column"},
      Hint{"end of sequence not found", "begin the items of one list in the same column"},
      Hint{"illegal map value",
           "begin the keys of one map in the same column, and put a text with ': ' into quotes"},
      Hint{"illegal flow end", "look above for what this bracket should close"},
  };
  for (const Hint& known : hints)
    if (message.find(known.words) != std::string::npos) return std::string(known.hint);
  return "look at this line and the one above it";
}

/// Feeds the text to yaml-cpp. @return whether it reached the end
bool parse_events(const YamlSource& source, TreeBuilder& builder, Diagnostics& diagnostics) {
  std::istringstream stream{std::string(source.text())};
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return true;
  } catch (const Stopped&) {
    return false;
  } catch (const YAML::Exception& error) {
    const auto byte = error.mark.pos < 0 ? 0 : static_cast<std::size_t>(error.mark.pos);
    diagnostics.error(source.where(byte), "this is not valid YAML: " + error.msg,
                      yaml_hint(error.msg));
    return false;
  }
}

const char* kind_words(YamlNode::Kind kind) {
  return kind == YamlNode::Kind::list ? "a list" : "a single value";
}

}  // namespace

const YamlEntry* YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

YamlEntry* YamlNode::find(std::string_view key) {
  for (YamlEntry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

std::optional<YamlNode> read_yaml(const std::string& name, std::string_view text,
                                  Diagnostics& diagnostics) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const YamlSource source(name, text);
  if (!source.check_bytes(diagnostics) || !source.check_lines(diagnostics)) return std::nullopt;
  TreeBuilder builder(source, diagnostics);
  if (!parse_events(source, builder, diagnostics)) return std::nullopt;
  YamlNode root = builder.take_root();
  if (root.kind == YamlNode::Kind::missing) {
    diagnostics.error({name, 0, 0}, "the file is empty");
    return std::nullopt;
  }
  if (root.kind != YamlNode::Kind::map) {
    diagnostics.error(root.where, std::string("the file is ") + kind_words(root.kind),
                      "it must be a map of 'key: value' lines");
    return std::nullopt;
  }
  return root;
}

}  // namespace skymill
