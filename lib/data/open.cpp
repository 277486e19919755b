#include "data/open.h"

#include "core/errors.h"
#include "data/cache.h"
#include "data/cifar.h"
#include "data/find_captions.h"
#include "data/folder.h"
#include "data/idx.h"
#include "data/latent_shards.h"
#include "data/pack/dataset.h"
#include "data/split.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

/// The training images in `path`, or what that kind of set holds out. `training`: see open_files.
std::shared_ptr<const Dataset> open_one(const std::string& path, const DataOptions& options,
                                        const ImageShape& shape, bool held_out, const fs::path& memory,
                                        BadFiles& bad, const Dataset* training = nullptr) {
  switch (options.kind) {
    case DataKind::kIdx:
      return open_idx(path, held_out);
    case DataKind::kCifar10:
      return open_cifar(path, CifarKind::kCifar10, held_out);
    case DataKind::kCifar100:
      return open_cifar(path, CifarKind::kCifar100, held_out);
    case DataKind::kPack:
      return open_pack(path, training);
    case DataKind::kLatents:
      return open_latent_shards(path, training);
    case DataKind::kFolder:
    case DataKind::kZip:
    case DataKind::kWebdataset:
    case DataKind::kCoco:
      break;
  }
  const fs::path file =
      memory.empty() ? fs::path() : memory / (held_out ? ".image-headers-val.jsonl" : ".image-headers.jsonl");
  DataOptions own = options;
  const bool named = options.captions != kNoCaptions && options.captions != kCaptionsBeside;
  if (held_out && named) own.captions = kAutoCaptions;
  return open_files(open_source(path, options.kind, held_out), own, shape, file, bad, training);
}

}  // namespace

DataSets open_data(const DataOptions& options, const ImageShape& shape, const fs::path& memory,
                   bool with_classes, bool with_captions) {
  BadFiles bad(options.on_error, "data.on_error: skip", bad_files_list(memory));
  return open_data(options, shape, memory, bad, with_classes, with_captions);
}

DataSets open_data(const DataOptions& given, const ImageShape& shape, const fs::path& memory, BadFiles& bad,
                   bool with_classes, bool with_captions) {
  DataOptions options = given;
  if (!with_captions) options.captions = kNoCaptions;
  check_usage(!options.path.empty(), "data.path is not set; it must be the folder of the data set");
  DataSets data{open_one(options.path, options, shape, false, memory, bad), nullptr};
  if (!options.val_path.empty()) {
    const Dataset* training = with_classes ? data.train.get() : nullptr;
    data.validation = open_one(options.val_path, options, shape, true, memory, bad, training);
  }
  bad.tell();
  if (is_of_files(options.kind)) data = with_caches(std::move(data), options, available_memory());
  mirrors(options, *data.train);
  return options.val_fraction > 0 ? split(std::move(data.train), options.val_fraction) : data;
}

}  // namespace uvic
