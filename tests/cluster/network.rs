//! A network that swallows, resets, or leads nowhere.

use std::process::Command;
use std::time::{Duration, Instant};

use etcdscope::model::status::MirrorState;
use tokio::runtime::Handle;

use super::figure::figure;
use super::metrics;
use super::proxy::Proxy;
use super::support::{Follower, Rig, Trial, connect, eventually, newest, revision};

const SECOND: Duration = Duration::from_secs(1);

/// Waits until a mirror is stale and live again, within what is promised; returns both times.
async fn goes_elsewhere(follower: &Follower, since: Instant) -> [Duration; 2] {
    let is_stale = |state: &MirrorState| matches!(state, MirrorState::Stale { .. });
    let stale = follower.told_after(since, 10 * SECOND, "stale", is_stale).await;
    let left = (15 * SECOND).saturating_sub(stale);
    let live = follower.told_after(since + stale, left, "live again", MirrorState::is_live).await;
    [stale, stale + live]
}

/// Swallows a direction between the console and the member that two mirrors of it watch: one under
/// load, and one of a prefix where nothing happens.
async fn swallows(what: &str, swallow: impl Fn(&Proxy, bool)) {
    let rig = Rig::start(&newest()).await;
    let endpoints = rig.endpoints();
    let follower = Follower::start(&endpoints).await;
    let watched = follower.watched(&endpoints).await;
    let trial = Trial::of(follower, rig.without(watched), "swallow").await;
    let busy = &trial.follower;
    swallow(&rig.proxies[watched], true);
    let swallowed = Instant::now();
    let [stale, live] = goes_elsewhere(busy, swallowed).await;
    let now = busy.watched(&endpoints).await;
    assert_ne!(now, watched);
    // Reads do not wait for it either.
    let begun = Instant::now();
    busy.cluster.read(b"swallow/1").await.unwrap();
    assert!(begun.elapsed() < 4 * SECOND);
    // The network heals: what it kept arrives late.
    swallow(&rig.proxies[watched], false);
    let (follower, events) = trial.finish().await;

    // The same while nothing happens at all.
    let idle = Instant::now();
    swallow(&rig.proxies[now], true);
    let [idle_stale, idle_live] = goes_elsewhere(&follower, idle).await;
    let mut client = rig.client(watched).await;
    client.put("swallow/behind", "1", None).await.unwrap();
    let last = revision(&mut client).await;
    follower.assert_equal_at(&mut client, last).await;
    figure(
        "network-swallows",
        format!(
            "{what}: stale after {:.1} s under load and {:.1} s without, live on another member after {:.1} s \
             and {:.1} s; {events} events, 0 missed, 0 twice",
            stale.as_secs_f64(),
            idle_stale.as_secs_f64(),
            live.as_secs_f64(),
            idle_live.as_secs_f64()
        ),
    );
}

#[tokio::test]
async fn the_network_swallows_what_the_member_answers() {
    swallows("answers", Proxy::swallow_answers).await;
}

#[tokio::test]
async fn the_network_swallows_what_is_asked_while_events_still_come() {
    swallows("requests", Proxy::swallow_requests).await;
}

#[tokio::test]
async fn two_of_three_endpoints_dead_and_999_of_1000_reads_succeed() {
    const READERS: usize = 4;
    const READS: usize = 300;
    let rig = Rig::start(&newest()).await;
    rig.client(0).await.put("dead/key", "1", None).await.unwrap();
    let (mut failed, mut slowest) = (0, Duration::ZERO);
    // Dead from the beginning or in the middle of it; they refuse, or say nothing.
    for (early, silent) in [(true, false), (false, false), (true, true), (false, true)] {
        let die = || {
            for proxy in &rig.proxies[..2] {
                if silent { proxy.blackhole(true) } else { proxy.close(true) }
            }
        };
        if early {
            die();
        }
        let cluster = connect(&rig.endpoints()).await;
        let mut readers = tokio::task::JoinSet::new();
        for _ in 0..READERS {
            let cluster = cluster.clone();
            readers.spawn(async move {
                let (mut failed, mut slowest) = (0, Duration::ZERO);
                for _ in 0..READS {
                    let begun = Instant::now();
                    failed += usize::from(!matches!(cluster.read(b"dead/key").await, Ok(Some(_))));
                    slowest = slowest.max(begun.elapsed());
                }
                (failed, slowest)
            });
        }
        if !early {
            tokio::time::sleep(Duration::from_millis(50)).await;
            die();
        }
        for (reader_failed, reader_slowest) in readers.join_all().await {
            failed += reader_failed;
            slowest = slowest.max(reader_slowest);
        }
        for proxy in &rig.proxies {
            proxy.close(false);
            proxy.blackhole(false);
            proxy.cut();
        }
    }
    let reads = READERS * READS * 4;
    let share = 100.0 * (reads - failed) as f64 / reads as f64;
    figure(
        "endpoints-dead",
        format!("{share:.2} % of {reads} reads succeed; the slowest took {:.1} s", slowest.as_secs_f64()),
    );
    assert!(failed * 1000 <= reads, "{failed} of {reads} reads failed");
}

/// Seconds of resets; the spaces between them are 1 to 5 s when it runs for minutes.
const SECONDS_OF_RESETS: &str = "ETCDSCOPE_RESETS_SECS";

#[test]
fn connections_reset_for_long_leave_the_mirror_equal_and_nothing_behind() {
    // In a process of its own: memory and handles of others do not count.
    let mut alone = Command::new(std::env::current_exe().unwrap());
    alone.args(["--exact", "network::resets_in_a_process_of_their_own", "--ignored", "--nocapture"]);
    let output = alone.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
#[ignore = "run by the test above"]
async fn resets_in_a_process_of_their_own() {
    let seconds = std::env::var(SECONDS_OF_RESETS).ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let (shortest, longest) = if seconds >= 60 { (1_000, 5_000) } else { (200, 1_000) };
    let rig = Rig::start(&newest()).await;
    let follower = Follower::start(&rig.endpoints()).await;
    let trial = Trial::of(follower, rig.local.endpoints(), "reset").await;
    let own_watchers = 2;
    assert_eq!(watchers(&rig).await, own_watchers);
    let mut random = fastrand::Rng::with_seed(seconds);
    let begun = Instant::now();
    let (mut resets, mut most_watchers, mut most_connections) = (0, 0, 0);
    let mut before = None;
    while begun.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(Duration::from_millis(random.u64(shortest..longest))).await;
        most_watchers = watchers(&rig).await.max(most_watchers);
        most_connections = rig.proxies.iter().map(Proxy::connections).sum::<usize>().max(most_connections);
        rig.proxies.iter().for_each(Proxy::reset);
        resets += 1;
        trial.follower.retry_now.notify_one();
        if resets == 10 {
            before = Some(Costs::now());
        }
    }
    let before = before.expect("more than ten resets");
    trial.follower.until_live().await;
    let after = Costs::now();
    let shown = format!("{before:?}, then {after:?}");
    assert!(after.handles <= before.handles + 8, "{shown}");
    assert!(after.tasks <= before.tasks + 8, "{shown}");
    // What the test itself remembers of every event is in it.
    assert!(after.resident_mib <= before.resident_mib + 24 + seconds / 4, "{shown}");
    assert!(most_watchers <= own_watchers + 3, "{most_watchers} watchers at once");
    assert!(most_connections <= 6, "{most_connections} connections at once");
    eventually("the watchers of lost connections end", || async {
        (watchers(&rig).await == own_watchers).then_some(())
    })
    .await;
    let (_, events) = trial.finish().await;
    figure(
        "resets",
        format!(
            "{resets} resets in {seconds} s, then equal; {events} events, 0 missed, 0 twice; at most \
             {most_watchers} watchers and {most_connections} connections; handles {} → {}, memory {} → {} MiB",
            before.handles, after.handles, before.resident_mib, after.resident_mib
        ),
    );
}

/// What this process holds.
#[derive(Debug)]
struct Costs {
    handles: usize,
    tasks: usize,
    resident_mib: u64,
}

impl Costs {
    fn now() -> Self {
        let tasks = Handle::current().metrics().num_alive_tasks();
        let handles = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = resident.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
        Self { handles, tasks, resident_mib: kib.unwrap_or(0) >> 10 }
    }
}

/// Watchers on all members, as they tell themselves.
async fn watchers(rig: &Rig) -> usize {
    let mut sum = 0;
    for endpoint in rig.local.endpoints() {
        sum += metrics::watchers(&endpoint).await;
    }
    sum
}
