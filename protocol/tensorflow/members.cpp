#include "protocol/tensorflow/members.hpp"

#include <array>
#include <utility>

#include "base/utf8.hpp"

namespace infergraph::protocol {

namespace {

using json::Kind;
using json::Path;

class Finder final : public json::Visitor {
 public:
  bool enter(const Path& path, Kind kind) override {
    return path.depth() == 0 && kind == Kind::kObject;
  }

  void value(const Path& path, Kind kind, std::string_view text) override {
    if (path.depth() == 0) {
      root_ = kind;
      return;
    }
    static constexpr std::array<std::pair<std::string_view, TensorflowMember TensorflowMembers::*>,
                                6>
        kKnown = {{{"signature_name", &TensorflowMembers::signature_name},
                   {"instances", &TensorflowMembers::instances},
                   {"inputs", &TensorflowMembers::inputs},
                   {"predictions", &TensorflowMembers::predictions},
                   {"outputs", &TensorflowMembers::outputs},
                   {"error", &TensorflowMembers::error}}};
    for (const auto& [name, member] : kKnown) {
      if (path.is(0, name)) found_.*member = {path.written_key(0), text, kind};
    }
  }

  TensorflowMembers found_;
  Kind root_ = Kind::kNull;
};

}  // namespace

Result<TensorflowMembers> find_tensorflow_members(std::string_view body) {
  Finder finder;
  if (auto problem = json::visit(body, finder)) {
    return Status(Code::kInvalidArgument, *std::move(problem));
  }
  if (finder.root_ != Kind::kObject) {
    return Status(Code::kInvalidArgument,
                  "expected an object but found " + std::string(json::name_of(finder.root_)));
  }
  return finder.found_;
}

std::string TensorflowMembers::error_text() const {
  constexpr std::size_t kMost = 1000;  // bytes that tell the caller enough
  if (error.kind != Kind::kString) return json::excerpt(error.text, kMost);
  return json::excerpt(json::read_string(error.text), kMost);
}

Result<std::string> read_signature_name(const TensorflowMembers& members) {
  const TensorflowMember& name = members.signature_name;
  if (!name.is_there()) return std::string();
  if (name.kind != Kind::kString) {
    return Status(Code::kInvalidArgument, "'signature_name' key must be a string value.");
  }
  std::string text = json::read_string(name.text);
  if (!is_utf8(text)) return Status(Code::kInvalidArgument, "signature_name is not UTF-8");
  return text;
}

}  // namespace infergraph::protocol
