//! What happens on request, beside the calm fleet.

mod contention;
mod crash;
mod deadlock;
mod kubernetes;
mod layouts;
mod many;
mod shop;
mod wire;

use super::super::Scenario;
use super::Fleet;
use super::services::Instance;

impl Fleet {
    /// Starts the actors of a scenario.
    pub(super) fn start_scenario(&mut self, scenario: Scenario) {
        match scenario {
            Scenario::Deadlock => {
                self.start_all(deadlock::rings().into(), |ring| ring.name.to_owned());
            }
            Scenario::Flapping => self.start_all(shop::flapping(), Instance::actor_name),
            Scenario::Services => self.start_all(shop::services(), Instance::actor_name),
            Scenario::Contention => {
                self.start_all(contention::workers(), |worker| worker.name.clone());
                self.start_all(contention::sharers(), |sharer| sharer.name.clone());
            }
            Scenario::Crash => {
                self.start_all(crash::holders(), |holder| holder.name.clone());
                self.start_all(crash::candidates(), |candidate| candidate.name.clone());
                self.start_all(crash::controllers(), |controller| controller.name.clone());
                self.start("deposer", crash::Deposer);
            }
            Scenario::Layouts => layouts::start(self),
            Scenario::FiftyLocks => self.start_all(many::owners(), |owner| owner.name.clone()),
        }
    }
}
