#include <utility>

#include "inference/grpc_service.pb.h"
#include "protocol/json/json.hpp"
#include "protocol/json/number.hpp"
#include "protocol/v2/codec.hpp"
#include "protocol/wire/parse.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

namespace {

using json::Kind;
using json::Path;

class SignatureFinder final : public json::Visitor {
 public:
  bool enter(const Path& path, Kind kind) override {
    switch (path.depth()) {
      case 0:
        is_object_ = kind == Kind::kObject;
        return is_object_;
      case 1:
        return list_of(path) != nullptr && kind == Kind::kArray;
      case 2:
        if (kind != Kind::kObject || !afford(sizeof(TensorInfo))) return false;
        list_of(path)->emplace_back().unknown_rank = true;
        return true;
      case 3:
        if (!path.is(2, "shape") || kind != Kind::kArray) return false;
        list_of(path)->back().unknown_rank = false;
        return true;
      default:
        return false;
    }
  }

  void value(const Path& path, Kind kind, std::string_view text) override {
    if (path.depth() < 3 || list_of(path) == nullptr || list_of(path)->empty()) return;
    TensorInfo& info = list_of(path)->back();
    if (path.depth() == 3 && kind == Kind::kString) {
      if (path.is(2, "name")) info.name = json::read_string(text);
      if (path.is(2, "datatype")) {
        info.type = from_v2_name(json::read_string(text)).value_or(DataType::kUnknown);
      }
    } else if (path.depth() == 4) {
      std::int64_t length = 0;
      const bool known =
          kind == Kind::kNumber && read_number(kind, text, length) == NumberFault::kNone;
      info.shape.push_back(known ? length : -1);
    }
  }

  Signature signature_;
  bool is_object_ = false;

 private:
  std::vector<TensorInfo>* list_of(const Path& path) {
    if (path.is(0, "inputs")) return &signature_.inputs;
    if (path.is(0, "outputs")) return &signature_.outputs;
    return nullptr;
  }
};

template <typename Tensors>
std::vector<TensorInfo> infos_of(const Tensors& tensors) {
  std::vector<TensorInfo> infos;
  for (const auto& tensor : tensors) {
    TensorInfo info;
    info.name = tensor.name();
    info.type = from_v2_name(tensor.datatype()).value_or(DataType::kUnknown);
    info.shape.assign(tensor.shape().begin(), tensor.shape().end());
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace

Result<Signature> read_v2_metadata(const Payload& metadata) {
  const WorkScope scope(metadata);
  const Status unreadable(Code::kBadUpstream, "the metadata is none of protocol v2");
  if (metadata.encoding() == Encoding::kJson) {
    SignatureFinder finder;
    if (json::visit(metadata.bytes(), finder) || !finder.is_object_) return unreadable;
    if (auto fine = could_afford(0); !fine)
      return Status(Code::kBadUpstream, fine.error().message());
    return std::move(finder.signature_);
  }
  inference::ModelMetadataResponse response;
  if (!parse(metadata.bytes(), response)) return unreadable;
  return Signature{infos_of(response.inputs()), infos_of(response.outputs())};
}

}  // namespace infergraph::protocol
