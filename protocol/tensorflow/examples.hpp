#pragma once

#include <google/protobuf/arena.h>

#include <string_view>

#include "protocol/status.hpp"
#include "tensorflow_serving/classification.pb.h"
#include "tensorflow_serving/regression.pb.h"

namespace infergraph::protocol {

/// What is behind convert_examples (codec.hpp): the JSON of Classify and Regress, read
/// into messages of `arena`. A RegressionRequest is the same on the wire as a
/// ClassificationRequest. Errors: kInvalidArgument with the path of what is wrong; a body's
/// `error`.

/// The signature's name is the body's; the model's is not set.
Result<tensorflow::serving::ClassificationRequest*> read_examples_json(
    std::string_view body, google::protobuf::Arena& arena);

Result<tensorflow::serving::ClassificationResponse*> read_classifications_json(
    std::string_view body, google::protobuf::Arena& arena);
Result<tensorflow::serving::RegressionResponse*> read_regressions_json(
    std::string_view body, google::protobuf::Arena& arena);

}  // namespace infergraph::protocol
