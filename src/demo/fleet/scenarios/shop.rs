//! Instances that flap, and a bigger fleet with all that can be wrong with an instance.

use super::super::health::Health;
use super::super::services::{Constancy, Instance, LATE, Service, instances_of};

const fn service(name: &'static str, version: &'static str, port: u16, instances: u16) -> Service {
    Service { name, config: None, version, port, instances }
}

const FLAPPING: Service = service("flapping-service", "0.4.1", 9400, 4);

const SHOP: [Service; 8] = [
    service("catalogue-service", "4.2.0", 9000, 6),
    service("search-service", "2.11.3", 9100, 5),
    service("cart-service", "1.9.0", 9200, 4),
    service("pricing-service", "3.1.4", 9300, 4),
    service("shipping-service", "1.0.7", 9500, 3),
    service("auth-service", "5.0.1", 9600, 5),
    service("recommendation-service", "0.8.2", 9700, 4),
    service("media-service", "2.2.2", 9800, 3),
];

/// Four instances that flap, each at its own pace.
pub(in super::super) fn flapping() -> Vec<Instance> {
    let mut all = instances_of(&FLAPPING, "10.30.0");
    for (instance, shortest) in all.iter_mut().zip([2_000, 3_000, 6_000, 10_000]) {
        instance.constancy = Constancy::Flapping(shortest..2 * shortest);
    }
    all
}

/// The bigger fleet.
pub(in super::super) fn services() -> Vec<Instance> {
    let mut all = Vec::new();
    for service in &SHOP {
        let mut instances = instances_of(service, "10.20.0");
        match (service.name, instances.as_mut_slice()) {
            ("catalogue-service", [first, second, ..]) => {
                first.weight = 200;
                second.weight = 50;
            }
            ("search-service", [_, second, third, ..]) => {
                second.reports = LATE;
                third.health = Health::new(true);
            }
            ("cart-service", [.., canary]) => canary.health = Health::new(true),
            ("shipping-service", [_, second, _]) => second.constancy = Constancy::Down,
            ("auth-service", [.., fourth, _]) => fourth.constancy = Constancy::Starting,
            ("recommendation-service", [first, ..]) => {
                first.constancy = Constancy::Flapping(30_000..60_000);
            }
            ("media-service", [first, ..]) => first.health = Health::new(true),
            _ => {}
        }
        all.extend(instances);
    }
    all
}
