#include "engine/grpc/reflection.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <unordered_set>
#include <vector>

#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "tensorflow_serving/model_service.pb.h"
#include "tensorflow_serving/prediction_service.pb.h"

namespace infergraph::engine {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;
using protocol::GrpcCode;
using protocol::GrpcStatus;

namespace {

// Files of services that are served, which the linker would leave out: nothing else refers to them.
[[maybe_unused]] const void* const volatile kServices[] = {
    &descriptor_table_grpc_2freflection_2fv1alpha_2freflection_2eproto,
    &descriptor_table_tensorflow_5fserving_2fprediction_5fservice_2eproto,
    &descriptor_table_tensorflow_5fserving_2fmodel_5fservice_2eproto};

// The file, and behind it every one that it needs.
void add_files(const FileDescriptor* file, ServerReflectionResponse& response) {
  std::vector<const FileDescriptor*> files{file};
  std::unordered_set<const FileDescriptor*> seen{file};
  for (std::size_t i = 0; i < files.size(); ++i) {
    google::protobuf::FileDescriptorProto proto;
    files[i]->CopyTo(&proto);
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(
        proto.SerializeAsString());
    for (int next = 0; next < files[i]->dependency_count(); ++next) {
      if (seen.insert(files[i]->dependency(next)).second) {
        files.push_back(files[i]->dependency(next));
      }
    }
  }
}

void refuse(ServerReflectionResponse& response, GrpcCode code, std::string message) {
  response.mutable_error_response()->set_error_code(static_cast<int>(code));
  response.mutable_error_response()->set_error_message(std::move(message));
}

// Of a request, which names a file or a symbol. The answer holds it again.
constexpr std::size_t kMostBytes = 4096;

}  // namespace

Awaitable<GrpcStatus> Reflection::serve(MessageStream& stream) {
  for (;;) {
    const auto request = co_await stream.read();
    if (!request) break;
    if (request->size() > kMostBytes) {
      co_return GrpcStatus{GrpcCode::kInvalidArgument, "not a ServerReflectionRequest", ""};
    }
    const bool open =
        co_await stream.write(protocol::Payload::proto(answer(std::string(request->bytes()))));
    if (!open) break;
  }
  co_return GrpcStatus{};
}

std::string Reflection::answer(const std::string& wire) const {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  ServerReflectionRequest request;
  ServerReflectionResponse response;
  if (!request.ParseFromString(wire)) {
    refuse(response, GrpcCode::kInvalidArgument, "not a ServerReflectionRequest");
    return response.SerializeAsString();
  }
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  const FileDescriptor* file = nullptr;
  std::string missing;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kListServices:
      for (const std::string& service : services_) {
        response.mutable_list_services_response()->add_service()->set_name(service);
      }
      return response.SerializeAsString();
    case ServerReflectionRequest::kFileByFilename:
      file = pool.FindFileByName(request.file_by_filename());
      missing = "no file " + request.file_by_filename();
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      file = pool.FindFileContainingSymbol(request.file_containing_symbol());
      missing = "no symbol " + request.file_containing_symbol();
      break;
    case ServerReflectionRequest::kFileContainingExtension:
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      missing = "there are no extensions in proto3";
      break;
    default:
      refuse(response, GrpcCode::kInvalidArgument, "the request asks for nothing");
      return response.SerializeAsString();
  }
  if (file == nullptr) {
    refuse(response, GrpcCode::kNotFound, missing);
  } else {
    add_files(file, response);
  }
  return response.SerializeAsString();
}

}  // namespace infergraph::engine
