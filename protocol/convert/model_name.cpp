#include "protocol/convert/model_name.hpp"

#include "inference/grpc_service.pb.h"
#include "protocol/seldon/proto.hpp"
#include "protocol/wire/parse.hpp"
#include "tensorflow_serving/model_status.pb.h"

namespace infergraph::protocol {

Result<std::string> read_model_name(Protocol protocol, std::string_view wire) {
  const auto malformed = [](const char* what) {
    return Status(Code::kInvalidArgument, std::string("not a ") + what);
  };
  switch (protocol) {
    case Protocol::kTensorflow: {
      // GetModelMetadataRequest has its model_spec in the same place.
      tensorflow::serving::GetModelStatusRequest request;
      if (!parse(wire, request)) return malformed("request with a ModelSpec");
      return request.model_spec().name();
    }
    case Protocol::kV2: {
      inference::ModelMetadataRequest request;  // ModelReadyRequest has the same fields
      if (!parse(wire, request)) return malformed("ModelMetadataRequest");
      return request.name();
    }
    case Protocol::kSeldon:
      break;
  }
  return read_metadata_name(wire);
}

}  // namespace infergraph::protocol
