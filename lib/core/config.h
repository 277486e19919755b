// Option structs from and to YAML (yaml-cpp). Every error names the source, the line, the key, the value and
// what is allowed.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/options.h"

namespace uvic {

/// Sets the fields named in `text`. Unknown keys (the nearest valid one is named), repeated keys, wrong types
/// and values out of range throw UsageError; `source` stands before the line number in messages
/// ("configs/x.yaml").
void load_yaml(const std::vector<Field>& fields, const std::string& text, const std::string& source);

/// The same from a file. `base: other.yaml` in it, relative to the file, is loaded first, so that what this
/// file sets comes after. UsageError if a file cannot be read or is its own base.
void load_yaml_file(const std::vector<Field>& fields, const std::filesystem::path& path);

/// One `--set a.b.c=value`; the value is YAML flow text.
void set_field(const std::vector<Field>& fields, const std::string& assignment);

/// All fields as YAML with one section a block; reads back equal.
std::string print_yaml(const std::vector<Field>& fields);

}  // namespace uvic
