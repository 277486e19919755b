#include "report/page.h"

#include "core/device.h"
#include "report/assets.h"
#include "report/chart.h"
#include "report/commands.h"
#include "report/page_parts.h"
#include "report/render.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;

// What every page has.
Json frame_of(const std::string& title, const std::vector<Chart>& charts, const PageOptions& options) {
  Json views = Json::array(), data = Json::array();
  bool can_be_logarithmic = false;
  for (const Chart& chart : charts) {
    const std::string id = "chart" + std::to_string(views.size());
    views.push_back(chart_view(chart, id));
    data.push_back(chart_data(chart, id));
    can_be_logarithmic |= data.back()["log"]["log"].get<bool>();
  }
  Json reload = Json::array();
  if (options.reload_seconds > 0) reload.push_back(std::to_string(options.reload_seconds));
  return {{"title", title},   {"style", kPageCss},          {"script", kPageJs},
          {"charts", views},  {"data", script_json(data)},  {"logarithmic", can_be_logarithmic},
          {"reload", reload}, {"version", version_number()}};
}

Json row_of(const RunFacts& run, size_t number) {
  return {{"name", run.name()},
          {"path", run.path.string()},
          {"colour", "c" + std::to_string(number)},
          {"progress", progress_view(run)},
          {"tiles", tiles_view(run)}};
}

Json differences_view(const std::vector<RunFacts>& runs) {
  std::vector<const Settings*> settings;
  for (const RunFacts& run : runs) settings.push_back(&run.settings);
  Json view = Json::array();
  for (const KeyDifference& difference : differences_of(settings))
    view.push_back({{"key", difference.key}, {"help", difference.help}, {"values", difference.values}});
  return view;
}

}  // namespace

std::string report_page(const RunFacts& run, const PageOptions& options) {
  Json view = frame_of(run.name(), charts_of(run), options);
  Json commands = Json::array();
  for (const NextCommand& command : next_commands(run))
    commands.push_back({{"title", command.title}, {"line", command.line}});
  const Json classes = classes_view(run);
  view["runs"] = Json::array({row_of(run, 0)});
  view["strips"] = samples_view({run}, options.most_grids);
  view["single"] = Json::array({{{"settings", settings_view(run)},
                                 {"machine", machine_view(run)},
                                 {"data_rows", data_view(run)},
                                 {"has_classes", !classes.empty()},
                                 {"many_classes", classes.size() > 20},
                                 {"classes", classes},
                                 {"commands", commands}}});
  view["comparison"] = Json::array();
  return render_html(kPageHtml, view);
}

std::string comparison_page(const std::vector<RunFacts>& runs, const PageOptions& options) {
  std::string title;
  for (const RunFacts& run : runs) title += (title.empty() ? "" : ", ") + run.name();
  Json view = frame_of(title, charts_of(runs), options), rows = Json::array();
  for (size_t i = 0; i < runs.size(); ++i) rows.push_back(row_of(runs[i], i));
  const Json differences = differences_view(runs);
  view["runs"] = rows;
  view["strips"] = samples_view(runs, options.most_grids);
  view["single"] = Json::array();
  view["comparison"] = Json::array({{{"differences", differences}, {"alike", differences.empty()}}});
  return render_html(kPageHtml, view);
}

std::vector<size_t> spread(size_t count, size_t most) {
  std::vector<size_t> indexes;
  if (count <= most) most = count;
  for (size_t i = 0; i < most; ++i) indexes.push_back(most == 1 ? count - 1 : i * (count - 1) / (most - 1));
  return indexes;
}

}  // namespace uvic
