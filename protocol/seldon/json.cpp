#include "protocol/seldon/json.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "protocol/json/json.hpp"

namespace infergraph::protocol {

namespace {

using json::Kind;
using json::Path;

class FeedbackRoutingReader final : public json::Visitor {
 public:
  bool enter(const Path& path, Kind kind) override {
    static constexpr std::string_view kWay[] = {"response", "meta", "routing"};
    if (kind != Kind::kObject || path.depth() > std::size(kWay)) return false;
    return path.depth() == 0 || path.is(path.depth() - 1, kWay[path.depth() - 1]);
  }

  void value(const Path& path, Kind kind, std::string_view text) override {
    if (problem_) return;
    if (path.is({"response", "meta", "routing"})) {
      if (kind != Kind::kObject && kind != Kind::kNull) refuse(path, "an object", kind);
    } else if (path.depth() == 4) {
      const bool number = kind == Kind::kNumber || kind == Kind::kString;
      const std::optional<double> branch = number ? json::to_proto_double(text) : std::nullopt;
      const std::optional<int> whole = branch ? json::to_int(*branch) : std::nullopt;
      if (whole) {
        routing_.insert_or_assign(path.key(3), *whole);
      } else if (number) {
        problem_ = place_of(path) + ": expected an integer but found " + json::excerpt(text);
      } else {
        refuse(path, "an integer", kind);
      }
    }
  }

  std::optional<std::string> problem_;
  std::map<std::string, int> routing_;

 private:
  static std::string place_of(const Path& path) {
    constexpr std::size_t kMost = 200;  // bytes that tell the caller enough
    return json::excerpt(path.text(), kMost);
  }
  void refuse(const Path& path, std::string_view expected, Kind found) {
    problem_ = place_of(path) + ": expected " + std::string(expected) + " but found " +
               std::string(json::name_of(found));
  }
};

/// Finds where meta and meta.routing of a message lie. Of several of one name the last counts, as
/// for most readers of JSON.
class MetaFinder final : public json::Visitor {
 public:
  struct Entry {
    std::string name;
    std::string_view value;
  };

  bool enter(const Path& path, Kind kind) override {
    if (kind != Kind::kObject) return false;
    if (path.depth() == 0) return true;
    if (path.is({"meta"})) {
      meta_members_ = 0;
      routing_ = {};
      return true;
    }
    if (path.depth() != 2 || !path.is(1, "routing")) return false;
    entries_.clear();
    return true;
  }

  void value(const Path& path, Kind kind, std::string_view text) override {
    if (path.depth() == 1 && path.is(0, "meta")) {
      meta_ = kind == Kind::kObject ? text : std::string_view();
    } else if (path.depth() == 2) {
      ++meta_members_;
      if (path.is(1, "routing")) {
        routing_ = text;
        routing_is_object_ = kind == Kind::kObject;
      }
    } else if (path.depth() == 3) {
      entries_.push_back({path.key(2), text});
    }
  }

  std::string_view meta_;  // empty when there is no such object
  std::size_t meta_members_ = 0;
  std::string_view routing_;  // empty when meta has none
  bool routing_is_object_ = false;
  std::vector<Entry> entries_;  // of routing_
};

/// A copy of a text in which some parts are replaced. Edits are given in order.
class Splice {
 public:
  Splice(std::string_view text, std::size_t more) : text_(text) {
    out_.reserve(text.size() + more);
  }
  void replace(std::string_view part, std::string_view by) {
    const auto at = static_cast<std::size_t>(part.data() - text_.data());
    out_ += text_.substr(copied_, at - copied_);
    out_ += by;
    copied_ = at + part.size();
  }
  std::string finish() && {
    out_ += text_.substr(copied_);
    return std::move(out_);
  }

 private:
  std::string_view text_;
  std::string out_;
  std::size_t copied_ = 0;
};

}  // namespace

Result<std::map<std::string, int>> read_feedback_routing(std::string_view json) {
  FeedbackRoutingReader reader;
  if (const auto problem = json::visit(json, reader)) {
    return Status(Code::kInvalidArgument, "feedback: " + *problem);
  }
  if (reader.problem_) return Status(Code::kInvalidArgument, "feedback: " + *reader.problem_);
  return std::move(reader.routing_);
}

Result<std::string> with_routing(std::string_view json, RoutingEntries routing) {
  MetaFinder found;
  if (routing.empty() || json::visit(json, found) || found.meta_.empty()) return std::string(json);

  std::unordered_map<std::string_view, int> branches;
  std::size_t more = 32;
  for (const auto& [name, branch] : routing) {
    branches.insert_or_assign(name, branch);
    more += name.size() + 16;
  }

  // New entries go behind the last of the old ones; an old one keeps its place.
  Splice splice(json, more);
  std::unordered_map<std::string_view, int> added = branches;
  const bool kept = found.routing_is_object_ && !found.routing_.empty();
  if (kept) {
    for (const MetaFinder::Entry& entry : found.entries_) {
      const auto branch = branches.find(entry.name);
      if (branch == branches.end()) continue;
      splice.replace(entry.value, std::to_string(branch->second));
      added.erase(entry.name);
    }
  }
  std::string members;
  for (const auto& [name, branch] : routing) {
    if (added.erase(name) == 0) continue;
    if (!members.empty() || (kept && !found.entries_.empty())) members += ',';
    json::append_string(members, name);
    members += ':';
    members += std::to_string(branches.at(name));
  }
  if (kept) {
    splice.replace(found.routing_.substr(found.routing_.size() - 1, 0), members);
  } else if (!found.routing_.empty()) {
    splice.replace(found.routing_, '{' + members + '}');
  } else {
    const std::string_view comma = found.meta_members_ > 0 ? "," : "";
    splice.replace(found.meta_.substr(found.meta_.size() - 1, 0),
                   std::string(comma) + "\"routing\":{" + members + '}');
  }
  return std::move(splice).finish();
}

namespace {

Result<std::string> joined(std::string_view begin, std::span<const Payload> bodies,
                           std::string_view end) {
  std::size_t size = begin.size() + bodies.size() + end.size();
  for (const Payload& body : bodies) size += body.bytes().size();
  std::string joined;
  joined.reserve(size);
  joined += begin;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    if (bodies[i].bytes().find_first_not_of(" \t\r\n") == std::string_view::npos) {
      return Status(Code::kInvalidCombination,
                    "the answer of child " + std::to_string(i) + " is empty");
    }
    if (i > 0) joined += ',';
    joined += bodies[i].bytes();
  }
  joined += end;
  return joined;
}

}  // namespace

Result<std::string> join_array(std::span<const Payload> bodies) { return joined("[", bodies, "]"); }

Result<std::string> join_messages(std::span<const Payload> bodies) {
  return joined(R"({"seldonMessages":[)", bodies, "]}");
}

std::string write_status(int http_code, std::string_view info, std::string_view reason) {
  std::string text;
  text.reserve(64 + info.size() + reason.size());
  text += R"({"status":{"code":)";
  text += std::to_string(http_code);
  text += R"(,"info":)";
  json::append_string(text, info);
  text += R"(,"reason":)";
  json::append_string(text, reason);
  text += R"(,"status":"FAILURE"}})";
  return text;
}

}  // namespace infergraph::protocol
