#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "engine/net/http_service.hpp"
#include "protocol/grpc_status.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::engine {

/// A T, or the error that a model server gives.
template <typename T>
using Served = boost::system::result<T, protocol::GrpcStatus>;

/// What a stand-in says, and when. A call over gRPC has its status in `status`, and in the
/// response's the one that fits it.
struct StubReply {
  HttpResponse response;
  protocol::GrpcStatus status;
  std::string_view allow;  ///< of the header Allow, which lives for ever; "" for none
  std::chrono::nanoseconds delay{0};
};

/// Speaks for a stand-in that is no component made with Seldon's Python wrapper: a model server.
/// Pure in what it answers, knows no socket and no clock. A call over gRPC comes as a POST of a
/// proto message to the path of its method, as HTTP/2 has it. Threads: one.
class StubServer {
 public:
  virtual ~StubServer() = default;

  /// What the path of `request` asks for, if it is one of the server's.
  virtual std::optional<protocol::Method> method_of(const HttpRequest& request) const = 0;

  /// Whether `request` names a model of this one: of several behind one address it is answered by
  /// that whose model it names.
  bool names_model(const HttpRequest& request) const;

  /// A model that another stand-in behind the same address has.
  virtual void add_neighbour(std::string_view model) = 0;

  /// The names of its models.
  virtual std::span<const std::string> models() const = 0;

  /// Whatever the path, though not for route and aggregate: these are extensions of ours.
  virtual StubReply answer(const HttpRequest& request) = 0;

  /// An error in the server's form; over gRPC it has no body.
  virtual StubReply error(protocol::GrpcStatus why, protocol::Encoding encoding) const = 0;

  /// The unary methods that the server has over gRPC.
  virtual std::span<const std::string_view> grpc_methods() const = 0;

 private:
  virtual protocol::Protocol protocol() const = 0;
  /// The model that a path of the REST API names; "" for none.
  virtual std::string model_in(std::string_view path) const = 0;
};

}  // namespace infergraph::engine
