// How the containers of JSON become messages.
#include "protocol/json/converter.hpp"

#include <google/protobuf/struct.pb.h>

#include "protocol/json/any_type.hpp"
#include "protocol/json/number.hpp"
#include "protocol/json/proto_json.hpp"

namespace infergraph::protocol {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Value;

bool is_value(const Descriptor* type) {
  return type != nullptr && type->well_known_type() == Descriptor::WELLKNOWNTYPE_VALUE;
}

const FieldDescriptor* find_field(const Descriptor& type, std::string_view written) {
  std::string unescaped;
  if (written.find('\\') != std::string_view::npos) {
    unescaped = json::unescaped(written);
    written = unescaped;
  }
  // Few fields and no table: ours have at most seventeen.
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    if (field->json_name() == written || field->name() == written) return field;
  }
  return nullptr;
}

}  // namespace

JsonConverter::Slot JsonConverter::slot_at(const Path& path) {
  if (frames_.empty()) return {.place = Place::kRoot, .message = &type_};
  const Frame& frame = frames_.back();
  switch (frame.shape) {
    case Shape::kMessage: {
      const FieldDescriptor* const field =
          find_field(*frame.type, path.written_key(path.depth() - 1));
      if (field == nullptr) return {};
      return {.place = Place::kField,
              .field = field,
              .whole = field->is_repeated(),
              .message = field->message_type()};
    }
    case Shape::kRepeated:
      return {.place = Place::kField,
              .field = frame.field,
              .element = true,
              .message = frame.field->message_type()};
    case Shape::kMap:
      return {.place = Place::kEntry,
              .field = frame.field,
              .element = true,
              .message = frame.field->message_type()->map_value()->message_type()};
    case Shape::kStruct:
      return {.place = Place::kNamedItem, .element = true, .message = frame.type};
    case Shape::kList:
      return {.place = Place::kItem, .element = true, .message = frame.type};
  }
  return {};
}

// Notes that the field is there. False if it may not be.
bool JsonConverter::mark(const Path& path, const FieldDescriptor& field) {
  std::uint64_t& seen = frames_.back().seen;
  const auto bit = [](const FieldDescriptor& one) {
    return one.index() < 64 ? std::uint64_t{1} << static_cast<unsigned>(one.index()) : 0;
  };
  if ((seen & bit(field)) != 0) {
    refuse(path, "is there twice");
    return false;
  }
  if (const auto* const choice = field.real_containing_oneof()) {
    for (int i = 0; i < choice->field_count(); ++i) {
      if ((seen & bit(*choice->field(i))) == 0) continue;
      refuse(path, "there is " + choice->field(i)->json_name() + " already");
      return false;
    }
  }
  seen |= bit(field);
  return true;
}

std::size_t JsonConverter::open(const Slot& slot, const Path& path) {
  std::size_t opened = 0;
  switch (slot.place) {
    case Place::kNowhere:
    case Place::kRoot:
      return 0;
    case Place::kField:
      writer_.open(slot.field->number());
      opened = 1;
      break;
    case Place::kItem:
      writer_.open(kItems);
      opened = 1;
      break;
    case Place::kEntry:
      writer_.open(slot.field->number());
      opened = 1;
      write_key(*slot.field->message_type()->map_key(), path);
      if (slot.message == nullptr) break;
      writer_.open(kEntryValue);
      opened = 2;
      break;
    case Place::kNamedItem:
      writer_.open(kItems);
      write_string(kEntryKey, path, path.written_key(path.depth() - 1));
      writer_.open(kEntryValue);
      opened = 2;
      break;
  }
  if (writer_.depth() > kMaxMessageDepth) {
    refuse(path, "more than " + std::to_string(kMaxMessageDepth) +
                     " messages inside one another, which protobuf's readers refuse");
  }
  return opened;
}

void JsonConverter::close(std::size_t count) {
  for (; count > 0; --count) writer_.close();
}

// A map's key is a string in JSON, of whatever the key's type is.
void JsonConverter::write_key(const FieldDescriptor& key, const Path& path) {
  const std::string_view written = path.written_key(path.depth() - 1);
  if (key.type() == FieldDescriptor::TYPE_STRING) return write_string(kEntryKey, path, written);
  if (key.type() == FieldDescriptor::TYPE_BOOL) {
    if (written != "true" && written != "false") return refuse(path, "the key is no boolean");
    writer_.tag(kEntryKey, WireWriter::kVarint);
    return writer_.varint(written == "true" ? 1 : 0);
  }
  write_scalar(key, true, path, Kind::kString, '"' + std::string(written) + '"');
}

bool JsonConverter::enter(const Path& path, Kind kind) {
  if (problem_) return false;
  const Slot slot = slot_at(path);
  if (slot.place == Place::kNowhere) return false;
  if (slot.whole) return enter_whole(slot, path, kind);
  if (slot.message == nullptr) {
    value(path, kind, {});  // whatever is expected, it is no container
    return false;
  }
  return enter_message(slot, path, kind);
}

bool JsonConverter::enter_whole(const Slot& slot, const Path& path, Kind kind) {
  const bool map = slot.field->is_map();
  if (kind != (map ? Kind::kObject : Kind::kArray)) {
    expected(path, map ? "an object" : "an array", kind);
    return false;
  }
  if (!mark(path, *slot.field)) return false;
  const bool packed = slot.field->is_packed();
  if (packed) writer_.open(slot.field->number());
  frames_.push_back(
      {.shape = map ? Shape::kMap : Shape::kRepeated, .field = slot.field, .packed = packed});
  return true;
}

bool JsonConverter::enter_message(const Slot& slot, const Path& path, Kind kind) {
  const auto known = slot.message->well_known_type();
  // These are made from their text as a whole.
  if (known == Descriptor::WELLKNOWNTYPE_ANY && kind == Kind::kObject) return false;
  const bool list = known == Descriptor::WELLKNOWNTYPE_LISTVALUE;
  const bool object = !has_own_json(*slot.message) || known == Descriptor::WELLKNOWNTYPE_STRUCT ||
                      known == Descriptor::WELLKNOWNTYPE_ANY;
  if (known != Descriptor::WELLKNOWNTYPE_VALUE) {
    if (!list && !object) {
      expected(path, "a single value", kind);
    } else if (kind != (list ? Kind::kArray : Kind::kObject)) {
      expected(path, list ? "an array" : "an object", kind);
    }
    if (problem_) return false;
  }
  if (slot.place == Place::kField && !slot.element && !mark(path, *slot.field)) return false;

  std::size_t opened = open(slot, path);
  Shape shape = Shape::kMessage;
  const Descriptor* type = slot.message;
  if (known == Descriptor::WELLKNOWNTYPE_VALUE) {
    shape = kind == Kind::kObject ? Shape::kStruct : Shape::kList;
    opened += open(
        {.place = Place::kField,
         .field = type->FindFieldByNumber(shape == Shape::kStruct ? Value::kStructValueFieldNumber
                                                                  : Value::kListValueFieldNumber)},
        path);
  } else if (list) {
    shape = Shape::kList;
    type = type->FindFieldByNumber(kItems)->message_type();
  } else if (known == Descriptor::WELLKNOWNTYPE_STRUCT) {
    shape = Shape::kStruct;
    type = type->FindFieldByNumber(kItems)->message_type()->map_value()->message_type();
  }
  frames_.push_back({.shape = shape, .type = type, .opened = opened});
  return true;
}

void JsonConverter::leave() {
  const Frame& frame = frames_.back();
  if (frame.packed) writer_.close_packed();
  close(frame.opened);
  frames_.pop_back();
}

void JsonConverter::value(const Path& path, Kind kind, std::string_view text) {
  if (problem_) return;
  if (frames_.size() > path.depth()) return leave();
  if (!frames_.empty() && kind != Kind::kNull) {
    // Most values are numbers in one of these.
    const Frame& frame = frames_.back();
    if (frame.shape == Shape::kRepeated && frame.field->message_type() == nullptr) {
      return write_scalar(*frame.field, !frame.packed, path, kind, text);
    }
    if (frame.shape == Shape::kList && kind == Kind::kNumber &&
        writer_.depth() < kMaxMessageDepth) {
      constexpr std::uint64_t kSize = 1 + sizeof(double);
      writer_.tag(kItems, WireWriter::kLengthDelimited);
      writer_.varint(kSize);
      return write_value(path, kind, text);
    }
  }
  const Slot slot = slot_at(path);
  if (slot.place == Place::kNowhere) return;
  if (kind == Kind::kNull && !is_value(slot.message)) return write_null(slot, path);
  if (slot.whole) {
    return expected(path, slot.field->is_map() ? "an object" : "an array", kind);
  }
  if (slot.place == Place::kField && !slot.element && !mark(path, *slot.field)) return;
  if (slot.message != nullptr) return write_into_message(slot, path, kind, text);
  if (slot.place == Place::kField) {
    return write_scalar(*slot.field, !slot.field->is_packed(), path, kind, text);
  }
  const std::size_t opened = open(slot, path);
  if (problem_) return;
  write_scalar(*slot.field->message_type()->map_value(), true, path, kind, text);
  if (!problem_) close(opened);
}

std::string JsonConverter::place_of(const Path& path) const {
  std::string place = where_;
  const std::string inner = path.text();
  if (!place.empty() && !inner.empty() && !inner.starts_with('[')) place += '.';
  constexpr std::size_t kMost = 200;  // bytes that tell the caller enough
  return json::excerpt(place + inner, kMost);
}

void JsonConverter::refuse(const Path& path, std::string_view why) {
  if (problem_) return;
  const std::string place = place_of(path);
  problem_ = place + (place.empty() ? "" : ": ") + std::string(why);
}

Result<std::string> JsonConverter::convert(std::string_view json, const Descriptor& type,
                                           const std::string& where, int any_depth) {
  JsonConverter converter(type, where, any_depth, json.size());
  if (const auto problem = json::visit(json, converter)) {
    return Status(Code::kInvalidArgument, *problem);
  }
  if (converter.problem_) return Status(Code::kInvalidArgument, *std::move(converter.problem_));
  auto wire = std::move(converter.writer_).finish();
  if (!wire) return Status(Code::kInvalidArgument, "the message has more than 2 GiB");
  return *std::move(wire);
}

Result<std::string> json_to_proto(std::string_view json, const Descriptor& type) {
  return JsonConverter::convert(json, type, "", 0);
}

}  // namespace infergraph::protocol
