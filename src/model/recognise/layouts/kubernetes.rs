//! Kubernetes: `/registry/leases/<namespace>/<name>`, a Lease as protobuf behind `k8s\0`. It is on no lease of
//! etcd: it runs out by the times within it. Who leads changes without the key going.

use prost::Message;

use crate::model::coordination::{ClaimKind, Confidence, Finding, Layout, Told};
use crate::model::recognise::seen::{Claimed, Seen, registered};
use crate::model::status::SeenAt;

/// What stands before the protobuf of a stored object.
const MAGIC: &[u8] = b"k8s\0";
/// Longer values are not decoded: a Lease has some hundred bytes.
const MOST_BYTES: usize = 256 * 1024;
/// The namespace of the heartbeats of nodes.
const NODES: &str = "kube-node-lease";
/// What heartbeats of API servers are named.
const API_SERVER: &str = "apiserver-";

/// `runtime.Unknown`: the envelope.
#[derive(Clone, PartialEq, Message)]
struct Envelope {
    #[prost(bytes = "vec", optional, tag = "2")]
    raw: Option<Vec<u8>>,
}

/// `coordination.k8s.io/v1` Lease, as far as it is needed.
#[derive(Clone, PartialEq, Message)]
struct Lease {
    #[prost(message, optional, tag = "2")]
    spec: Option<LeaseSpec>,
}

#[derive(Clone, PartialEq, Message)]
struct LeaseSpec {
    #[prost(string, optional, tag = "1")]
    holder_identity: Option<String>,
    #[prost(int32, optional, tag = "2")]
    lease_duration_seconds: Option<i32>,
    #[prost(message, optional, tag = "3")]
    acquire_time: Option<MicroTime>,
    #[prost(message, optional, tag = "4")]
    renew_time: Option<MicroTime>,
    #[prost(int32, optional, tag = "5")]
    lease_transitions: Option<i32>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct MicroTime {
    #[prost(int64, optional, tag = "1")]
    seconds: Option<i64>,
    #[prost(int32, optional, tag = "2")]
    nanos: Option<i32>,
}

impl MicroTime {
    fn millis(self) -> SeenAt {
        let nanos = i64::from(self.nanos.unwrap_or_default());
        self.seconds.unwrap_or_default().saturating_mul(1_000).saturating_add(nanos / 1_000_000)
    }
}

/// What a key of Kubernetes is: a leader, a node's heartbeat, or (`Some(None)`) nothing of ours. `None`: it is
/// not a key of Kubernetes.
pub(in crate::model::recognise) fn find(seen: &Seen<'_>) -> Option<Option<Finding>> {
    let path = &seen.path;
    let stored = seen.value.is_some_and(|value| value.starts_with(MAGIC));
    let registry = path.get(0) == b"registry";
    if !stored && !registry {
        return None;
    }
    let lease = path.len() == 4 && path.get(1) == b"leases" && !path.last().is_empty();
    if lease && (stored || seen.value.is_none()) {
        return Some(of_lease(seen));
    }
    // Everything else that Kubernetes keeps; a registry of somebody else may begin with the same word.
    let its_own = stored || is_object(seen) || (seen.value.is_none() && is_resource(path.get(1)));
    its_own.then_some(None)
}

/// Whether the value is an object of Kubernetes as JSON.
fn is_object(seen: &Seen<'_>) -> bool {
    // Only leased keys and values with the mark are worth being read.
    seen.value.is_some_and(|value| {
        memchr::memmem::find(value.get(..200).unwrap_or(value), b"\"apiVersion\"").is_some()
    })
}

/// Resources whose keys are leased, or look like services.
fn is_resource(segment: &[u8]) -> bool {
    let names: [&[u8]; 8] = [
        b"events",
        b"masterleases",
        b"services",
        b"endpointslices",
        b"pods",
        b"minions",
        b"leases",
        b"configmaps",
    ];
    names.contains(&segment) || memchr::memchr(b'.', segment).is_some()
}

fn of_lease(seen: &Seen<'_>) -> Option<Finding> {
    let path = &seen.path;
    let (namespace, name) = (path.text(2, 3), path.text(3, 4));
    let spec = seen.value.and_then(decode);
    let confidence = if spec.is_some() { Confidence::Certain } else { Confidence::Likely };
    let holder = spec.as_ref().and_then(|spec| spec.holder_identity.clone());
    if namespace == NODES {
        return Some(heartbeat(seen, NODES.to_owned(), name, spec.as_ref(), confidence));
    }
    if name.starts_with(API_SERVER) && holder.as_ref().is_none_or(|holder| holder.starts_with(API_SERVER)) {
        return Some(heartbeat(seen, "kube-apiserver".to_owned(), name, spec.as_ref(), confidence));
    }
    // Given up: nobody leads.
    if spec.is_some() && holder.as_ref().is_none_or(String::is_empty) {
        return None;
    }
    let claim = Claimed::single(seen.key, ClaimKind::Election, Layout::Kubernetes, confidence);
    let told = spec.map(|spec| told(&spec, namespace));
    Some(Claimed { owner: holder, told, ..claim }.finding())
}

/// The Lease in a value; `None`: it is broken.
fn decode(value: &[u8]) -> Option<LeaseSpec> {
    let envelope = value.strip_prefix(MAGIC).filter(|rest| rest.len() <= MOST_BYTES)?;
    let raw = Envelope::decode(envelope).ok()?.raw?;
    Lease::decode(raw.as_slice()).ok()?.spec
}

fn told(spec: &LeaseSpec, namespace: String) -> Told {
    let mut details = vec![("namespace".to_owned(), namespace)];
    let mut add = |name: &str, number: Option<i32>| {
        details.extend(number.map(|number| (name.to_owned(), number.to_string())));
    };
    add("leaseDurationSeconds", spec.lease_duration_seconds);
    add("leaseTransitions", spec.lease_transitions);
    Told {
        acquired_at: spec.acquire_time.map(MicroTime::millis),
        renewed_at: spec.renew_time.map(MicroTime::millis),
        expires_at: expires_at(spec),
        details,
    }
}

fn expires_at(spec: &LeaseSpec) -> Option<SeenAt> {
    let secs = i64::from(spec.lease_duration_seconds?);
    Some(spec.renew_time?.millis().saturating_add(secs.saturating_mul(1_000)))
}

/// A Lease that only tells that its holder is alive.
fn heartbeat(
    seen: &Seen<'_>,
    service: String,
    name: String,
    spec: Option<&LeaseSpec>,
    confidence: Confidence,
) -> Finding {
    let mut instance = seen.instance(name, Layout::Kubernetes, confidence);
    if let Some(spec) = spec {
        let time = |time: Option<MicroTime>| {
            let time = jiff::Timestamp::from_millisecond(time?.millis()).ok()?;
            Some(time.to_string())
        };
        let secs = spec.lease_duration_seconds.map(|secs| secs.to_string());
        let told = [
            ("holderIdentity", spec.holder_identity.clone().filter(|holder| *holder != instance.id)),
            ("renewTime", time(spec.renew_time)),
            ("leaseDurationSeconds", secs),
        ];
        instance.metadata.extend(told.into_iter().filter_map(|(name, told)| Some((name.to_owned(), told?))));
    }
    registered(seen.path.folder(3), service, instance)
}
