#include "engine/tools/try/report.hpp"

#include <algorithm>
#include <ostream>
#include <string_view>
#include <vector>

#include "base/utf8.hpp"
#include "engine/tools/json_text.hpp"
#include "engine/tools/spec_text.hpp"
#include "engine/tools/tree_printer.hpp"
#include "protocol/convert/status_map.hpp"
#include "protocol/routes.hpp"

namespace infergraph::engine {

using graph::NodeSpec;
using protocol::Payload;
using protocol::Status;

namespace {

using Visit = TryRecorder::Visit;
using Step = TryRecorder::Step;

/// A node's place in the walk: its parent, and whether the walk came by. A node that has nothing to
/// do leaves no trace of its own, so this follows the branches from the root.
struct Way {
  const NodeSpec* parent = nullptr;
  bool visited = false;
  std::size_t depth = 0;
};

std::vector<Way> ways_of(const TryOutcome& outcome) {
  std::vector<Way> ways(outcome.predictor.nodes.size());
  if (!ways.empty()) ways.front().visited = true;
  const auto places = tree_order(outcome.predictor);
  for (const TreePlace& place : places) {
    const NodeSpec& node = outcome.predictor.nodes[place.node];
    const Visit* visit = outcome.recorder.find(node.name);
    // Feedback tells no branches: there a node's own step is the trace.
    if (visit != nullptr) ways[place.node].visited = true;
    ways[place.node].depth = place.depth;
    const bool goes_on = ways[place.node].visited && visit != nullptr && visit->branch;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      Way& below = ways[node.children[i]];
      below.parent = &node;
      below.visited = goes_on && (*visit->branch == -1 || *visit->branch == static_cast<int>(i));
    }
  }
  // Nobody gets to a child but past its parent.
  for (auto place = places.rbegin(); place != places.rend(); ++place) {
    const Way& way = ways[place->node];
    if (!way.visited || way.parent == nullptr) continue;
    ways[static_cast<std::size_t>(way.parent - outcome.predictor.nodes.data())].visited = true;
  }
  return ways;
}

Clock::duration time_of(const Visit& visit) {
  Clock::duration sum{};
  for (const Step& step : visit.steps) sum += step.took.value_or(Clock::duration{});
  return sum;
}

bool has_failed(const Visit* visit) {
  return visit != nullptr &&
         std::any_of(visit->steps.begin(), visit->steps.end(), [](const Step& step) {
           return step.error && step.error->code() != protocol::Code::kCancelled;
         });
}

std::string branch_text(const NodeSpec& node, int branch, const graph::PredictorSpec& predictor) {
  if (branch == -1) return "all children";
  if (branch == -2) return "no child";
  const auto index = static_cast<std::size_t>(branch);
  if (branch < 0 || index >= node.children.size()) return "branch " + std::to_string(branch);
  return "branch " + std::to_string(branch) + ", " +
         printable(predictor.nodes[node.children[index]].name);
}

std::string failure_text(const Status& status) {
  if (status.code() == protocol::Code::kCancelled) return "cancelled";
  const protocol::HttpFailure failure = protocol::http_failure(status);
  std::string text = std::to_string(failure.status);
  if (!failure.reason.empty()) text += " " + std::string(failure.reason);
  return text + ": " + printable(status.message());
}

class TextReport {
 public:
  TextReport(const TryOutcome& outcome, const TextStyle& style, std::size_t columns)
      : outcome_(outcome), style_(style), columns_(columns), ways_(ways_of(outcome)) {}

  std::string tree() {
    return draw_tree(outcome_.predictor, style_, [this](std::size_t node) { return row(node); });
  }

 private:
  TreeRow row(std::size_t index) {
    const NodeSpec& node = outcome_.predictor.nodes[index];
    const Visit* visit = outcome_.recorder.find(node.name);
    const bool visited = ways_[index].visited;
    const bool failed = has_failed(visit);
    const std::string name = printable(node.name);
    const std::string_view type = type_text(node.type);
    const std::string_view implementation = implementation_text(node);

    TreeRow row;
    row.name = {(failed    ? "✗ "
                 : visited ? "● "
                           : "○ ") +
                    name,
                failed    ? &TextStyle::red
                : visited ? &TextStyle::bold
                          : &TextStyle::dim};
    row.columns.push_back({std::string(!type.empty()             ? type
                                       : !implementation.empty() ? implementation
                                                                 : "-"),
                           visited ? &TextStyle::cyan : &TextStyle::dim});
    if (!visited) {
      row.columns.push_back({"not visited", &TextStyle::dim});
      return row;
    }
    if (visit == nullptr || visit->steps.empty()) {
      row.columns.push_back({outcome_.answer ? "passed through" : "", &TextStyle::dim});
    } else {
      row.columns.push_back({elapsed_text(time_of(*visit))});
    }
    if (visit == nullptr) return row;
    const std::size_t indent = detail_indent(ways_[index].depth);
    for (const Step& step : visit->steps) add_step(row, step, node, *visit, indent);
    return row;
  }

  void add_step(TreeRow& row, const Step& step, const NodeSpec& node, const Visit& visit,
                std::size_t indent) const {
    row.details.push_back(std::string(name_of(step.method)) + "  " +
                          style_.dim(step.took ? elapsed_text(*step.took) : "no answer"));
    for (std::size_t i = 0; i < step.in.size(); ++i) {
      const std::string label = step.in.size() == 1 ? "in " : "in " + std::to_string(i);
      row.details.push_back(message(label, step.in[i], indent));
    }
    if (step.out) row.details.push_back(message("out", *step.out, indent));
    if (step.error && step.error->code() == protocol::Code::kCancelled) {
      row.details.push_back("  " + style_.dim("cancelled: another node had failed"));
    } else if (step.error) {
      row.details.push_back("  " + style_.red("✗   " + fit(failure_text(*step.error), indent + 6)));
      if (step.error->answer() != nullptr) {
        row.details.push_back(message("out", *step.error->answer(), indent));
      }
    } else if (step.method == protocol::Method::kRoute && visit.branch) {
      row.details.push_back("  " + style_.dim("out") + " → " +
                            branch_text(node, *visit.branch, outcome_.predictor));
    }
  }

  std::string message(const std::string& label, const Payload& payload, std::size_t indent) const {
    std::string text = printable(payload.bytes());
    if (payload.empty()) text = "(empty)";
    if (!payload.content_encoding().empty()) {
      text = "(" + counted(payload.bytes().size(), "byte") + ", " +
             printable(payload.content_encoding()) + ")";
    }
    return "  " + style_.dim(label) + " " + fit(text, indent + 3 + label.size());
  }

  std::string fit(const std::string& text, std::size_t used) const {
    if (columns_ == 0) return text;
    return shorten(text, columns_ > used + 20 ? columns_ - used : 20);
  }

  const TryOutcome& outcome_;
  const TextStyle& style_;
  std::size_t columns_;
  std::vector<Way> ways_;
};

/// JSON indented, text as it stands; neither can drive the terminal.
std::string pretty(const Payload& payload) {
  std::string made;
  std::string line;
  for (const char c : indent_json(payload.bytes()) + "\n") {
    if (c != '\n') {
      line += c;
      continue;
    }
    made += printable(line) + "\n";
    line.clear();
  }
  return made;
}

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

void write_payload(JsonWriter& writer, const Payload& payload) {
  write_body(writer, payload.bytes());
}

void write_error(JsonWriter& writer, const Status& status) {
  const protocol::HttpFailure failure = protocol::http_failure(status);
  writer.StartObject();
  write_key(writer, "status");
  writer.Int(failure.status);
  write_key(writer, "reason");
  write_string(writer, failure.reason);
  write_key(writer, "node");
  write_string(writer, to_utf8(status.node()));
  write_key(writer, "message");
  write_string(writer, to_utf8(status.message()));
  writer.EndObject();
}

void write_step(JsonWriter& writer, const Step& step) {
  writer.StartObject();
  write_key(writer, "method");
  write_string(writer, name_of(step.method));
  if (step.took) {
    write_key(writer, "seconds");
    write_double(writer, seconds(*step.took));
  }
  write_key(writer, "in");
  writer.StartArray();
  for (const Payload& payload : step.in) write_payload(writer, payload);
  writer.EndArray();
  if (step.out) {
    write_key(writer, "out");
    write_payload(writer, *step.out);
  }
  if (step.error) {
    write_key(writer, "error");
    write_error(writer, *step.error);
  }
  writer.EndObject();
}

void write_visit(JsonWriter& writer, const NodeSpec& node, const Way& way, const Visit* visit) {
  writer.StartObject();
  write_key(writer, "name");
  write_string(writer, to_utf8(node.name));
  if (way.parent != nullptr) {
    write_key(writer, "parent");
    write_string(writer, to_utf8(way.parent->name));
  }
  write_key(writer, "visited");
  writer.Bool(way.visited);
  if (visit != nullptr) {
    write_key(writer, "seconds");
    write_double(writer, seconds(time_of(*visit)));
    if (visit->branch) {
      write_key(writer, "branch");
      writer.Int(*visit->branch);
    }
  }
  write_key(writer, "steps");
  writer.StartArray();
  if (visit != nullptr) {
    for (const Step& step : visit->steps) write_step(writer, step);
  }
  writer.EndArray();
  writer.EndObject();
}

}  // namespace

void print_try(std::ostream& out, const TryOutcome& outcome, const TextStyle& style,
               std::size_t columns) {
  out << TextReport(outcome, style, columns).tree() << "\n";
  if (outcome.answer) {
    out << style.green("✓ answer")
        << style.dim("  " + std::to_string(outcome.answer->status()) + "  " +
                     elapsed_text(outcome.took))
        << "\n"
        << pretty(*outcome.answer);
    return;
  }
  const Status& status = outcome.answer.error();
  out << style.red("✗ failed");
  if (!status.node().empty()) out << " at " << style.bold(printable(status.node()));
  out << style.dim("  " + elapsed_text(outcome.took)) << "\n" << failure_text(status) << "\n";
  if (status.answer() != nullptr) out << pretty(*status.answer());
}

void print_try_json(std::ostream& out, const TryOutcome& outcome) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  write_key(writer, "ok");
  writer.Bool(outcome.answer.has_value());
  write_key(writer, "predictor");
  write_string(writer, to_utf8(outcome.predictor.name));
  write_key(writer, "seconds");
  write_double(writer, seconds(outcome.took));
  if (outcome.answer) {
    write_key(writer, "status");
    writer.Int(outcome.answer->status());
    write_key(writer, "answer");
    write_payload(writer, *outcome.answer);
  } else {
    const Status& status = outcome.answer.error();
    write_key(writer, "status");
    writer.Int(protocol::http_failure(status).status);
    write_key(writer, "error");
    write_error(writer, status);
    if (status.answer() != nullptr) {
      write_key(writer, "answer");
      write_payload(writer, *status.answer());
    }
  }
  write_key(writer, "nodes");
  writer.StartArray();
  const auto ways = ways_of(outcome);
  for (const TreePlace& place : tree_order(outcome.predictor)) {
    const NodeSpec& node = outcome.predictor.nodes[place.node];
    write_visit(writer, node, ways[place.node], outcome.recorder.find(node.name));
  }
  writer.EndArray();
  writer.EndObject();
  out << std::string_view(buffer.GetString(), buffer.GetSize()) << "\n";
}

}  // namespace infergraph::engine
