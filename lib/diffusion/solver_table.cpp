#include <algorithm>

#include "core/errors.h"
#include "core/text.h"
#include "diffusion/solvers.h"

namespace uvic {

const std::vector<Solver>& solvers() {
  static const std::vector<Solver> table = {
      {"euler_maruyama_sde", 1, true, "time_uniform_zero", sample_euler_maruyama_sde,
       "Song et al. 2021, eq. 6"},
      {"euler_maruyama_ode", 1, false, "time_uniform_zero", sample_euler_maruyama_ode,
       "Song et al. 2021, eq. 13"},
      {"ddim", 1, false, "time_uniform_zero", sample_ddim, "Song et al. 2020, eq. 12"},
      {"dpmpp_2m", 2, false, "time_uniform", sample_dpmpp_2m, "Lu et al. 2022, algorithm 2"},
  };
  return table;
}

std::vector<std::string> solver_names() {
  std::vector<std::string> names;
  for (const Solver& solver : solvers()) names.push_back(solver.name);
  return names;
}

const Solver& find_solver(const std::string& name) {
  const auto& table = solvers();
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const Solver& s) { return s.name == name; });
  if (found == table.end()) {
    const std::string close = nearest(name, solver_names());
    usage_error("unknown solver '", name, "'", close.empty() ? "" : "; did you mean '" + close + "'?",
                " Solvers: ", join(solver_names(), ", "));
  }
  return *found;
}

}  // namespace uvic
