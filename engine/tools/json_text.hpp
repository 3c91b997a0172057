#pragma once

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string>
#include <string_view>

namespace infergraph::engine {

/// Writes what parse_json reads, NaN and the infinities included.
using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::UTF8<>,
                                     rapidjson::CrtAllocator, rapidjson::kWriteNanAndInfFlag>;

/// Deeper nesting is refused: RapidJSON copies and writes its values by recursion.
inline constexpr int kMaxJsonDepth = 500;

/// Reads a whole JSON text with doubles exact to the last digit; false when it is none, or nested
/// deeper than kMaxJsonDepth. kPython takes NaN and Infinity too, which Python's json writes.
enum class JsonDialect { kStrict, kPython };
bool parse_json(std::string_view text, rapidjson::Document& into,
                JsonDialect dialect = JsonDialect::kStrict);

/// The same JSON indented by two, arrays of plain values on one line, numbers as they stand; `text`
/// itself when it is no JSON.
std::string indent_json(std::string_view text);

/// Well-formed JSON on one line, without space between the tokens.
std::string without_space(std::string_view json);

inline void write_string(JsonWriter& writer, std::string_view text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}
inline void write_key(JsonWriter& writer, std::string_view text) {
  writer.Key(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}
/// The fewest digits that read back as the same double; NaN and the infinities as Python does.
void write_double(JsonWriter& writer, double value);
/// Writes `body` as the JSON that it is, on one line, else as a string.
void write_body(JsonWriter& writer, std::string_view body);

}  // namespace infergraph::engine
