use proptest::prelude::*;

use super::*;
use crate::model::audit::{AuditOperation, AuditOutcome};

fn write(at: i64) -> AuditWrite {
    AuditWrite {
        at,
        profile: "prod".to_owned(),
        cluster_id: 0xab,
        user: Some("root".to_owned()),
        operation: AuditOperation::Put,
        key: b"/config/\xff"[..].into(),
        source: None,
        before: 7,
        outcome: AuditOutcome::Done { revision: 8 },
        plan: None,
        write_id: format!("w{at}"),
    }
}

fn chain(writes: Vec<AuditWrite>) -> Vec<AuditEntry> {
    let mut before = first_hash();
    let mut entries = Vec::new();
    for (number, write) in (1..).zip(writes) {
        let hash = chained_hash(&before, number, &write);
        before.clone_from(&hash);
        entries.push(AuditEntry { number, write, hash });
    }
    entries
}

fn head(entries: &[AuditEntry]) -> ChainHead {
    entries
        .last()
        .map_or_else(ChainHead::default, |last| ChainHead { entries: last.number, hash: last.hash.clone() })
}

fn check(entries: &[AuditEntry], head: Option<ChainHead>) -> ChainState {
    let mut check = ChainCheck::new(head);
    entries.iter().for_each(|entry| check.add(entry));
    check.finish()
}

/// printf '17:etcdscope audit 1,64:000…000,1:1,…' | sha256sum
#[test]
fn the_encoding_is_what_is_documented() {
    let bytes = canonical(&first_hash(), 1, &write(1_700_000_000_000));
    let expected = [
        format!("17:etcdscope audit 1,64:{},", "0".repeat(64)).as_bytes(),
        b"1:1,13:1700000000000,4:prod,16:00000000000000ab,5:=root,3:put,9:/config/\xff,0:,1:7,4:done,",
        b"1:8,0:,0:,14:w1700000000000,",
    ]
    .concat();
    assert_eq!(bytes, expected);
    let hash = chained_hash(&first_hash(), 1, &write(1_700_000_000_000));
    assert_eq!(hash, "d8913ee7a3e094e0d2aacce28a0cedb31a119b6fb0c166fa756616c7837261dd");
}

#[test]
fn a_head_that_lags_is_no_tampering_and_one_that_leads_is() {
    let entries = chain((0..5).map(write).collect());
    for lag in 0..=5 {
        assert_eq!(check(&entries, Some(head(&entries[..lag]))), ChainState::Whole, "{lag}");
    }
    for left in 0..5 {
        let shortened = ChainState::Shortened { expected: 5, found: left as u64 };
        assert_eq!(check(&entries[..left], Some(head(&entries))), shortened);
    }
    assert_eq!(check(&entries, None), ChainState::HeadMissing);
    assert_eq!(check(&[], None), ChainState::Whole);
}

/// A log made anew with hashes that fit: the head kept apart is another one's.
#[test]
fn a_forged_log_does_not_fit_the_head() {
    let ours = chain((0..5).map(write).collect());
    let forged = chain((1..6).map(write).collect());
    assert_eq!(check(&forged, Some(head(&ours))), ChainState::BrokenAt(5));
}

fn any_write() -> impl Strategy<Value = AuditWrite> {
    let outcome = prop_oneof![
        Just(AuditOutcome::Asked),
        any::<i64>().prop_map(|revision| AuditOutcome::Done { revision }),
        Just(AuditOutcome::Conflict),
        ".*".prop_map(AuditOutcome::Refused),
        ".*".prop_map(AuditOutcome::Unknown),
    ];
    let operation = (0..AuditOperation::ALL.len()).prop_map(|at| AuditOperation::ALL[at]);
    let bytes = || proptest::collection::vec(any::<u8>(), 0..12);
    let names = (".{0,8}", proptest::option::of(".{0,8}"), proptest::option::of(".{0,8}"), ".{0,8}");
    let keys = (bytes(), proptest::option::of(bytes()));
    (any::<i64>(), any::<u64>(), operation, keys, any::<i64>(), outcome, names).prop_map(
        |(at, cluster_id, operation, (key, source), before, outcome, (profile, user, plan, write_id))| {
            AuditWrite {
                at,
                profile,
                cluster_id,
                user,
                operation,
                key: key.into(),
                source: source.map(Into::into),
                before,
                outcome,
                plan,
                write_id,
            }
        },
    )
}

proptest! {
    /// No two writes are told by the same bytes.
    #[test]
    fn what_differs_is_hashed_differently(one in any_write(), other in any_write()) {
        let bytes = |write| canonical(&first_hash(), 1, write);
        prop_assert_eq!(one == other, bytes(&one) == bytes(&other));
    }

    #[test]
    fn whatever_is_done_to_a_log_shows(
        writes in proptest::collection::vec(any_write(), 1..12),
        other in any_write(),
        at in any::<proptest::sample::Index>(),
        to in any::<proptest::sample::Index>(),
        what in 0..5,
        lag in any::<proptest::sample::Index>(),
    ) {
        let entries = chain(writes);
        let (at, to) = (at.index(entries.len()), to.index(entries.len()));
        let mut changed = entries.clone();
        match what {
            0 => changed[at].write = other,
            1 => drop(changed.remove(at)),
            2 => changed.insert(at, AuditEntry { write: other, ..entries[at].clone() }),
            3 => changed.swap(at, to),
            _ => {
                // As a careful forger does it: number and hash of the changed one fit.
                let before = at.checked_sub(1).map_or_else(first_hash, |at| entries[at].hash.clone());
                changed[at].hash = chained_hash(&before, entries[at].number, &other);
                changed[at].write = other;
            }
        }
        let touched = changed != entries;
        // The head may lag, but not behind what was touched at the end of the log.
        let lag = if changed.len() < entries.len() || what == 4 { 0 } else { lag.index(entries.len() + 1) };
        let head = head(&entries[..entries.len() - lag]);
        let state = check(&changed, Some(head));
        prop_assert_eq!(state == ChainState::Whole, !touched, "{:?}", state);
    }
}
