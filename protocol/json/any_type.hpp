#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

namespace infergraph::protocol {

/// True if proto3 JSON has a form of its own for the type, which an Any puts under "value".
inline bool has_own_json(const google::protobuf::Descriptor& type) {
  return type.well_known_type() != google::protobuf::Descriptor::WELLKNOWNTYPE_UNSPECIFIED;
}

/// True for the types whose JSON is one string of a format of its own. Only an Any can hold them
/// here, so protobuf's own converter does them.
inline bool is_formatted_string(const google::protobuf::Descriptor& type) {
  using google::protobuf::Descriptor;
  const auto known = type.well_known_type();
  return known == Descriptor::WELLKNOWNTYPE_TIMESTAMP ||
         known == Descriptor::WELLKNOWNTYPE_DURATION ||
         known == Descriptor::WELLKNOWNTYPE_FIELDMASK;
}

/// The type that an Any's type_url names ("type.googleapis.com/package.Message"); null for one that
/// isn't among ours, or is of proto2, whose groups and extensions have no place here.
inline const google::protobuf::Descriptor* find_any_type(std::string_view url) {
  const std::size_t slash = url.rfind('/');
  if (slash == std::string_view::npos) return nullptr;
  const auto* const type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          std::string(url.substr(slash + 1)));
  const bool known =
      type != nullptr && type->file()->syntax() == google::protobuf::FileDescriptor::SYNTAX_PROTO3;
  return known ? type : nullptr;
}

}  // namespace infergraph::protocol
