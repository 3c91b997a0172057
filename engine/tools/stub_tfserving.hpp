#pragma once

#include <memory>
#include <string>

#include "engine/tools/stub_server.hpp"
#include "engine/tools/stub_tfserving_model.hpp"

namespace infergraph::engine {

/// TensorFlow Serving: its REST API as contract/tfserving_rest.md §1 to §6 has it, line by line,
/// and PredictionService and ModelService of gRPC. Its transformers, an extension, answer predict
/// with what they were given.
class TfServing final : public StubServer {
 public:
  /// Serves one model called `name`; null for one that answers what it was given.
  TfServing(std::string name, std::shared_ptr<const SoftmaxModel> model)
      : servable_(std::move(name), std::move(model)) {}

  std::optional<protocol::Method> method_of(const HttpRequest& request) const override;
  StubReply answer(const HttpRequest& request) override;
  StubReply error(protocol::GrpcStatus why, protocol::Encoding encoding) const override;
  std::span<const std::string_view> grpc_methods() const override;

 private:
  StubReply answer_grpc(const HttpRequest& request) const;

  TfServable servable_;
};

}  // namespace infergraph::engine
