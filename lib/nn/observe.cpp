#include "nn/observe.h"

namespace uvic {
namespace {

thread_local NetworkObserver* current = nullptr;

}  // namespace

NetworkObserver* network_observer() {
  return current;
}

ObserverScope::ObserverScope(NetworkObserver& observer) : before_(current) {
  current = &observer;
}
ObserverScope::~ObserverScope() {
  current = before_;
}

}  // namespace uvic
