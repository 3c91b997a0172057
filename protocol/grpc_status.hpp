#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace infergraph::protocol {

/// The canonical codes of gRPC, by their numbers on the wire.
enum class GrpcCode : std::uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

inline constexpr std::array<std::string_view, 17> kGrpcCodeNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

/// "NOT_FOUND", …; lives for ever.
inline std::string_view name_of(GrpcCode code) {
  return kGrpcCodeNames[static_cast<std::size_t>(code)];
}

inline constexpr std::array<std::string_view, 17> kGoCodeNames = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

/// The code as Go's library spells it, and so the reference's metrics: "NotFound", …; lives for
/// ever.
inline std::string_view go_name_of(GrpcCode code) {
  return kGoCodeNames[static_cast<std::size_t>(code)];
}

/// The code of that number; kUnknown for one that there isn't.
inline GrpcCode to_grpc_code(int number) {
  return number >= 0 && number < static_cast<int>(kGrpcCodeNames.size())
             ? static_cast<GrpcCode>(number)
             : GrpcCode::kUnknown;
}

/// How a gRPC call ended.
struct GrpcStatus {
  GrpcCode code = GrpcCode::kOk;
  std::string message;
  /// google.rpc.Status on the wire, as in `grpc-status-details-bin`; empty when there is none.
  std::string details;
};

}  // namespace infergraph::protocol
