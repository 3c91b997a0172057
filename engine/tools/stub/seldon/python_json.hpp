#pragma once

#include <rapidjson/document.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace infergraph::engine {

/// JSON as Python and Flask read and write it, for the stand-in of Seldon's wrapper. Recursion is
/// as deep as parse_json() allows. Threads: any.

/// The last member of that name, which is the one that counts; null when there is none or `object`
/// is no object.
const rapidjson::Value* last_member(const rapidjson::Value& object, std::string_view name);

/// Whether Python takes the value for true: not null, false, 0 or empty.
bool is_truthy(const rapidjson::Value& value);

/// "NoneType", "bool", "int", "float", "str", "list", "dict".
std::string_view python_type(const rapidjson::Value& value);

/// repr(value), cut after some hundred bytes: for messages.
std::string python_repr(const rapidjson::Value& value);
/// str(value), cut likewise: text as it stands, all else as repr() has it.
std::string python_str(const rapidjson::Value& value);
/// The whole str(value) of what is no list and no dict: text as it stands, True, None, 1.5.
void append_python_text(std::string& out, const rapidjson::Value& value);
/// repr() of a float: the fewest digits that read back, with ".0" or an exponent; NaN and Infinity
/// as Python's json has them.
void append_python_float(std::string& out, double value);

/// As flask.jsonify writes it: keys sorted, no space, ASCII alone.
void append_flask_json(std::string& out, const rapidjson::Value& value);
void append_flask_string(std::string& out, std::string_view text);

}  // namespace infergraph::engine
