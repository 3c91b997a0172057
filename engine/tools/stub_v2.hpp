#pragma once

#include <memory>
#include <string>

#include "engine/tools/stub_server.hpp"
#include "engine/tools/stub_v2_model.hpp"

namespace infergraph::engine {

/// A server of protocol v2: over REST as Triton is (contract/openinference_rest.md §1 to §3), with
/// the binary extension, and GRPCInferenceService. Routers and combiners have …/route and
/// …/aggregate as well.
class V2Server final : public StubServer {
 public:
  /// Serves one model called `name`; null for an identity of tensors of any type.
  V2Server(std::string name, std::shared_ptr<const SoftmaxModel> model)
      : model_(std::move(name), std::move(model)) {}

  std::optional<protocol::Method> method_of(const HttpRequest& request) const override;
  StubReply answer(const HttpRequest& request) override;
  StubReply error(protocol::GrpcStatus why, protocol::Encoding encoding) const override;
  std::span<const std::string_view> grpc_methods() const override;

 private:
  Served<protocol::Payload> infer(const HttpRequest& request, const std::string& name,
                                  const std::string& version) const;
  StubReply answer_grpc(const HttpRequest& request) const;

  V2Model model_;
};

}  // namespace infergraph::engine
