#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <boost/system/result.hpp>

#include "protocol/grpc_status.hpp"
#include "protocol/payload.hpp"

namespace infergraph::protocol {

/// Why a request failed. protocol/convert/status_map.hpp is the only table from here to HTTP and
/// gRPC.
enum class Code : std::uint8_t {
  kUpstream,            ///< the node itself answered with an error; it is in Status::answer
  kUnavailable,         ///< the node can't be connected, or the connection was lost
  kDeadlineExceeded,    ///< the node's timeout, or what was left of the whole
  kBadUpstream,         ///< the node's answer is malformed
  kInvalidRouting,      ///< a route is out of range or missing
  kInvalidCombination,  ///< children's answers that can't be combined
  kInvalidArgument,     ///< the request can't be decoded where its values are needed
  kTooLarge,            ///< body over the limit
  kHeaderTooLarge,      ///< head over the limit
  kTooSlow,             ///< the caller sends or reads too slowly
  kOverloaded,          ///< over the limit of connections or work
  kNotFound,            ///< no such path or node
  kMethodNotAllowed,    ///< the path exists, the verb doesn't
  kCancelled,           ///< the caller went away
  kInternal,            ///< a bug of ours
};

/// What failed, where, and the failing component's own answer if there was one.
class [[nodiscard]] Status {
 public:
  /// What boost::system::result asks of its error type: error() of a result that has none.
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}
  Status(Code code, std::string message, std::string node)
      : code_(code), message_(std::move(message)), node_(std::move(node)) {}

  /// The node `node` answered with an error of its own, which is passed on as it stands.
  static Status from_upstream(std::string node, Payload answer) {
    Status made(Code::kUpstream, "the node answered with an error", std::move(node));
    made.answer_ = std::make_shared<const Payload>(std::move(answer));
    return made;
  }

  /// The same for a node that answered over gRPC.
  static Status from_upstream(std::string node, GrpcStatus answer) {
    Status made(Code::kUpstream, answer.message, std::move(node));
    made.grpc_answer_ = std::make_shared<const GrpcStatus>(std::move(answer));
    return made;
  }

  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  /// Name of the node where it happened; empty when no node had a part in it.
  const std::string& node() const { return node_; }
  void set_node(std::string_view node) { node_ = node; }
  /// The address that was really called, "127.0.0.1:9000"; empty when none was.
  const std::string& peer() const { return peer_; }
  void set_peer(std::string peer) { peer_ = std::move(peer); }
  /// The node's own answer over REST; null unless code() is kUpstream and it was REST.
  const std::shared_ptr<const Payload>& answer() const { return answer_; }
  /// The node's own answer over gRPC; null unless code() is kUpstream and it was gRPC.
  const std::shared_ptr<const GrpcStatus>& grpc_answer() const { return grpc_answer_; }

 private:
  Code code_ = Code::kInternal;
  std::string message_;
  std::string node_;
  std::string peer_;
  std::shared_ptr<const Payload> answer_;
  std::shared_ptr<const GrpcStatus> grpc_answer_;
};

/// What Result::value() does where there is none. The data path looks first; tests need not.
[[noreturn]] inline void throw_exception_from_error(const Status& status,
                                                    const boost::source_location&) {
  throw std::runtime_error(status.message());
}

/// A T, or the Status that says why there is none. A class and not an alias, because only a class
/// can be [[nodiscard]].
template <typename T>
class [[nodiscard]] Result : public boost::system::result<T, Status> {
  using Base = boost::system::result<T, Status>;

 public:
  using Base::Base;
};

}  // namespace infergraph::protocol
