#include "dist/launch.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "core/errors.h"
#include "support/support.h"

namespace uvic {
namespace {

/// An environment without what a launcher may have set for the tests themselves.
class LaunchTest : public ::testing::Test {
 protected:
  LaunchTest() { set({}); }
  ~LaunchTest() override { set({}); }
  static void set(const std::map<std::string, std::string>& variables) {
    for (const char* name :
         {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT",
          "TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_RESTART_COUNT", "OMPI_COMM_WORLD_RANK",
          "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE", "PMI_RANK",
          "PMI_SIZE", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "PMIX_RANK"})
      unsetenv(name);
    for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  }
};

TEST_F(LaunchTest, NothingIsOneProcess) {
  EXPECT_TRUE(find_launch().alone());
  set({{"RANK", ""}, {"WORLD_SIZE", " "}});
  EXPECT_TRUE(find_launch().alone());
  set({{"RANK", "0"}, {"WORLD_SIZE", "1"}});
  EXPECT_TRUE(find_launch().alone());
  set({{"SLURM_PROCID", "0"}});  // of a batch script
  EXPECT_TRUE(find_launch().alone());
}

TEST_F(LaunchTest, OpenMpi) {
  set({{"OMPI_COMM_WORLD_RANK", "3"},
       {"OMPI_COMM_WORLD_SIZE", "4"},
       {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
       {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}});
  const Launch launch = find_launch();
  EXPECT_EQ(launch.by, "mpirun");
  EXPECT_TRUE(launch.mpi);
  EXPECT_EQ((std::vector{launch.rank, launch.size, launch.local_rank, launch.local_size}),
            (std::vector{3, 4, 1, 2}));
}

TEST_F(LaunchTest, Torchrun) {
  set({{"RANK", "1"},
       {"WORLD_SIZE", "2"},
       {"LOCAL_RANK", "1"},
       {"LOCAL_WORLD_SIZE", "2"},
       {"MASTER_ADDR", "node7"},
       {"MASTER_PORT", "29500"},
       {"TORCHELASTIC_USE_AGENT_STORE", "True"},
       {"TORCHELASTIC_RESTART_COUNT", "2"}});
  const Launch launch = find_launch();
  EXPECT_EQ(launch.by, "torchrun");
  EXPECT_FALSE(launch.mpi);
  ASSERT_TRUE(launch.meeting.has_value());
  EXPECT_EQ(launch.meeting->host, "node7");
  EXPECT_EQ(launch.meeting->port, 29500);
  EXPECT_TRUE(launch.meeting->hosted);
  EXPECT_EQ(launch.meeting->attempt, "2");
}

TEST_F(LaunchTest, Slurm) {
  set({{"SLURM_PROCID", "1"}, {"SLURM_STEP_NUM_TASKS", "2"}, {"SLURM_LOCALID", "0"}});
  EXPECT_THROW_WITH(find_launch(), UsageError, "srun --mpi=pmix");
  setenv("PMIX_RANK", "1", 1);
  EXPECT_TRUE(find_launch().mpi);
  unsetenv("PMIX_RANK");
  setenv("MASTER_ADDR", "node1", 1);
  setenv("MASTER_PORT", "4000", 1);
  EXPECT_EQ(find_launch().meeting->host, "node1");
}

// Left over in a shell or a container: named, not obeyed.
TEST_F(LaunchTest, NoLauncherBesideRankAndSize) {
  set({{"RANK", "0"}, {"WORLD_SIZE", "4"}});
  EXPECT_THROW_WITH(find_launch(), UsageError,
                    "RANK=0 and WORLD_SIZE=4 are set, but not MASTER_ADDR and MASTER_PORT");
  set({{"WORLD_SIZE", "4"}});
  EXPECT_THROW_WITH(find_launch(), UsageError, "but not RANK");
  set({{"RANK", "4"}, {"WORLD_SIZE", "4"}});
  EXPECT_THROW_WITH(find_launch(), UsageError, "RANK=4 WORLD_SIZE=4");
  set({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "x"}, {"MASTER_PORT", "99999"}});
  EXPECT_THROW_WITH(find_launch(), UsageError, "MASTER_PORT=99999");
}

}  // namespace
}  // namespace uvic
