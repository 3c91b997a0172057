#pragma once

#include <google/protobuf/descriptor.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/json/json.hpp"
#include "protocol/status.hpp"
#include "protocol/wire/writer.hpp"

namespace infergraph::protocol {

/// Writes a message while its JSON is read: what is behind json_to_proto
/// (protocol/json/proto_json.hpp).
class JsonConverter final : public json::Visitor {
 public:
  using Descriptor = google::protobuf::Descriptor;
  using FieldDescriptor = google::protobuf::FieldDescriptor;
  using Kind = json::Kind;
  using Path = json::Path;

  /// `where` is the path of the whole text in the message that it is a part of.
  JsonConverter(const Descriptor& type, std::string where, int any_depth, std::size_t size)
      : writer_(size / 2 + 64), type_(type), where_(std::move(where)), any_depth_(any_depth) {}

  static Result<std::string> convert(std::string_view json, const Descriptor& type,
                                     const std::string& where, int any_depth);

  // The fields of the well-known types, by number.
  static constexpr int kEntryKey = 1;
  static constexpr int kEntryValue = 2;
  static constexpr int kItems = 1;  ///< ListValue.values and Struct.fields

  bool enter(const Path& path, Kind kind) override;
  void value(const Path& path, Kind kind, std::string_view text) override;

 private:
  enum class Shape : std::uint8_t { kMessage, kRepeated, kMap, kStruct, kList };

  /// An object or an array that is being written.
  struct Frame {
    Shape shape = Shape::kMessage;
    const Descriptor* type = nullptr;        // of a message
    const FieldDescriptor* field = nullptr;  // that is repeated, or a map
    std::uint64_t seen = 0;                  // fields that were there, by index
    std::size_t opened = 0;                  // what closing it closes
    bool packed = false;
  };

  enum class Place : std::uint8_t { kNowhere, kRoot, kField, kEntry, kItem, kNamedItem };

  /// Where a value goes. kField: a field, or an element of a repeated one; kEntry: of a map; kItem
  /// and kNamedItem: the Values of a ListValue and of a Struct.
  struct Slot {
    Place place = Place::kNowhere;
    const FieldDescriptor* field = nullptr;
    bool whole = false;  // a repeated field or a map as a whole
    bool element = false;
    const Descriptor* message = nullptr;  // the value's type; null for a scalar
  };

  Slot slot_at(const Path& path);
  bool mark(const Path& path, const FieldDescriptor& field);
  std::size_t open(const Slot& slot, const Path& path);
  void close(std::size_t count);
  void write_key(const FieldDescriptor& key, const Path& path);

  bool enter_whole(const Slot& slot, const Path& path, Kind kind);
  bool enter_message(const Slot& slot, const Path& path, Kind kind);
  void leave();

  void write_null(const Slot& slot, const Path& path);
  void write_into_message(const Slot& slot, const Path& path, Kind kind, std::string_view text);
  void write_value(const Path& path, Kind kind, std::string_view text);
  void write_any(const Slot& slot, const Path& path, std::string_view text);
  void write_formatted(const Slot& slot, const Path& path, Kind kind, std::string_view text);

  /// How a scalar is written; without its tag in a packed list.
  struct Field {
    int number;
    WireWriter::WireType wire_type;
    bool tagged;
  };
  void write_scalar(const FieldDescriptor& descriptor, bool tagged, const Path& path, Kind kind,
                    std::string_view text);
  template <typename T>
  bool read(const Path& path, Kind kind, std::string_view text, T& value);
  template <typename T, typename Encode>
  void write_number(const Field& field, const Path& path, Kind kind, std::string_view text,
                    Encode encode);
  void write_enum(const FieldDescriptor& descriptor, const Field& field, const Path& path,
                  Kind kind, std::string_view text);
  void write_string(int number, const Path& path, std::string_view escaped);
  void write_bytes(int number, const Path& path, std::string_view escaped);

  std::string place_of(const Path& path) const;
  void refuse(const Path& path, std::string_view why);
  void expected(const Path& path, std::string_view what, Kind found) {
    refuse(path,
           "expected " + std::string(what) + " but found " + std::string(json::name_of(found)));
  }

  WireWriter writer_;
  const Descriptor& type_;
  std::string where_;
  int any_depth_;
  std::vector<Frame> frames_;  // one for each container of the path
  std::optional<std::string> problem_;
};

}  // namespace infergraph::protocol
