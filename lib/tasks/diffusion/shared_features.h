// Features of images that processes have shared, brought together at rank 0.
#pragma once
#include "dist/world.h"
#include "metrics/extract.h"

namespace uvic {

/// Takes the other ranks' images into rank 0's collector, in their order; returns the sum of `left_out`
/// there, and elsewhere anything.
int64_t collect_of_all(const World& world, FeatureCollector& collector, int64_t left_out = 0);

}  // namespace uvic
