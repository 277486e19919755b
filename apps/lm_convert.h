// `uvic-lm convert`: a language model's weights from one layout or number type to another.
#pragma once
#include "lm_model.h"

namespace uvic {

struct LanguageConvertCommand {
  LanguageModelOptions model;
  std::string out, layout = "authors", dtype = "keep";

  void add_to(CLI::App& app);
  int run() const;
};

}  // namespace uvic
