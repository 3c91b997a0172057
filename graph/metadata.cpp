#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "graph/walker.hpp"
#include "graph/work_place.hpp"
#include "protocol/convert/convert.hpp"
#include "protocol/gzip.hpp"
#include "protocol/json/json.hpp"

namespace infergraph::graph {

using protocol::Code;
using protocol::Payload;
using protocol::Result;
using protocol::Status;

namespace json = protocol::json;

namespace {

// What one node says of itself. The views borrow from the payload.
struct Metadata {
  Payload payload;
  std::string_view whole;
  std::string entry = "{}";  // as it stands in the graph's
  std::string_view inputs = "[]";
  std::string_view outputs = "[]";
};

class MetadataReader final : public json::Visitor {
 public:
  explicit MetadataReader(Metadata& metadata) : metadata_(metadata) {}
  bool is_object() const { return is_object_; }

  // The object as the reference would write it: without a `custom` that has nothing in it.
  std::string text() const {
    if (!has_empty_custom_) return std::string(metadata_.whole);
    std::string made = "{";
    for (const std::string_view member : members_) {
      if (made.size() > 1) made += ',';
      made += member;
    }
    return made + "}";
  }

 private:
  bool enter(const json::Path& path, json::Kind kind) override {
    const bool may_be_empty = path.is({"custom"});
    if (may_be_empty) custom_members_ = 0;
    return kind == json::Kind::kObject && (path.depth() == 0 || may_be_empty);
  }
  void value(const json::Path& path, json::Kind kind, std::string_view text) override {
    if (path.depth() == 2) ++custom_members_;
    if (path.depth() == 0) {
      is_object_ = kind == json::Kind::kObject;
      metadata_.whole = text;
    } else if (path.is({"inputs"})) {
      metadata_.inputs = text;
    } else if (path.is({"outputs"})) {
      metadata_.outputs = text;
    }
    if (path.depth() != 1) return;
    const bool is_empty_custom =
        path.is({"custom"}) &&
        (kind == json::Kind::kNull || (kind == json::Kind::kObject && custom_members_ == 0));
    if (is_empty_custom) {
      has_empty_custom_ = true;
    } else {
      // The key as it is written, its quotes included, up to the end of the value.
      const char* const begin = path.written_key(0).data() - 1;
      members_.emplace_back(begin, static_cast<std::size_t>(text.data() + text.size() - begin));
    }
  }

  Metadata& metadata_;
  bool is_object_ = false;
  bool has_empty_custom_ = false;
  std::size_t custom_members_ = 0;
  std::vector<std::string_view> members_;
};

// The node has no metadata and says so: it counts as an empty entry.
bool has_none(const Status& status) {
  if (status.answer()) {
    const int code = status.answer()->status();
    return code == 404 || code == 405 || code == 501;
  }
  if (!status.grpc_answer()) return false;
  const auto code = status.grpc_answer()->code;
  return code == protocol::GrpcCode::kUnimplemented || code == protocol::GrpcCode::kNotFound;
}

enum class Side { kInputs, kOutputs };

// Whose inputs (or outputs) are those of the graph below `node`; docs/wire/graph.md §10.
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

using Models = std::unordered_map<const PlanNode*, Metadata>;

Result<Metadata> read_metadata(const Payload& answer, const PlanNode& node,
                               std::size_t max_decoded) {
  auto plain = protocol::convert_metadata(answer, protocol::Protocol::kSeldon,
                                          protocol::Encoding::kJson, max_decoded);
  if (plain) plain = protocol::decoded(*plain, max_decoded);
  if (!plain) return Status(Code::kBadUpstream, plain.error().message(), node.name);
  Metadata metadata;
  metadata.payload = *std::move(plain);
  MetadataReader reader(metadata);
  const auto wrong = json::visit(metadata.payload.bytes(), reader);
  if (wrong || !reader.is_object()) {
    return Status(Code::kBadUpstream,
                  "the metadata is not a JSON object: " + wrong.value_or("another value"),
                  node.name);
  }
  metadata.entry = reader.text();
  return metadata;
}

Payload write_metadata(const Plan& plan, const Models& models) {
  std::string text = "{\"name\":";
  json::append_string(text, plan.predictor_name());
  text += ",\"models\":{";
  for (const auto& node : plan.nodes()) {
    if (!node->is_first) continue;
    if (node.get() != &plan.root()) text += ',';
    json::append_string(text, node->name);
    text.append(":").append(models.at(node.get()).entry);
  }
  text.append("},\"graphinputs\":")
      .append(models.at(plan.find(owner_of(plan.root(), Side::kInputs).name)).inputs);
  text.append(",\"graphoutputs\":");
  text.append(models.at(plan.find(owner_of(plan.root(), Side::kOutputs).name)).outputs);
  text += '}';
  return Payload::json(std::move(text));
}

}  // namespace

Awaitable<Result<Payload>> Walker::graph_metadata(CallContext& context) {
  // So many nodes are asked before others have their turn: those in the process answer at once.
  constexpr std::size_t kSlice = 64;
  Models models;
  std::size_t size = 0;
  for (const auto& node : plan_.nodes()) {
    if (!node->is_first) continue;
    if (context.work != nullptr && models.size() % kSlice == kSlice - 1) {
      co_await context.work->give_turn();
    }
    Metadata& entry = models[node.get()];
    auto answer = co_await ask(protocol::Method::kMetadata, node->name, Payload(), context);
    if (!answer && has_none(answer.error())) continue;
    if (!answer) co_return std::move(answer).error();
    const auto read = [&] { return read_metadata(*answer, *node, max_decoded_); };
    auto metadata = try_here(context, answer->size(), read);
    if (!metadata) metadata = co_await elsewhere(context, answer->size(), read);
    if (!*metadata) co_return metadata->error();
    entry = **std::move(metadata);
    size += node->name.size() + entry.entry.size();
  }
  const auto write = [&]() -> Result<Payload> { return write_metadata(plan_, models); };
  auto made = try_here(context, size, write);
  if (!made) made = co_await elsewhere(context, size, write);
  co_return *std::move(made);
}

}  // namespace infergraph::graph
