#include "app.h"

#include <c10/util/Exception.h>

#include <iostream>
#include <new>

#include "core/device.h"
#include "core/errors.h"
#include "core/log.h"

namespace uvic {
namespace {

int report(int code, const std::string& message) {
  write_line("error: " + message);
  return code;
}

}  // namespace

void CommonOptions::add_to(CLI::App& app) {
  app.add_option("--device", device, "auto, cpu, cuda or cuda:N")->capture_default_str()->group("Machine");
  app.add_option("--threads", threads, "CPU threads; 0: one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str()
      ->group("Machine");
  app.add_flag("--quiet", quiet, "only warnings and errors")->group("Machine");
}

c10::Device CommonOptions::apply() const {
  set_quiet(quiet);
  keep_freed_memory();
  set_threads(threads);
  return parse_device(device);
}

int run_app(const std::string& name, const std::string& description, int argc, char** argv,
            const std::function<void(CLI::App&)>& add_options, const std::function<int()>& run) {
  CLI::App app(description);
  app.set_version_flag("--version", [name] { return version_text(name); });
  app.get_formatter()->column_width(34);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_options(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  try {
    return run();
  } catch (const UsageError& error) {
    return report(kUsage, error.what());
  } catch (const std::bad_alloc&) {
    return report(kFailed, "out of memory");
  } catch (const c10::Error& error) {
    return report(kFailed, error.what_without_backtrace());
  } catch (const std::exception& error) {
    return report(kFailed, error.what());
  }
}

}  // namespace uvic
