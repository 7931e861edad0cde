//! The whole console while members, networks and clusters fail: frames go on, drafts stay, and
//! nothing is called saved that was not.

#[allow(dead_code, reason = "the faults of other tests")]
#[path = "../cluster/proxy/mod.rs"]
mod proxy;
#[allow(dead_code, reason = "the faults of other tests")]
#[path = "../cluster/rig.rs"]
mod rig;
#[path = "../cluster/snapshot.rs"]
mod snapshot;

use std::time::{Duration, Instant};

use etcdscope::action::Action;
use etcdscope::app::App;
use etcdscope::demo::{LocalCluster, LocalClusterOptions};
use etcdscope::model::document::SaveState;
use etcdscope::model::message::ConnectRequest;
use etcdscope::model::profile::Profile;
use etcdscope::model::status::MirrorState;
use etcdscope::model::world::World;

use super::figure::figure;
use super::{Bench, KEY, document, key, open, session, value, wait};
use proxy::Proxy;
use rig::Rig;

const SECOND: Duration = Duration::from_secs(1);
/// No frame may take longer, whatever fails.
const LONGEST_FRAME: Duration = Duration::from_millis(50);

/// The window without a screen: frames are laid out, and not painted.
struct Frames {
    ctx: egui::Context,
    frame: eframe::Frame,
    begun: Instant,
    drawn: usize,
    longest: Duration,
}

impl Frames {
    fn new() -> Self {
        let ctx = egui::Context::default();
        etcdscope::ui::theme::install(&ctx);
        let frame = eframe::Frame::_new_kittest();
        Self { ctx, frame, begun: Instant::now(), drawn: 0, longest: Duration::ZERO }
    }

    /// Takes news in and draws a frame, as the window does.
    fn draw(&mut self, app: &mut App) {
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1280.0, 800.0))),
            time: Some(self.begun.elapsed().as_secs_f64()),
            ..Default::default()
        };
        let (begun, waited) = (Instant::now(), waited_for_a_processor());
        eframe::App::logic(app, &self.ctx, &mut self.frame);
        let output = self.ctx.run_ui(input, |ui| eframe::App::ui(app, ui, &mut self.frame));
        let took = begun.elapsed().saturating_sub(waited_for_a_processor() - waited);
        output.drop_without_applying_deltas();
        self.drawn += 1;
        self.longest = self.longest.max(took);
    }

    /// Draws until the condition holds; returns after how long.
    fn until(
        &mut self,
        app: &mut App,
        limit: Duration,
        what: &str,
        holds: impl Fn(&World) -> bool,
    ) -> Duration {
        let begun = Instant::now();
        loop {
            self.draw(app);
            if holds(app.world()) {
                return begun.elapsed();
            }
            assert!(
                begun.elapsed() < limit,
                "not within {limit:?}: {what}: {:?}",
                session(app.world()).state
            );
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    /// What has been drawn so far does not count: fonts are loaded in the first frames.
    fn forget(&mut self) {
        (self.drawn, self.longest) = (0, Duration::ZERO);
    }
}

/// How long this thread has been ready to run while others were running: no fault of a frame.
fn waited_for_a_processor() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let waited = told.split_whitespace().nth(1).and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(waited.unwrap_or(0))
}

fn is_stale(world: &World) -> bool {
    matches!(session(world).state, MirrorState::Stale { .. })
}

fn is_live(world: &World) -> bool {
    session(world).state == MirrorState::Live
}

/// Index of the proxy before the member that the session watches, when it says so.
fn watched(rig: &Rig, world: &World) -> Option<usize> {
    let watching = session(world).cluster.watching.clone()?;
    rig.endpoints().iter().position(|endpoint| *endpoint == watching)
}

#[test]
fn while_a_member_is_stopped_or_the_network_swallows_no_frame_takes_over_50_ms() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rig = runtime.block_on(async {
        Rig::before(LocalCluster::start(LocalClusterOptions::members(3)).await.unwrap()).await
    });
    let home = tempfile::tempdir().unwrap();
    let mut app = super::app_at(home.path());
    let mut frames = Frames::new();
    let profile = Profile { name: "frames".to_owned(), endpoints: rig.endpoints(), ..Profile::default() };
    wait(&mut app, "what is on disk", |world| world.stored_loaded);
    app.act(Action::Connect(Box::new(ConnectRequest { profile, password: None })));
    frames.until(&mut app, 10 * SECOND, "a live mirror", is_live);

    type Inflict = fn(&Rig, usize, bool);
    let faults: [(&str, &str, Inflict); 3] = [
        ("member-stopped", "stopped", |rig, index, on| {
            let member = rig.local.member(index);
            if on { member.stop().unwrap() } else { member.cont().unwrap() }
        }),
        ("network-swallows", "answers swallowed", |rig, index, on| rig.proxies[index].swallow_answers(on)),
        ("network-swallows", "requests swallowed", |rig, index, on| rig.proxies[index].swallow_requests(on)),
    ];
    for (row, what, inflict) in faults {
        let at = watched(&rig, app.world());
        let at = at.unwrap_or_else(|| {
            frames.until(&mut app, 15 * SECOND, "who is watched", |world| watched(&rig, world).is_some());
            watched(&rig, app.world()).unwrap()
        });
        let sound = (at + 1) % 3;
        let writing = write(&runtime, &rig, sound);
        frames.until(&mut app, 10 * SECOND, "news", |world| session(world).activity.lines().next().is_some());
        frames.forget();
        inflict(&rig, at, true);
        // That it is told as stale in time, and left, is measured without a window: here it may be over
        // between two frames. Who is watched is asked every five seconds.
        frames.until(&mut app, 30 * SECOND, "another is watched", |world| {
            watched(&rig, world).is_some_and(|now| now != at) && is_live(world)
        });
        inflict(&rig, at, false);
        let news = session(app.world()).applied;
        frames.until(&mut app, 10 * SECOND, "news", |world| session(world).applied > news + 50);
        writing.abort();
        let longest = frames.longest.as_secs_f64() * 1_000.0;
        let text = format!("window, {what}: the longest of {} frames took {longest:.1} ms", frames.drawn);
        figure(row, &text);
        assert!(frames.longest < LONGEST_FRAME, "{text}");
    }
    app.shutdown();
}

/// Writes a hundred times a second through this member.
fn write(runtime: &tokio::runtime::Runtime, rig: &Rig, index: usize) -> tokio::task::JoinHandle<()> {
    let mut client = runtime.block_on(rig.client(index));
    runtime.spawn(async move {
        for number in 0_u64.. {
            // Refused while a leader is elected.
            let _refused = client.put(format!("frames/{}", number % 50), format!("{number}"), None).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
}

#[test]
fn a_cluster_restored_from_an_older_snapshot_is_noticed_and_a_draft_is_refused_as_a_conflict() {
    const OTHER: &[u8] = b"config/lost";
    let bench = Bench::start();
    bench.put(KEY, "kept");
    let member = bench.cluster.member(0);
    let saved = bench.cluster.folder().join("snapshot.db");
    bench.runtime.block_on(snapshot::save(&bench.cluster, &saved)).unwrap();
    bench.put(KEY, "lost");
    bench.put(OTHER, "lost");
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    open(&mut app);
    let base = document(app.world()).base_record().unwrap().meta;
    app.act(Action::EditDraft { key: key(KEY), value: value("typed") });

    member.kill();
    bench.runtime.block_on(snapshot::put_back(&bench.cluster, &saved)).unwrap();
    bench.runtime.block_on(bench.cluster.restart(0)).unwrap();
    let back = Instant::now();
    // Someone writes the key again: at the very revision, with the same version, as what was lost.
    bench.put(KEY, "other");
    let mut client = bench.runtime.block_on(bench.cluster.client()).unwrap();
    let now = bench.runtime.block_on(client.get(KEY, None)).unwrap();
    assert_eq!(now.kvs()[0].mod_revision(), base.mod_revision);
    assert_eq!(now.kvs()[0].version(), base.version);
    for number in 0..5 {
        bench.put(b"config/later", number.to_string());
    }
    wait(&mut app, "the old picture is gone", |world| {
        let keyspace = &session(world).keyspace;
        is_live(world) && keyspace.get(OTHER).is_none() && keyspace.get(b"config/later").is_some()
    });
    let noticed = back.elapsed();
    assert!(noticed < 10 * SECOND, "noticed only after {noticed:?}");
    assert_eq!(document(app.world()).current_value(), value("typed"));
    wait(&mut app, "what the key is now", |world| document(world).live.is_some());

    app.act(Action::Review(key(KEY)));
    app.act(Action::Save(key(KEY)));
    wait(&mut app, "the conflict", |world| {
        matches!(&document(world).save, SaveState::Conflict { theirs: Some(theirs) }
            if theirs.value.as_deref() == Some(b"other"))
    });
    assert_eq!(bench.get(KEY).unwrap().0, "other");
    assert_eq!(document(app.world()).current_value(), value("typed"), "the draft is kept");
    figure(
        "restored",
        format!("noticed after {:.1} s; the draft kept, its save a conflict", noticed.as_secs_f64()),
    );
    app.shutdown();
}

/// The key in a cluster, open in a console that comes to it through a proxy.
fn behind_a_proxy() -> (Bench, Proxy, App) {
    let bench = Bench::start();
    bench.put(KEY, "one");
    let proxy = bench.runtime.block_on(Proxy::start(bench.cluster.member(0).endpoint()));
    let mut app = bench.app();
    bench.connect(&mut app, Profile { endpoints: vec![proxy.endpoint()], ..bench.profile() });
    open(&mut app);
    (bench, proxy, app)
}

#[test]
fn compaction_while_disconnected_is_one_new_listing_and_one_gap_in_the_history() {
    let (bench, proxy, mut app) = behind_a_proxy();
    app.act(Action::EditDraft { key: key(KEY), value: value("typed") });
    let before = bench.revision();

    proxy.close(true);
    wait(&mut app, "the loss", is_stale);
    for number in 0..20 {
        bench.put(b"config/gone", number.to_string());
    }
    bench.put(KEY, "two");
    let compacted = bench.revision();
    let mut client = bench.runtime.block_on(bench.cluster.client()).unwrap();
    bench.runtime.block_on(client.compact(compacted, None)).unwrap();
    bench.put(b"config/after", "1");
    let after = bench.revision();
    proxy.close(false);
    app.act(Action::Reconnect);
    wait(&mut app, "a live mirror", |world| is_live(world) && session(world).applied >= after);
    bench.put(b"config/later", "1");
    wait(&mut app, "news", |world| session(world).keyspace.get(b"config/later").is_some());

    let session = session(app.world());
    let gaps: Vec<_> = session.activity.gaps().map(|gap| (gap.after, gap.to)).collect();
    assert_eq!(gaps, [(before, after)]);
    let seen: Vec<_> = session.activity.lines().map(|line| &*line.key).collect();
    assert_eq!(seen, [b"config/later"], "what was not seen is not told");
    wait(&mut app, "their change", |world| document(world).live.is_some());
    assert_eq!(document(app.world()).current_value(), value("typed"));
    figure("compaction-disconnected", "one new listing, one gap in the activity; the draft kept");
    app.shutdown();
}

#[test]
fn the_answer_to_a_save_is_lost_and_what_is_unknown_is_settled_by_reading_again() {
    let (bench, proxy, mut app) = behind_a_proxy();
    app.act(Action::EditDraft { key: key(KEY), value: value("two") });
    app.act(Action::Review(key(KEY)));
    // Neither the save nor anything else that is asked about the key is answered.
    proxy.lose_answer_to(Some(KEY));
    let sent = Instant::now();
    app.act(Action::Save(key(KEY)));
    super::wait_within(&mut app, 60 * SECOND, "that it is unknown", |world| {
        matches!(document(world).save, SaveState::Unknown(_))
    });
    let unknown = sent.elapsed();
    assert!(proxy.lost_answers() > 0);
    assert_eq!(document(app.world()).current_value(), value("two"), "the draft is kept");
    assert_eq!(bench.get(KEY).unwrap().0, "two", "it was committed");
    proxy.lose_answer_to(None);
    let healed = Instant::now();
    super::wait_within(&mut app, 20 * SECOND, "that it was saved after all", |world| {
        matches!(document(world).save, SaveState::Saved { .. })
    });
    assert!(document(app.world()).draft.is_none());
    figure(
        "answer-lost",
        format!(
            "unknown after {:.1} s in which nothing could be read, settled {:.1} s after the network healed",
            unknown.as_secs_f64(),
            healed.elapsed().as_secs_f64()
        ),
    );
    app.shutdown();
}
