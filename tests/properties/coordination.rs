//! What was kept up to date change by change is what a look at the whole key space finds.

use std::collections::BTreeMap;
use std::sync::Arc;

use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::coordination::rules::{Rule, RuleKind};
use etcdscope::model::coordination::{Coordination, CoordinationSettings, Engine};
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::record::{ChangeKind, KeyChange, KeyMeta, Revision};
use proptest::prelude::*;

/// What happens to the keys.
#[derive(Clone, Debug)]
enum Step {
    /// Writes and deletions at one revision: the places of keys and values, a lease (0: none).
    Commit(Vec<(usize, Option<(usize, i64)>)>),
    /// A lease ends: all its keys go.
    End(i64),
    /// Nobody watches while these happen; then all is listed.
    Gap(Vec<(usize, Option<(usize, i64)>)>),
    /// Time goes on.
    Tick,
}

/// Names of which a few meet again and again; `L` stands for the lease in hexadecimal, `D` in decimal.
fn names() -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    for lease in 1..5 {
        for name in
            ["/locks/a/", "/locks/b/", "jobs/x/", "user.rpc/", "/services/l/", "app.jobs.", "/elections/e/"]
        {
            names.push(format!("{name}{lease:x}").into_bytes());
        }
    }
    for at in 1..4 {
        names.push(format!("/rw/stock/read/171196560000000000{at}").into_bytes());
        names.push(format!("/rw/stock/write/171196560000000000{at}").into_bytes());
        names.push(format!("/services/user/10.0.0.{at}:80").into_bytes());
        names.push(format!("/health/user/10.0.0.{at}:80").into_bytes());
        names.push(format!("/ruled/s/user/i{at}").into_bytes());
        names.push(format!("/ruled/h/user/i{at}").into_bytes());
        names.push(format!("/ruled/l/lock-{at}").into_bytes());
    }
    for name in ["/leader", "/locks/a", "/locks/single", "plain", "/services/user/", "/", ""] {
        names.push(name.as_bytes().to_vec());
    }
    names.extend(crate::nasty::keys().into_iter().map(|(_, key)| key));
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    names
}

fn values() -> Vec<&'static [u8]> {
    vec![
        b"",
        b"node-1",
        b"10.0.0.7:8081",
        br#"{"ip":"10.0.0.7","port":8081,"status":"UP","weight":10}"#,
        br#"{"id":"u-1","name":"user","endpoints":["grpc://10.0.0.7:9000"]}"#,
        br#"{"status":"UP","cpu":0.5,"memory":0.25,"responseTime":12}"#,
        &[0xd4, 1, 2, 3, 4, 5, 0x11, 7, 0x88, 9, 10, 11, 12, 13, 14, 255],
    ]
}

fn settings(which: usize) -> CoordinationSettings {
    let rule = |prefix: &str, kind| Rule { prefix: prefix.to_owned(), kind, owner: Some("(i.)".to_owned()) };
    let rules = match which {
        0 => Vec::new(),
        1 => vec![
            rule("/ruled/s/", RuleKind::Service),
            rule("/ruled/h/", RuleKind::Report),
            rule("/ruled/l/", RuleKind::Lock),
        ],
        _ => vec![
            rule("/locks/b", RuleKind::Election),
            rule("/services/", RuleKind::Nothing),
            rule("/", RuleKind::Lock),
        ],
    };
    CoordinationSettings { rules, ..CoordinationSettings::default() }
}

fn writes() -> impl Strategy<Value = Vec<(usize, Option<(usize, i64)>)>> {
    let count = names().len();
    let write = prop::option::weighted(0.75, (0..values().len(), 0_i64..5));
    prop::collection::vec((0..count, write), 1..6)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => writes().prop_map(Step::Commit),
        2 => (1_i64..5).prop_map(Step::End),
        1 => writes().prop_map(Step::Gap),
        1 => Just(Step::Tick),
    ]
}

struct Store {
    keyspace: Keyspace,
    keys: BTreeMap<usize, KeyMeta>,
    names: Vec<Vec<u8>>,
    revision: i64,
}

impl Store {
    fn commit(&mut self, writes: &[(usize, Option<(usize, i64)>)]) -> Revision {
        self.revision += 1;
        let mut changes = Vec::new();
        // etcd takes one write of a key in a revision.
        for (at, write) in writes.iter().copied().collect::<BTreeMap<_, _>>() {
            let key = Key::from(self.names[at].as_slice());
            let kind = match write {
                Some((value, lease)) => {
                    let new = KeyMeta { create_revision: self.revision, ..KeyMeta::default() };
                    let meta = self.keys.entry(at).or_insert(new);
                    *meta =
                        KeyMeta { mod_revision: self.revision, version: meta.version + 1, lease, ..*meta };
                    let value = Value::from(values()[value]);
                    self.keyspace.put(&key, *meta, Some(value.clone()));
                    ChangeKind::Put { meta: *meta, value }
                }
                None if self.keys.remove(&at).is_some() => {
                    self.keyspace.remove(&key);
                    ChangeKind::Delete
                }
                None => continue,
            };
            changes.push(KeyChange { key, kind, prev: None });
        }
        Revision { revision: self.revision, changes }
    }
}

/// What a picture says of the present, without what was seen over time.
fn present(picture: &Coordination) -> String {
    let mut said = Vec::new();
    for queue in picture.queues.values().filter(|queue| !queue.claims.is_empty()) {
        said.push(format!(
            "{:?} {:?} {:?} {:?} {:?}",
            queue.name, queue.kind, queue.form, queue.layout, queue.confidence
        ));
        for claim in &queue.claims {
            let claim = (&claim.key, claim.meta, &claim.value, claim.mode, &claim.owner, &claim.told);
            said.push(format!("  {claim:?}"));
        }
    }
    for service in picture.services.values().filter(|service| !service.instances.is_empty()) {
        said.push(format!(
            "{:?} {} {:?} {:?}",
            service.folder, service.name, service.layout, service.confidence
        ));
        for instance in service.instances.values() {
            let mut instance = (**instance).clone();
            // A report that is gone stays, and ages.
            let report = instance
                .report
                .take()
                .filter(|report| report.key.as_ref().is_none_or(|key| picture.meanings.contains_key(key)));
            let report =
                report.map(|report| (report.key.clone(), report.status.clone(), report.cpu, report.memory));
            (instance.since, instance.renewed_at, instance.flaps) = (None, None, 0);
            instance.series = Arc::default();
            said.push(format!("  {instance:?} {report:?}"));
        }
    }
    for lease in picture.leases.values() {
        said.push(format!("{} {:?}", lease.id, lease.keys));
    }
    let meanings: BTreeMap<_, _> = picture.meanings.iter().collect();
    said.push(format!("{meanings:?}"));
    said.push(format!("{:?} {:?}", picture.waits, picture.totals));
    said.join("\n")
}

proptest! {
    #![proptest_config(crate::cases(200))]

    #[test]
    fn what_changes_made_is_what_a_look_at_everything_finds(
        steps in prop::collection::vec(step(), 1..60),
        separator in prop::sample::select(b"/.:\xff".to_vec()),
        rules in 0_usize..3,
    ) {
        let settings = settings(rules);
        let mut engine = Engine::new(separator, &settings);
        let names = names();
        let mut store = Store { keyspace: Keyspace::new(separator), keys: BTreeMap::new(), names, revision: 1 };
        engine.listed(&store.keyspace, 1, 0, false);
        for (now, step) in (1_i64..).zip(steps) {
            match step {
                Step::Commit(writes) => engine.apply(&store.commit(&writes), now * 1_000),
                Step::End(lease) => {
                    let ends: Vec<_> = store
                        .keys
                        .iter()
                        .filter(|(_, meta)| meta.lease == lease)
                        .map(|(at, _)| (*at, None))
                        .collect();
                    engine.apply(&store.commit(&ends), now * 1_000);
                }
                Step::Gap(writes) => {
                    store.commit(&writes);
                    engine.listed(&store.keyspace, store.revision, now * 1_000, false);
                }
                Step::Tick => {
                    engine.tick(now * 1_000);
                }
            }
            let mut anew = Engine::new(separator, &settings);
            anew.listed(&store.keyspace, store.revision, 0, false);
            let (kept, anew) = (present(&engine.picture(now * 1_000)), present(&anew.picture(0)));
            prop_assert_eq!(kept, anew);
        }
    }
}
