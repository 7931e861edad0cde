//! What tests of recognition share.

use prost::Message;

use super::{Rules, find};
use crate::model::coordination::{ClaimKind, Confidence, Finding, Instance, Layout, Report, Role};
use crate::model::record::KeyMeta;

/// A lease as etcd makes them.
pub(super) const LEASE: i64 = 0x694d_8b0c_3e4a_1f02;

pub(super) fn meta(lease: i64) -> KeyMeta {
    KeyMeta { create_revision: 5, mod_revision: 5, version: 1, lease }
}

pub(super) fn found(key: &str, value: impl AsRef<[u8]>, lease: i64) -> Option<Finding> {
    find(key.as_bytes(), &meta(lease), Some(value.as_ref()), &Rules::default(), b'/')
}

/// Before its value is loaded.
pub(super) fn unloaded(key: &str, lease: i64) -> Option<Finding> {
    find(key.as_bytes(), &meta(lease), None, &Rules::default(), b'/')
}

/// What a key claims: the queue's name, its kind, who writes so, how sure, and the owner.
pub(super) fn claim(finding: Option<Finding>) -> (String, ClaimKind, Layout, Confidence, Option<String>) {
    match finding {
        Some(Finding { role: Role::Claim { queue, kind, owner, .. }, layout, confidence }) => {
            (String::from_utf8_lossy(&queue).into_owned(), kind, layout, confidence, owner)
        }
        other => panic!("no claim: {other:?}"),
    }
}

/// The service's folder and name, and the instance.
pub(super) fn instance(finding: Option<Finding>) -> (String, String, Instance) {
    match finding {
        Some(Finding { role: Role::Instance { service, name, instance }, layout, confidence }) => {
            assert_eq!((instance.layout, instance.confidence), (layout, confidence));
            (String::from_utf8_lossy(&service).into_owned(), name, (*instance).clone())
        }
        other => panic!("no instance: {other:?}"),
    }
}

pub(super) fn report(finding: Option<Finding>) -> (String, String, Report) {
    match finding {
        Some(Finding { role: Role::Report { service, instance, report }, .. }) => {
            (service, instance, (*report).clone())
        }
        other => panic!("no report: {other:?}"),
    }
}

pub(super) fn metadata<'i>(instance: &'i Instance, name: &str) -> Option<&'i str> {
    instance.metadata.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

/// A Kubernetes Lease as the API server stores it, by another definition than the one that reads it: with the
/// fields that are not read.
pub(super) fn kubernetes_lease(namespace: &str, name: &str, holder: &str, renewed_secs: i64) -> Vec<u8> {
    #[derive(Clone, PartialEq, Message)]
    struct Pair {
        #[prost(string, tag = "1")]
        api_version: String,
        #[prost(string, tag = "2")]
        kind: String,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Unknown {
        #[prost(message, optional, tag = "1")]
        type_meta: Option<Pair>,
        #[prost(bytes = "vec", tag = "2")]
        raw: Vec<u8>,
        #[prost(string, tag = "3")]
        content_encoding: String,
        #[prost(string, tag = "4")]
        content_type: String,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Time {
        #[prost(int64, tag = "1")]
        seconds: i64,
        #[prost(int32, tag = "2")]
        nanos: i32,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Meta {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(string, tag = "3")]
        namespace: String,
        #[prost(string, tag = "5")]
        uid: String,
        #[prost(message, optional, tag = "8")]
        creation: Option<Time>,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Spec {
        #[prost(string, tag = "1")]
        holder: String,
        #[prost(int32, tag = "2")]
        duration: i32,
        #[prost(message, optional, tag = "3")]
        acquired: Option<Time>,
        #[prost(message, optional, tag = "4")]
        renewed: Option<Time>,
        #[prost(int32, tag = "5")]
        transitions: i32,
        #[prost(string, tag = "6")]
        strategy: String,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Lease {
        #[prost(message, optional, tag = "1")]
        meta: Option<Meta>,
        #[prost(message, optional, tag = "2")]
        spec: Option<Spec>,
    }
    let creation = Some(Time { seconds: 1_600_000_000, nanos: 0 });
    let lease = Lease {
        meta: Some(Meta { name: name.into(), namespace: namespace.into(), uid: "u-1".into(), creation }),
        spec: Some(Spec {
            holder: holder.into(),
            duration: 15,
            acquired: Some(Time { seconds: renewed_secs - 60, nanos: 0 }),
            renewed: Some(Time { seconds: renewed_secs, nanos: 250_000_000 }),
            transitions: 3,
            strategy: String::new(),
        }),
    };
    let unknown = Unknown {
        type_meta: Some(Pair { api_version: "coordination.k8s.io/v1".into(), kind: "Lease".into() }),
        raw: lease.encode_to_vec(),
        content_encoding: String::new(),
        content_type: String::new(),
    };
    [b"k8s\0".as_slice(), &unknown.encode_to_vec()].concat()
}
