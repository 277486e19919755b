#include "core/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <random>

#include "core/errors.h"
#include "core/example_options.h"
#include "support/support.h"

namespace uvic {
namespace {

using namespace uvic::testing;

Example loaded(const std::string& text) {
  Example options;
  load_yaml(fields_of(options), text, "x.yaml");
  return options;
}

void refuse(const std::string& text, const std::string& message) {
  EXPECT_THROW_WITH(loaded(text), UsageError, message);
}

void refuse_set(const std::string& assignment, const std::string& message) {
  Example options;
  EXPECT_THROW_WITH(set_field(fields_of(options), assignment), UsageError,
                    "--set " + assignment + ": " + message);
}

TEST(Config, LoadsWhatIsNamedAndLeavesTheRest) {
  const Example options = loaded(
      "# a comment\n"
      "name: 'my run'\n"
      "train: {steps: 2000, lr: 1.0e-3, ema: [0.9, 0.99]}\n"
      "model:\n"
      "  flip: false\n"
      "  layers: [0, last]\n");
  EXPECT_EQ(options.name, "my run");
  EXPECT_EQ(options.train.steps, 2000);
  EXPECT_EQ(options.train.lr, 1e-3);
  EXPECT_EQ(options.train.ema, (std::vector<double>{0.9, 0.99}));
  EXPECT_FALSE(options.flip);
  EXPECT_EQ(options.kind, "cog");
  EXPECT_EQ(options.size, (std::vector<int64_t>{28, 28}));
  EXPECT_EQ(options.layers, (std::vector<std::string>{"0", "last"}));
}

TEST(Config, NothingToLoadIsFine) {
  for (const char* text : {"", "# only a comment\n", "train:\n", "---\n"})
    EXPECT_EQ(loaded(text).train.steps, 100);
}

TEST(Config, AScalarIsAListOfOne) {
  const Example options = loaded("train: {ema: 0.5}\nmodel: {size: 32, layers: none}\n");
  EXPECT_EQ(options.train.ema, std::vector<double>{0.5});
  EXPECT_EQ(options.size, std::vector<int64_t>{32});
  EXPECT_EQ(options.layers, std::vector<std::string>{"none"});
}

TEST(Config, UnknownKeysNameTheNearest) {
  refuse("train:\n  steps: 5\n  stpes: 6\n",
         "x.yaml:3: unknown key 'train.stpes'; did you mean 'train.steps'?");
  refuse("name: a\ntrian: {steps: 5}\n", "x.yaml:2: unknown key 'trian'; did you mean 'train'?");
  refuse("steps: 5\n", "x.yaml:1: unknown key 'steps'; did you mean 'train.steps'?");
  refuse("train: {kind: cog}", "x.yaml:1: unknown key 'train.kind'; did you mean 'model.kind'?");
  refuse("train: {warmup: 1}", "x.yaml:1: unknown key 'train.warmup'");
  EXPECT_THROW_WITH(loaded("zzzzzzzz: 1"), UsageError, "x.yaml:1: unknown key 'zzzzzzzz'");
  refuse("[1]: 2", "x.yaml:1: a key must be a name");
}

TEST(Config, WrongTypes) {
  refuse("\ntrain: {steps: many}", "x.yaml:2: train.steps: 'many' is not a whole number of at least 1");
  for (const char* text :
       {"1.5", "1e-3", "5x", "[5]", "{a: 1}", "''", "99999999999999999999", "+-5", "0x10", "1__0", "_1"}) {
    refuse("train: {steps: " + std::string(text) + "}", "x.yaml:1: train.steps: '");
  }
  for (const char* text : {"", "~", "null"}) {
    refuse("train: {steps: " + std::string(text) + "}",
           "x.yaml:1: train.steps: has no value; it must be a whole number of at least 1");
  }
  for (const char* text : {"fast", "1,5", "1e999", "[0.5]", "+-1", "--1"}) {
    refuse("train: {lr: " + std::string(text) + "}",
           text == std::string("1,5") ? "x.yaml:1:" : "is not a number above 0");
  }
  refuse("train: {ema: [0.9, [0.99]]}", "is not a list of numbers from 0 to 1");
  refuse("train: {ema: {a: 1}}", "is not a list of numbers");
  refuse("model: {flip: yess}", "'yess' is not true or false");
  refuse("model: {flip: 1}", "'1' is not true or false");
  refuse("name: [a]", "'[a]' is not text");
  refuse("name:\n", "x.yaml:1: name: has no value; it must be text");
  refuse("model: {kind: [cog]}", "'[cog]' is not one of cog, softmax");
  refuse("name: a\ntrain: 5", "x.yaml:2: 'train' is a section; it must be a map of keys");
  refuse("- 5", "x.yaml: the file must be a map of sections");
  refuse("5", "x.yaml: the file must be a map of sections");
}

// As people write them by hand, and as Python and JSON do.
TEST(Config, ValuesInEveryNotation) {
  for (const char* steps : {"500000", "+500000", "5e5", "5E5", "500000.0", "500_000", "'500000'", "\"5e5\""})
    EXPECT_EQ(loaded("train: {steps: " + std::string(steps) + "}").train.steps, 500000) << steps;
  for (const char* lr : {"1e-4", "1.0e-04", ".0001", "+1e-4", "0.000_1", "'1e-4'"})
    EXPECT_EQ(loaded("train: {lr: " + std::string(lr) + "}").train.lr, 1e-4) << lr;
  for (const char* lr : {".inf", "+.Inf", "inf"})
    EXPECT_EQ(loaded("train: {lr: " + std::string(lr) + "}").train.lr,
              std::numeric_limits<double>::infinity());
  for (const char* no : {"false", "False", "FALSE", "no", "No", "off", "Off", "'False'"})
    EXPECT_FALSE(loaded("model: {flip: " + std::string(no) + "}").flip) << no;
  for (const char* yes : {"true", "True", "TRUE", "yes", "YES", "on"})
    EXPECT_TRUE(loaded("model: {flip: " + std::string(yes) + "}").flip) << yes;
  for (const char* size : {"[32, 48]", "(32, 48)", "\n  - 32\n  - 48", "!!python/tuple [32, 48]", "'32, 48'"})
    EXPECT_EQ(loaded("model:\n  size: " + std::string(size) + "\n").size, (std::vector<int64_t>{32, 48}))
        << size;
  EXPECT_EQ(loaded("model:\n  size: (32,)\n").size, std::vector<int64_t>{32});
  refuse("model: {size: (32, 48)}",
         "model.size: '(32' is not a list of whole numbers of at least 1; a list is written [");
  EXPECT_EQ(loaded("model: {kind: 'softmax'}\nname: True\n").name, "True");
}

TEST(Config, FilesAsOtherProgramsWriteThem) {
  const auto is_five = [](const std::string& text) {
    EXPECT_EQ(loaded(text).train.steps, 5) << text;
    EXPECT_EQ(loaded(text).size, std::vector<int64_t>{32}) << text;
  };
  is_five("{\"train\":{\"steps\":5,\"ema\":[0.5]},\"model\":{\"size\":[32],\"flip\":false}}");
  is_five("{\n\t\"train\": {\n\t\t\"steps\": 5\n\t},\n\t\"model\": {\"size\": 32}\n}\n");
  is_five("\xef\xbb\xbftrain:\r\n  steps: 5\r\nmodel:\r\n  size: 32\r\n");
  is_five("%YAML 1.1\n---\ntrain: {steps: 5}\nmodel: {size: 32}\n...\n");
  is_five("train: {steps: 5}\nmodel: {size: 32}\n---\n");
  refuse("train:\n\tsteps: 5\n", "x.yaml:2: not valid YAML: ");
  refuse("train:\n\tsteps: 5\n", "(line 2 is indented by a tab; YAML takes spaces)");
}

TEST(Config, AnchorsAndMergeKeys) {
  const Example options = loaded(
      "train: &base {steps: 5, lr: 0.5}\n"
      "model: {size: &side [32, 48], flip: no}\n");
  EXPECT_EQ(options.size, (std::vector<int64_t>{32, 48}));
  const Example merged = loaded("train:\n  steps: 6\n  <<: [{lr: 0.25}, {lr: 0.5, steps: 7, ema: 0.5}]\n");
  EXPECT_EQ(merged.train.steps, 6);
  EXPECT_EQ(merged.train.lr, 0.25);
  EXPECT_EQ(merged.train.ema, std::vector<double>{0.5});
  refuse("train: &a\n  steps: 5\n  kind: cog\nmodel: {<<: *a}\n", "x.yaml:3: unknown key 'train.kind'");
  refuse("model: {flip: no}\ntrain: {<<: 5}\n", "x.yaml:2: << takes in a map or a list of maps");
  refuse("train: &a {<<: *a, steps: 5}\n", "x.yaml:1: a value is nested in more than 32 others");
}

TEST(Config, OutOfRange) {
  refuse("train:\n  lr: 0", "x.yaml:2: train.lr: 0 is out of range; it must be a number above 0");
  refuse("train: {lr: nan}", "out of range");
  refuse("train: {steps: -3}", "train.steps: -3 is out of range; it must be a whole number of at least 1");
  refuse("train: {ema: [0.5, 2]}", "train.ema: 2 is out of range; it must be a list of numbers from 0 to 1");
  refuse("model: {kind: softmix}",
         "unknown value 'softmix' (did you mean 'softmax'?); it must be one of cog, softmax");
}

TEST(Config, DuplicateKeys) {
  refuse("train:\n  steps: 5\n  steps: 5\n", "x.yaml:3: key 'train.steps' is given twice");
  refuse("train: {steps: 5}\ntrain: {lr: 1}\n", "x.yaml:2: key 'train' is given twice");
  refuse("train: {steps: 5}\ntrain.steps: 6\n", "x.yaml:2: key 'train.steps' is given twice");
}

TEST(Config, InvalidYaml) {
  refuse("name: a\ntrain: {steps: 5\n", "x.yaml:");
  refuse("name: a\ntrain: {steps: 5\n", ": not valid YAML: ");
  refuse("name: a\ntrain: 5\n b: 3\n", "x.yaml:3: not valid YAML: ");
  refuse("name: *x\n", "x.yaml:1: not valid YAML: ");
  refuse("name: a\n}\n", "x.yaml:2: not valid YAML: ");
  refuse("name: a\n---\nname: b\n", "x.yaml: holds 2 YAML documents; it must hold one");
}

TEST(Config, LoadsAFile) {
  const TemporaryDirectory folder;
  write_bytes(folder / "c.yaml", "train:\r\n  steps: 5\r\n");
  Example options;
  load_yaml_file(fields_of(options), folder / "c.yaml");
  EXPECT_EQ(options.train.steps, 5);
  write_bytes(folder / "c.yaml", "train:\n  step: 5\n");
  EXPECT_THROW_WITH(
      load_yaml_file(fields_of(options), folder / "c.yaml"), UsageError,
      (folder / "c.yaml").string() + ":2: unknown key 'train.step'; did you mean 'train.steps'?");
  EXPECT_THROW_WITH(load_yaml_file(fields_of(options), folder / "absent"), UsageError,
                    "absent: cannot read this config file");
  EXPECT_THROW_WITH(load_yaml_file(fields_of(options), folder.path()), UsageError,
                    "cannot read this config file");
}

TEST(Config, Set) {
  Example options;
  const auto fields = fields_of(options);
  set_field(fields, "train.steps=5");
  set_field(fields, "train.ema=[0.5, 0.25]");
  set_field(fields, "model.layers=none");
  set_field(fields, "name=a=b");
  set_field(fields, "model.flip=false");
  EXPECT_EQ(options.train.steps, 5);
  EXPECT_EQ(options.train.ema, (std::vector<double>{0.5, 0.25}));
  EXPECT_EQ(options.layers, std::vector<std::string>{"none"});
  EXPECT_EQ(options.name, "a=b");
  EXPECT_FALSE(options.flip);
  refuse_set("train.steps", "write it as key=value");
  refuse_set("=5", "write it as key=value");
  refuse_set("train.stpes=5", "unknown key 'train.stpes'; did you mean 'train.steps'?");
  refuse_set("train=5", "'train' is a section; set one of its keys");
  refuse_set("train.steps=", "train.steps: ");
  refuse_set("train.steps=0", "train.steps: 0 is out of range");
  EXPECT_THROW_WITH(set_field(fields, "train.ema=[1"), UsageError, "not valid YAML");
}

// What follows = is text for a key of text, whatever it holds; only quotes around all of it are taken off.
TEST(Config, SetTakesTextAsItIs) {
  for (const std::string text :
       {"data #2", "a: b", "[x",   "@home",       "&a",       "*a",          "!a",      "%a",   ">",
        "|",       "`a`",  "null", "~x",          "{a: 1}",   "- a",         " a ",     "true", "1e5",
        "'",       "\"",   "'a",   "it's",        "'it's'",   "\"a\" \"b\"", "\"a\\\"", "",     "a=b",
        "# a",     "?",    "a,b",  "caf\xc3\xa9", "\xff\xfe", "a\nb"}) {
    Example options;
    set_field(fields_of(options), "name=" + text);
    EXPECT_EQ(options.name, text);
  }
  for (const auto& [given, text] :
       std::vector<std::pair<std::string, std::string>>{{"'a b'", "a b"},
                                                        {"\"data #2\"", "data #2"},
                                                        {"'it''s'", "it's"},
                                                        {"\"a\\tb\"", "a\tb"},
                                                        {"''", ""}}) {
    Example options;
    set_field(fields_of(options), "name=" + given);
    EXPECT_EQ(options.name, text);
  }
}

TEST(Config, SetTakesListsWithOrWithoutBrackets) {
  for (const char* text : {"[32, 48]", "32,48", " (32, 48) ", "'32, 48'"}) {
    Example options;
    set_field(fields_of(options), std::string("model.size=") + text);
    EXPECT_EQ(options.size, (std::vector<int64_t>{32, 48})) << text;
  }
  refuse_set("model.size=32x48", "model.size: '32x48' is not a list of whole numbers");
  refuse_set("train.steps=@", "train.steps: '@' is not a whole number");
  refuse_set("train.steps= ", "train.steps: has no value");
}

struct Places {
  std::string path;
  void visit(FieldList& fields) { fields("path", path, "where").mark(kPath); }
};

TEST(Config, TheHomeFolderInPaths) {
  setenv("HOME", "/home/me", 1);
  Places places;
  const auto fields = fields_of(places);
  for (const auto& [given, path] : std::vector<std::pair<std::string, std::string>>{{"~", "/home/me"},
                                                                                    {"~/a b", "/home/me/a b"},
                                                                                    {"./~", "./~"},
                                                                                    {"a~", "a~"},
                                                                                    {"/x/~/y", "/x/~/y"}}) {
    set_field(fields, "path=" + given);
    EXPECT_EQ(places.path, path);
    if (given == "~") continue;  // nothing, in YAML
    load_yaml(fields, "path: " + given, "x.yaml");
    EXPECT_EQ(places.path, path);
  }
  EXPECT_THROW_WITH(load_yaml(fields, "path: ~", "x.yaml"), UsageError,
                    "has no value; it must be text (~/ is the home");
  EXPECT_THROW_WITH(
      load_yaml(fields, "\npath: ~no_such_user/x", "x.yaml"), UsageError,
      "x.yaml:2: path: '~no_such_user/x': there is no user 'no_such_user'; write ./~no_such_user/x");
}

TEST(Config, PrintsOneSectionABlock) {
  Example options;
  EXPECT_EQ(print_yaml(fields_of(options)),
            "name: run\n"
            "train:\n  steps: 100\n  lr: 2e-04\n  ema: [0.9999]\n"
            "model:\n  flip: true\n  kind: cog\n  size: [28, 28]\n  layers: [first, last]\n");
}

TEST(Config, AwkwardNumbersReadBackEqual) {
  for (const double lr : {0.1, 1.0 / 3, 1e-300, 5e-324, 1e22, 1.7976931348623157e308, 0.1 + 0.2,
                          std::numeric_limits<double>::infinity()}) {
    Example options;
    options.train.lr = lr;
    options.train.ema = {0.0, 1.0 / 7, 1.0, std::nextafter(1.0, 0.0)};
    options.train.steps = std::numeric_limits<int64_t>::max() - 12345;
    options.size = {};
    Example back = loaded(print_yaml(fields_of(options)));
    EXPECT_EQ(back.train.lr, lr);
    EXPECT_EQ(back.train.ema, options.train.ema);
    EXPECT_EQ(back.train.steps, options.train.steps);
    EXPECT_TRUE(differing_keys(options, back).empty()) << lr;
  }
}

TEST(Config, AwkwardTextsReadBackEqual) {
  const std::vector<std::string> texts = {"",
                                          " ",
                                          "~",
                                          "null",
                                          "Null",
                                          "NULL",
                                          "true",
                                          "5",
                                          "1e5",
                                          "-",
                                          "-a",
                                          "---",
                                          "...",
                                          "a: b",
                                          "a #b",
                                          "#b",
                                          "? a",
                                          "?",
                                          "[a",
                                          "a]",
                                          "{a}",
                                          "a, b",
                                          "*a",
                                          "&a",
                                          "!a",
                                          "|",
                                          ">",
                                          "%a",
                                          "@a",
                                          "`a`",
                                          "\"a\"",
                                          "it's",
                                          "a\\b",
                                          "a\nb",
                                          "\n",
                                          "a\tb",
                                          "\ta",
                                          "a\rb",
                                          "\x01",
                                          "\x7f",
                                          "a ",
                                          " a",
                                          "=",
                                          "a:b",
                                          "caf\xc3\xa9 \xe2\x82\xac",
                                          "C:\\new\\table",
                                          "~/data",
                                          "./a",
                                          "<<"};
  for (const std::string& text : texts) {
    Example options;
    options.name = text;
    Example back = loaded(print_yaml(fields_of(options)));
    EXPECT_EQ(back.name, text);
  }
  Example options;
  options.layers = texts;
  Example back = loaded(print_yaml(fields_of(options)));
  EXPECT_EQ(back.layers, texts);
}

// Any bytes come back from a config, from --set and from the sections that another program reads.
TEST(Config, AnyTextReadsBackEqual) {
  const std::vector<std::string> pieces = {"a",        "1",
                                           " ",        "#",
                                           ":",        "'",
                                           "\"",       "\\",
                                           "\n",       "\t",
                                           "\r",       "~",
                                           "-",        "[",
                                           "]",        "{",
                                           "}",        ",",
                                           "&",        "*",
                                           "!",        "%",
                                           "@",        "`",
                                           "|",        ">",
                                           "?",        "=",
                                           ".",        "\x01",
                                           "\x1b",     "\x7f",
                                           "\xc3\xa9", "\xe2\x80\xa8",
                                           "\xc2\x85", "\xef\xbb\xbf",
                                           "\xff",     "\xf0\x9f\x98\x80",
                                           "null",     "true",
                                           "<<"};
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (auto left = random() % 6; left > 0; --left) text += pieces[random() % pieces.size()];
    Example options, set;
    options.name = text;
    options.layers = {text, "b", text};
    const std::string printed = print_yaml(fields_of(options));
    const Example back = loaded(printed);
    ASSERT_EQ(back.name, text) << printed;
    ASSERT_EQ(back.layers, options.layers) << printed;
    set_field(fields_of(set), "name=" + value_text(text));
    ASSERT_EQ(set.name, text) << value_text(text);
    OtherSections others({"shop"});
    load_yaml(fields_of(set), "shop: {name: " + value_text(text) + "}", "x", &others);
    ASSERT_EQ(others.values()[0].second, value_text(text));
  }
}

TEST(LoadYamlFile, ABaseComesFirst) {
  const testing::TemporaryDirectory folder;
  std::filesystem::create_directories(folder / "below");
  testing::write_bytes(folder / "first.yaml", "name: first\ntrain: {steps: 5, lr: 0.5}\n");
  testing::write_bytes(folder / "second.yaml", "base: first.yaml\ntrain:\n  steps: 6\n");
  testing::write_bytes(folder / "below/third.yaml", "train: {ema: 0.5}\nbase: ../second.yaml\n");
  Example options;
  load_yaml_file(fields_of(options), folder / "below/third.yaml");
  EXPECT_EQ(options.name, "first");
  EXPECT_EQ(options.train.steps, 6);
  EXPECT_EQ(options.train.lr, 0.5);
  EXPECT_EQ(options.train.ema, std::vector<double>{0.5});
}

TEST(LoadYamlFile, NamesABaseThatCannotBe) {
  const testing::TemporaryDirectory folder;
  Example options;
  const auto refuse = [&](const std::string& text, const std::string& message) {
    testing::write_bytes(folder / "x.yaml", text);
    EXPECT_THROW_WITH(load_yaml_file(fields_of(options), folder / "x.yaml"), UsageError, message);
  };
  const std::string x = (folder / "x.yaml").string();
  refuse("name: a\nbase: absent.yaml\n",
         x + ":2: base: " + (folder / "absent.yaml").string() + ": cannot read");
  refuse("base: x.yaml\n", "x.yaml is its own base");
  refuse("base: [a, b]\n", x + ":1: base: must be the name of a config file");
  testing::write_bytes(folder / "y.yaml", "train:\n  step: 1\n");
  refuse("base: y.yaml\n", (folder / "y.yaml").string() + ":2: unknown key 'train.step'");
  EXPECT_THROW_WITH(load_yaml(fields_of(options), "base: y.yaml\n", "text"), UsageError,
                    "unknown key 'base'");
}

// What another program reads is kept as it was found, also through a base and --set; what nobody reads is
// not.
TEST(OtherSections, ArePassedOverAndPrinted) {
  const testing::TemporaryDirectory folder;
  testing::write_bytes(folder / "base.yaml", "shop: {name: 'a: b', sizes: [1, 2], open: true}\nname: base\n");
  testing::write_bytes(folder / "x.yaml", "base: base.yaml\nshop:\n  open: false\n  more: {deep: 1.50}\n");
  Example options;
  OtherSections others({"shop"});
  load_yaml_file(fields_of(options), folder / "x.yaml", &others);
  EXPECT_THROW_WITH(set_field(fields_of(options), "shop.sizes=[3]", &others), UsageError,
                    "--set shop.sizes=[3]: only training reads shop.sizes; here it would change nothing");
  load_yaml(fields_of(options), "name: x\nshop: {sizes: [3], last: 1}\n", "y", &others);
  set_field(fields_of(options), "train.steps=9", &others);
  EXPECT_EQ(options.name, "x");
  EXPECT_EQ(options.train.steps, 9);
  const std::string text = print_yaml(fields_of(std::as_const(options)), others);
  EXPECT_NE(text.find("shop:\n  name: \"a: b\"\n  sizes: [3]\n  open: false\n  more.deep: 1.50\n  last: 1\n"),
            std::string::npos)
      << text;
  EXPECT_THROW_WITH(load_yaml(fields_of(options), text, "x"), UsageError, "unknown key 'shop'");
  EXPECT_THROW_WITH(load_yaml(fields_of(options), "shap: {a: 1}\n", "x", &others), UsageError,
                    "unknown key 'shap'");
  EXPECT_THROW_WITH(load_yaml(fields_of(options), "shop: 5\n", "x", &others), UsageError, "is a section");
}

}  // namespace
}  // namespace uvic
