//! Locks and elections by shape: on any leased keys each key stands in one queue at most, in order.

use std::collections::BTreeSet;

use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::coordination::{Claim, ClaimForm};
use etcdscope::model::recognise::{may_claim, recognise};
use etcdscope::model::record::KeyMeta;
use proptest::prelude::*;

/// Leased keys: by chance, by the shapes of locks and elections, and hostile ones.
fn claims() -> impl Strategy<Value = Vec<Claim>> {
    let hostile: Vec<Vec<u8>> = crate::nasty::keys().into_iter().map(|(_, key)| key).collect();
    let values: Vec<Vec<u8>> = crate::nasty::values()
        .into_iter()
        .map(|(_, value)| value)
        .filter(|value| value.len() < 20_000)
        .collect();
    let words =
        prop::sample::select(vec!["locks", "leader", "/services", "a/b", "", "/", "config", "read", "write"]);
    let lease = prop_oneof![Just(0_i64), 1_i64..20, Just(0x694d_8b0c_3e4a_1f02), any::<i64>()];
    let key = prop_oneof![
        3 => (words.clone(), words.clone()).prop_map(|(a, b)| format!("{a}/{b}/LEASE").into_bytes()),
        2 => (words.clone(), words.clone()).prop_map(|(a, b)| format!("{a}/{b}").into_bytes()),
        1 => (words, 0_u64..20).prop_map(|(a, nanos)| format!("{a}/write/{nanos:019}").into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 1..30),
        1 => prop::sample::select(hostile),
    ];
    let value = prop_oneof![
        Just(Vec::new()),
        Just(b"10.0.0.1:8080".to_vec()),
        Just(b"{\"addr\":\"10.0.0.1:1\"}".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
        prop::sample::select(values),
    ];
    let claim = (key, value, lease, 1_i64..50, any::<bool>(), 0_u8..3);
    prop::collection::vec(claim, 0..40).prop_map(|claims| {
        let mut seen = BTreeSet::new();
        let made = claims.into_iter().map(|(key, value, lease, created, loaded, radix)| {
            let written = match radix {
                0 => format!("{lease:x}"),
                1 => format!("{lease}"),
                _ => format!("{:x}", lease.wrapping_add(1)),
            };
            let key = match key.strip_suffix(b"LEASE") {
                Some(start) => [start, written.as_bytes()].concat(),
                None => key,
            };
            let meta = KeyMeta { create_revision: created, mod_revision: created, version: 1, lease };
            Claim::found(Key::from(key), meta, loaded.then(|| Value::from(value)))
        });
        made.filter(|claim| seen.insert(claim.key.clone())).collect()
    })
}

proptest! {
    #![proptest_config(crate::cases(300))]

    #[test]
    fn each_key_stands_once_and_in_order(claims in claims(), separator in prop::sample::select(b"/.:\xff".to_vec())) {
        let found = recognise(claims.iter().cloned(), separator);
        let mut seen = BTreeSet::new();
        for queue in &found {
            prop_assert!(!queue.claims.is_empty());
            prop_assert!(queue.claims.is_sorted_by_key(|claim| claim.meta.create_revision));
            prop_assert!(queue.form == ClaimForm::Queue || queue.claims.len() == 1);
            for claim in &queue.claims {
                prop_assert!(claim.meta.lease != 0 && claim.key.starts_with(&queue.name));
                prop_assert!(seen.insert(claim.key.clone()), "in two queues");
                prop_assert!(claims.contains(claim));
            }
        }
        // The order in which they come does not matter.
        let backwards = recognise(claims.iter().rev().cloned(), separator);
        prop_assert_eq!(&backwards, &found);
        // What can not claim anything changes nothing.
        let may = claims.iter().filter(|claim| may_claim(&claim.key, &claim.meta, claim.value.as_deref(), separator));
        prop_assert_eq!(recognise(may.cloned(), separator), found);
    }
}
