#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/tools/stub/server.hpp"
#include "engine/tools/stub/tfserving/model.hpp"

namespace infergraph::engine {

/// TensorFlow Serving: its REST API as docs/wire/tensorflow.md §1 to §6 has it, line by line,
/// and PredictionService and ModelService of gRPC. Its transformers, an extension, answer predict
/// with what they were given.
class TfServing final : public StubServer {
 public:
  /// Serves one model under each of `names`, of which there is at least one; null for one that
  /// answers what it was given. `scalars` takes batches of plain numbers.
  TfServing(std::vector<std::string> names, std::shared_ptr<const SoftmaxModel> model,
            std::shared_ptr<const SoftmaxModel> scalars = nullptr)
      : names_(names), servable_(std::move(names), std::move(model), std::move(scalars)) {}

  std::optional<protocol::Method> method_of(const HttpRequest& request) const override;
  StubReply answer(const HttpRequest& request) override;
  StubReply error(protocol::GrpcStatus why, protocol::Encoding encoding) const override;
  std::span<const std::string_view> grpc_methods() const override;
  void add_neighbour(std::string_view /*model*/) override {}  // nobody can ask for a list
  std::span<const std::string> models() const override { return names_; }

 private:
  protocol::Protocol protocol() const override { return protocol::Protocol::kTensorflow; }
  std::string model_in(std::string_view path) const override;
  StubReply answer_grpc(const HttpRequest& request) const;

  std::vector<std::string> names_;
  TfServable servable_;
};

}  // namespace infergraph::engine
