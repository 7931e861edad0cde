//! A read-only connection refuses writes where commands are executed, whoever sends them.

use std::sync::Arc;
use std::time::Instant;

use etcd_client::{AlarmAction, AlarmType};
use etcdscope::backend::Backend;
use etcdscope::etcd::{Cluster, WriteGate};
use etcdscope::model::audit::AuditQuery;
use etcdscope::model::bytes::Key;
use etcdscope::model::document::Draft;
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::message::{
    Command, CommandKind, ConnectRequest, Event, EventKind, RequestId, SessionId,
};
use etcdscope::model::plan::{LostLease, Plan, PlanGoal, PlanState, PlanStep, StepAction, StepState};
use etcdscope::model::profile::Profile;
use etcdscope::model::search::SearchQuery;
use etcdscope::model::settings::Settings;
use etcdscope::model::transfer::{ExportFormat, ExportRequest};
use etcdscope::model::tree_item::TreeItem;
use etcdscope::model::write::{BatchStep, Expect, LeaseChoice, PutRequest, WriteOutcome};

use super::support::{Bench, SOON};

pub const OURS: SessionId = SessionId(1);
const NEW: &[u8] = b"new";

pub fn put(key: &[u8], expect: Expect, lease: LeaseChoice) -> PutRequest {
    PutRequest { key: key.into(), value: b"x"[..].into(), expect, lease }
}

fn steps() -> Vec<BatchStep> {
    vec![
        BatchStep::Put(put(NEW, Expect::Absent, LeaseChoice::Attach(0))),
        BatchStep::Delete { key: b"there"[..].into(), revision: 2 },
        BatchStep::Copy {
            from: b"there"[..].into(),
            revision: 2,
            to: b"copy"[..].into(),
            keep_lease: true,
            remove_source: true,
        },
    ]
}

/// A plan that would create a key.
fn plan() -> Plan {
    let step = PlanStep {
        key: Key::from(NEW),
        action: StepAction::Put { value: b"planned"[..].into(), lease: 0 },
        before: None,
        on: true,
        warnings: Vec::new(),
        state: StepState::Waiting,
    };
    Plan { id: "one".to_owned(), profile: "guarded".to_owned(), steps: vec![step], ..Plan::default() }
}

/// A sample of every command, with whether it writes: a command that is not listed here does not
/// compile.
macro_rules! every_command {
    ($($pattern:pat => $writes:literal, $sample:expr;)*) => {
        pub fn writes(kind: &CommandKind) -> bool {
            match kind {
                $($pattern => $writes,)*
            }
        }

        pub fn every_command(bench: &Bench) -> Vec<CommandKind> {
            let samples: Vec<fn(&Bench) -> CommandKind> = vec![$($sample),*];
            let samples: Vec<_> = samples.into_iter().map(|sample| sample(bench)).collect();
            let mut at = samples.iter();
            $(assert!(matches!(at.next(), Some($pattern)), "a sample stands in another's place");)*
            samples
        }
    };
}

every_command! {
    // The same number again, for a profile that may be written to: it must not take its place.
    CommandKind::Connect(_) => false, |bench| CommandKind::Connect(Box::new(request(bench, false)));
    CommandKind::Put(_) => true, |_| CommandKind::Put(put(NEW, Expect::Absent, LeaseChoice::Attach(0)));
    CommandKind::Batch(_) => true, |_| CommandKind::Batch(steps());
    CommandKind::Reconnect => false, |_| CommandKind::Reconnect;
    CommandKind::TestConnection(_) => false, |bench| {
        CommandKind::TestConnection(Box::new(request(bench, false)))
    };
    CommandKind::Read(_) => false, |_| CommandKind::Read(Key::from(&b"there"[..]));
    CommandKind::History { .. } => false, |_| CommandKind::History {
        key: Key::from(&b"there"[..]),
        below_revision: None,
        limit: 5,
    };
    CommandKind::Recorded(_) => false, |_| CommandKind::Recorded(Key::from(&b"there"[..]));
    CommandKind::Replay(_) => false, |_| CommandKind::Replay(TreeItem::key(&b"there"[..]));
    CommandKind::CompactionRevision => false, |_| CommandKind::CompactionRevision;
    CommandKind::Together(_) => false, |_| CommandKind::Together(2);
    CommandKind::Timeline(_) => false, |_| CommandKind::Timeline(Vec::new());
    CommandKind::Moment { .. } => false, |_| CommandKind::Moment { prefix: Vec::new(), revision: 2 };
    CommandKind::DeletedKeys(_) => false, |_| CommandKind::DeletedKeys(Vec::new());
    CommandKind::MakePlan { .. } => false, |_| CommandKind::MakePlan {
        goal: PlanGoal::Undelete { roots: vec![TreeItem::everything()] },
        lost_lease: LostLease::LeaveOut,
    };
    CommandKind::RunPlan(_) => true, |_| CommandKind::RunPlan(Box::new(plan()));
    CommandKind::LoadPlans => false, |_| CommandKind::LoadPlans;
    CommandKind::DropPlan(_) => false, |_| CommandKind::DropPlan("none".to_owned());
    CommandKind::Audit(_) => false, |_| CommandKind::Audit(AuditQuery::default());
    CommandKind::ExportAudit(..) => false, |bench| {
        CommandKind::ExportAudit(AuditQuery::default(), bench.home.path().join("audit.json"))
    };
    CommandKind::ReadFile(_) => false, |bench| CommandKind::ReadFile(bench.home.path().join("none"));
    CommandKind::Leases(_) => false, |_| CommandKind::Leases(vec![7]);
    CommandKind::ListLeases => false, |_| CommandKind::ListLeases;
    CommandKind::GrantLease { .. } => true, |_| CommandKind::GrantLease { ttl_secs: 60, id: 0x77 };
    CommandKind::KeepLease(_) => true, |_| CommandKind::KeepLease(7);
    CommandKind::RevokeLease(_) => true, |_| CommandKind::RevokeLease(7);
    CommandKind::Notify { .. } => false, |_| CommandKind::Notify {
        title: "t".to_owned(),
        body: "b".to_owned(),
        opens: None,
    };
    CommandKind::Search(..) => false, |_| {
        let query = SearchQuery { text: "t".to_owned(), ..SearchQuery::default() };
        CommandKind::Search(Keyspace::default(), query)
    };
    CommandKind::Export(_) => false, |bench| CommandKind::Export(ExportRequest {
        prefix: Vec::new(),
        only_key: false,
        format: ExportFormat::Yaml,
        path: bench.home.path().join("all.yaml"),
    });
    CommandKind::Cancel(_) => false, |_| CommandKind::Cancel(RequestId(1));
    CommandKind::LoadStored => false, |_| CommandKind::LoadStored;
    CommandKind::KeepProfile { .. } => false, |bench| CommandKind::KeepProfile {
        profile: Box::new(request(bench, false).profile),
        renamed_from: None,
        password: None,
    };
    CommandKind::RemoveProfile(_) => false, |_| CommandKind::RemoveProfile("guarded".to_owned());
    CommandKind::KeepSettings(_) => false, |_| CommandKind::KeepSettings(Box::<Settings>::default());
    CommandKind::KeepDraft(_) => false, |_| CommandKind::KeepDraft(Box::new(Draft {
        profile: "guarded".to_owned(),
        key: Key::from(&b"there"[..]),
        value: b"typed"[..].into(),
        base: None,
        seen_at: 1,
    }));
    CommandKind::DropDraft { .. } => false, |_| CommandKind::DropDraft {
        profile: "guarded".to_owned(),
        key: Key::from(&b"there"[..]),
    };
    CommandKind::StartDemo => false, |_| CommandKind::StartDemo;
    CommandKind::ProbeLocal => false, |_| CommandKind::ProbeLocal;
    CommandKind::Disconnect => false, |_| CommandKind::Disconnect;
}

pub fn request(bench: &Bench, read_only: bool) -> ConnectRequest {
    let profile = Profile { name: "guarded".to_owned(), read_only, ..bench.profile() };
    ConnectRequest { profile, password: None }
}

/// A backend, driven by hand.
pub struct Hand {
    pub backend: Backend,
    last: u64,
    /// A live mirror was told of.
    live: bool,
}

impl Hand {
    pub fn start(bench: &Bench) -> Self {
        Self { backend: Backend::start(bench.backend(), Arc::new(|_| {})).unwrap(), last: 0, live: false }
    }

    pub fn send(&mut self, session: SessionId, kind: CommandKind) -> RequestId {
        self.last += 1;
        let request = RequestId(self.last);
        self.backend.send(Command { session, request, kind }).unwrap();
        request
    }

    /// The first event that is as wanted.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&Event) -> bool) -> EventKind {
        let begun = Instant::now();
        loop {
            if let Some(event) = self.next() {
                if wanted(&event) {
                    return event.kind;
                }
            } else {
                assert!(begun.elapsed() < SOON, "waited in vain for {what}");
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        }
    }

    fn next(&mut self) -> Option<Event> {
        let event = self.backend.try_next()?;
        self.live |= matches!(&event.kind, EventKind::Mirror(update) if update.state.is_live());
        Some(event)
    }

    /// Waits for a live mirror, unless one was told of already.
    pub fn until_live(&mut self) {
        let begun = Instant::now();
        while !self.live {
            if self.next().is_none() {
                assert!(begun.elapsed() < SOON, "waited in vain for a live mirror");
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        }
    }

    pub fn answer(&mut self, what: &str, request: RequestId) -> EventKind {
        self.until(what, |event| {
            event.request == request && !matches!(event.kind, EventKind::Progress { .. })
        })
    }
}

fn refusal(answer: EventKind) -> Option<Fault> {
    match answer {
        EventKind::Written { outcome: WriteOutcome::NotSaved(fault), .. } => Some(fault),
        EventKind::LeaseGranted(Err(fault)) => Some(fault),
        EventKind::LeaseKept { kept: Err(fault), .. } => Some(fault),
        EventKind::LeaseRevoked { ended: Err(fault), .. } => Some(fault),
        EventKind::BatchDone(report) if report.done == 0 => report.stopped,
        EventKind::PlanDone(plan) => match plan.state {
            PlanState::Stopped(fault) => fault,
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn no_command_writes_through_a_read_only_connection() {
    let bench = Bench::start();
    bench.put(b"there", "1");
    // An alarm that nobody may take away.
    let mut client = bench.client();
    let member = bench.runtime.block_on(client.member_list()).unwrap().members()[0].id();
    let mut raise = etcd_client::AlarmOptions::new();
    raise.with_member(member);
    bench.runtime.block_on(client.alarm(AlarmAction::Activate, AlarmType::Nospace, Some(raise))).unwrap();
    let (before, revision) = (bench.writes(), bench.revision());

    let mut hand = Hand::start(&bench);
    hand.send(OURS, CommandKind::Connect(Box::new(request(&bench, true))));
    // Before the connection is made, and once it is.
    for live in [false, true] {
        if live {
            hand.until_live();
        }
        let commands = every_command(&bench);
        let count = commands.len();
        for (at, kind) in commands.into_iter().enumerate() {
            if !live && at + 1 == count {
                continue; // It goes on.
            }
            let (name, must_be_refused) = (format!("{kind:?}"), writes(&kind));
            let request = hand.send(OURS, kind);
            if must_be_refused {
                let fault = refusal(hand.answer(&name, request));
                assert_eq!(fault, Some(Fault::new(FaultKind::ReadOnly, "guarded")), "{name}");
            }
        }
    }
    // A connection that is closed, or never was, has nothing to write through.
    for kind in every_command(&bench).into_iter().filter(writes) {
        hand.send(OURS, kind.clone());
        hand.send(SessionId(9), kind);
    }
    hand.backend.shutdown();
    assert_eq!((bench.writes(), bench.revision()), (before, revision));
    let alarms = bench.runtime.block_on(client.alarm(AlarmAction::Get, AlarmType::None, None)).unwrap();
    assert_eq!(alarms.alarms().len(), 1, "the alarm is still raised");
}

#[test]
fn a_profile_made_read_only_stops_what_is_writing() {
    let bench = Bench::start();
    let mut hand = Hand::start(&bench);
    hand.send(OURS, CommandKind::Connect(Box::new(request(&bench, false))));
    hand.until_live();
    let steps = (0..20_000).map(|number| {
        BatchStep::Put(put(format!("many/{number:05}").as_bytes(), Expect::Absent, LeaseChoice::Attach(0)))
    });
    let batch = hand.send(OURS, CommandKind::Batch(steps.collect()));
    hand.until("the first steps", |event| {
        event.request == batch && matches!(event.kind, EventKind::Progress { done: 1.., .. })
    });
    hand.send(
        SessionId(0),
        CommandKind::KeepProfile {
            profile: Box::new(request(&bench, true).profile),
            renamed_from: None,
            password: None,
        },
    );
    let EventKind::BatchDone(report) = hand.answer("the end of the batch", batch) else { panic!("no end") };
    assert_eq!(report.stopped.map(|fault| fault.kind), Some(FaultKind::ReadOnly));
    assert!(report.done > 0 && report.done < report.total, "{} of {}", report.done, report.total);
    assert!(report.unknown.is_empty());
    let late = hand.send(OURS, CommandKind::Put(put(NEW, Expect::Absent, LeaseChoice::Attach(0))));
    let fault = refusal(hand.answer("a put", late));
    assert_eq!(fault.map(|fault| fault.kind), Some(FaultKind::ReadOnly));
    hand.backend.shutdown();
}

/// Whatever is built on a cluster: it is refused in the last place before the network.
#[test]
fn a_closed_gate_lets_nothing_through() {
    let bench = Bench::start();
    bench.put(b"there", "1");
    let gate = WriteGate::of(&bench.profile());
    let request = request(&bench, false);
    let connect = Cluster::connect_behind(&request, gate.clone());
    let cluster = bench.runtime.block_on(connect).unwrap();
    let new = put(NEW, Expect::Absent, LeaseChoice::Attach(0));
    let written = bench.runtime.block_on(cluster.put(&new));
    assert!(matches!(written, WriteOutcome::Saved { .. }), "{written:?}");

    gate.close();
    let before = bench.writes();
    let again = put(b"again", Expect::Absent, LeaseChoice::Attach(0));
    let WriteOutcome::NotSaved(fault) = bench.runtime.block_on(cluster.put(&again)) else { panic!("saved") };
    assert_eq!(fault.kind, FaultKind::ReadOnly);
    let steps = steps();
    let mut progress = |_| {};
    let batch = cluster.batch(&steps, &mut progress, &|| false);
    let stopped = bench.runtime.block_on(batch).stopped;
    assert_eq!(stopped.map(|fault| fault.kind), Some(FaultKind::ReadOnly));
    assert_eq!(bench.writes(), before);
    let still_read = bench.runtime.block_on(cluster.read(b"there")).unwrap();
    assert!(still_read.is_some());
}
