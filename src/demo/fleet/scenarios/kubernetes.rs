//! Leases of Kubernetes: protobuf, without a lease of etcd, renewed by writing them.

use std::time::Duration;

use super::super::actor::{Actor, Lost, Role};
use super::wire::Message;

/// A lease that its holder renews.
pub(super) struct KubernetesLease {
    pub(super) name: &'static str,
    namespace: &'static str,
    /// Who holds it, one after the other.
    holders: &'static [&'static str],
    /// How long it is valid after each renewal, in seconds.
    duration_secs: u64,
    renewed_every: Duration,
    /// Renewals after which the holder stops; 0: never.
    renewals: u64,
    transitions: u64,
}

/// Those of a small cluster: two controllers, of which one fails now and then, and its nodes.
pub(super) fn leases() -> Vec<KubernetesLease> {
    let controller = |name, holders, renewals| KubernetesLease {
        name,
        namespace: "kube-system",
        holders,
        duration_secs: 15,
        renewed_every: Duration::from_secs(2),
        renewals,
        transitions: 0,
    };
    let node = |name, holders| KubernetesLease {
        name,
        namespace: "kube-node-lease",
        holders,
        duration_secs: 40,
        renewed_every: Duration::from_secs(10),
        renewals: 0,
        transitions: 0,
    };
    vec![
        controller("kube-controller-manager", &["control-1_7f3b", "control-2_91ac"], 0),
        controller("kube-scheduler", &["control-2_c0de", "control-1_44aa", "control-3_b1f0"], 15),
        node("node-1", &["node-1"]),
        node("node-2", &["node-2"]),
    ]
}

/// A point in time: seconds and nanoseconds.
fn time(time: jiff::Timestamp) -> Message {
    let seconds = u64::try_from(time.as_second()).unwrap_or_default();
    let nanos = u64::try_from(time.subsec_nanosecond()).unwrap_or_default();
    Message::default().number(1, seconds).number(2, nanos)
}

impl KubernetesLease {
    fn key(&self) -> String {
        format!("/registry/leases/{}/{}", self.namespace, self.name)
    }

    fn holder(&self) -> &'static str {
        let index = usize::try_from(self.transitions).unwrap_or(0) % self.holders.len();
        self.holders[index]
    }

    /// `coordination.k8s.io/v1` Lease, in the envelope with which the API server stores it.
    fn value(&self, acquired: jiff::Timestamp, renewed: jiff::Timestamp) -> Vec<u8> {
        let metadata = Message::default()
            .bytes(1, self.name)
            .bytes(3, self.namespace)
            .bytes(5, "0d3f7a52-6c1e-4b7e-9a55-3f0e6c1b2a77")
            .message(8, time(acquired));
        let spec = Message::default()
            .bytes(1, self.holder())
            .number(2, self.duration_secs)
            .message(3, time(acquired))
            .message(4, time(renewed))
            .number(5, self.transitions);
        let lease = Message::default().message(1, metadata).message(2, spec);
        let kind = Message::default().bytes(1, "coordination.k8s.io/v1").bytes(2, "Lease");
        let envelope = Message::default().message(1, kind).message(2, lease);
        [b"k8s\0".as_slice(), &envelope.into_bytes()].concat()
    }
}

impl Role for KubernetesLease {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        let acquired = jiff::Timestamp::now();
        let mut renewals = 0;
        while self.renewals == 0 || renewals < self.renewals {
            actor.put(self.key(), self.value(acquired, jiff::Timestamp::now()), None).await?;
            renewals += 1;
            tokio::time::sleep(self.renewed_every).await;
        }
        // It fails. The others wait until the lease is no longer valid.
        tokio::time::sleep(Duration::from_secs(self.duration_secs)).await;
        self.transitions += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_stored_as_the_api_server_does() {
        let lease = leases().swap_remove(0);
        let value = lease.value(jiff::Timestamp::UNIX_EPOCH, jiff::Timestamp::UNIX_EPOCH);
        assert!(value.starts_with(b"k8s\0\x0a\x1f\x0a\x16coordination.k8s.io/v1\x12\x05Lease\x12"));
        let holder = b"\x0a\x0econtrol-1_7f3b\x10\x0f";
        assert!(value.windows(holder.len()).any(|part| part == holder));
    }
}
