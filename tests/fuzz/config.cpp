// Configs, with the keys of data sets and one of each type beside them.
#include "core/config.h"

#include "data/options.h"
#include "fuzz/fuzz.h"

namespace uvic {
namespace {

struct Options {
  bool flag = false;
  std::vector<double> rates = {0.5};
  std::vector<std::string> names = {"a"};
  DataOptions data;

  void visit(FieldList& fields) {
    fields("flag", flag, "");
    fields("rates", rates, "", between(0, 1));
    fields("names", names, "");
    fields.section("data", data);
  }
};

}  // namespace
}  // namespace uvic

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  const std::string text(fuzz::text_of(data, size));
  fuzz::taken_or_refused([&] {
    Options options;
    set_field(fields_of(options), text);
  });
  return fuzz::taken_or_refused([&] {
    Options options, again;
    OtherSections others({"other"}), others_again({"other"});
    load_yaml(fields_of(options), text, "x.yaml", &others);
    const std::string printed = print_yaml(fields_of(std::as_const(options)), others);
    try {
      load_yaml(fields_of(again), printed, "printed", &others_again);
    } catch (const UsageError& error) {
      TORCH_CHECK(false, "what was read is printed as what is not: ", error.what());
    }
    TORCH_CHECK(print_yaml(fields_of(std::as_const(again)), others_again) == printed,
                "a config reads back as another");
  });
}
