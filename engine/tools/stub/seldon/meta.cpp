#include "engine/tools/stub/seldon/meta.hpp"

#include <map>
#include <utility>

#include "base/utf8.hpp"
#include "engine/tools/json_text.hpp"
#include "engine/tools/stub/seldon/python_json.hpp"

namespace infergraph::engine {

using rapidjson::Value;

namespace {

/// What the answer's meta has, by name as Flask sorts it, in JSON.
using Meta = std::map<std::string, std::string>;

/// Of a dict of Python: the later of two values of a key stands.
void update(std::map<std::string, const Value*>& dict, const Value& object) {
  for (const auto& [key, value] : object.GetObject()) {
    dict[std::string(key.GetString(), key.GetStringLength())] = &value;
  }
}

std::string dict_text(const std::map<std::string, const Value*>& dict) {
  std::string made = "{";
  for (const auto& [key, value] : dict) {
    if (made.size() > 1) made += ',';
    append_flask_string(made, key);
    made += ':';
    append_flask_json(made, *value);
  }
  return made + "}";
}

PythonError no_attribute(const Value& value) {
  return raised("'" + std::string(python_type(value)) + "' object has no attribute 'get'");
}

/// Tags, metrics and requestPath of one message, taken over as they are.
PythonResult<void> copy_meta(const Value& meta, Meta& into) {
  const Value* path = last_member(meta, "requestPath");
  if (path != nullptr && !path->IsObject()) {
    return raised("'" + std::string(python_type(*path)) + "' object is not a mapping");
  }
  for (const char* name : {"tags", "metrics", "requestPath"}) {
    const Value* value = last_member(meta, name);
    if (value != nullptr && is_truthy(*value)) append_flask_json(into[name], *value);
  }
  return {};
}

/// An empty list, dict or text.
bool is_empty(const Value& value) {
  return (value.IsArray() || value.IsObject() || value.IsString()) && !is_truthy(value);
}

PythonError not_iterable(const Value& value) {
  return raised("'" + std::string(python_type(value)) + "' object is not iterable");
}

/// list.extend(): elements, the keys of a dict, the characters of a text.
PythonResult<void> extend(std::string& list, const Value& values) {
  const auto add = [&](const Value& value) {
    list += list.empty() ? '[' : ',';
    append_flask_json(list, value);
  };
  if (values.IsArray()) {
    for (const Value& value : values.GetArray()) add(value);
  } else if (values.IsObject()) {
    for (const auto& [key, ignored] : values.GetObject()) add(key);
  } else if (values.IsString()) {
    std::string_view text(values.GetString(), values.GetStringLength());
    while (!text.empty()) {
      std::size_t length = 1;
      while (length < text.size() && continues_character(text[length])) {
        ++length;
      }
      add(Value(rapidjson::StringRef(text.data(), static_cast<rapidjson::SizeType>(length))));
      text.remove_prefix(length);
    }
  } else {
    return not_iterable(values);
  }
  return {};
}

/// The same of a list: tags and requestPath of all with the later standing, metrics of all.
PythonResult<void> merge_meta(std::span<const Value* const> messages, Meta& into) {
  std::map<std::string, const Value*> tags;
  std::map<std::string, const Value*> path;
  std::string metrics;
  for (const Value* message : messages) {
    const Value* meta = last_member(*message, "meta");
    if (meta == nullptr || !is_truthy(*meta)) continue;
    if (!meta->IsObject()) return no_attribute(*meta);
    for (const auto& [name, dict] : {std::pair("tags", &tags), std::pair("requestPath", &path)}) {
      const Value* value = last_member(*meta, name);
      // dict.update() takes anything without an element for nothing.
      if (value == nullptr || is_empty(*value)) continue;
      if (!value->IsObject()) return not_iterable(*value);
      update(*dict, *value);
    }
    const Value* own = last_member(*meta, "metrics");
    if (own == nullptr) continue;
    if (auto added = extend(metrics, *own); !added) return added.error();
  }
  if (!tags.empty()) into["tags"] = dict_text(tags);
  if (!path.empty()) into["requestPath"] = dict_text(path);
  if (!metrics.empty()) into["metrics"] = metrics + "]";
  return {};
}

/// {image of the node} in front of what the messages' requestPath has.
void add_own_path(const graph::NodeSpec& node, Meta& meta) {
  const std::string image = image_text(node);
  if (image.empty()) return;
  rapidjson::Document known;
  const auto path = meta.find("requestPath");
  if (path == meta.end() || !parse_json(path->second, known, JsonDialect::kPython)) {
    known.SetObject();
  }
  const std::string name = to_utf8(node.name);
  if (last_member(known, name) != nullptr) return;  // the request's stands
  auto& memory = known.GetAllocator();
  const std::string own = to_utf8(image);
  known.AddMember(Value(name.data(), static_cast<rapidjson::SizeType>(name.size()), memory),
                  Value(own.data(), static_cast<rapidjson::SizeType>(own.size()), memory), memory);
  std::string& text = meta["requestPath"];
  text.clear();
  append_flask_json(text, known);
}

}  // namespace

std::string image_text(const graph::NodeSpec& node) {
  if (node.image.empty()) return "";
  return node.image + (node.image_version.empty() ? "" : ":" + node.image_version);
}

PythonResult<std::string> wrapper_meta(const graph::NodeSpec& node,
                                       std::span<const Value* const> messages,
                                       CarriedMeta carried) {
  Meta made;
  const Value* first = last_member(*messages.front(), "meta");
  if (carried == CarriedMeta::kAll) {
    if (auto merged = merge_meta(messages, made); !merged) return merged.error();
  }
  if (first != nullptr && !first->IsObject()) return no_attribute(*first);
  if (first != nullptr && carried == CarriedMeta::kOne) {
    if (auto copied = copy_meta(*first, made); !copied) return copied.error();
  }
  const Value* puid = first == nullptr ? nullptr : last_member(*first, "puid");
  if (puid != nullptr && is_truthy(*puid)) append_flask_json(made["puid"], *puid);
  add_own_path(node, made);
  std::string text = "{";
  for (const auto& [name, value] : made) {
    text += (text.size() == 1 ? "\"" : ",\"") + name + "\":" + value;
  }
  return text + "}";
}

}  // namespace infergraph::engine
