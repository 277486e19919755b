// Settings side by side: what is said on the command line, and the sheet. And the words of records.
#include "sampling/sweep.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "sampling/record.h"
#include "sampling/sweep_sheet.h"
#include "support/support.h"

namespace uvic {
namespace {

TEST(Sweep, CellsGoAlongTheColumnsFirst) {
  const Sweep sweep({"cfg=1,1.5,2", "sample.steps=10,25"});
  EXPECT_EQ(sweep.cols(), 3U);
  EXPECT_EQ(sweep.rows(), 2U);
  const SampleOptions options = sweep.cell({}, 4);
  EXPECT_EQ(options.cfg, 1.5);
  EXPECT_EQ(options.steps, 25);
  EXPECT_EQ(sweep.name(4), "cfg 1.5, steps 25");
  EXPECT_EQ(sweep.options(), "--sweep cfg=1,1.5,2 --sweep steps=10,25");
  EXPECT_EQ(sweep.row_labels(), (std::vector<std::string>{"steps 10", "steps 25"}));
  EXPECT_EQ(Sweep({"solver=ddim,heun"}).cell({}, 1).solver, "heun");
}

TEST(Sweep, ListsStandInBrackets) {
  const SweepAxis axis = parse_axis("guidance-interval=[0,0.5], [0.2,0.8]");
  EXPECT_EQ(axis.values, (std::vector<std::string>{"[0,0.5]", "[0.2,0.8]"}));
  EXPECT_EQ(Sweep({"guidance-interval=[0,0.5],[0.2,0.8]"}).cell({}, 1).guidance_interval,
            (std::vector<double>{0.2, 0.8}));
}

TEST(Sweep, SaysWhatIsWrong) {
  EXPECT_THROW_WITH(parse_axis("stpes=1,2"), UsageError, "--sweep stpes=1,2: ");
  EXPECT_THROW_WITH(parse_axis("stpes=1,2"), UsageError, "did you mean");
  EXPECT_THROW_WITH(parse_axis("cfg"), UsageError, "must be key=value,value");
  EXPECT_THROW_WITH(parse_axis("cfg=2"), UsageError, "give several values");
  EXPECT_THROW_WITH(parse_axis("cfg=1,,2"), UsageError, "a value is missing");
  EXPECT_THROW_WITH(parse_axis("cfg=1,-2"), UsageError, "-2");
  EXPECT_THROW_WITH(parse_axis("guide_checkpoint=a,b"), UsageError, "loaded once");
  EXPECT_THROW_WITH(Sweep({"cfg=1,2", "steps=1,2", "eta=0,1"}), UsageError,
                    "there can be two of them, not 3");
  EXPECT_THROW_WITH(Sweep({"cfg=1,2", "cfg=3,4"}), UsageError, "cfg is given twice");
}

TEST(SweepSheet, HoldsEveryCellEnlarged) {
  std::vector<at::Tensor> cells;
  for (int i = 0; i < 6; ++i) cells.push_back(at::full({1, 20, 30}, 40 * i, at::kByte));
  const std::vector<std::string> columns = {"cfg 1", "cfg 2", "cfg 3"}, rows = {"steps 10", "steps 25"};
  const at::Tensor sheet = sweep_sheet(cells, columns, rows);
  const auto [height, width] = sweep_sheet_size(columns, rows, 20, 30);
  EXPECT_EQ(sheet.sizes(), at::IntArrayRef({3, height, width}));
  for (int i = 1; i < 6; ++i)  // four times as large
    EXPECT_GE((sheet[0] == 40 * i).sum().item<int64_t>(), 20 * 30 * 16) << i;
  EXPECT_EQ(sheet[0][0][0].item<int>(), 255);
  EXPECT_GT((sheet.slice(1, 0, 20) < 200).sum().item<int64_t>(), 100);  // labels
}

TEST(Record, WordsAreReadBackAsTheyWere) {
  const std::vector<std::string> words = {"plain", "two words", "it's", "", "a\\b \"c\" $HOME", "'"};
  std::string command;
  for (const std::string& word : words) command += (command.empty() ? "" : " ") + shell_quote(word);
  EXPECT_EQ(shell_words(command, "x.png"), words);
  EXPECT_THROW_WITH(shell_words("a 'b", "x.png"), UsageError, "x.png: the command of its record breaks off");
  EXPECT_THROW_WITH(read_record("Steps: 20, Sampler: Euler a", "x.png"), UsageError,
                    "not of uvic-sample's making");
  EXPECT_THROW_WITH(read_record(R"({"command": "rm -r x"})", "x.png"), UsageError,
                    "not of uvic-sample's making");
}

TEST(Record, WhatOlderOnesDoNotSayIsNoDifference) {
  RecordInputs inputs{
      .checkpoint = "a", .weights = "ema", .seeds = "3", .labels = "1", .threads = 2, .device = "cpu"};
  const std::string older = sample_record(inputs);
  inputs.checkpoint = "b c";
  inputs.weights_file = "b c/w.safetensors";
  inputs.weights_sha256 = std::string(64, 'a');
  inputs.threads = 7;
  inputs.device = "cuda:0";
  EXPECT_EQ(comparable_record(sample_record(inputs)), comparable_record(older));
  inputs.edits = "--init-image x.png --strength 0.5";
  EXPECT_NE(comparable_record(sample_record(inputs)), comparable_record(older));
  const RecordFacts facts = read_record(sample_record(inputs), "x.png");
  EXPECT_EQ(facts.checkpoint, "b c");
  EXPECT_EQ(facts.facts.at("threads"), "7");
  EXPECT_EQ(facts.facts.at("device"), "cuda:0");
}

}  // namespace
}  // namespace uvic
