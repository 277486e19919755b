#pragma once
#include <string>

#include "core/options.h"

namespace uvic {

struct DataOptions {
  std::string kind = "idx";
  std::string path = {};
  bool random_flip = true;
  int64_t workers = 2;

  void visit(FieldList& fields) {
    fields("kind", kind, "format of the data set: idx (the MNIST family, .gz or not)", one_of({"idx"}));
    fields("path", path, "folder of the data set");
    fields("random_flip", random_flip, "mirror each image left to right with probability 1/2");
    fields("workers", workers, "threads that prepare batches ahead; the batches do not depend on it",
           between(1, 64));
  }
};

}  // namespace uvic
