//! Service instances: registered with a lease, reporting their health and what they run.

use std::ops::Range;
use std::time::Duration;

use serde_json::{Value, json};

use super::actor::{Actor, Lease, Lost, Role, timestamp, within};
use super::health::Health;
use super::running::Running;

/// TTL of a registration.
const LEASE_TTL_SECS: u32 = 10;

/// A service of the fleet.
pub(super) struct Service {
    pub(super) name: &'static str,
    /// Its folder below `/config/<environment>`, for those that have one.
    pub(super) config: Option<&'static str>,
    pub(super) version: &'static str,
    pub(super) port: u16,
    pub(super) instances: u16,
}

/// The services.
pub(super) const SERVICES: [Service; 6] = [
    Service { name: "api-gateway", config: Some("gateway"), version: "2.4.1", port: 8080, instances: 3 },
    Service {
        name: "user-service",
        config: Some("user-service"),
        version: "1.2.0",
        port: 8081,
        instances: 3,
    },
    Service {
        name: "order-service",
        config: Some("order-service"),
        version: "3.0.2",
        port: 8082,
        instances: 3,
    },
    Service {
        name: "inventory-service",
        config: Some("inventory-service"),
        version: "1.8.5",
        port: 8083,
        instances: 2,
    },
    Service {
        name: "payment-service",
        config: Some("payment-service"),
        version: "2.0.0",
        port: 8084,
        instances: 3,
    },
    Service {
        name: "notification-service",
        config: Some("notification-service"),
        version: "0.9.3",
        port: 8085,
        instances: 3,
    },
];

/// How an instance lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Constancy {
    /// As long as the demonstration.
    Steady,
    /// So many milliseconds; then it vanishes, by turns in each of the [`Leaving`] ways, and comes
    /// back.
    Flapping(Range<u64>),
    /// It never gets further than `STARTING`.
    Starting,
    /// It runs, and says that it is `DOWN`.
    Down,
}

/// How an instance vanishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    /// It revokes its lease.
    Revoked,
    /// It crashes: its lease expires.
    Expired,
    /// It deletes its registration, and its lease afterwards.
    Deleted,
}

impl Leaving {
    const TURNS: [Self; 3] = [Self::Revoked, Self::Expired, Self::Deleted];
}

/// Seconds between the reports of a punctual instance: a report is late after 3 s.
const PUNCTUAL: &[u64] = &[2];
/// Seconds between the reports of an instance that is late now and then: past 3 s, and past 10 s.
pub(super) const LATE: &[u64] = &[2, 2, 6, 2, 2, 14];

/// One instance of a service.
pub(super) struct Instance {
    service: &'static Service,
    ip: String,
    port: u16,
    label: &'static str,
    version: String,
    pub(super) weight: u32,
    pub(super) constancy: Constancy,
    /// Seconds between its health reports, in turns.
    pub(super) reports: &'static [u64],
    pub(super) health: Health,
    /// Lives that have ended.
    lives: usize,
}

/// All instances of the calm fleet.
pub(super) fn instances() -> Vec<Instance> {
    let mut all: Vec<_> = SERVICES.iter().flat_map(|service| instances_of(service, "192.168.1")).collect();
    for instance in all.iter_mut().filter(|instance| instance.label == "canary") {
        match instance.service.name {
            "notification-service" => instance.constancy = Constancy::Flapping(20_000..40_000),
            "payment-service" => instance.health = Health::new(true),
            _ => {}
        }
    }
    all
}

/// The instances of a service: one host for each number, another port for each service on it. The
/// last is the canary, with the next version and a smaller share of the traffic.
pub(super) fn instances_of(service: &'static Service, network: &str) -> Vec<Instance> {
    let instance = |number| {
        let canary = number + 1 == service.instances;
        Instance {
            service,
            ip: format!("{network}.{}", 10 + number),
            port: service.port + 10 * number,
            label: if canary { "canary" } else { "stable" },
            version: if canary { next_minor(service.version) } else { service.version.to_owned() },
            weight: if canary { 20 } else { 100 },
            constancy: Constancy::Steady,
            reports: PUNCTUAL,
            health: Health::new(false),
            lives: 0,
        }
    };
    (0..service.instances).map(instance).collect()
}

/// 1.3.0 for 1.2.7.
fn next_minor(version: &str) -> String {
    let mut parts = version.split('.');
    let major = parts.next().unwrap_or("0");
    let minor = parts.next().and_then(|minor| minor.parse::<u32>().ok()).unwrap_or(0);
    format!("{major}.{}.0", minor + 1)
}

impl Instance {
    /// Its name among the actors, which decides its sequence of random numbers.
    pub(super) fn actor_name(&self) -> String {
        format!("{} {}:{}", self.service.name, self.ip, self.port)
    }

    fn registration_key(&self) -> String {
        let Self { service, ip, port, .. } = self;
        match service.name {
            "api-gateway" => format!("/services/{}/{ip}:{port}", service.name),
            name => format!("/services/{name}/{name}:{port}"),
        }
    }

    fn registration(&self, status: &str) -> Value {
        let Self { service, ip, port, .. } = self;
        if service.name == "api-gateway" {
            return json!({"weight": self.weight});
        }
        json!({
            "serviceName": service.name,
            "instanceId": format!("{}:{port}", service.name),
            "ip": ip,
            "port": port,
            "status": status,
            "metadata": {"version": self.version, "label": self.label, "weight": self.weight},
        })
    }

    async fn register(&self, actor: &Actor, status: &str, lease: &Lease) -> Result<(), Lost> {
        actor.put(self.registration_key(), self.registration(status).to_string(), Some(lease.id())).await
    }

    async fn report_health(&mut self, actor: &mut Actor, lease: i64) -> Result<(), Lost> {
        let Self { service, ip, port, health, .. } = self;
        let major = service.version.split('.').next().unwrap_or("1");
        let status = match self.constancy {
            Constancy::Starting => "STARTING",
            Constancy::Down => "DOWN",
            Constancy::Steady | Constancy::Flapping(_) => health.status(),
        };
        let report = json!({
            "serviceId": format!("{}-v{major}", service.name),
            "instanceId": format!("{ip}:{port}"),
            "status": status,
            "metrics": health.step(&mut actor.random),
            "circuitBreaker": health.circuit_breaker(),
            "timestamp": timestamp(),
        });
        actor.put(format!("/health/{}/{ip}:{port}", service.name), report.to_string(), Some(lease)).await
    }

    /// Reports its health, each time after its pause.
    async fn report(&mut self, actor: &mut Actor, lease: i64) -> Result<(), Lost> {
        for pause in self.reports.iter().cycle() {
            self.report_health(actor, lease).await?;
            tokio::time::sleep(Duration::from_secs(*pause)).await;
        }
        Ok(())
    }

    /// Lives until the lease is lost, or, where it flaps, its time is over.
    async fn serve(&mut self, actor: &mut Actor, lease: &mut Lease) -> Result<(), Lost> {
        let lifetime = match &self.constancy {
            Constancy::Flapping(lifetime) => Some(actor.random.millis(lifetime.clone())),
            _ => None,
        };
        let running = Running { service: self.service, node: self.ip.clone(), label: self.label };
        let follows = running.follow(actor.clone());
        let id = lease.id();
        tokio::select! {
            lost = lease.gone() => Err(lost),
            followed = follows => followed,
            reported = self.report(actor, id) => reported,
            () = passed(lifetime) => Ok(()),
        }
    }

    /// Vanishes, and stays away for a while.
    async fn leave(&self, actor: &mut Actor, lease: Lease, leaving: Leaving) -> Result<(), Lost> {
        match leaving {
            Leaving::Revoked => actor.revoke(lease).await?,
            Leaving::Expired => {
                drop(lease);
                tokio::time::sleep(Duration::from_secs(u64::from(LEASE_TTL_SECS))).await;
            }
            Leaving::Deleted => {
                within(actor.client().delete(self.registration_key(), None)).await?;
                actor.revoke(lease).await?;
            }
        }
        tokio::time::sleep(actor.random.millis(3_000..6_000)).await;
        Ok(())
    }
}

/// Waits so long; for ever without a time.
async fn passed(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

impl Role for Instance {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        // They do not all start in the same moment.
        let delay = actor.random.millis(0..2_500);
        tokio::time::sleep(delay).await;
        let mut lease = actor.lease(LEASE_TTL_SECS).await?;
        self.register(actor, "STARTING", &lease).await?;
        tokio::time::sleep(actor.random.millis(500..1_500)).await;
        match self.constancy {
            Constancy::Starting => {}
            Constancy::Down => self.register(actor, "DOWN", &lease).await?,
            Constancy::Steady | Constancy::Flapping(_) => self.register(actor, "UP", &lease).await?,
        }
        self.serve(actor, &mut lease).await?;
        let leaving = Leaving::TURNS[self.lives % Leaving::TURNS.len()];
        self.lives += 1;
        self.leave(actor, lease, leaving).await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn instances_have_keys_of_their_own_and_the_payloads_operators_know() {
        let all = instances();
        let keys: BTreeSet<_> = all.iter().map(Instance::registration_key).collect();
        let nodes: BTreeSet<_> = all.iter().map(|instance| (instance.service.name, &instance.ip)).collect();
        assert_eq!((keys.len(), nodes.len()), (all.len(), all.len()));
        let first = |name: &str| {
            all.iter()
                .find(|instance| instance.service.name == name)
                .map(|instance| (instance.registration_key(), instance.registration("UP").to_string()))
        };
        assert_eq!(
            first("api-gateway"),
            Some(("/services/api-gateway/192.168.1.10:8080".to_owned(), r#"{"weight":100}"#.to_owned()))
        );
        let (key, value) = first("user-service").expect("instances");
        assert_eq!(key, "/services/user-service/user-service:8081");
        assert!(value.starts_with(
            r#"{"serviceName":"user-service","instanceId":"user-service:8081","ip":"192.168.1.10","port":8081,"status":"UP","metadata":{"version":"1.2.0""#
        ));
    }
}
