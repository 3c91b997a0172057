#pragma once

#include <map>
#include <string>
#include <vector>

#include "protocol/tensor/tensor.hpp"

namespace infergraph::protocol {

/// One input or output, as a model's metadata has it.
struct TensorInfo {
  std::string name;
  DataType type = DataType::kUnknown;
  std::vector<std::int64_t> shape;  ///< −1: any
  bool unknown_rank = false;
};

/// What a model takes and gives, as its server says.
struct Signature {
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
};

/// What a node's model is called and wants: from the unit's parameters, and from what its server
/// says of it. Immutable once it is shared.
struct ModelProfile {
  using Names = std::map<std::string, std::string, std::less<>>;

  std::string name;            ///< of the model; the unit's name unless `model_name` is given
  std::string signature_name;  ///< tensorflow; "" when none is given
  std::string input;           ///< `model_input`
  std::string output;          ///< `model_output`: the only output that counts
  Names input_names;           ///< `input_names`: what a tensor is called before and at the model
  Names output_names;          ///< `output_names`: at the model and after
  Signature signature;         ///< of the metadata; empty when it isn't known

  bool changes_answers() const { return !output.empty() || !output_names.empty(); }
};

}  // namespace infergraph::protocol
