#include "protocol/seldon/form_body.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace infergraph::protocol {
namespace {

constexpr std::string_view kMultipart = "multipart/form-data; boundary=\"b;x\"";

/// name=value of each field, files in brackets.
std::string fields_of(std::string_view body, std::string_view type = kMultipart) {
  const auto form = read_form(body, type);
  if (!form) return "error: " + form.error().message();
  std::string text;
  for (const FormField& field : form->fields) {
    if (!text.empty()) text += '|';
    text += (field.file ? '[' + field.name + ']' : field.name) + '=' + std::string(field.value);
  }
  return text;
}

std::string json_of(std::string_view body, std::string_view type = kMultipart) {
  const auto form = read_form(body, type);
  if (!form) return "error: " + form.error().message();
  const auto json = form_to_json(*form);
  return json ? *json : "error: " + json.error().message();
}

std::string part(std::string_view disposition, std::string_view value) {
  return "--b;x\r\nContent-Disposition: form-data; " + std::string(disposition) + "\r\n\r\n" +
         std::string(value) + "\r\n";
}

const std::string kEnd = "--b;x--\r\n";

TEST(Multipart, IsTakenApart) {
  EXPECT_EQ(fields_of(part("name=\"a\"", "1") + part("name=b", "") +
                      part("name=\"f\"; filename=\"x;y.bin\"", "\r\n--b;\r\n") + kEnd),
            "a=1|b=|[f]=\r\n--b;\r\n");
  EXPECT_EQ(fields_of("preamble\r\n" + part("name=\"a\\\"b\"", "1") + kEnd + "epilogue"), "a\"b=1");
  EXPECT_EQ(fields_of("--b;x--"), "");
  EXPECT_EQ(fields_of("--b;x \t\r\ncontent-DISPOSITION:form-data;NAME=a\r\nContent-Type: "
                      "x/y\r\n\r\n1\r\n--b;x--"),
            "a=1");
  EXPECT_EQ(fields_of("--b;x\r\nContent-Disposition: form-data; name=a; filename*=UTF-8''x\r\n\r\n"
                      "\r\n--b;x--"),
            "[a]=");
}

TEST(Multipart, IsRefusedWhenMalformed) {
  const std::string good = part("name=a", "1");
  for (const std::string& bad :
       {std::string(), std::string("--b;x"), good, good + "--b;x", good + "--b;xy\r\n",
        "--b;x\r\nno colon\r\n\r\n1\r\n" + kEnd, "--b;x\r\n\r\n1\r\n" + kEnd,
        "--b;x\r\nContent-Disposition: form-data\r\n\r\n1\r\n" + kEnd,
        "--b;x\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n" + kEnd,
        "--b;x\r\nContent-Disposition: form-data; name=a\r\n" + kEnd,
        "--b;x\r\nX: " + std::string(kMaxFormHead, 'x') +
            "\r\nContent-Disposition: x; name=a\r\n\r\n1\r\n" + kEnd,
        "--b;x\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: x; "
        "name=a\r\n\r\nMQ==\r\n" +
            kEnd}) {
    EXPECT_TRUE(fields_of(bad).starts_with("error: malformed form: ")) << bad << fields_of(bad);
  }
  for (const std::string& type :
       {std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
        std::string("multipart/form-data; boundary=\"b"),
        "multipart/form-data; boundary=" + std::string(71, 'b')}) {
    EXPECT_TRUE(fields_of(good + kEnd, type).starts_with("error: malformed form: ")) << type;
  }
  std::string many;
  for (std::size_t i = 0; i < kMaxFormFields; ++i) many += good;
  EXPECT_TRUE(fields_of(many + kEnd).starts_with("a=1|"));
  EXPECT_EQ(fields_of(many + good + kEnd), "error: malformed form: too many fields");
}

TEST(UrlEncoded, IsDecoded) {
  constexpr std::string_view kType = "application/x-www-form-urlencoded; charset=UTF-8";
  EXPECT_EQ(fields_of("", kType), "");
  EXPECT_EQ(fields_of("a=1&b=%7B%22x%22%3a1%7d&&c+d=+&e&=f", kType), "a=1|b={\"x\":1}|c d= |e=|=f");
  EXPECT_EQ(fields_of("a=b=c", kType), "a=b=c");
  for (const std::string_view bad : {"a=%", "a=%1", "a=%zz", "%=1", "a=%+1", "a=%-1&b=2"}) {
    EXPECT_TRUE(fields_of(bad, kType).starts_with("error: malformed form: ")) << bad;
  }
  std::string many = "a=1";
  for (std::size_t i = 1; i < kMaxFormFields; ++i) many += "&a=1";
  EXPECT_FALSE(fields_of(many, kType).starts_with("error"));
  EXPECT_TRUE(fields_of(many + "&a=1", kType).starts_with("error"));
}

TEST(FormToJson, TakesTheWholeMessage) {
  EXPECT_EQ(
      json_of(part("name=json", "{\"strData\":\"a\"}") + part("name=isDefault", "false") + kEnd),
      "{\"strData\":\"a\"}");
  EXPECT_EQ(json_of("json=%7B%7D&isDefault=true", "application/x-www-form-urlencoded"), "{}");
}

TEST(FormToJson, TakesFieldsAndFiles) {
  EXPECT_EQ(json_of(part("name=\"DATA\"", "{\"ndarray\":[1]}") + part("name=Meta", "{}") +
                    part("name=other", "x") + kEnd),
            R"({"data":{"ndarray":[1]},"meta":{}})");
  EXPECT_EQ(json_of(part("name=strdata", "a\"b") + kEnd), R"({"strData":"a\"b"})");
  EXPECT_EQ(json_of(part("name=strData; filename=a.txt", "text\n") + kEnd),
            R"({"strData":"text\n"})");
  EXPECT_EQ(json_of(part("name=binData; filename=a.bin", std::string_view("\x00\xff", 2)) + kEnd),
            R"({"binData":"AP8="})");
  EXPECT_EQ(json_of(part("name=binData", "\"AP8=\"") + kEnd), R"({"binData":"AP8="})");
}

TEST(FormToJson, RefusesWhatNoFieldMayHold) {
  for (const std::string& bad :
       {part("name=data", "1,\"meta\":{}"), part("name=data", ""), part("name=meta", "{"),
        part("name=strData", "\xff"), part("name=other", "1"), std::string()}) {
    EXPECT_TRUE(json_of(bad + kEnd).starts_with("error: the form ")) << bad << json_of(bad + kEnd);
  }
}

TEST(MediaType, IsInLowerCaseWithoutParameters) {
  EXPECT_EQ(media_type_of(""), "");
  EXPECT_EQ(media_type_of(" Application/JSON ; charset=utf-8"), "application/json");
}

}  // namespace
}  // namespace infergraph::protocol
