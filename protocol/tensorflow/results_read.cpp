// Answers of Classify and Regress.
#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/json/json.hpp"
#include "protocol/tensorflow/examples.hpp"
#include "protocol/tensorflow/examples_visitor.hpp"

namespace infergraph::protocol {

namespace {

using google::protobuf::Arena;
using tensorflow::serving::ClassificationResponse;
using tensorflow::serving::RegressionResponse;

/// What the answers have in common: the list of results, an element for each example.
class ResultsReader : public ExamplesVisitor {
 public:
  bool enter(const Path& path, Kind kind) final {
    if (problem_) return false;
    const std::size_t depth = path.depth();
    if (depth == 0) return kind == Kind::kObject;
    if (!is_result(path) || kind != Kind::kArray) return false;
    if (depth == 1) {
      clear();
      seen_ = true;
    }
    return depth <= 1 || begin(path);
  }

  void value(const Path& path, Kind kind, std::string_view text) final {
    if (problem_) return;
    if (path.depth() == 0) {
      if (kind != Kind::kObject) return expected(path, "an object", kind);
      if (!seen_) refuse(path, error_ ? *error_ : "Missing 'results' key");
    } else if (!is_result(path)) {
      take_error(path, kind, text);
    } else if (path.depth() > 1) {
      result(path, kind, text);
    } else if (kind != Kind::kArray) {
      expected(path, "an array", kind);
    }
  }

 protected:
  virtual void clear() = 0;
  virtual bool begin(const Path& path) = 0;
  virtual void result(const Path& path, Kind kind, std::string_view text) = 0;

 private:
  // The documents of TensorFlow Serving say both; its code says results.
  static bool is_result(const Path& path) { return path.is(0, "results") || path.is(0, "result"); }

  bool seen_ = false;
};

class ClassificationsReader final : public ResultsReader {
 public:
  explicit ClassificationsReader(ClassificationResponse& response)
      : result_(*response.mutable_result()) {}

 private:
  void clear() override { result_.Clear(); }

  bool begin(const Path& path) override {
    if (path.depth() == kExample) result_.add_classifications();
    if (path.depth() == kPair) last().add_classes();
    return path.depth() <= kPair;
  }

  void result(const Path& path, Kind kind, std::string_view text) override {
    if (path.depth() <= kPair) {
      if (kind != Kind::kArray) return expected(path, "an array", kind);
      if (path.depth() == kPair && parts_ != 2) refuse(path, "expected a label and a score");
      if (path.depth() == kPair) parts_ = 0;
      return;
    }
    auto& one = *last().mutable_classes(last().classes_size() - 1);
    if (++parts_ == 1) {
      if (kind != Kind::kString) return expected(path, "a string", kind);
      one.set_label(string(path, text));
    } else if (parts_ == 2) {
      if (const auto score = number(path, kind, text)) one.set_score(*score);
    }
  }

  tensorflow::serving::Classifications& last() {
    return *result_.mutable_classifications(result_.classifications_size() - 1);
  }

  static constexpr std::size_t kExample = 2;  // depth of results[i]
  static constexpr std::size_t kPair = 3;     // of results[i][j]

  tensorflow::serving::ClassificationResult& result_;
  std::size_t parts_ = 0;  // of the open pair
};

class RegressionsReader final : public ResultsReader {
 public:
  explicit RegressionsReader(RegressionResponse& response) : result_(*response.mutable_result()) {}

 private:
  void clear() override { result_.Clear(); }
  bool begin(const Path&) override { return false; }
  void result(const Path& path, Kind kind, std::string_view text) override {
    if (const auto value = number(path, kind, text)) result_.add_regressions()->set_value(*value);
  }

  tensorflow::serving::RegressionResult& result_;
};

}  // namespace

Result<ClassificationResponse*> read_classifications_json(std::string_view body, Arena& arena) {
  return read_into<ClassificationsReader, ClassificationResponse>(body, arena);
}

Result<RegressionResponse*> read_regressions_json(std::string_view body, Arena& arena) {
  return read_into<RegressionsReader, RegressionResponse>(body, arena);
}

}  // namespace infergraph::protocol
