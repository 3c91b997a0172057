#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/status.hpp"

namespace google::protobuf {
class ListValue;
class Struct;
class Value;
}  // namespace google::protobuf

namespace infergraph::protocol {

/// Writes a parsed message as JSON: what is behind proto_to_json (protocol/json/proto_json.hpp).
/// Recurses, as deep as protobuf's parser lets a message be.
class ProtoPrinter {
 public:
  using Message = google::protobuf::Message;
  using FieldDescriptor = google::protobuf::FieldDescriptor;

  /// `arena` is for the messages inside an Any; `expected` bytes are likely.
  ProtoPrinter(google::protobuf::Arena& arena, std::size_t expected) : arena_(arena) {
    out_.reserve(expected);
  }

  /// Call once.
  Result<std::string> print(const Message& message) &&;

 private:
  // Each is false when it failed; the path is made on the way back.
  bool message(const Message& message);
  bool object(const Message& message);
  bool members(const Message& message, bool first);
  bool field(const Message& message, const FieldDescriptor& field);
  bool single(const Message& message, const FieldDescriptor& field);
  bool list(const Message& message, const FieldDescriptor& field);
  bool messages(const Message& message, const FieldDescriptor& field);
  bool map(const Message& message, const FieldDescriptor& field);
  template <typename T>
  bool numbers(const Message& message, const FieldDescriptor& field);

  bool any(const Message& message);
  bool value(const google::protobuf::Value& value);
  bool list_value(const google::protobuf::ListValue& list);
  bool struct_value(const google::protobuf::Struct& object);
  bool formatted(const Message& message);

  void number(double value);
  void number(float value);
  void number(std::int32_t value);
  void number(std::uint32_t value);
  void number(std::int64_t value);
  void number(std::uint64_t value);
  void number(bool value);
  void enumerator(const FieldDescriptor& field, int number);
  void bytes(std::string_view value);

  bool fail(std::string why);
  bool fail_at(std::string_view step);

  google::protobuf::Arena& arena_;
  std::string out_;
  std::string problem_;
  std::string path_;
  int any_depth_ = 0;
};

}  // namespace infergraph::protocol
