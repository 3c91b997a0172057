#include "protocol/v2/members.hpp"

#include <utility>

#include "protocol/v2/parameters.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

using json::Kind;
using json::Path;

namespace {

void set(std::string& into, Kind kind, std::string_view text) {
  if (kind == Kind::kString) into = json::read_string(text);
}

constexpr std::size_t kMostPath = 200;
constexpr std::size_t kMostError = 400;

}  // namespace

bool V2Finder::enter(const Path& path, Kind kind) {
  if (problem_) return false;
  switch (path.depth()) {
    case 0:
      return kind == Kind::kObject;
    case 1:
      if (path.is(0, list_)) {
        has_list_ = kind == Kind::kArray;
        return has_list_ && tensors_;
      }
      if (is_requested(path)) return kind == Kind::kArray;
      return path.is(0, "parameters") && kind == Kind::kObject;
    case 2:
      if (path.is(0, "parameters") || kind != Kind::kObject) return false;
      if (!pay(path, kTensorWork)) return false;
      if (path.is(0, list_)) items_.emplace_back();
      if (is_requested(path)) requested_.emplace_back();
      return true;
    case 3:
      return path.is(2, "parameters") && kind == Kind::kObject;
    default:
      return false;
  }
}

void V2Finder::value(const Path& path, Kind kind, std::string_view text) {
  if (problem_) return;
  const bool top_parameters = path.is(0, "parameters");
  switch (path.depth()) {
    case 0:
      return expect(path, Kind::kObject, kind);
    case 1:
      return member(path, kind, text);
    case 2:
      return top_parameters ? add(parameters_, path, 1, kind, text) : end_element(path, kind);
    case 3:
      return element_member(path, kind, text);
    case 4:
      return add(
          is_requested(path) ? requested_.back().parameters : items_.back().tensor.parameters, path,
          3, kind, text);
    default:
      return;
  }
}

bool V2Finder::is_requested(const Path& path) const {
  return role_ == Role::kRequest && path.is(0, "outputs");
}

void V2Finder::member(const Path& path, Kind kind, std::string_view text) {
  if (kind == Kind::kNull) return;
  if (path.is(0, list_) || is_requested(path)) expect(path, Kind::kArray, kind);
  if (path.is(0, "parameters")) expect(path, Kind::kObject, kind);
  if (path.is(0, "id")) set(id_, kind, text);
  if (path.is(0, "model_name")) set(model_name_, kind, text);
  if (path.is(0, "model_version")) set(model_version_, kind, text);
  if (path.is(0, "error") && kind == Kind::kString) {
    error_ = json::excerpt(json::read_string(text), kMostError);
  }
}

// Of the tensors, or of the outputs that are asked for.
void V2Finder::end_element(const Path& path, Kind kind) {
  expect(path, Kind::kObject, kind);
  if (problem_) return;
  if (is_requested(path)) {
    if (requested_.back().name.empty()) problem_ = path.text() + ".name is missing";
    return;
  }
  // At once, so that a list of empty objects is not kept.
  const Item& item = items_.back();
  if (item.tensor.name.empty()) {
    problem_ = path.text() + ".name is missing";
  } else if (item.datatype.empty()) {
    problem_ = path.text() + ".datatype: is missing";
  } else if (item.shape.empty()) {
    problem_ = path.text() + ".shape is missing";
  }
}

bool V2Finder::pay(const Path& path, std::size_t work) {
  if (auto fine = afford(work); !fine) refuse(path, fine.error().message());
  return !problem_;
}

void V2Finder::element_member(const Path& path, Kind kind, std::string_view text) {
  if (kind == Kind::kNull) return;
  if (path.is(2, "parameters")) return expect(path, Kind::kObject, kind);
  if (is_requested(path)) {
    if (path.is(2, "name")) set(requested_.back().name, kind, text);
    return;
  }
  Item& item = items_.back();
  if (path.is(2, "name")) set(item.tensor.name, kind, text);
  if (path.is(2, "datatype")) set(item.datatype, kind, text);
  if (path.is(2, "shape")) item.shape = text;
  if (path.is(2, "data")) item.data = text;
}

void V2Finder::add(Parameters& into, const Path& path, std::size_t level, Kind kind,
                   std::string_view text) {
  if (kind == Kind::kNull || !pay(path, kParameterWork)) return;
  auto value = read_parameter(kind, text);
  if (!value) {
    return refuse(path, "expected a string, a number or a boolean but found " +
                            std::string(json::name_of(kind)));
  }
  into.emplace_back(path.key(level), *std::move(value));
}

void V2Finder::expect(const Path& path, Kind wanted, Kind found) {
  if (found == wanted) return;
  refuse(path, "expected " + std::string(json::name_of(wanted)) + " but found " +
                   std::string(json::name_of(found)));
}

void V2Finder::refuse(const Path& path, std::string_view why) {
  if (problem_) return;
  const std::string where = json::excerpt(path.text(), kMostPath);
  problem_ = (where.empty() ? "the message" : where) + ": " + std::string(why);
}

}  // namespace infergraph::protocol
