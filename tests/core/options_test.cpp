#include "core/options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include "core/errors.h"
#include "support/support.h"

#include "core/example_options.h"

namespace uvic {

enum class Fruit { kPear, kApple };
template <>
inline constexpr std::array kNamesOf<Fruit> = {"pear", "apple"};

namespace {

using uvic::testing::Example;

Field field_named(Example& options, const std::string& key) {
  for (const Field& field : fields_of(options)) {
    if (field.key == key) return field;
  }
  throw std::runtime_error("no field " + key);
}

TEST(Choice, IsOneOfItsTableByNameOrEnumerator) {
  Choice<Fruit> fruit = Fruit::kPear;
  EXPECT_EQ(fruit.name(), "pear");
  fruit = "apple";
  EXPECT_EQ(fruit, Fruit::kApple);
  EXPECT_THROW_WITH(fruit = "aple", UsageError,
                    "unknown value 'aple' (did you mean 'apple'?); it must be one of pear, apple");
  EXPECT_EQ(fruit, "apple");
}

TEST(Options, AChoiceIsAFieldOfItsNames) {
  struct Basket {
    Choice<Fruit> fruit = Fruit::kPear;
    int64_t ripe = 1;
    void visit(FieldList& fields) {
      fields("fruit", fruit, "which").mark(kInterface);
      fields("ripe", ripe, "days").mark(kFreeOnResume).read_only_by({fruit == Fruit::kApple, "apples"});
    }
  };
  Basket basket;
  const auto fields = fields_of(basket);
  EXPECT_EQ(allowed_text(fields[0]), "one of pear, apple");
  EXPECT_EQ(value_text(fields[0]), "pear");
  EXPECT_TRUE(fields[0].is(kInterface));
  EXPECT_FALSE(fields[0].is(kFreeOnResume));
  EXPECT_TRUE(std::get<NamedValue*>(fields[0].target)->set("apple"));
  EXPECT_EQ(basket.fruit, Fruit::kApple);
  EXPECT_FALSE(std::get<NamedValue*>(fields[0].target)->set("plum"));
  EXPECT_EQ(differing_keys(basket, Basket{}), std::vector<std::string>{"fruit"});
  basket = {.fruit = Fruit::kApple, .ripe = 2};
  EXPECT_NO_THROW(check_all_read(basket, "basket"));
  basket.fruit = Fruit::kPear;
  EXPECT_THROW_WITH(check_all_read(basket, "basket"), UsageError, "basket.ripe: only apples read it");
}

TEST(Options, FieldsPointIntoTheStruct) {
  Example options;
  std::vector<std::string> keys;
  for (const Field& field : fields_of(options)) keys.push_back(field.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"name", "train.steps", "train.lr", "train.ema", "model.flip",
                                            "model.kind", "model.size", "model.layers"}));
  *std::get<int64_t*>(field_named(options, "train.steps").target) = 7;
  EXPECT_EQ(options.train.steps, 7);
  EXPECT_EQ(field_named(options, "train.lr").help, "learning rate");
}

TEST(Options, ValueTextIsTheShortestThatReadsBack) {
  Example options;
  const auto text = [&](const std::string& key) { return value_text(field_named(options, key)); };
  EXPECT_EQ(text("train.lr"), "2e-04");
  EXPECT_EQ(text("model.size"), "[28, 28]");
  EXPECT_EQ(text("model.kind"), "cog");
  EXPECT_EQ(text("model.flip"), "true");
  EXPECT_EQ(text("model.layers"), "[first, last]");
  options.train.lr = 0.1;
  options.name = "/data/my set.v1";
  EXPECT_EQ(text("train.lr"), "0.1");
  EXPECT_EQ(text("name"), "/data/my set.v1");
  options.name = "a: b";
  EXPECT_EQ(text("name"), "\"a: b\"");
}

TEST(Options, AllowedTextSaysTypeAndRange) {
  Example options;
  const auto text = [&](const std::string& key) { return allowed_text(field_named(options, key)); };
  EXPECT_EQ(text("name"), "text");
  EXPECT_EQ(text("train.steps"), "a whole number of at least 1");
  EXPECT_EQ(text("train.lr"), "a number above 0");
  EXPECT_EQ(text("train.ema"), "a list of numbers from 0 to 1");
  EXPECT_EQ(text("model.flip"), "true or false");
  EXPECT_EQ(text("model.kind"), "one of cog, softmax");
  EXPECT_EQ(text("model.size"), "a list of whole numbers of at least 1");
  EXPECT_EQ(text("model.layers"), "a list of names");
}

TEST(Options, ProblemsAreNamed) {
  Example options;
  const auto problem = [&](const std::string& key) { return problem_with(field_named(options, key)); };
  for (const Field& field : fields_of(options)) EXPECT_EQ(problem_with(field), "") << field.key;
  options.train.lr = 0;
  EXPECT_EQ(problem("train.lr"), "0 is out of range");
  options.train.lr = std::nan("");
  EXPECT_NE(problem("train.lr"), "");
  options.train.steps = 0;
  EXPECT_EQ(problem("train.steps"), "0 is out of range");
  options.train.ema = {0.5, 1, 0, 1.5};
  EXPECT_EQ(problem("train.ema"), "1.5 is out of range");
  options.kind = "softmx";
  EXPECT_EQ(problem("model.kind"), "unknown value 'softmx' (did you mean 'softmax'?)");
}

TEST(Options, DifferingKeys) {
  Example a, b;
  EXPECT_TRUE(differing_keys(a, b).empty());
  b.train.lr = std::nextafter(a.train.lr, 1.0);
  b.size = {28};
  b.name = "Run";
  EXPECT_EQ(differing_keys(a, b), (std::vector<std::string>{"name", "train.lr", "model.size"}));
}

}  // namespace
}  // namespace uvic
