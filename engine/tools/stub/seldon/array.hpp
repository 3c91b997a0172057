#pragma once

#include <rapidjson/document.h>

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/system/result.hpp>

namespace infergraph::engine {

/// What Python says of an exception: the wrapper answers 500 with it.
class PythonError {
 public:
  /// Named, or a text would convert to an error.
  friend PythonError raised(std::string text);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};
inline PythonError raised(std::string text) {
  PythonError made;
  made.text_ = std::move(text);
  return made;
}

template <typename T>
using PythonResult = boost::system::result<T, PythonError>;

/// A numpy array as Seldon's wrapper makes it of a message. Borrows: the message. Threads: any.
struct WrapperArray {
  /// numpy's dtype, as far as it shows: kText is of str, kObject of anything else.
  enum class Kind { kBool, kInt, kFloat, kText, kObject };

  std::vector<std::size_t> shape;
  Kind kind = Kind::kFloat;
  /// In row-major order: those of a message, or computed ones.
  std::variant<std::vector<const rapidjson::Value*>, std::vector<double>> elements;
  /// A TensorProto, which is kept as it came: then there are no elements.
  const rapidjson::Value* tensor_proto = nullptr;

  /// What numpy calls a subtype of number: no bool.
  bool is_numeric() const { return kind == Kind::kInt || kind == Kind::kFloat; }
  std::size_t size() const;
  double number(std::size_t index) const;

  /// array.tolist(): nested lists, or the one value of an array without dimensions.
  void append_nested(std::string& out) const;
  /// array.ravel().tolist()
  void append_flat(std::string& out) const;
};

/// np.array(value). Errors: lists of unequal lengths, or deeper than numpy's 32 dimensions.
PythonResult<WrapperArray> array_of(const rapidjson::Value& value);

/// np.array(tensor["values"]).reshape(tensor["shape"]). `limit` is the most that the
/// other dimensions may make when one is 0: numpy has no such limit, but lists are made of them.
PythonResult<WrapperArray> array_of_tensor(const rapidjson::Value& tensor, std::size_t limit);

/// A TensorProto in JSON, of whose shape no dimension may be over `limit`.
PythonResult<WrapperArray> array_of_tensor_proto(const rapidjson::Value& tensor, std::size_t limit);

/// "(2, 3)", "(2,)", "()"; without space for reshape's messages.
std::string python_tuple(const std::vector<std::size_t>& shape, const char* comma = ", ");

}  // namespace infergraph::engine
