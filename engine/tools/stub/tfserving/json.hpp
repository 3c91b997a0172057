#pragma once

#include <string>
#include <string_view>

#include "engine/tools/stub/tfserving/model.hpp"

namespace infergraph::engine {

/// The JSON of TensorFlow Serving's REST API, to and from the messages of gRPC. Source:
/// docs/wire/tensorflow.md §2 to §6. Errors: in TensorFlow Serving's words. Threads: any.

/// Which of its two forms a request has, and so its answer: instances and predictions, or inputs
/// and outputs.
enum class TfFormat { kRow, kColumn };

/// Fills `request`, whose model_spec names the model, from `json`, by the signature that it names.
Served<TfFormat> read_predict_json(std::string_view json, const TfServable& servable,
                                   tfs::PredictRequest& request);
/// Precondition: the output has at most two dimensions, and its floats are in float_val.
std::string write_predict_json(const tfs::PredictResponse& response, TfFormat format);
/// The same of an identity: the values of the request as they stand.
Served<std::string> echo_predict_json(std::string_view json);

/// Fills signature_name and input of a request to classify or regress, and answers it.
Served<void> read_examples_json(std::string_view json, tfs::ModelSpec& spec, tfs::Input& input);
std::string write_classify_json(const tfs::ClassificationResponse& response);
std::string write_regress_json(const tfs::RegressionResponse& response);

/// As proto3 JSON has them, with defaults and the names of the .proto.
std::string write_status_json(const tfs::GetModelStatusResponse& response);
std::string write_metadata_json(const tfs::GetModelMetadataResponse& response,
                                const tfs::SignatureDefMap& signatures);

/// {"error": message}
std::string write_error_json(std::string_view message);

/// The text of a float: six digits if they read back as the same value, else nine; with ".0" where
/// it would look like a whole number.
std::string tf_float_text(float value);

}  // namespace infergraph::engine
