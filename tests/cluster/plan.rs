//! Plans: interrupted by killing the process and members, going on to exactly the planned state,
//! leaving alone what others have changed, on leases as asked, within etcd's limits, and undone.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use etcd_client::{Client, GetOptions, PutOptions};
use etcdscope::backend::audit::{AuditLog, AuditTrail};
use etcdscope::backend::plans::{EtcdPast, make_plan, run_plan};
use etcdscope::demo::LocalClusterOptions;
use etcdscope::etcd::Cluster;
use etcdscope::model::bytes::Key;
use etcdscope::model::fault::FaultKind;
use etcdscope::model::plan::{
    LostLease, Plan, PlanGoal, PlanState, PlanStep, StepAction, StepState, Warning,
};
use etcdscope::model::profile::Profile;
use etcdscope::model::tree_item::TreeItem;
use etcdscope::storage::Storage;

use super::figure::figure;
use super::proxy::Proxy;
use super::support::{connect, newest, plain_client, request, revision, shared, start, versions};

/// Home, endpoints and the revision to go back to, of the child process.
const CHILD: [&str; 3] =
    ["ETCDSCOPE_TEST_PLAN_HOME", "ETCDSCOPE_TEST_PLAN_ENDPOINTS", "ETCDSCOPE_TEST_PLAN_REVISION"];
const CHILD_TEST: &str = "plan::child_that_runs_a_plan";
const KEYS: usize = 500;
/// The process is killed at most so often; then it may come to its end.
const MOST_KILLS: usize = 25;

/// Keys, values and leases of a prefix.
type Content = BTreeMap<Vec<u8>, (Vec<u8>, i64)>;

async fn content(client: &mut Client, prefix: &str, at: i64) -> Content {
    let mut content = Content::new();
    let end = etcdscope::model::bytes::prefix_end(prefix.as_bytes()).unwrap();
    let (mut from, mut at) = (prefix.as_bytes().to_vec(), at);
    loop {
        let options = GetOptions::new().with_range(end.clone()).with_limit(50).with_revision(at);
        let answer = client.get(from.clone(), Some(options)).await.unwrap();
        // All of it at one revision.
        at = if at == 0 { answer.header().unwrap().revision() } else { at };
        let pair = |kv: &etcd_client::KeyValue| (kv.key().to_vec(), (kv.value().to_vec(), kv.lease()));
        content.extend(answer.kvs().iter().map(pair));
        let Some(last) = answer.kvs().last().filter(|_| answer.more()) else { return content };
        from = [last.key(), &[0]].concat();
    }
}

struct Desk {
    home: tempfile::TempDir,
    storage: Storage,
    cluster: Cluster,
    trail: AuditTrail,
    profile: Profile,
}

impl Desk {
    async fn at(endpoints: &[String]) -> Self {
        Self::with(connect(endpoints).await, Profile { name: "test".to_owned(), ..Profile::default() })
    }

    fn with(cluster: Cluster, profile: Profile) -> Self {
        let home = tempfile::tempdir().unwrap();
        let storage = Storage::open(Some(home.path().to_owned()));
        let trail = AuditTrail::of(AuditLog::start(&storage, Arc::new(|_| {})), &profile, &cluster);
        Self { home, storage, cluster, trail, profile }
    }

    async fn make(&self, goal: PlanGoal, lost_lease: LostLease) -> Plan {
        make_plan(&self.cluster, &EtcdPast, &self.profile, goal, lost_lease, Arc::new(|_, _| None))
            .await
            .unwrap()
    }

    async fn back_to(&self, prefix: &str, revision: i64) -> Plan {
        let roots = vec![TreeItem::folder(prefix.as_bytes())];
        self.make(PlanGoal::Moment { roots, revision, delete_newer: true }, LostLease::LeaveOut).await
    }

    async fn run(&self, plan: Plan) -> Plan {
        self.run_telling(plan, |_| {}).await
    }

    async fn run_telling(&self, plan: Plan, told: impl Fn(u64) + Send) -> Plan {
        let progress = move |over, _| told(over);
        run_plan(&self.cluster, &self.storage, &self.trail, plan, progress, &|| false).await
    }
}

/// Writes keys, returns the revision, and changes, deletes and adds keys after it.
async fn scene(client: &mut Client, prefix: &str, size: usize) -> i64 {
    let value = |round: usize, at: usize| {
        let mut value = format!("{round} {at} ").into_bytes();
        value.resize(size, b'a' + (at % 26) as u8);
        value
    };
    for at in 0..KEYS {
        client.put(format!("{prefix}{at:03}"), value(1, at), None).await.unwrap();
    }
    let then = revision(client).await;
    for at in 0..KEYS {
        match at % 5 {
            0 => drop(client.delete(format!("{prefix}{at:03}"), None).await.unwrap()),
            1 | 2 => drop(client.put(format!("{prefix}{at:03}"), value(2, at), None).await.unwrap()),
            3 => drop(client.put(format!("{prefix}{at:03}-new"), value(2, at), None).await.unwrap()),
            _ => {}
        }
    }
    // Every step counts: 500 of them.
    for at in 0..KEYS / 5 {
        client.put(format!("{prefix}x-new-{at:03}"), value(3, at), None).await.unwrap();
    }
    then
}

fn counted(plan: &Plan) -> (u64, u64, u64, u64) {
    let counts = plan.counts();
    (counts.done, counts.skipped, counts.refused, counts.unknown)
}

/// Not a test by itself: what the child process runs, a plan of its own or the one left on disk.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_runs_a_plan() {
    let [Some(home), Some(endpoints), Some(revision)] = CHILD.map(|name| std::env::var(name).ok()) else {
        return;
    };
    let endpoints: Vec<String> = endpoints.split(',').map(str::to_owned).collect();
    let mut desk = Desk::at(&endpoints).await;
    desk.storage = Storage::open(Some(home.into()));
    let left = desk.storage.plans(desk.cluster.cluster_id()).unwrap().pop();
    let plan = match left {
        Some(plan) => plan,
        None => desk.back_to("killed/", revision.parse().unwrap()).await,
    };
    println!("begun");
    let ended = desk.run_telling(plan, |over| println!("over {over}")).await;
    println!("ended {:?}", ended.state);
}

/// A console in a process of its own.
struct Console {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Console {
    fn start(home: &std::path::Path, endpoints: &[String], revision: i64) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", CHILD_TEST, "--nocapture"])
            .env(CHILD[0], home)
            .env(CHILD[1], endpoints.join(","))
            .env(CHILD[2], revision.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (told, lines) = std::sync::mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        let reader = std::thread::Builder::new().name("output".to_owned()).spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if told.send(line).is_err() {
                    return;
                }
            }
        });
        reader.expect("a thread");
        Self { child, lines }
    }

    /// The first line that says this, within so long.
    fn hear(&self, what: &str, within: Duration) -> Option<String> {
        self.hear_one(&[what], within)
    }

    /// The first line that says one of these, within so long.
    fn hear_one(&self, words: &[&str], within: Duration) -> Option<String> {
        let until = Instant::now() + within;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).ok()?;
            // libtest writes its own words on the same line.
            if let Some(at) = words.iter().find_map(|word| line.find(word)) {
                return Some(line[at..].to_owned());
            }
        }
    }

    /// As `kill -9`.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_killed_again_and_again_ends_with_exactly_the_planned_state() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        let then = scene(&mut client, "killed/", 16 << 10).await;
        let mut wanted = content(&mut client, "killed/", then).await;
        let way = Proxy::start(&local.endpoints()[0]).await;
        way.delay(Duration::from_millis(15));
        let endpoints = vec![way.endpoint()];
        let home = tempfile::tempdir().unwrap();
        let storage = Storage::open(Some(home.path().to_owned()));
        let cluster_id = connect(&endpoints).await.cluster_id();
        let (mut kills, mut in_the_middle, mut left_sent) = (0, 0, 0);
        let mut touched: Option<Key> = None;
        let ended = loop {
            let console = Console::start(home.path(), &endpoints, then);
            assert!(console.hear("begun", Duration::from_secs(60)).is_some(), "it does not begin");
            if kills < MOST_KILLS {
                // Some time after it has begun; at first, and then now and again, in the middle for sure.
                let mut wait = Duration::from_millis(fastrand::u64(0..500));
                if kills < 2 || fastrand::bool() {
                    let heard = console.hear_one(&["over", "ended"], Duration::from_secs(60));
                    let heard = heard.expect("it does not go on");
                    if heard.starts_with("ended") {
                        break heard;
                    }
                    wait = Duration::from_millis(fastrand::u64(0..40));
                }
                if let Some(ended) = console.hear("ended", wait) {
                    break ended;
                }
                console.kill();
                kills += 1;
            } else {
                let ended = console.hear("ended", Duration::from_secs(120));
                break ended.expect("an end");
            }
            // What the console says of it that is opened next.
            let Some(plan) = storage.plans(cluster_id).unwrap().pop() else { continue };
            if plan.state == PlanState::Finished {
                // It came to its end and was killed before it could say so.
                break "ended Finished".to_owned();
            }
            assert_eq!(plan.state, PlanState::Stopped(None));
            let (done, ..) = counted(&plan);
            in_the_middle += usize::from(done > 0);
            left_sent += usize::from(plan.steps.iter().any(|step| step.state == StepState::Sent));
            // Someone changes a key that is still to come.
            if touched.is_none()
                && let Some(step) = plan.steps.iter().rev().find(|step| step.state == StepState::Waiting)
            {
                client.put(&*step.key, "someone's", None).await.unwrap();
                wanted.insert(step.key.to_vec(), (b"someone's".to_vec(), 0));
                touched = Some(step.key.clone());
            }
        };
        assert!(ended.starts_with("ended Finished"), "{ended}");
        assert!(in_the_middle >= 2, "killed {kills} times, {in_the_middle} of them in the middle");
        let plan = storage.plans(cluster_id).unwrap().pop().unwrap();
        assert_eq!(plan.steps.len(), KEYS);
        assert_eq!(counted(&plan), (KEYS as u64 - 1, 1, 0, 0));
        let skipped = plan.steps.iter().find(|step| matches!(step.state, StepState::Skipped { .. })).unwrap();
        assert_eq!(Some(&skipped.key), touched.as_ref());
        let now = content(&mut client, "killed/", 0).await;
        assert!(now == wanted, "{} keys, {} wanted", now.len(), wanted.len());
        // Each key was written once.
        let options = GetOptions::new().with_prefix().with_keys_only();
        let answer = client.get("killed/", Some(options)).await.unwrap();
        let steps: BTreeMap<&[u8], &PlanStep> = plan.steps.iter().map(|step| (&*step.key, step)).collect();
        for kv in answer.kvs() {
            let Some(step) = steps.get(kv.key()) else { continue };
            let before = step.before.as_ref().map_or(0, |before| before.meta.version);
            assert_eq!(kv.version(), before + 1, "{:?}", step.key);
        }
        figure(
            "plan-killed",
            format!(
                "500 keys, killed {kills} times ({in_the_middle} in the middle, {left_sent} with a \
                 transaction under way): ended exactly as planned"
            ),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_dies_does_not_end_a_plan() {
    for binary in versions() {
        let local = Arc::new(start(&binary, LocalClusterOptions::members(3)).await);
        let mut ways = Vec::new();
        for endpoint in local.endpoints() {
            let way = Proxy::start(&endpoint).await;
            way.delay(Duration::from_millis(10));
            ways.push(way);
        }
        let endpoints: Vec<String> = ways.iter().map(Proxy::endpoint).collect();
        let desk = Desk::at(&endpoints).await;
        let mut client = local.client().await.unwrap();
        for round in 0..4 {
            let prefix = format!("member-{round}/");
            let then = scene(&mut client, &prefix, 8 << 10).await;
            let wanted = content(&mut client, &prefix, then).await;
            let plan = desk.back_to(&prefix, then).await;
            assert_eq!(plan.steps.len(), KEYS);
            let leader = local.leader().await.unwrap();
            // The leader, one that follows, the leader again.
            let victim = if round == 1 { (leader + 1) % 3 } else { leader };
            let killed = AtomicBool::new(false);
            let at = fastrand::u64(0..300);
            let begun = Instant::now();
            let members = local.clone();
            let ended = desk
                .run_telling(plan, move |over| {
                    if over > at && !killed.swap(true, Ordering::SeqCst) {
                        members.member(victim).kill();
                    }
                })
                .await;
            let took = begun.elapsed();
            assert_eq!(ended.state, PlanState::Finished, "round {round}");
            assert_eq!(counted(&ended), (KEYS as u64, 0, 0, 0));
            let mut sound = plain_client(&local.endpoints()[(victim + 1) % 3]).await;
            assert!(content(&mut sound, &prefix, 0).await == wanted, "round {round}");
            figure("plan-member-killed", format!("500 keys, member killed: done after {took:.1?}"));
            local.restart(victim).await.unwrap();
            client = local.client().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quorum_a_plan_stops_and_goes_on_later() {
    let local = Arc::new(start(&newest(), LocalClusterOptions::members(3)).await);
    let desk = Desk::at(&local.endpoints()).await;
    let mut client = local.client().await.unwrap();
    let then = scene(&mut client, "quorum/", 4 << 10).await;
    let wanted = content(&mut client, "quorum/", then).await;
    let plan = desk.back_to("quorum/", then).await;
    let members = local.clone();
    let stopped = desk
        .run_telling(plan, move |over| {
            if (100..200).contains(&over) {
                members.member(0).kill();
                members.member(1).kill();
            }
        })
        .await;
    let PlanState::Stopped(Some(fault)) = &stopped.state else { panic!("{:?}", stopped.state) };
    assert_ne!(fault.kind, FaultKind::Cancelled);
    let (done, skipped, refused, _) = counted(&stopped);
    assert!(done >= 100 && done < KEYS as u64 && skipped + refused == 0, "{:?}", counted(&stopped));
    local.restart(0).await.unwrap();
    local.restart(1).await.unwrap();
    let ended = desk.run(stopped).await;
    assert_eq!((&ended.state, counted(&ended)), (&PlanState::Finished, (KEYS as u64, 0, 0, 0)));
    let mut client = local.client().await.unwrap();
    assert!(content(&mut client, "quorum/", 0).await == wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_whose_answers_are_lost_writes_each_key_once() {
    for local in shared().await {
        let mut client = plain_client(&local.endpoints()[0]).await;
        client.put("lost/a", "marker-a", None).await.unwrap();
        client.put("lost/b", "b", None).await.unwrap();
        let then = revision(&mut client).await;
        client.put("lost/a", "other", None).await.unwrap();
        client.delete("lost/b", None).await.unwrap();
        client.put("lost/c", "new", None).await.unwrap();
        let way = Proxy::start(&local.endpoints()[0]).await;
        let desk = Desk::at(&[way.endpoint()]).await;
        let wanted = content(&mut client, "lost/", then).await;
        let plan = desk.back_to("lost/", then).await;
        way.lose_answer_to(Some(b"marker-a"));
        let ended = desk.run(plan).await;
        assert!(way.lost_answers() > 0, "the test loses answers");
        way.lose_answer_to(None);
        assert_eq!((&ended.state, counted(&ended)), (&PlanState::Finished, (3, 0, 0, 0)));
        assert!(content(&mut client, "lost/", 0).await == wanted);
        let answer = client.get("lost/a", None).await.unwrap();
        assert_eq!(answer.kvs()[0].version(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_someone_changed_is_left_alone_and_undoing_brings_the_rest_back() {
    for local in shared().await {
        let mut client = plain_client(&local.endpoints()[0]).await;
        let desk = Desk::at(&local.endpoints()).await;
        let then = scene(&mut client, "undo/", 64).await;
        let plan = desk.back_to("undo/", then).await;
        assert_eq!(plan.transactions().len(), 5);
        // Changed, deleted and created since the plan was made.
        let keys: Vec<Key> = [7, 150, 499].iter().map(|at| plan.steps[*at].key.clone()).collect();
        for key in &keys {
            client.put(&**key, "someone's", None).await.unwrap();
        }
        let gone = plan.steps.iter().find(|step| step.before.is_some() && !keys.contains(&step.key)).unwrap();
        let gone = gone.key.clone();
        client.delete(&*gone, None).await.unwrap();
        let before = content(&mut client, "undo/", 0).await;
        let ended = desk.run(plan).await;
        assert_eq!((&ended.state, counted(&ended)), (&PlanState::Finished, (496, 4, 0, 0)));
        let now = content(&mut client, "undo/", 0).await;
        let mut wanted = content(&mut client, "undo/", then).await;
        for key in keys.iter().chain([&gone]) {
            match before.get(&**key) {
                Some(value) => drop(wanted.insert(key.to_vec(), value.clone())),
                None => drop(wanted.remove(&**key)),
            }
        }
        assert!(now == wanted);

        // Someone changes one of what was done: undoing leaves it out.
        let changed = ended.steps.iter().find(|step| {
            matches!(step.state, StepState::Done { .. }) && matches!(step.action, StepAction::Put { .. })
        });
        let changed = changed.unwrap().key.clone();
        client.put(&*changed, "later", None).await.unwrap();
        let undo = desk.make(PlanGoal::Undo(Arc::new(ended)), LostLease::LeaveOut).await;
        let step = undo.steps.iter().find(|step| step.key == changed).unwrap();
        assert!(!step.on && matches!(step.warnings[..], [Warning::ChangedSince { .. }]), "{step:?}");
        let undone = desk.run(undo).await;
        assert_eq!((&undone.state, counted(&undone)), (&PlanState::Finished, (495, 0, 0, 0)));
        let mut wanted = before;
        wanted.insert(changed.to_vec(), (b"later".to_vec(), 0));
        assert!(content(&mut client, "undo/", 0).await == wanted);
        assert_eq!(desk.storage.plans(desk.cluster.cluster_id()).unwrap().len(), 2);
        assert!(desk.home.path().join("plans").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_folder_comes_back_with_its_leases_handled_as_asked() {
    for local in shared().await {
        let mut client = plain_client(&local.endpoints()[0]).await;
        let desk = Desk::at(&local.endpoints()).await;
        let alive = client.lease_grant(600, None).await.unwrap().id();
        let on = |lease| Some(PutOptions::new().with_lease(lease));
        let set_up = async |client: &mut Client| {
            let gone = client.lease_grant(600, None).await.unwrap().id();
            client.put("leases/gone", "3", on(gone)).await.unwrap();
            client.lease_revoke(gone).await.unwrap();
            client.put("leases/plain", "1", None).await.unwrap();
            client.put("leases/alive", "2", on(alive)).await.unwrap();
            client.delete("leases/", Some(etcd_client::DeleteOptions::new().with_prefix())).await.unwrap();
            gone
        };
        let mut gone = set_up(&mut client).await;
        let undelete = || PlanGoal::Undelete { roots: vec![TreeItem::folder(&b"leases/"[..])] };

        for (choice, lease_of_gone) in [
            (LostLease::LeaveOut, None),
            (LostLease::Permanent, Some(0)),
            (LostLease::NewLease { ttl_secs: 300 }, Some(-1)),
        ] {
            let plan = desk.make(undelete(), choice).await;
            let names: Vec<&[u8]> = plan.steps.iter().map(|step| &*step.key).collect();
            assert_eq!(names, [&b"leases/alive"[..], b"leases/gone", b"leases/plain"]);
            assert_eq!(plan.steps[1].warnings[0], Warning::LeaseGone(gone));
            assert!(plan.steps[0].on, "its lease is alive: it comes back on it");
            let new_lease = plan.new_lease;
            let ended = desk.run(plan).await;
            assert_eq!(ended.state, PlanState::Finished);
            let now = content(&mut client, "leases/", 0).await;
            assert_eq!(now[&b"leases/plain"[..]], (b"1".to_vec(), 0));
            assert_eq!(now[&b"leases/alive"[..]], (b"2".to_vec(), alive));
            let expected = lease_of_gone.map(|lease| if lease == -1 { new_lease } else { lease });
            assert_eq!(now.get(&b"leases/gone"[..]).map(|(_, lease)| *lease), expected, "{choice:?}");
            if let LostLease::NewLease { ttl_secs } = choice {
                let told = client.lease_time_to_live(new_lease, None).await.unwrap();
                assert_eq!(told.granted_ttl(), ttl_secs);
                client.lease_revoke(new_lease).await.unwrap();
                assert!(!content(&mut client, "leases/", 0).await.contains_key(&b"leases/gone"[..]));
            }
            client.delete("leases/gone", None).await.unwrap();
            gone = set_up(&mut client).await;
        }

        // A lease that ends between the plan and its run takes no other key with it.
        let plan = desk.make(undelete(), LostLease::LeaveOut).await;
        client.lease_revoke(alive).await.unwrap();
        let ended = desk.run(plan).await;
        assert_eq!((&ended.state, counted(&ended)), (&PlanState::Finished, (1, 0, 1, 0)));
        let StepState::Refused(fault) = &ended.steps[0].state else { panic!("{:?}", ended.steps[0]) };
        assert_eq!(fault.kind, FaultKind::LeaseNotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn etcds_limits_are_kept_and_what_is_refused_is_refused_alone() {
    for local in shared().await {
        let mut client = plain_client(&local.endpoints()[0]).await;
        let desk = Desk::at(&local.endpoints()).await;
        let large = vec![b'x'; 1_400 << 10];
        let mut values: Vec<(Key, Option<_>)> = (0..300)
            .map(|at| {
                (Key::from(format!("limits/{at:03}").as_bytes()), Some(format!("{at}").into_bytes().into()))
            })
            .collect();
        values.push((Key::from(&b"limits/large"[..]), Some(large.clone().into())));
        values.push((Key::from(&b"limits/larger"[..]), Some(vec![b'x'; 2 << 20].into())));
        values.push((Key::from(&b"limits/not-there"[..]), None));
        let goal = PlanGoal::Values { origin: "limits".to_owned(), values };
        let plan = desk.make(goal, LostLease::LeaveOut).await;
        assert_eq!(plan.steps.len(), 302, "what is gone already is no step");
        let ended = desk.run(plan).await;
        assert_eq!((&ended.state, counted(&ended)), (&PlanState::Finished, (301, 0, 1, 0)));
        let StepState::Refused(fault) = &ended.steps[301].state else {
            panic!("{:?}", ended.steps[301].state)
        };
        assert_eq!(fault.kind, FaultKind::RequestTooLarge);
        let now = content(&mut client, "limits/", 0).await;
        assert_eq!(now.len(), 301);
        assert_eq!(now[&b"limits/large"[..]].0, large);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_stops_between_transactions_and_a_read_only_profile_runs_none() {
    for local in shared().await {
        let mut client = plain_client(&local.endpoints()[0]).await;
        let desk = Desk::at(&local.endpoints()).await;
        let then = scene(&mut client, "stop/", 64).await;
        let wanted = content(&mut client, "stop/", then).await;
        let before = content(&mut client, "stop/", 0).await;
        let plan = desk.back_to("stop/", then).await;

        let profile = Profile { read_only: true, ..request(&local.endpoints()).profile };
        let read_only =
            etcdscope::model::message::ConnectRequest { profile: profile.clone(), password: None };
        let guarded = Desk::with(Cluster::connect(&read_only).await.unwrap(), profile);
        let looked_at = guarded.back_to("stop/", then).await;
        assert_eq!(looked_at.steps, plan.steps, "it can be looked at");
        let refused = guarded.run(looked_at).await;
        let PlanState::Stopped(Some(fault)) = &refused.state else { panic!("{:?}", refused.state) };
        assert_eq!((fault.kind, counted(&refused)), (FaultKind::ReadOnly, (0, 0, 0, 0)));
        assert!(content(&mut client, "stop/", 0).await == before);

        let asked = AtomicUsize::new(0);
        let cancelled = || asked.fetch_add(1, Ordering::SeqCst) >= 2;
        let stopped = run_plan(&desk.cluster, &desk.storage, &desk.trail, plan, |_, _| {}, &cancelled).await;
        assert_eq!((&stopped.state, counted(&stopped)), (&PlanState::Stopped(None), (200, 0, 0, 0)));
        let ended = desk.run(stopped).await;
        assert_eq!((&ended.state, counted(&ended)), (&PlanState::Finished, (500, 0, 0, 0)));
        assert!(content(&mut client, "stop/", 0).await == wanted);
    }
}
