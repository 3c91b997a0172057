// Work has bounds: what a message may cost, whatever is in it (docs/architecture.md).
#include "protocol/work.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "inference/grpc_service.pb.h"
#include "protocol/convert/convert.hpp"
#include "protocol/gzip.hpp"
#include "protocol/wire/fields.hpp"
#include "seldon/prediction.pb.h"
#include "tensorflow_serving/predict.pb.h"
#include "tests/support/bounds.hpp"

namespace infergraph::protocol {
namespace {

using fuzz::Bound;
using fuzz::Bounded;
using testing::HasSubstr;

constexpr std::size_t kMost = std::size_t{1} << 30U;

TEST(WorkScope, RefusesWhatIsMoreThanTheBytesMayBecome) {
  EXPECT_TRUE(afford(kWorkExtra * 100)) << "nobody counts outside of a scope";
  {
    const WorkScope scope(10);
    EXPECT_TRUE(afford(kWorkExtra));
    const WorkScope inner(1'000'000);
    EXPECT_TRUE(afford(400)) << "the outer scope counts on";
    EXPECT_TRUE(could_afford(0));
    const auto refused = afford(1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
    EXPECT_FALSE(could_afford(0)) << "once it was too much, it is";
  }
  EXPECT_TRUE(afford(kWorkExtra * 100));
}

TEST(WorkScope, NeverWraps) {
  const WorkScope scope(static_cast<std::size_t>(-1) / 2);
  EXPECT_TRUE(afford(static_cast<std::size_t>(-1) / 2));
}

struct Form {
  Protocol protocol;
  Encoding encoding;
};
constexpr Form kForms[] = {
    {Protocol::kSeldon, Encoding::kJson},     {Protocol::kSeldon, Encoding::kProto},
    {Protocol::kTensorflow, Encoding::kJson}, {Protocol::kTensorflow, Encoding::kProto},
    {Protocol::kV2, Encoding::kJson},         {Protocol::kV2, Encoding::kProto}};

std::string text_of(const Form& form) {
  return std::string(name_of(form.protocol)) +
         (form.encoding == Encoding::kJson ? " JSON" : " proto");
}

Payload message_of(const Form& form, std::string bytes, Role role = Role::kRequest) {
  Payload made = form.encoding == Encoding::kJson ? Payload::json(std::move(bytes))
                                                  : Payload::proto(std::move(bytes));
  made.set_protocol(form.protocol);
  if (role == Role::kAnswer) made.set_origin("node");
  return made;
}

Target target_of(const Form& form, Role role = Role::kRequest) {
  return {.protocol = form.protocol, .encoding = form.encoding, .role = role, .max_decoded = kMost};
}

std::string field(int number, std::string_view bytes) {
  std::string out;
  append_field(out, number, bytes);
  return out;
}

// A PredictRequest with one TensorProto: one value, or none, of a dtype, and a shape.
std::string constant(tensorflow::DataType dtype, const std::vector<std::int64_t>& shape,
                     bool has_value) {
  tensorflow::serving::PredictRequest request;
  auto& tensor = (*request.mutable_inputs())["x"];
  tensor.set_dtype(dtype);
  for (const std::int64_t length : shape)
    tensor.mutable_tensor_shape()->add_dim()->set_size(length);
  if (has_value) {
    switch (dtype) {
      case tensorflow::DT_FLOAT:
        tensor.add_float_val(7);
        break;
      case tensorflow::DT_DOUBLE:
        tensor.add_double_val(7);
        break;
      case tensorflow::DT_INT64:
        tensor.add_int64_val(7);
        break;
      case tensorflow::DT_UINT32:
        tensor.add_uint32_val(7);
        break;
      case tensorflow::DT_UINT64:
        tensor.add_uint64_val(7);
        break;
      case tensorflow::DT_BOOL:
        tensor.add_bool_val(true);
        break;
      case tensorflow::DT_STRING:
        tensor.add_string_val("seven");
        break;
      case tensorflow::DT_HALF:
        tensor.add_half_val(0x4700);
        break;
      case tensorflow::DT_COMPLEX64:
        tensor.add_scomplex_val(7);
        tensor.add_scomplex_val(8);
        break;
      default:
        tensor.add_int_val(7);
    }
  }
  return request.SerializeAsString();
}

constexpr tensorflow::DataType kDtypes[] = {
    tensorflow::DT_FLOAT,  tensorflow::DT_DOUBLE,   tensorflow::DT_INT32,  tensorflow::DT_UINT8,
    tensorflow::DT_INT16,  tensorflow::DT_INT8,     tensorflow::DT_STRING, tensorflow::DT_INT64,
    tensorflow::DT_BOOL,   tensorflow::DT_UINT16,   tensorflow::DT_HALF,   tensorflow::DT_UINT32,
    tensorflow::DT_UINT64, tensorflow::DT_COMPLEX64};

std::string zipped(std::string text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zipped(std::size_t zeros) { return zipped(std::string(zeros, '0')); }

// What a constant becomes is what all its elements would.
TEST(Constant, IsWrittenOutWithinTheBound) {
  for (const auto dtype : kDtypes) {
    for (const bool has_value : {true, false}) {
      const Payload few =
          message_of({Protocol::kTensorflow, Encoding::kProto}, constant(dtype, {3, 2}, has_value));
      tensorflow::serving::PredictRequest request;
      ASSERT_TRUE(request.ParseFromString(std::string(few.bytes())));
      // The same with all elements there: what is kept in each neutral form again.
      for (const Form& form : kForms) {
        const auto made = convert(few, target_of(form));
        if (!made) continue;  // complex numbers and halves have no place in most
        const auto back = convert(*made, target_of({Protocol::kTensorflow, Encoding::kProto}));
        ASSERT_TRUE(back) << text_of(form) << ' ' << dtype << back.error().message();
        const auto again = convert(*back, target_of(form));
        ASSERT_TRUE(again) << text_of(form) << ' ' << dtype;
        EXPECT_EQ(again->bytes(), made->bytes()) << text_of(form) << ' ' << dtype;
      }
    }
  }
  const Payload sevens = message_of({Protocol::kTensorflow, Encoding::kProto},
                                    constant(tensorflow::DT_INT32, {2, 2}, true));
  EXPECT_EQ(convert(sevens, target_of(kForms[0]))->bytes(),
            R"({"data":{"names":["t:0","t:1"],"ndarray":[[7,7],[7,7]]},"meta":{}})");
  EXPECT_EQ(convert(sevens, target_of(kForms[4]))->bytes(),
            R"({"inputs":[{"name":"x","shape":[2,2],"datatype":"INT32","data":[7,7,7,7]}]})");
  inference::ModelInferRequest v2;
  ASSERT_TRUE(v2.ParseFromString(std::string(convert(sevens, target_of(kForms[5]))->bytes())));
  EXPECT_EQ(v2.raw_input_contents(0), std::string("\7\0\0\0\7\0\0\0\7\0\0\0\7\0\0\0", 16));
}

TEST(Constant, IsRefusedBeyondTheBoundBeforeAnythingIsMade) {
  const std::vector<std::vector<std::int64_t>> shapes = {
      {134'217'728},
      {1'100'000},
      {3'000'000'000},
      {1, std::int64_t{1} << 40U},
      {std::int64_t{1} << 62U, 4},
      {1 << 15U, 1 << 15U, 1 << 15U, 1 << 15U, 1 << 15U},
      {1 << 20U, 2}};
  for (const auto dtype : kDtypes) {
    for (const auto& shape : shapes) {
      for (const bool has_value : {true, false}) {
        for (const Form& form : kForms) {
          const Payload message = message_of({Protocol::kTensorflow, Encoding::kProto},
                                             constant(dtype, shape, has_value));
          if (form.protocol == Protocol::kTensorflow && form.encoding == Encoding::kProto) continue;
          Bound bound;
          bound.peak = {0, 1.5 * Bound::kMebi};
          const Bounded bounded("a constant", message.size(), bound);
          const auto made = convert(message, target_of(form));
          ASSERT_FALSE(made) << text_of(form) << ' ' << dtype << ' ' << made->size();
          EXPECT_EQ(made.error().code(), Code::kInvalidArgument);
          EXPECT_THAT(made.error().message(),
                      testing::AnyOf(HasSubstr("\"x\""), HasSubstr(".x:"), HasSubstr("x: ")));
        }
      }
    }
  }
}

TEST(Constant, OfATftensorInJsonIsBoundToo) {
  const std::string begin =
      R"({"data":{"tftensor":{"dtype":"DT_UINT8","tensorShape":{"dim":[{"size":")";
  const std::string end = R"("}]},"intVal":[7]}}})";
  for (const Form& form : kForms) {
    if (form.protocol == Protocol::kSeldon) continue;  // within seldon it stays as it is
    const Payload message = message_of(kForms[0], begin + "134217728" + end);
    const Bounded bounded("a tftensor", message.size());
    const auto made = convert(message, target_of(form));
    ASSERT_FALSE(made) << text_of(form);
    EXPECT_THAT(made.error().message(), HasSubstr("data.tftensor"));
    EXPECT_TRUE(convert(message_of(kForms[0], begin + "1000" + end), target_of(form)));
  }
}

// Attacks: a little of each many times, with what stands before and behind.
struct Attack {
  const char* name;
  Form form;
  std::string before;
  std::string again;
  std::string behind;
  Role role = Role::kRequest;
};

std::vector<Attack> attacks() {
  const Form seldon = kForms[0];
  const Form seldon_wire = kForms[1];
  const Form tensorflow = kForms[2];
  const Form tensorflow_wire = kForms[3];
  const Form v2 = kForms[4];
  const Form v2_wire = kForms[5];
  return {
      {"empty lists", seldon, R"({"data":{"ndarray":[)", "[],", "[]]}}"},
      {"lists of one", seldon, R"({"data":{"ndarray":[)", "[1],", "[1]]}}"},
      {"one row", seldon, R"({"data":{"ndarray":[[)", "1,", "1]]}}"},
      {"short strings", seldon, R"({"data":{"ndarray":[)", R"("",)", R"("a"]}})"},
      {"escapes", seldon, R"({"data":{"ndarray":[")", "\\u0000", R"("]}})"},
      {"booleans", seldon, R"({"data":{"ndarray":[[)", "true,", "true]]}}"},
      {"names", seldon, R"({"data":{"names":[)", R"("",)", R"("a"],"ndarray":[[1]]}})"},
      {"members", seldon, R"({"jsonData":{)", R"("a":1,)", R"("a":1}})"},
      {"nulls", seldon, R"({"jsonData":[)", "null,", "null]}"},
      {"objects", seldon, R"({"jsonData":[)", "{},", "{}]}"},
      {"tags", seldon, R"({"strData":"a","meta":{"tags":{)", R"("a":1,)", R"("b":1}}})"},
      {"dimensions", seldon, R"({"data":{"tensor":{"shape":[)", "1,", R"(1],"values":[1]}}})"},
      {"tftensor dimensions", seldon,
       R"({"data":{"tftensor":{"dtype":"DT_INT8","tensorShape":{"dim":[)", "{},", "{}]}}}}"},
      {"instances", tensorflow, R"({"instances":[)", R"({"a":1},)", R"({"a":1}]})"},
      {"instances of two", tensorflow, R"({"instances":[)", R"({"a":1,"b":2},)",
       R"({"a":1,"b":2}]})"},
      {"instances of a long name", tensorflow, R"({"instances":[{"a":1,")" + std::string(3000, 'n'),
       "", R"(":[1]}]})"},
      {"empty instances", tensorflow, R"({"instances":[)", "[],", "[]]}"},
      {"b64", tensorflow, R"({"instances":[)", R"({"b64":""},)", R"({"b64":""}]})"},
      {"no inputs", v2, R"({"inputs":[)", "{},", "{}]}"},
      {"names only", v2, R"({"inputs":[)", R"({"name":"a"},)", "{}]}"},
      {"small inputs", v2, R"({"inputs":[)",
       R"({"name":"a","datatype":"BOOL","shape":[0],"data":[]},)",
       R"({"name":"a","datatype":"BOOL","shape":[0],"data":[]}]})"},
      {"parameters", v2, R"({"parameters":{)", R"("a":1,)", R"("a":1},"inputs":[]})"},
      {"outputs", v2, R"({"inputs":[],"outputs":[)", R"({"name":"a"},)", R"({"name":"a"}]})"},
      {"dimensions of v2", v2, R"({"inputs":[{"name":"a","datatype":"BOOL","data":[],"shape":[)",
       "1,", "0]}]}"},
      {"v2 wire inputs", v2_wire, "", field(5, ""), ""},
      {"v2 wire small inputs", v2_wire, "",
       field(5, field(2, "BOOL") + field(3, std::string(1, 0))), ""},
      {"v2 wire raw", v2_wire, "", field(7, ""), ""},
      {"v2 wire parameters", v2_wire, "", field(4, field(1, "a")), ""},
      {"v2 wire outputs", v2_wire, "", field(6, field(1, "a")), ""},
      {"unknown numbers", v2_wire, "", std::string("\x78\x00", 2), ""},
      {"unknown texts", seldon_wire, "", field(15, ""), ""},
      {"unknown groups", seldon_wire, "", "\x7b\x7c", ""},
      {"metas", seldon_wire, "", field(2, ""), ""},
      {"datas", seldon_wire, "", field(3, field(2, "") + field(3, "")), ""},
      {"values", seldon_wire, "", field(3, field(3, field(1, ""))), ""},
      {"lists", seldon_wire, "", field(3, field(3, field(1, field(6, "")))), ""},
      {"strings", seldon_wire, "", field(3, field(3, field(1, field(3, "a")))), ""},
      {"fields", seldon_wire, "", field(5, field(5, field(1, field(1, "a")))), ""},
      {"entries", tensorflow_wire, "", field(1, ""), ""},
      {"entries of a name", tensorflow_wire, "", field(2, field(1, "a")), ""},
      {"outputs of a node", tensorflow_wire, "", field(1, ""), "", Role::kAnswer},
      {"string values", tensorflow_wire, field(2, field(1, "a")), "", ""},
  };
}

TEST(Work, IsBoundInEveryConversion) {
  constexpr std::size_t kSize = 300'000;
  for (const Attack& attack : attacks()) {
    std::string bytes = attack.before;
    while (!attack.again.empty() && bytes.size() < kSize) bytes += attack.again;
    bytes += attack.behind;
    for (const Form& form : kForms) {
      for (const Role role : {Role::kRequest, Role::kAnswer}) {
        const Payload message = message_of(attack.form, bytes, attack.role);
        const std::string what = std::string(attack.name) + " to " + text_of(form);
        const Bounded bounded(what.c_str(), bytes.size());
        const auto made = convert(message, target_of(form, role));
        if (made) bounded.made(made->size());
        EXPECT_TRUE(made || made.error().message().size() < 1000U) << what;
      }
    }
  }
}

// Names that are all different, in numbers that would show a search in a list for each.
TEST(Work, IsLinearInTheNumberOfTensors) {
  constexpr int kTensors = 10'000;
  std::string rows = R"({"inputs":{)";
  std::string inputs = R"({"outputs":[)";
  std::string wanted = R"({"inputs":[],"outputs":[)";
  for (int i = 0; i < kTensors; ++i) {
    const std::string name = '"' + std::to_string(i) + '"';
    rows += (i > 0 ? "," : "") + name + ":[1]";
    inputs += (i > 0 ? R"(,{"name":)" : R"({"name":)") + name +
              R"(,"datatype":"INT8","shape":[1],"data":[1]})";
    wanted += (i > 0 ? R"(,{"name":)" : R"({"name":)") + name + '}';
  }
  ModelProfile model;
  for (int i = 0; i < kTensors; ++i) {
    model.signature.inputs.push_back({std::to_string(i), DataType::kInt32, {-1}, false});
  }
  const Payload columns = message_of(kForms[2], rows + "}}");
  Target target = target_of(kForms[3]);
  target.model = &model;
  {
    const Bounded bounded("columns", columns.size());
    EXPECT_TRUE(convert(columns, target));
  }
  KeptRequest kept{message_of(kForms[4], wanted + "]}"), {}};
  const Payload answer = message_of(kForms[4], inputs + "]}", Role::kAnswer);
  for (const Encoding encoding : {Encoding::kProto, Encoding::kJson}) {
    Target to_caller = target_of({Protocol::kV2, encoding}, Role::kAnswer);
    to_caller.request = &kept;
    const Bounded bounded("outputs", answer.size());
    EXPECT_TRUE(convert(answer, to_caller));
  }
}

TEST(Work, GivesAnOutputOnceThatWasAskedForTwice) {
  KeptRequest kept{
      message_of(kForms[4], R"({"inputs":[],"outputs":[{"name":"y"},{"name":"y"},{"name":"y"}]})"),
      {}};
  Target target = target_of(kForms[4], Role::kAnswer);
  target.request = &kept;
  const auto made =
      convert(message_of(kForms[2], R"({"outputs":{"y":[1],"z":[2]}})", Role::kAnswer), target);
  ASSERT_TRUE(made);
  EXPECT_EQ(
      made->bytes(),
      R"({"model_name":"node","outputs":[{"name":"y","shape":[1],"datatype":"FP64","data":[1]}]})");
}

// The request that an answer takes things over from is read on its own account.
TEST(Work, OfALargeRequestIsNotThatOfItsSmallAnswer) {
  seldon::protos::SeldonMessage request;
  auto& list = *request.mutable_data()->mutable_ndarray();
  for (int i = 0; i < 200'000; ++i) list.add_values()->set_number_value(i);
  for (const bool packed : {false, true}) {
    KeptRequest kept{packed ? message_of(kForms[0], zipped(std::size_t{5} << 20U))
                            : message_of(kForms[1], request.SerializeAsString()),
                     {}};
    if (packed) kept.payload.set_content_encoding("gzip");
    Target target = target_of(kForms[1], Role::kAnswer);
    target.request = &kept;
    const auto made =
        convert(message_of(kForms[4],
                           R"({"outputs":[{"name":"y","datatype":"INT8","shape":[1],"data":[7]}]})",
                           Role::kAnswer),
                target);
    EXPECT_TRUE(made) << made.error().message();
  }
}

// Refuses all that is over `most` bytes.
class SmallMeter final : public WorkMeter {
 public:
  explicit SmallMeter(std::size_t most) : most_(most) {}
  Result<void> pay(std::size_t bytes) override {
    made_ += bytes;
    if (made_ > most_) return Status(Code::kCancelled, "elsewhere");
    return {};
  }

 private:
  std::size_t most_;
  std::size_t made_ = 0;
};

// A reading that is cut is done again from the beginning, and must find nothing of the first one.
TEST(Work, RemembersOnlyAWholeReadingOfTheRequest) {
  std::string text =
      R"({"id":"7","inputs":[{"name":"x","datatype":"INT8","shape":[1],"data":[1]}],)"
      R"("outputs":[{"name":"y0"})";
  for (int i = 1; i < 2000; ++i) text += R"(,{"name":"y0"})";
  const Payload request = message_of(kForms[4], text + "]}");
  const auto in_proto = convert(request, target_of(kForms[5]));
  ASSERT_TRUE(in_proto);
  const Payload answer = message_of(kForms[2], R"({"outputs":{"y0":[1]}})", Role::kAnswer);
  for (const Payload& asked : {request, *in_proto}) {
    KeptRequest kept{asked, {}};
    Target target = target_of(kForms[4], Role::kAnswer);
    target.request = &kept;
    {
      SmallMeter meter(16 << 10);
      const MeterScope counts(meter);
      EXPECT_FALSE(convert(answer, target));
    }
    EXPECT_FALSE(kept.traits) << "the meter cut it";
    {
      const std::atomic<bool> stop = true;
      const StopScope stops(stop);
      EXPECT_FALSE(convert(answer, target));
    }
    EXPECT_FALSE(kept.traits) << "it was called off";
    const auto made = convert(answer, target);
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_THAT(std::string(made->bytes()), HasSubstr(R"("id":"7")"));
    EXPECT_TRUE(kept.traits);
  }
}

// Nodes have limits of their own on what an answer unpacks to; the caller is told by his.
TEST(Work, OfARequestThatANodeMayNotUnpackIsLeftToOthers) {
  KeptRequest kept{message_of(kForms[4], zipped(R"({"id":"7","inputs":[]})")), {}};
  kept.payload.set_content_encoding("gzip");
  Target target = target_of(kForms[4], Role::kAnswer);
  target.request = &kept;
  const Payload answer = message_of(kForms[2], R"({"outputs":{"y":[1]}})", Role::kAnswer);
  target.max_decoded = 10;
  EXPECT_TRUE(convert(answer, target));
  target.max_decoded = kMost;
  const auto made = convert(answer, target);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_THAT(std::string(made->bytes()), HasSubstr(R"("id":"7")"));
}

TEST(Work, EndsSoonOnceItWasCalledOff) {
  std::string text = R"({"data":{"ndarray":[[)";
  for (int i = 0; i < 200'000; ++i) text += "1.5,";
  const Payload message = message_of(kForms[0], text + "1]]}}");
  const std::atomic<bool> stop = true;
  for (const Form& form : kForms) {
    const auto whole = form.protocol == Protocol::kSeldon && form.encoding == Encoding::kJson
                           ? Result<Payload>(message)
                           : convert(message, target_of(form));
    ASSERT_TRUE(whole);
    for (const Form& to : kForms) {
      if (to.protocol == form.protocol && to.encoding == form.encoding) continue;
      const StopScope scope(stop);
      const auto made = convert(*whole, target_of(to));
      ASSERT_FALSE(made) << text_of(form) << " to " << text_of(to);
      EXPECT_EQ(made.error().code(), Code::kCancelled) << text_of(form) << " to " << text_of(to);
    }
  }
}

TEST(Work, OfUnpackingIsBound) {
  const std::string bomb = zipped(std::size_t{100} << 20U);
  Bound bound;
  bound.peak = {40, 66 * Bound::kMebi};
  bound.total = {400, 2000 * Bound::kMebi};
  {
    const Bounded bounded("a bomb", bomb.size(), bound);
    const auto made = gunzip(bomb, kMost);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code(), Code::kTooLarge);
    EXPECT_THAT(made.error().message(), HasSubstr("40 times"));
  }
  const auto less = gunzip(bomb, 1000);
  ASSERT_FALSE(less);
  EXPECT_THAT(less.error().message(), HasSubstr("more than 1000 bytes"));
  EXPECT_EQ(gunzip(zipped(kAlwaysUnpacked), kMost)->size(), kAlwaysUnpacked);
}

TEST(Work, OfAPackedMessageIsBound) {
  const std::string packed = zipped(std::size_t{30} << 20U);
  Payload message = Payload::json(packed);
  message.set_content_encoding("gzip");
  Bound bound;
  bound.peak = {40, 66 * Bound::kMebi};
  bound.total = {400, 2000 * Bound::kMebi};
  bound.seconds = {20e-6, 5};
  const Bounded bounded("a packed message", packed.size(), bound);
  (void)convert(message, target_of(kForms[5]));
}

}  // namespace
}  // namespace infergraph::protocol
