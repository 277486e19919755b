// The pieces of exponential integrators in lambda = log(alpha / sigma), shared by the DPM-Solver family. With
// z = -h for the data prediction and z = h for the noise prediction, h the interval of lambda, the integrals
// of the Taylor terms are phi_k(z).
#pragma once
#include <cmath>

namespace uvic {

inline double phi1(double z) {
  return std::expm1(z);
}
inline double phi2(double z) {
  return phi1(z) / z - 1.0;
}
inline double phi3(double z) {
  return phi2(z) / z - 0.5;
}

}  // namespace uvic
