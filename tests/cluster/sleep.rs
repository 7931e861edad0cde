//! A console that slept: its process is stopped until etcd has given its watch up, and goes on.
//!
//! It is a process of its own: this test program, started with [`SLEEPER`]. Unlike a machine that
//! sleeps it sees the time that has passed on its steady clock; its connections die the same way.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use etcd_client::{Client, CompactionOptions};
use etcdscope::demo::{LocalCluster, LocalClusterOptions};
use etcdscope::model::mirror::digest_of;

use super::figure::figure;
use super::metrics::watchers;
use super::support::{Follower, SOON, eventually, plain_client, revision, start, truth, versions};

/// Endpoints that the child process follows.
const SLEEPER: &str = "ETCDSCOPE_TEST_SLEEPER";

/// Not a test by itself: what the child process runs. It tells what its mirror is told.
#[tokio::test]
async fn child_that_is_put_to_sleep() {
    let Ok(endpoints) = std::env::var(SLEEPER) else { return };
    let endpoints: Vec<String> = endpoints.split(',').map(str::to_owned).collect();
    let follower = Follower::start(&endpoints).await;
    let mut before = String::new();
    loop {
        let line = {
            let told = follower.told.lock().unwrap();
            format!(
                "told {} {} {} {:?}",
                told.is_live(),
                told.applied,
                told.relists,
                digest_of(&told.keyspace, true)
            )
        };
        if line != before {
            println!("{line}");
            before = line;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the sleeper told last.
#[derive(Debug, Default)]
struct Told {
    live: bool,
    applied: i64,
    relists: usize,
    digest: String,
}

impl Told {
    fn read(line: &str) -> Option<Self> {
        // The first line comes behind the name of the test.
        let mut words = line.split_once("told ")?.1.splitn(4, ' ');
        Some(Self {
            live: words.next()? == "true",
            applied: words.next()?.parse().ok()?,
            relists: words.next()?.parse().ok()?,
            digest: words.next()?.to_owned(),
        })
    }
}

struct Sleeper {
    child: Child,
    lines: Receiver<String>,
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // What has ended already cannot be killed.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Sleeper {
    fn start(endpoints: &[String]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sleep::child_that_is_put_to_sleep", "--nocapture"])
            .env(SLEEPER, endpoints.join(","))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the sleeper");
        let told = child.stdout.take().expect("its words");
        let (sender, lines) = channel();
        let read = move || {
            for line in BufReader::new(told).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("words of the sleeper".to_owned()).spawn(read).expect("a thread");
        Self { child, lines }
    }

    fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &command]).status().expect("kill").success());
    }

    /// Waits until it is told to be live with everything up to this revision.
    fn until(&self, revision: i64) -> Told {
        let begun = Instant::now();
        let mut last = Told::default();
        while begun.elapsed() < SOON {
            let Ok(line) = self.lines.recv_timeout(Duration::from_millis(100)) else { continue };
            let Some(told) = Told::read(&line) else { continue };
            last = told;
            if last.live && last.applied >= revision {
                return last;
            }
        }
        panic!("not live at revision {revision} within {SOON:?}: {last:?}");
    }
}

async fn fall_asleep(local: &LocalCluster, sleeper: &Sleeper) {
    sleeper.signal("STOP");
    eventually("the watch to be given up", || async {
        (watchers(&local.endpoints()[0]).await == 0).then_some(())
    })
    .await;
}

async fn change(client: &mut Client, round: i64) -> i64 {
    for number in 0..300 {
        client
            .put(format!("k/{}", (number * 7 + round) % 211), format!("{round} {number}"), None)
            .await
            .unwrap();
    }
    client.delete(format!("k/{round}"), None).await.unwrap();
    revision(client).await
}

#[tokio::test]
async fn sleep_is_resumed_and_after_a_compaction_listed_again() {
    for binary in versions() {
        // etcd looks every second whether its clients are there, not every two hours.
        let often = ["--grpc-keepalive-interval=1s", "--grpc-keepalive-timeout=1s"];
        let options = LocalClusterOptions {
            extra_args: often.map(str::to_owned).to_vec(),
            ..LocalClusterOptions::members(1)
        };
        let local = start(&binary, options).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        let before = change(&mut client, 1).await;
        let sleeper = Sleeper::start(&local.endpoints());
        let told = sleeper.until(before);
        assert_eq!(told.relists, 0);

        fall_asleep(&local, &sleeper).await;
        let meanwhile = change(&mut client, 2).await;
        let woken = Instant::now();
        sleeper.signal("CONT");
        let told = sleeper.until(meanwhile);
        let resumed = woken.elapsed();
        assert_eq!(told.relists, 0, "nothing was compacted: it is resumed");
        assert_eq!(told.digest, format!("{:?}", truth(&mut client, told.applied).await));

        fall_asleep(&local, &sleeper).await;
        let meanwhile = change(&mut client, 3).await;
        client.compact(meanwhile, Some(CompactionOptions::new().with_physical())).await.unwrap();
        let meanwhile = change(&mut client, 4).await;
        let woken = Instant::now();
        sleeper.signal("CONT");
        let told = sleeper.until(meanwhile);
        let listed = woken.elapsed();
        assert_eq!(told.relists, 1, "one new listing");
        assert_eq!(told.digest, format!("{:?}", truth(&mut client, told.applied).await));
        figure(
            "sleep",
            format!(
                "etcd {}: woken with every connection dead, live after {} ms; with its history compacted after {} ms",
                local.version(),
                resumed.as_millis(),
                listed.as_millis()
            ),
        );
    }
}
