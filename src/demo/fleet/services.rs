//! Service instances: registered with a lease, reporting their health, watching their
//! configuration and reporting what they run.

use std::time::Duration;

use etcd_client::{GetOptions, WatchOptions, WatchStream};
use serde_json::{Value, json};

use super::actor::{Actor, Lease, Lost, Role, timestamp, within};
use super::health::Health;
use super::md5::md5_hex;
use super::tree::FIRST_VERSION;

/// TTL of a registration.
const LEASE_TTL_SECS: u32 = 10;
/// How often an instance reports its health.
const HEALTH_EVERY: Duration = Duration::from_secs(3);
/// How often an instance reports what it runs although nothing has changed.
const STATUS_EVERY: Duration = Duration::from_secs(30);

/// A service of the fleet.
pub(super) struct Service {
    pub(super) name: &'static str,
    /// Its folder below `/config/<environment>`.
    config: &'static str,
    version: &'static str,
    pub(super) port: u16,
    instances: u16,
}

/// The services.
pub(super) const SERVICES: [Service; 6] = [
    Service { name: "api-gateway", config: "gateway", version: "2.4.1", port: 8080, instances: 3 },
    Service { name: "user-service", config: "user-service", version: "1.2.0", port: 8081, instances: 3 },
    Service { name: "order-service", config: "order-service", version: "3.0.2", port: 8082, instances: 3 },
    Service {
        name: "inventory-service",
        config: "inventory-service",
        version: "1.8.5",
        port: 8083,
        instances: 2,
    },
    Service {
        name: "payment-service",
        config: "payment-service",
        version: "2.0.0",
        port: 8084,
        instances: 3,
    },
    Service {
        name: "notification-service",
        config: "notification-service",
        version: "0.9.3",
        port: 8085,
        instances: 3,
    },
];

/// How long an instance lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Constancy {
    /// As long as the demonstration.
    Steady,
    /// Some seconds; then it comes back: now by revoking its lease, now by letting it expire.
    Flapping,
}

/// One instance of a service.
pub(super) struct Instance {
    service: &'static Service,
    ip: String,
    port: u16,
    label: &'static str,
    constancy: Constancy,
    health: Health,
}

/// All instances of the fleet: one host for each number, another port for each service on it.
pub(super) fn instances() -> Vec<Instance> {
    let mut all = Vec::new();
    for service in &SERVICES {
        for number in 0..service.instances {
            let last = number + 1 == service.instances;
            all.push(Instance {
                service,
                ip: format!("192.168.1.{}", 10 + number),
                port: service.port + 10 * number,
                label: if last { "canary" } else { "stable" },
                constancy: if last && service.name == "notification-service" {
                    Constancy::Flapping
                } else {
                    Constancy::Steady
                },
                health: Health::new(last && service.name == "payment-service"),
            });
        }
    }
    all
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
            return json!({"weight": if self.label == "canary" { 20 } else { 100 }});
        }
        json!({
            "serviceName": service.name,
            "instanceId": format!("{}:{port}", service.name),
            "ip": ip,
            "port": port,
            "status": status,
            "metadata": {"version": service.version, "label": self.label},
        })
    }

    async fn register(&self, actor: &Actor, status: &str, lease: &Lease) -> Result<(), Lost> {
        actor.put(self.registration_key(), self.registration(status).to_string(), Some(lease)).await
    }

    async fn report_health(&mut self, actor: &mut Actor, lease: &Lease) -> Result<(), Lost> {
        let Self { service, ip, port, health, .. } = self;
        let major = service.version.split('.').next().unwrap_or("1");
        let report = json!({
            "serviceId": format!("{}-v{major}", service.name),
            "instanceId": format!("{ip}:{port}"),
            "status": health.status(),
            "metrics": health.step(&mut actor.random),
            "circuitBreaker": health.circuit_breaker(),
            "timestamp": timestamp(),
        });
        actor.put(format!("/health/{}/{ip}:{port}", service.name), report.to_string(), Some(lease)).await
    }

    fn config_prefix(&self) -> String {
        format!("/config/production/{}/", self.service.config)
    }

    /// Reads the configuration as it is now and reports it; returns the revision it was read at.
    async fn load_config(&self, actor: &Actor) -> Result<i64, Lost> {
        let prefix = self.config_prefix();
        let answer =
            within(actor.client().get(prefix.clone(), Some(GetOptions::new().with_prefix()))).await?;
        let revision = answer.header().map_or(0, etcd_client::ResponseHeader::revision);
        let mut running = Vec::new();
        let mut version = FIRST_VERSION.to_owned();
        for kv in answer.kvs() {
            running.extend([kv.key(), b"\0", kv.value(), b"\0"].concat());
            if kv.key() == format!("{prefix}current").as_bytes() {
                version = String::from_utf8_lossy(kv.value()).into_owned();
            }
        }
        let report = json!({
            "node": self.ip,
            "version": version,
            "md5": md5_hex(&running),
            "reportedAt": timestamp(),
            "label": self.label,
        });
        let key = format!("/config/status/{}/{}", self.service.name, self.ip);
        actor.put(key, report.to_string(), None).await?;
        Ok(revision)
    }

    async fn watch_config(&self, actor: &Actor, after: i64) -> Result<WatchStream, Lost> {
        let options = WatchOptions::new().with_prefix().with_start_revision(after + 1);
        within(actor.client().watch(self.config_prefix(), Some(options))).await
    }

    /// Reports health and reloads changed configuration until the lease is lost, or, where it
    /// flaps, its time is over.
    async fn serve(&mut self, actor: &mut Actor, lease: &mut Lease) -> Result<(), Lost> {
        let revision = self.load_config(actor).await?;
        let mut changes = self.watch_config(actor, revision).await?;
        let mut health = tokio::time::interval(HEALTH_EVERY);
        let mut status = tokio::time::interval(STATUS_EVERY);
        status.reset();
        let lifetime = match self.constancy {
            Constancy::Steady => None,
            Constancy::Flapping => Some(tokio::time::Instant::now() + actor.random.millis(8_000..15_000)),
        };
        loop {
            tokio::select! {
                lost = lease.gone() => return Err(lost),
                _ = health.tick() => self.report_health(actor, lease).await?,
                _ = status.tick() => { self.load_config(actor).await?; }
                change = changes.message() => {
                    let change = change?.ok_or(Lost::WatchEnded)?;
                    if change.canceled() {
                        return Err(Lost::WatchEnded);
                    }
                    if !change.events().is_empty() {
                        // Every node takes its own time, so that for a moment they differ.
                        tokio::time::sleep(actor.random.millis(200..2_000)).await;
                        self.load_config(actor).await?;
                    }
                }
                () = until(lifetime) => return Ok(()),
            }
        }
    }
}

/// Waits until then; for ever without a time.
async fn until(time: Option<tokio::time::Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
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
        self.register(actor, "UP", &lease).await?;
        self.serve(actor, &mut lease).await?;
        if actor.random.one_in(2) {
            actor.revoke(lease).await?;
        } else {
            drop(lease);
            tokio::time::sleep(Duration::from_secs(u64::from(LEASE_TTL_SECS))).await;
        }
        tokio::time::sleep(actor.random.millis(3_000..6_000)).await;
        Ok(())
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
