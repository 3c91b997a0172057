#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/tools/stub/model.hpp"
#include "engine/tools/stub/server.hpp"
#include "inference/grpc_service.pb.h"

namespace infergraph::engine {

/// The model of a server of protocol v2, of version 1, behind both of its APIs: a softmax
/// regression, FP32 [-1, n] to FP32 [-1, m], or without one an identity of tensors of any type.
/// Errors: in Triton's words. Threads: any.
class V2Model {
 public:
  /// Served under each of `names`, of which there is at least one.
  V2Model(std::vector<std::string> names, std::shared_ptr<const SoftmaxModel> model)
      : names_(std::move(names)), model_(std::move(model)) {}

  const std::vector<std::string>& names() const { return names_; }
  bool has_name(std::string_view name) const;
  /// Null for an identity.
  const SoftmaxModel* model() const { return model_.get(); }

  /// Nothing, or that there is no such model; an empty version is any.
  Served<void> check(const std::string& name, const std::string& version) const;
  inference::ModelMetadataResponse metadata(const std::string& name) const;
  /// With raw contents. Takes typed contents, or raw ones.
  Served<inference::ModelInferResponse> infer(inference::ModelInferRequest request) const;

 private:
  Served<void> compute(const inference::ModelInferRequest& request,
                       inference::ModelInferResponse& response) const;

  std::vector<std::string> names_;
  std::shared_ptr<const SoftmaxModel> model_;
};

}  // namespace infergraph::engine
