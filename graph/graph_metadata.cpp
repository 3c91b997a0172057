#include <string>
#include <unordered_map>
#include <utility>

#include "graph/walker.hpp"
#include "protocol/convert.hpp"
#include "protocol/gzip.hpp"
#include "protocol/json.hpp"

namespace infergraph::graph {

using protocol::Code;
using protocol::Method;
using protocol::Payload;
using protocol::Result;
using protocol::Status;

namespace json = protocol::json;

namespace {

// What one node says of itself. The texts borrow from the payload.
struct Metadata {
  Payload payload;
  std::string_view whole;
  std::string_view inputs = "[]";
  std::string_view outputs = "[]";
};

class MetadataReader final : public json::Visitor {
 public:
  explicit MetadataReader(Metadata& metadata) : metadata_(metadata) {}
  bool is_object() const { return is_object_; }

 private:
  bool enter(const json::Path& path, json::Kind kind) override {
    return path.depth() == 0 && kind == json::Kind::kObject;
  }
  void value(const json::Path& path, json::Kind kind, std::string_view text) override {
    if (path.depth() == 0) {
      is_object_ = kind == json::Kind::kObject;
      metadata_.whole = text;
    } else if (path.is({"inputs"})) {
      metadata_.inputs = text;
    } else if (path.is({"outputs"})) {
      metadata_.outputs = text;
    }
  }

  Metadata& metadata_;
  bool is_object_ = false;
};

enum class Side { kInputs, kOutputs };

// Whose inputs (or outputs) are those of the graph below `node`; design §4, graph metadata.
bool is_own(const PlanNode& node, Side side) {
  if (node.children.empty()) return true;
  switch (node.type) {
    case NodeType::kModel:
    case NodeType::kTransformer:
      return side == Side::kInputs;
    case NodeType::kOutputTransformer:
    case NodeType::kCombiner:
      return side == Side::kOutputs;
    case NodeType::kRouter:
      return false;
    case NodeType::kUnknown:
      break;
  }
  return side == Side::kInputs ? node.methods.transform_input
                               : node.methods.transform_output || node.methods.aggregate;
}

const PlanNode& owner_of(const PlanNode& root, Side side) {
  const PlanNode* node = &root;
  while (!is_own(*node, side)) node = node->children.front();
  return *node;
}

}  // namespace

Awaitable<Result<Payload>> Walker::graph_metadata(CallContext& context) {
  std::unordered_map<const PlanNode*, Metadata> models;
  for (const auto& node : plan_.nodes()) {
    auto answer = co_await ask(Method::kMetadata, node->name, Payload(), context);
    if (!answer) co_return std::move(answer).error();
    auto plain = protocol::convert_metadata(*answer, protocol::Protocol::kSeldon,
                                            protocol::Encoding::kJson, max_decoded_);
    if (plain) plain = protocol::decoded(*plain, max_decoded_);
    if (!plain) co_return Status(Code::kBadUpstream, plain.error().message(), node->name);
    Metadata& metadata = models[node.get()];
    metadata.payload = *std::move(plain);
    MetadataReader reader(metadata);
    const auto wrong = json::visit(metadata.payload.bytes(), reader);
    if (wrong || !reader.is_object()) {
      co_return Status(Code::kBadUpstream,
                       "the metadata is not a JSON object: " + wrong.value_or("another value"),
                       node->name);
    }
  }

  std::string text = "{\"name\":";
  json::append_string(text, plan_.predictor_name());
  text += ",\"models\":{";
  for (const auto& node : plan_.nodes()) {
    if (node.get() != &plan_.root()) text += ',';
    json::append_string(text, node->name);
    text.append(":").append(models.at(node.get()).whole);
  }
  text.append("},\"graphinputs\":")
      .append(models.at(&owner_of(plan_.root(), Side::kInputs)).inputs);
  text.append(",\"graphoutputs\":");
  text.append(models.at(&owner_of(plan_.root(), Side::kOutputs)).outputs);
  text += '}';
  co_return Payload::json(std::move(text));
}

}  // namespace infergraph::graph
