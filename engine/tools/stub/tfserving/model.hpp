#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/tools/stub/model.hpp"
#include "engine/tools/stub/server.hpp"
#include "tensorflow/signature.pb.h"
#include "tensorflow_serving/classification.pb.h"
#include "tensorflow_serving/model_metadata.pb.h"
#include "tensorflow_serving/model_status.pb.h"
#include "tensorflow_serving/predict.pb.h"
#include "tensorflow_serving/regression.pb.h"

namespace infergraph::engine {

namespace tfs = ::tensorflow::serving;

/// What TensorFlow Serving has loaded: one model of version 1, whose label is `stable`, behind both
/// of its APIs. The model's own signature and serving_default are the same, DT_FLOAT [-1, n] to
/// DT_FLOAT [-1, m], and serve classify and regress as well, which a real server has signatures of
/// their own for: the classes are the numbers of the outputs, and what is regressed is their mean.
/// A batch of plain numbers is for a model of one input, or for `scalars` if there is such a model.
/// Without a model it is an identity of any signature. Errors: in TensorFlow's words. Threads: any.
class TfServable {
 public:
  /// Served under each of `names`, of which there is at least one.
  TfServable(std::vector<std::string> names, std::shared_ptr<const SoftmaxModel> model,
             std::shared_ptr<const SoftmaxModel> scalars = nullptr)
      : names_(std::move(names)), model_(std::move(model)), scalars_(std::move(scalars)) {}

  bool has_name(std::string_view name) const;

  /// Null for an identity.
  const SoftmaxModel* model() const { return model_.get(); }

  /// Nothing, or what is wrong with the name, the version or the label.
  Served<void> check(const tfs::ModelSpec& spec) const;
  /// Whether the model has that signature; "" is the default one.
  bool has_signature(const std::string& signature) const;

  Served<tfs::PredictResponse> predict(const tfs::PredictRequest& request) const;
  Served<tfs::ClassificationResponse> classify(const tfs::ClassificationRequest& request) const;
  Served<tfs::RegressionResponse> regress(const tfs::RegressionRequest& request) const;
  Served<tfs::GetModelStatusResponse> status(const tfs::GetModelStatusRequest& request) const;
  Served<tfs::GetModelMetadataResponse> metadata(const tfs::GetModelMetadataRequest& request) const;
  /// What the metadata hold.
  tfs::SignatureDefMap signatures() const;

 private:
  tfs::ModelSpec effective(const tfs::ModelSpec& asked) const;
  Served<std::vector<float>> score_examples(const tfs::ModelSpec& spec,
                                            const tfs::Input& input) const;

  std::vector<std::string> names_;
  std::shared_ptr<const SoftmaxModel> model_;
  std::shared_ptr<const SoftmaxModel> scalars_;
};

}  // namespace infergraph::engine
