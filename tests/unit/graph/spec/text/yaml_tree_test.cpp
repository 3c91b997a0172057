#include "graph/spec/text/yaml_tree.hpp"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace infergraph::graph {
namespace {

using protocol::json::Kind;

/// The tree as one line of JSON; numbers and booleans as written.
std::string text_of(const JsonValue& value) {
  std::string made;
  switch (value.kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
    case Kind::kNumber:
      return std::string(value.text);
    case Kind::kString:
      return '"' + std::string(value.text) + '"';
    default:
      break;
  }
  for (const JsonValue& child : value.children()) {
    if (value.is_object() && child.key.data() == nullptr) continue;
    if (!made.empty()) made += ',';
    if (value.is_object()) made += std::string(child.key) + ':';
    made += text_of(child);
  }
  return value.is_object() ? '{' + made + '}' : '[' + made + ']';
}

std::string yaml(std::string_view text) {
  SyntaxFault fault;
  const auto documents = parse_yaml(text, fault);
  if (!documents) {
    return "line " + std::to_string(fault.line) + ", column " + std::to_string(fault.column) +
           ": " + fault.message;
  }
  std::string made;
  for (const JsonTree& tree : *documents) made += text_of(tree.root());
  return made;
}

TEST(YamlTree, KeepsQuotedAndTaggedScalars) {
  EXPECT_EQ(yaml("['7', \"true\", !!str 7, !!int '7', !x 7, 7, ~, '']"),
            R"(["7","true","7",7,"7",7,null,""])");
  EXPECT_EQ(yaml("a: |\n  7\nb: >-\n  true\n"), "{a:\"7\n\",b:\"true\"}");
}

TEST(YamlTree, TakesScalarsOfAnyKindAsKeys) {
  EXPECT_EQ(yaml("{1: a, true: b, 'c d': e, f: }"), R"({1:"a",true:"b",c d:"e",f:null})");
  EXPECT_EQ(yaml("{yes: a, 0x10: b, 1.50: c, 'no': d}"), R"({true:"a",16:"b",1.5:"c",no:"d"})");
  EXPECT_EQ(yaml("{.inf: a}"), "line 1, column 2: \".inf\" can't be a key: put it in quotes");
  EXPECT_EQ(yaml("[a]: b"), "line 1, column 1: a key must be a scalar");
  EXPECT_EQ(yaml("{~: b}"), "line 1, column 2: a key is missing");
}

TEST(YamlTree, ExpandsAliases) {
  EXPECT_EQ(yaml("a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]\n"),
            "{a:{b:[1,2]},c:{b:[1,2]},d:[{b:[1,2]},{b:[1,2]}]}");
  EXPECT_EQ(yaml("&k a: &v 1\nb: *k\n*k : *v\n"), R"({a:1,b:"a",a:1})");
  EXPECT_EQ(yaml("a: &x 1\nb: &x 2\nc: *x\n"), "{a:1,b:2,c:2}") << "the nearest anchor counts";
  EXPECT_EQ(yaml("a: &x 1\n--- \nb: *x\n"),
            "line 3, column 4: the referenced anchor is not defined");
}

TEST(YamlTree, MergesMaps) {
  EXPECT_EQ(yaml("x: &x {a: 1, b: 2}\nz: {<<: *x, b: 3}\n"), "{x:{a:1,b:2},z:{b:3,a:1}}");
  EXPECT_EQ(yaml("x: &x {a: 1}\nw: &w {<<: *x, b: 2}\nz: {<<: [*w, {c: 3, a: 4}]}\n"),
            "{x:{a:1},w:{b:2,a:1},z:{c:3,b:2,a:1}}");
  EXPECT_EQ(yaml("x: &x {a: 1, b: 2}\nz: {b: 3, <<: *x}\n"), "{x:{a:1,b:2},z:{a:1,b:2}}")
      << "as Kubernetes reads it";
  EXPECT_EQ(yaml("{a: 1, '<<': {a: 2}}"), "{a:1,<<:{a:2}}") << "a quoted one is a key";
  EXPECT_EQ(yaml("{<<: {a: 1}, <<: {a: 2, b: 3}}"), "{a:2,b:3}");
  EXPECT_EQ(yaml("{<<: 7}"), "line 1, column 1: \"<<\" must be a map or a list of maps");
  EXPECT_EQ(yaml("{<<: [7]}"), "line 1, column 1: \"<<\" must be a map or a list of maps");
}

TEST(YamlTree, FindsKeysThatAreGivenTwice) {
  SyntaxFault fault;
  const auto few = parse_yaml("a:\n- 1\n- {x.y: [{b: 1, c: 2,\n   b: 3}]}\n", fault);
  ASSERT_TRUE(few.has_value());
  ASSERT_EQ(few->front().repeated().size(), 1);
  const JsonTree::Repeated repeated = few->front().repeated().front();
  EXPECT_EQ(few->front().path_of(repeated.last), "a[1][\"x.y\"][0].b");
  EXPECT_EQ(few->front().values()[repeated.first].line, 3);
  EXPECT_EQ(few->front().values()[repeated.last].line, 4);
  EXPECT_EQ(few->front().values()[repeated.last].column, 4);

  std::string many;
  for (int i = 0; i < 100; ++i) many += "k" + std::to_string(i % 99) + ": 1\n";
  const auto documents = parse_yaml(many, fault);
  ASSERT_TRUE(documents.has_value());
  ASSERT_EQ(documents->front().repeated().size(), 1);
  EXPECT_EQ(documents->front().path_of(documents->front().repeated()[0].last), "k0");
}

TEST(YamlTree, RefusesAQuoteThatTheEndCloses) {
  EXPECT_EQ(yaml("a: 'b'\nc: \"d\n e: f\n"), "line 2, column 4: a quote is not closed");
  EXPECT_EQ(yaml("a: 'it''s'\n"), "{a:\"it's\"}");
  EXPECT_EQ(yaml("a: \"x\\\"y\""), "{a:\"x\"y\"}");
}

TEST(YamlTree, ReadsDocumentsAndSkipsEmptyOnes) {
  EXPECT_EQ(yaml("---\n---\n~\n---\na: 1\n...\n---\n[b]\n"), R"({a:1}["b"])");
  EXPECT_EQ(yaml("\xEF\xBB\xBF"
                 "a: 1"),
            "{a:1}");
}

TEST(YamlTree, IsReadDownToItsLimit) {
  const auto nested = [](std::size_t levels) {
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) text += "- ";
    SyntaxFault fault;
    return parse_yaml(text + "a", fault).has_value();
  };
  EXPECT_TRUE(nested(kMaxYamlNesting));
  EXPECT_FALSE(nested(kMaxYamlNesting + 1));
}

TEST(YamlTree, RefusesWhatFollowsADocumentUnparted) {
  EXPECT_EQ(yaml("- a\nb"), "line 2, column 1: the document has ended before this");
  EXPECT_EQ(yaml("{a: 1} {b: 2}"), "line 1, column 8: the document has ended before this");
  EXPECT_EQ(yaml("a\n...\n\n# b\n%YAML 1.2\n---\nb\n"), R"("a""b")");
  EXPECT_EQ(yaml("a\n...\n\n# b\nb\n--- c\n---\nd"), R"("a""b""c""d")");
  EXPECT_EQ(yaml("a: 1\n]"), "line 2, column 1: illegal flow end");
  // The parser leaves such a token where it is, and would find it again and again.
  EXPECT_EQ(yaml(","), "line 1, column 1: this begins no value");
}

TEST(JsonTree, ReadsEveryKind) {
  SyntaxFault fault;
  const auto tree = parse_json(R"( {"a":[1,-2.50e3,"x\n\u00e9"],"b":{"c":null,"d":true}} )", fault);
  ASSERT_TRUE(tree.has_value());
  EXPECT_EQ(text_of(tree->root()), "{a:[1,-2.50e3,\"x\n\u00e9\"],b:{c:null,d:true}}");
  EXPECT_EQ(tree->root().size, 8);
  ASSERT_NE(tree->root().member("B"), nullptr);
  EXPECT_EQ(tree->root().member("B")->member("C"), nullptr) << "null counts as absent";
  EXPECT_EQ(tree->root().member("x"), nullptr);
}

TEST(JsonTree, KnowsWhereEachValueStands) {
  SyntaxFault fault;
  const auto tree = parse_json(
      "{\"\u00e9\": [1,\n  true, null, \"x\\ny\", {}, -2.5],\n \"b\": {\"c\": 1}}", fault);
  ASSERT_TRUE(tree.has_value());
  std::vector<std::pair<unsigned, unsigned>> places;
  for (const JsonValue& value : tree->values()) places.emplace_back(value.line, value.column);
  const std::vector<std::pair<unsigned, unsigned>> expected{
      {1, 1}, {1, 2}, {1, 8}, {2, 3}, {2, 9}, {2, 15}, {2, 23}, {2, 27}, {3, 2}, {3, 8}};
  EXPECT_EQ(places, expected);
}

TEST(JsonTree, IsReadDownToItsLimit) {
  const auto nested = [](std::size_t levels) {
    SyntaxFault fault;
    return parse_json(std::string(levels, '[') + std::string(levels, ']'), fault).has_value();
  };
  EXPECT_TRUE(nested(kMaxJsonNesting));
  EXPECT_FALSE(nested(kMaxJsonNesting + 1));
}

}  // namespace
}  // namespace infergraph::graph
