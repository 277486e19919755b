// CIFAR-100 of one file, and the names of its classes.
#include "data/cifar.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  const auto parts = fuzz::parts_of(fuzz::text_of(data, size), 2);
  fuzz::file_of(parts[0], "fine_label_names.txt");
  fuzz::file_of(parts[1], "train.bin");
  return fuzz::taken_or_refused([&] {
    const auto set = open_cifar(fuzz::folder(), CifarKind::kCifar100);
    for (int64_t i = 0; i < set->size(); ++i) {
      TORCH_CHECK(set->label(i) < set->num_classes(), "a label of no class");
      set->image(i).clone();
    }
    set->class_names();
  });
}
