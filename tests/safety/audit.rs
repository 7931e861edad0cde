//! What the console writes is in its audit log, before it is sent and once it has ended, and what is
//! done to the log shows.

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use etcdscope::action::Action;
use etcdscope::model::audit::{AuditEntry, AuditOperation, AuditOutcome, AuditQuery, AuditWrite, ChainState};
use etcdscope::model::bytes::Key;
use etcdscope::model::message::{CommandKind, EventKind};
use etcdscope::model::write::{BatchStep, Expect, LeaseChoice, WriteOutcome};
use etcdscope::storage::audit::{AuditReader, AuditStore};

use super::commands::{Hand, OURS, every_command, put, request, writes};
use super::support::{Bench, SOON, session, wait};

/// Tells the child that it is one, and where to append.
const CHILD: &str = "ETCDSCOPE_TEST_AUDIT";

fn folder(bench: &Bench) -> PathBuf {
    bench.home.path().join("audit")
}

/// Every entry, oldest first.
fn entries(folder: &Path) -> Vec<AuditEntry> {
    let mut entries = Vec::new();
    let read = AuditReader::open(folder).unwrap().every(|entry| {
        entries.push(entry);
        Ok(())
    });
    read.unwrap();
    entries
}

fn state(folder: &Path) -> ChainState {
    AuditReader::open(folder).unwrap().verify().unwrap().0
}

fn connected(bench: &Bench) -> Hand {
    let mut hand = Hand::start(bench);
    hand.send(OURS, CommandKind::Connect(Box::new(request(bench, false))));
    hand.until_live();
    hand
}

/// Whoever adds a way to write must have it recorded: each command that writes, as the list of all
/// commands says, leaves two entries for each key.
#[test]
fn every_command_that_writes_is_recorded_before_and_after() {
    let bench = Bench::start();
    bench.put(b"there", "1");
    let mut hand = connected(&bench);
    let mut before = 0;
    for mut kind in every_command(&bench).into_iter().filter(writes) {
        if let CommandKind::RunPlan(plan) = &mut kind {
            // One that can be done: for this cluster, and of a key that is not there.
            plan.cluster_id = entries(&folder(&bench))[0].write.cluster_id;
            plan.steps[0].key = Key::from(&b"planned"[..]);
        }
        let name = format!("{kind:?}");
        let request = hand.send(OURS, kind);
        hand.until(&name, |event| {
            let news = matches!(event.kind, EventKind::Progress { .. } | EventKind::PlanNews { .. });
            event.request == request && !news
        });
        let all = entries(&folder(&bench));
        let fresh = &all[before..];
        before = all.len();
        assert!(!fresh.is_empty(), "nothing was recorded of {name}");
        for entry in fresh {
            let of_write = |other: &&AuditEntry| other.write.write_id == entry.write.write_id;
            let pair: Vec<&AuditEntry> = fresh.iter().filter(of_write).collect();
            let outcomes: Vec<_> = pair.iter().map(|entry| entry.write.outcome.name()).collect();
            assert!(
                outcomes.len() == 2 && outcomes[0] == "asked" && outcomes[1] != "asked",
                "{name}: {outcomes:?}"
            );
            assert_eq!(entry.write.profile, "guarded", "{name}");
            assert_ne!(entry.write.cluster_id, 0, "{name}");
        }
    }
    hand.backend.shutdown();
    assert_eq!(state(&folder(&bench)), ChainState::Whole);
}

#[test]
fn a_batch_tells_of_each_key_with_its_revision() {
    let bench = Bench::start();
    bench.put(b"there", "1");
    let mut hand = connected(&bench);
    let there = bench.revision();
    let mut steps: Vec<_> = (0..500)
        .map(|number| {
            let key = format!("many/{number:03}");
            BatchStep::Put(put(key.as_bytes(), Expect::Absent, LeaseChoice::Attach(0)))
        })
        .collect();
    steps.push(BatchStep::Delete { key: Key::from(&b"there"[..]), revision: there - 1 });
    steps.push(BatchStep::Copy {
        from: Key::from(&b"there"[..]),
        revision: there,
        to: Key::from(&b"moved"[..]),
        keep_lease: true,
        remove_source: true,
    });
    let began = Instant::now();
    let request = hand.send(OURS, CommandKind::Batch(steps));
    let EventKind::BatchDone(report) = hand.answer("the batch", request) else { panic!("no report") };
    eprintln!("a batch of 502 keys with its entries: {:?}", began.elapsed());
    assert_eq!((report.done, report.skipped.len()), (501, 1));
    hand.backend.shutdown();
    let all = entries(&folder(&bench));
    let ended: Vec<_> = all.iter().filter(|entry| entry.write.outcome != AuditOutcome::Asked).collect();
    assert_eq!((all.len(), ended.len()), (2 * 503, 503), "a rename is told of both keys");
    for entry in &ended[..500] {
        let (key, write) = (&entry.write.key, &entry.write);
        let got = bench.runtime.block_on(bench.client().get(&**key, None)).unwrap();
        let revision = got.kvs()[0].mod_revision();
        assert_eq!((write.operation, write.before), (AuditOperation::Create, 0));
        assert_eq!(write.outcome, AuditOutcome::Done { revision });
    }
    assert_eq!(ended[500].write.outcome, AuditOutcome::Conflict);
    let told: Vec<_> = ended[501..].iter().map(|entry| (entry.write.operation, &*entry.write.key)).collect();
    assert_eq!(told, [(AuditOperation::Rename, &b"moved"[..]), (AuditOperation::Delete, &b"there"[..])]);
    assert_eq!(state(&folder(&bench)), ChainState::Whole);
}

/// etcd stands still: what was asked of it is in the log all the same.
#[test]
fn the_entry_is_on_disk_before_the_answer() {
    let bench = Bench::start();
    let mut hand = connected(&bench);
    bench.cluster.member(0).stop().unwrap();
    let request = hand.send(OURS, CommandKind::Put(put(b"new", Expect::Absent, LeaseChoice::Attach(0))));
    let began = Instant::now();
    let asked = loop {
        let all = entries(&folder(&bench));
        if !all.is_empty() {
            break all;
        }
        assert!(began.elapsed() < SOON, "nothing is recorded");
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(asked[0].write.outcome, AuditOutcome::Asked);
    assert_eq!((asked.len(), &*asked[0].write.key), (1, &b"new"[..]));
    bench.cluster.member(0).cont().unwrap();
    let EventKind::Written { outcome, .. } = hand.answer("the put", request) else { panic!("no answer") };
    hand.backend.shutdown();
    let all = entries(&folder(&bench));
    assert_eq!(all[1].write.outcome, AuditOutcome::of_put(&outcome));
    assert_eq!(all.len(), 2);
}

/// The operator's write is not stopped by this machine's disk; it is told, and recorded when the disk
/// takes it again.
#[test]
fn a_log_that_can_not_be_written_is_told_and_made_up_for() {
    let bench = Bench::start();
    // A file lies where the folder is to be.
    std::fs::write(folder(&bench), "in the way").unwrap();
    let mut hand = connected(&bench);
    let write = |hand: &mut Hand, key: &[u8], is_trouble: fn(&EventKind) -> bool| {
        let request = hand.send(OURS, CommandKind::Put(put(key, Expect::Absent, LeaseChoice::Attach(0))));
        let mut told = false;
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < SOON, "no answer");
            let Some(event) = hand.backend.try_next() else {
                std::thread::sleep(Duration::from_millis(2));
                continue;
            };
            told |= is_trouble(&event.kind);
            if event.request == request {
                let saved =
                    matches!(event.kind, EventKind::Written { outcome: WriteOutcome::Saved { .. }, .. });
                assert!(saved, "{event:?}");
                return told;
            }
        }
    };
    assert!(write(&mut hand, b"first", |kind| matches!(kind, EventKind::AuditTrouble(Some(_)))));
    std::fs::remove_file(folder(&bench)).unwrap();
    assert!(write(&mut hand, b"second", |kind| matches!(kind, EventKind::AuditTrouble(None))));
    hand.backend.shutdown();
    let keys: Vec<_> = entries(&folder(&bench)).into_iter().map(|entry| entry.write.key).collect();
    let keys: Vec<&[u8]> = keys.iter().map(|key| &**key).collect();
    assert_eq!(keys, [b"first".as_slice(), b"first", b"second", b"second"]);
    assert_eq!(state(&folder(&bench)), ChainState::Whole);
}

#[test]
fn tampering_with_the_file_shows_in_the_window() {
    let bench = Bench::start();
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    for name in ["one", "two", "three"] {
        app.act(Action::Create { key: Key::from(name.as_bytes()), value: b"x"[..].into() });
        wait(&mut app, "a key", |world| session(world).keyspace.get(name.as_bytes()).is_some());
    }
    wait(&mut app, "the last entry", |_| entries(&folder(&bench)).len() == 6);
    let query = AuditQuery { limit: 100, ..AuditQuery::default() };
    let mut look = |expected: ChainState| {
        let began = Instant::now();
        loop {
            app.act(Action::LoadAudit(query.clone()));
            wait(&mut app, "the log", |world| !world.audit.page.is_pending());
            let page = app.world().audit.page.value();
            if page.is_some_and(|page| page.chain == expected && page.entries.len() == 3) {
                return;
            }
            assert!(began.elapsed() < SOON, "{page:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    look(ChainState::Whole);
    let database = rusqlite::Connection::open(folder(&bench).join("audit.db")).unwrap();
    database.busy_timeout(SOON).unwrap();
    database.execute("UPDATE entries SET key = ?1 WHERE number = 4", [b"other".as_slice()]).unwrap();
    look(ChainState::BrokenAt(4));
    app.shutdown();
}

/// Not a test by itself: appends until it is killed, and says what it was told to be on disk.
#[test]
fn child_that_appends() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let mut store = AuditStore::new(folder.into());
    for number in 0_u64.. {
        let write = AuditWrite {
            at: 1,
            profile: "child".to_owned(),
            cluster_id: 1,
            user: None,
            operation: AuditOperation::Put,
            key: Key::from(&b"key"[..]),
            source: None,
            before: 1,
            outcome: AuditOutcome::Done { revision: 2 },
            plan: None,
            write_id: format!("{}-{number}", std::process::id()),
        };
        let head = store.append(std::slice::from_ref(&write)).unwrap();
        // Whoever listens may have gone: then it is about to be killed.
        if writeln!(std::io::stdout(), "on disk {}", write.write_id).is_err() {
            return;
        }
        store.keep_head(&head).unwrap();
    }
}

fn child(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "audit::child_that_appends", "--nocapture"])
        .env(CHILD, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Two processes append at once; both are killed in the middle, again and again.
#[test]
fn what_was_acknowledged_survives_a_kill_and_the_chain_holds() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("log");
    let mut acknowledged = Vec::new();
    for round in 0..4 {
        let mut children = [child(&folder), child(&folder)];
        let outputs = children.each_mut().map(|child| BufReader::new(child.stdout.take().unwrap()));
        let readers = outputs.map(|output| {
            std::thread::Builder::new()
                .name("output".to_owned())
                .spawn(move || {
                    let lines = output.lines().map_while(Result::ok);
                    lines
                        .filter_map(|line| line.strip_prefix("on disk ").map(str::to_owned))
                        .collect::<Vec<_>>()
                })
                .expect("a thread")
        });
        let began = Instant::now();
        let wanted = acknowledged.len() + 20 + 7 * round;
        while !folder.join("audit.db").exists() || entries(&folder).len() < wanted {
            assert!(began.elapsed() < SOON, "too slow");
            std::thread::sleep(Duration::from_millis(5));
        }
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        for reader in readers {
            acknowledged.extend(reader.join().unwrap());
        }
        assert_eq!(state(&folder), ChainState::Whole, "round {round}");
    }
    let there: std::collections::BTreeSet<_> =
        entries(&folder).into_iter().map(|entry| entry.write.write_id).collect();
    assert!(acknowledged.len() > 80);
    assert!(acknowledged.iter().all(|id| there.contains(id)), "an acknowledged entry is lost");
}
