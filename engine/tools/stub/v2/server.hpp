#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/tools/stub/server.hpp"
#include "engine/tools/stub/v2/model.hpp"

namespace infergraph::engine {

/// A server of protocol v2: over REST as Triton is (docs/wire/v2.md §1 to §3), with
/// the binary extension and an index of the repository, and GRPCInferenceService. Routers and
/// combiners have …/route and …/aggregate as well.
class V2Server final : public StubServer {
 public:
  /// Serves one model under each of `names`, of which there is at least one; null for an identity
  /// of tensors of any type.
  V2Server(std::vector<std::string> names, std::shared_ptr<const SoftmaxModel> model)
      : index_(names), model_(std::move(names), std::move(model)) {}

  std::optional<protocol::Method> method_of(const HttpRequest& request) const override;
  StubReply answer(const HttpRequest& request) override;
  StubReply error(protocol::GrpcStatus why, protocol::Encoding encoding) const override;
  std::span<const std::string_view> grpc_methods() const override;
  void add_neighbour(std::string_view model) override { index_.emplace_back(model); }
  std::span<const std::string> models() const override { return model_.names(); }

 private:
  protocol::Protocol protocol() const override { return protocol::Protocol::kV2; }
  std::string model_in(std::string_view path) const override;
  Served<protocol::Payload> infer(const HttpRequest& request, const std::string& name,
                                  const std::string& version) const;
  StubReply answer_grpc(const HttpRequest& request) const;

  std::vector<std::string> index_;  ///< all models behind the address
  V2Model model_;
};

}  // namespace infergraph::engine
