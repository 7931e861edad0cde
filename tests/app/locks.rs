//! Locks of programs as the window shows them: what is said on screen, read as those read it who do not see it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use egui::accesskit::{NodeId, Role};
use etcd_client::LockOptions;
use etcdscope::action::{Action, ConfirmedEnd};
use etcdscope::app::App;
use etcdscope::model::coordination::{ClaimKind, EndCause};
use etcdscope::model::dialog::EndHow;
use etcdscope::model::ended::{After, EndOutcome};
use etcdscope::model::session::Screen as Page;
use etcdscope::model::world::{ToastText, World};

use super::bench::SOON;
use super::{Bench, key, session, wait};

/// Nothing depends on speed: a lease that nobody keeps alive goes when etcd gets to it.
const LONG: Duration = Duration::from_secs(60);
const TTL: &str = "--ttl=3";

/// What the window says, drawn without one.
struct Screen {
    ctx: egui::Context,
    frame: eframe::Frame,
    begun: Instant,
    /// Role and name of everything that is shown.
    said: BTreeMap<NodeId, (Role, String)>,
}

impl Screen {
    fn new() -> Self {
        let ctx = egui::Context::default();
        etcdscope::ui::theme::install(&ctx);
        ctx.enable_accesskit();
        let (frame, begun) = (eframe::Frame::_new_kittest(), Instant::now());
        Self { ctx, frame, begun, said: BTreeMap::new() }
    }

    fn draw(&mut self, app: &mut App) {
        let room = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1_600.0, 1_000.0));
        let time = Some(self.begun.elapsed().as_secs_f64());
        let input = egui::RawInput { screen_rect: Some(room), time, ..Default::default() };
        eframe::App::logic(app, &self.ctx, &mut self.frame);
        let mut output = self.ctx.run_ui(input, |ui| eframe::App::ui(app, ui, &mut self.frame));
        let tree = output.platform_output.accesskit_update.take().expect("what those hear who do not see");
        output.drop_without_applying_deltas();
        let said = |node: &egui::accesskit::Node| {
            let words = node.label().or_else(|| node.value()).unwrap_or_default().to_owned();
            (node.role(), words)
        };
        self.said = tree.nodes.iter().map(|(id, node)| (*id, said(node))).collect();
    }

    /// Draws until something of this role is said that fits.
    #[track_caller]
    fn until(&mut self, app: &mut App, what: &str, fits: impl Fn(&[(Role, String)]) -> bool) {
        let begun = Instant::now();
        loop {
            self.draw(app);
            let said: Vec<(Role, String)> = self.said.values().cloned().collect();
            if fits(&said) {
                return;
            }
            assert!(begun.elapsed() < LONG, "waited in vain for {what}: {said:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Whether something is said that begins so and ends so.
fn says(said: &[(Role, String)], begins: &str, ends: &str) -> bool {
    said.iter().any(|(_, words)| words.starts_with(begins) && words.ends_with(ends))
}

/// `etcdctl lock`, killed at the latest when it is dropped.
struct Locker(Child);

impl Locker {
    fn start(bench: &Bench, lock: &str) -> Self {
        let program: PathBuf = bench.cluster.etcdctl_bin().expect("an etcdctl beside the etcd");
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ETCD") {
                command.env_remove(name);
            }
        }
        command.env("ETCDCTL_API", "3").args(["--endpoints", &bench.cluster.endpoints()[0]]);
        command.args(["lock", TTL, lock]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("etcdctl starts"))
    }

    fn kill(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Locker {
    fn drop(&mut self) {
        if self.0.kill().is_ok() {
            self.0.wait().ok();
        }
    }
}

/// Three programs that claim a lock, one after the other.
fn line_up(bench: &Bench, app: &mut App, lock: &str) -> Vec<Locker> {
    let mut lockers = Vec::new();
    for number in 1..=3 {
        lockers.push(Locker::start(bench, lock));
        wait(app, "one more in the line", |world| line(world, lock).len() == number);
    }
    lockers
}

/// The leases of a lock's line, as its keys tell.
fn line(world: &World, lock: &str) -> Vec<i64> {
    let queue = session(world).coordination.queues.get(lock.as_bytes());
    queue.map(|queue| queue.claims.iter().map(|claim| claim.meta.lease).collect()).unwrap_or_default()
}

#[test]
fn the_lock_of_a_killed_holder_is_shown_with_the_next_and_said_to_have_expired() {
    const LOCK: &str = "jobs/locks/nightly";
    let bench = Bench::start();
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    let mut lockers = line_up(&bench, &mut app, LOCK);
    let before = line(app.world(), LOCK);
    app.act(Action::ShowQueue(ClaimKind::Lock, key(LOCK.as_bytes())));
    let mut screen = Screen::new();
    let holds = |lease: i64| format!("1 lease {lease:016x}, Holder, ");
    let waits = |place: usize, lease: i64| format!("{place} lease {lease:016x}, waiting, ");
    screen.until(&mut app, "the line", |said| {
        says(said, &holds(before[0]), "")
            && says(said, &waits(2, before[1]), "")
            && says(said, &waits(3, before[2]), "")
    });
    lockers[0].kill();
    screen.until(&mut app, "the next as the holder", |said| {
        says(said, &holds(before[1]), "") && says(said, &waits(2, before[2]), "")
    });
    let gone = format!("lease {:016x}, ", before[0]);
    screen.until(&mut app, "why it ended", |said| says(said, &gone, ", expired"));
    // The one that is there gives it back: nothing else is called expired.
    Command::new("kill").args(["-INT", &lockers[1].0.id().to_string()]).status().expect("kill");
    let given_back = format!("lease {:016x}, ", before[1]);
    screen.until(&mut app, "the last as the holder", |said| says(said, &holds(before[2]), ""));
    let settled =
        |said: &[(Role, String)]| says(said, &given_back, "") && !says(said, &given_back, "asking…");
    screen.until(&mut app, "why it ended, too", settled);
    screen.until(&mut app, "a word for it", |said| !says(said, &given_back, ", expired"));
    app.shutdown();
}

#[test]
fn a_deadlock_is_shown_while_it_lasts() {
    const RING: [&str; 3] = ["jobs/locks/orders", "jobs/locks/payments", "jobs/locks/stock"];
    let bench = Bench::start();
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    app.act(Action::ShowScreen(Page::Locks));
    let client = || bench.runtime.block_on(bench.cluster.client()).unwrap();
    let leases: Vec<i64> =
        RING.iter().map(|_| bench.runtime.block_on(client().lease_grant(600, None)).unwrap().id()).collect();
    let lock = |owner: usize, name: &'static str| {
        let (mut client, lease) = (client(), leases[owner]);
        bench.runtime.spawn(async move {
            // Those who wait when the test ends are told that their lease is gone.
            client.lock(name, Some(LockOptions::new().with_lease(lease))).await.is_ok()
        })
    };
    for (owner, name) in RING.into_iter().enumerate() {
        assert!(bench.runtime.block_on(lock(owner, name)).unwrap(), "nobody else wants it");
    }
    let mut waiting = vec![lock(0, RING[1]), lock(1, RING[2])];
    let mut screen = Screen::new();
    screen.until(&mut app, "two who wait", |said| {
        says(said, RING[1], ", 1 waiting") && says(said, RING[2], ", 1 waiting")
    });
    assert!(!says(&screen.said.values().cloned().collect::<Vec<_>>(), "Deadlock", ""), "a chain is no ring");
    waiting.push(lock(2, RING[0]));
    screen.until(&mut app, "the deadlock", |said| {
        says(said, "Deadlock: ", "") && RING.iter().all(|lock| says(said, lock, ", 1 waiting, deadlock"))
    });
    bench.runtime.block_on(client().lease_revoke(leases[2])).unwrap();
    screen.until(&mut app, "its end", |said| {
        !said.iter().any(|(_, words)| words.to_lowercase().contains("deadlock"))
            && says(said, RING[1], ", 1 waiting")
    });
    for lease in &leases[..2] {
        bench.runtime.block_on(client().lease_revoke(*lease)).unwrap();
    }
    let begun = Instant::now();
    while waiting.iter().any(|task| !task.is_finished()) {
        assert!(begun.elapsed() < SOON, "who waits is not told that its lease is gone");
        std::thread::sleep(Duration::from_millis(5));
    }
    app.shutdown();
}

/// By both ways, against programs that this project did not write.
#[test]
fn a_forced_release_names_what_it_deleted_and_who_is_next_and_leaves_no_bar() {
    const LOCK: &str = "jobs/locks/forced";
    let bench = Bench::start();
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    let _lockers = line_up(&bench, &mut app, LOCK);
    let before = line(app.world(), LOCK);
    for (at, how) in [EndHow::DeleteKey, EndHow::RevokeLease].into_iter().enumerate() {
        let holds = key(format!("{LOCK}/{:x}", before[at]).as_bytes());
        wait(&mut app, "its holder", |world| line(world, LOCK).first() == Some(&before[at]));
        app.act(Action::AskEndKey(holds));
        let dialog = app.world().dialog.clone().expect("it asks first");
        app.act(Action::End(ConfirmedEnd::confirm(&dialog, how, "").expect("there is a way")));
        wait(&mut app, "what was done", |world| {
            world.toasts.iter().any(|toast| match &toast.text {
                ToastText::Ended(ended, EndOutcome::Done(After::Next(next))) => {
                    ended.lease == before[at] && ended.how == how && next.meta.lease == before[at + 1]
                }
                _ => false,
            })
        });
        assert!(session(app.world()).jobs.is_empty(), "no bar stays");
        let own = if how == EndHow::DeleteKey { EndCause::DeletedHere } else { EndCause::RevokedHere };
        wait(&mut app, "the next as the holder, and why", |world| {
            let queue = session(world).coordination.queues.get(LOCK.as_bytes());
            let last = queue.and_then(|queue| queue.past.back());
            line(world, LOCK).first() == Some(&before[at + 1]) && last.is_some_and(|last| last.cause == own)
        });
    }
    app.shutdown();
}
