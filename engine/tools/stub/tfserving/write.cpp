#include <google/protobuf/util/json_util.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/utf8.hpp"
#include "engine/tools/stub/tfserving/json.hpp"
#include "engine/tools/stub/tfserving/value.hpp"

namespace infergraph::engine {
namespace {

class Writer {
 public:
  Writer() {
    writer_.SetFormatOptions(rapidjson::kFormatSingleLineArray);
    writer_.StartObject();
  }
  PrettyWriter* operator->() { return &writer_; }
  void key(std::string_view text) {
    writer_.Key(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  void string(std::string_view text) {
    writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  void number(float value) {
    const std::string text = tf_float_text(value);
    writer_.RawValue(text.data(), text.size(), rapidjson::kNumberType);
  }
  std::string finish() {
    writer_.EndObject();
    return {buffer_.GetString(), buffer_.GetSize()};
  }

 private:
  rapidjson::StringBuffer buffer_;
  PrettyWriter writer_{buffer_};
};

std::string proto_json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string made;
  (void)google::protobuf::util::MessageToJsonString(message, &made, options);
  return made;
}

}  // namespace

std::string tf_float_text(float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  std::array<char, 32> text;
  const auto print = [&](int digits) {
    const auto printed = std::to_chars(text.data(), text.data() + text.size(), value,
                                       std::chars_format::general, digits);
    return std::string_view(text.data(), static_cast<std::size_t>(printed.ptr - text.data()));
  };
  std::string_view made = print(std::numeric_limits<float>::digits10);
  float again = 0;
  std::from_chars(made.data(), made.data() + made.size(), again);
  if (again != value) made = print(std::numeric_limits<float>::max_digits10);
  const bool is_plain = made.find_first_of(".e") == std::string_view::npos;
  return std::string(made) + (is_plain ? ".0" : "");
}

std::string write_predict_json(const tfs::PredictResponse& response, TfFormat format) {
  Writer writer;
  writer.key(format == TfFormat::kRow ? "predictions" : "outputs");
  // The model has one output, so neither form has a name for it.
  const tensorflow::TensorProto& tensor = response.outputs().begin()->second;
  const int rank = tensor.tensor_shape().dim_size();
  if (rank == 0) {
    writer.number(tensor.float_val(0));
    return writer.finish();
  }
  const auto columns = rank < 2 ? 1 : static_cast<int>(tensor.tensor_shape().dim(1).size());
  writer->StartArray();
  for (int at = 0; at < tensor.float_val_size();) {
    if (rank == 2) writer->StartArray();
    for (int j = 0; j < columns; ++j, ++at) writer.number(tensor.float_val(at));
    if (rank == 2) writer->EndArray();
  }
  writer->EndArray();
  return writer.finish();
}

std::string write_classify_json(const tfs::ClassificationResponse& response) {
  Writer writer;
  writer.key("results");
  writer->StartArray();
  for (const auto& example : response.result().classifications()) {
    writer->StartArray();
    for (const auto& one : example.classes()) {
      writer->StartArray();
      writer.string(one.label());
      writer.number(one.score());
      writer->EndArray();
    }
    writer->EndArray();
  }
  writer->EndArray();
  return writer.finish();
}

std::string write_regress_json(const tfs::RegressionResponse& response) {
  Writer writer;
  writer.key("results");
  writer->StartArray();
  for (const auto& one : response.result().regressions()) writer.number(one.value());
  writer->EndArray();
  return writer.finish();
}

std::string write_status_json(const tfs::GetModelStatusResponse& response) {
  return proto_json(response);
}

std::string write_metadata_json(const tfs::GetModelMetadataResponse& response,
                                const tfs::SignatureDefMap& signatures) {
  return "{\n\"model_spec\":" + proto_json(response.model_spec()) +
         ",\n\"metadata\": {\"signature_def\": " + proto_json(signatures) + "}\n}\n";
}

std::string write_error_json(std::string_view message) {
  Writer writer;
  writer.key("error");
  writer.string(to_utf8(message));
  return writer.finish();
}

}  // namespace infergraph::engine
