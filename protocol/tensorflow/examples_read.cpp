// Requests of Classify and Regress.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "protocol/json/json.hpp"
#include "protocol/json/number.hpp"
#include "protocol/tensorflow/examples.hpp"
#include "protocol/tensorflow/examples_visitor.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

namespace {

using google::protobuf::Arena;
using tensorflow::Feature;
using tensorflow::serving::ClassificationRequest;

class ExamplesReader final : public ExamplesVisitor {
 public:
  explicit ExamplesReader(ClassificationRequest& request) : request_(request) {}

  bool enter(const Path& path, Kind kind) override {
    if (problem_) return false;
    const std::size_t depth = path.depth();
    if (depth == 0) return kind == Kind::kObject;
    if (depth == 1) return enter_member(path, kind);
    const std::size_t feature = feature_depth(path);
    if (depth < feature) return enter_example(path, kind);
    if (depth == feature) begin_feature(path);
    if (problem_) return false;
    if (b64_depth_ != 0) {
      expected(path, "base64", kind);
      return false;
    }
    if (kind == Kind::kObject) {
      b64_depth_ = depth + 1;
      b64_members_ = 0;
      b64_ = {};
      return true;
    }
    if (depth > feature) expected(path, "a value", kind);
    return depth == feature;
  }

  void value(const Path& path, Kind kind, std::string_view text) override {
    if (problem_) return;
    const std::size_t depth = path.depth();
    if (depth == 0 && kind != Kind::kObject) return expected(path, "an object", kind);
    if (depth == 0) return finish(path);
    if (depth == 1) return member(path, kind, text);
    const std::size_t feature = feature_depth(path);
    if (depth < feature) {
      if (kind != Kind::kObject) expected(path, "an object", kind);
    } else if (depth == b64_depth_) {
      ++b64_members_;
      if (kind == Kind::kString && path.is(depth - 1, "b64")) b64_ = text;
    } else if (kind == Kind::kObject) {
      end_b64(path);
    } else if (kind != Kind::kArray) {
      if (depth == feature) begin_feature(path);
      if (!problem_) scalar(path, kind, text);
    }
  }

 private:
  // Bytes that each takes beside its values.
  static constexpr std::size_t kExampleWork = 64;
  static constexpr std::size_t kFeatureWork = 160;

  bool pay(const Path& path, std::size_t work) {
    if (auto fine = afford(work); !fine) refuse(path, fine.error().message());
    return !problem_;
  }

  bool enter_member(const Path& path, Kind kind) {
    if (path.is(0, "examples") && kind == Kind::kArray) {
      // Of several of one name the last counts.
      examples_.Clear();
      return true;
    }
    if (path.is(0, "context") && kind == Kind::kObject) {
      context_.Clear();
      has_context_ = true;
      example_ = &context_;
      return true;
    }
    return false;
  }

  bool enter_example(const Path& path, Kind kind) {
    if (kind != Kind::kObject || !pay(path, kExampleWork)) return false;
    example_ = examples_.add_examples();
    return true;
  }

  // Path: examples, its index, the feature; or context, the feature.
  static std::size_t feature_depth(const Path& path) { return path.index(1) ? 3 : 2; }

  void begin_feature(const Path& path) {
    if (!pay(path, kFeatureWork)) return;
    const std::string name = path.key(feature_depth(path) - 1);
    if (!is_utf8(name)) refuse(path, "the name is not UTF-8");
    feature_ = &(*example_->mutable_features()->mutable_feature())[name];
    feature_->Clear();
  }

  void member(const Path& path, Kind kind, std::string_view text) {
    if (path.is(0, "examples")) {
      if (kind != Kind::kArray) return expected(path, "an array", kind);
      if (examples_.examples_size() == 0) refuse(path, "expected at least one example");
    } else if (path.is(0, "context")) {
      if (kind != Kind::kObject) expected(path, "an object", kind);
    } else if (path.is(0, "signature_name")) {
      if (kind != Kind::kString) return refuse({}, "'signature_name' key must be a string value.");
      request_.mutable_model_spec()->set_signature_name(string(path, text));
    } else {
      take_error(path, kind, text);
    }
  }

  void scalar(const Path& path, Kind kind, std::string_view text) {
    switch (kind) {
      case Kind::kString:
        if (fits(path, Feature::kBytesList)) {
          feature_->mutable_bytes_list()->add_value(json::read_string(text));
        }
        return;
      case Kind::kBool:
        if (fits(path, Feature::kInt64List)) {
          feature_->mutable_int64_list()->add_value(text == "true" ? 1 : 0);
        }
        return;
      case Kind::kNumber:
        if (text.find_first_not_of("-0123456789") == std::string_view::npos) {
          integer(path, text);
        } else if (fits(path, Feature::kFloatList)) {
          if (const auto real = number(path, kind, text)) {
            feature_->mutable_float_list()->add_value(*real);
          }
        }
        return;
      default:
        expected(path, "a value", kind);
    }
  }

  void integer(const Path& path, std::string_view text) {
    if (!fits(path, Feature::kInt64List)) return;
    std::int64_t whole = 0;
    if (read_number(Kind::kNumber, text, whole) != NumberFault::kNone) {
      return refuse(path, json::excerpt(text) + " is out of range for an int64");
    }
    feature_->mutable_int64_list()->add_value(whole);
  }

  bool fits(const Path& path, Feature::KindCase kind) {
    const bool good =
        feature_->kind_case() == kind || feature_->kind_case() == Feature::KIND_NOT_SET;
    if (!good) refuse(path, "the values of a feature must be of one type");
    return good;
  }

  void end_b64(const Path& path) {
    b64_depth_ = 0;
    if (b64_members_ != 1 || b64_.empty()) {
      return refuse(path, R"(expected a value or {"b64": "…"} but found an object)");
    }
    if (!fits(path, Feature::kBytesList)) return;
    auto bytes = decode_base64(json::read_string(b64_));
    if (!bytes) return refuse(path, "b64 is not base64");
    feature_->mutable_bytes_list()->add_value(*std::move(bytes));
  }

  void finish(const Path& path) {
    if (examples_.examples_size() == 0) {
      return refuse(path, error_ ? *error_ : "Missing 'examples' key");
    }
    auto& input = *request_.mutable_input();
    if (has_context_) {
      auto& list = *input.mutable_example_list_with_context();
      list.mutable_examples()->Swap(examples_.mutable_examples());
      list.mutable_context()->Swap(&context_);
    } else {
      input.mutable_example_list()->Swap(&examples_);
    }
  }

  ClassificationRequest& request_;
  tensorflow::serving::ExampleList examples_;
  tensorflow::Example context_;
  bool has_context_ = false;
  tensorflow::Example* example_ = nullptr;
  Feature* feature_ = nullptr;
  std::size_t b64_depth_ = 0;  // of the members of the open {"b64":…}; 0: none is open
  std::size_t b64_members_ = 0;
  std::string_view b64_;
};

}  // namespace

Result<ClassificationRequest*> read_examples_json(std::string_view body, Arena& arena) {
  return read_into<ExamplesReader, ClassificationRequest>(body, arena);
}

}  // namespace infergraph::protocol
