//! A process that records and is killed in the midst, beside another one that records the same.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use etcdscope::demo::LocalClusterOptions;
use etcdscope::model::bytes::Key;
use etcdscope::model::journal::RecordedKind;

use super::console::Console;
use crate::support::{newest, plain_client, start};

const HOME: &str = "JOURNAL_RECORDER_HOME";
const ENDPOINT: &str = "JOURNAL_RECORDER_ENDPOINT";
/// Keys that are written in turn, each with a number that grows.
const KEYS: u64 = 40;
const EVENTS_PER_SECOND: u64 = 5_000;

/// The process that records: it says each revision that the journal acknowledges, until it is killed.
/// Does nothing unless it is started by a test.
#[tokio::test(flavor = "multi_thread")]
async fn recorder() {
    let (Ok(home), Ok(endpoint)) = (std::env::var(HOME), std::env::var(ENDPOINT)) else { return };
    let mut console = Console::open(std::path::Path::new(&home), &[endpoint]);
    let mut said = 0;
    loop {
        said = console.recorded_above(said).await;
        let mut out = std::io::stdout().lock();
        // Whoever started this may be gone.
        if writeln!(out, "acknowledged {said}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// A recorder, and what it has said.
struct Recorder {
    process: Child,
    said: std::sync::mpsc::Receiver<i64>,
    last: i64,
}

impl Recorder {
    fn start(home: &std::path::Path, endpoint: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "journal::crash::recorder", "--nocapture", "--test-threads", "1"])
            .env(HOME, home)
            .env(ENDPOINT, endpoint)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a recorder");
        let out = process.stdout.take().expect("its output");
        let (say, said) = std::sync::mpsc::channel();
        let reader = std::thread::Builder::new().name("output".to_owned()).spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some((_, number)) = line.split_once("acknowledged ")
                    && let Ok(number) = number.trim().parse::<i64>()
                    && say.send(number).is_err()
                {
                    return;
                }
            }
        });
        reader.expect("a thread");
        Self { process, said, last: 0 }
    }

    fn acknowledged(&mut self) -> i64 {
        while let Ok(number) = self.said.try_recv() {
            self.last = number;
        }
        self.last
    }

    async fn until(&mut self, revision: i64) {
        let begun = Instant::now();
        while self.acknowledged() < revision {
            assert!(begun.elapsed() < Duration::from_secs(60), "{} of {revision}", self.last);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Kills it, without a warning, and tells what it had acknowledged.
    fn kill(mut self) -> i64 {
        self.process.kill().expect("it is killed");
        self.process.wait().expect("it has ended");
        // What it had written into the pipe by then counts.
        while let Ok(number) = self.said.recv_timeout(Duration::from_secs(5)) {
            self.last = number;
        }
        self.last
    }
}

/// Writes at a rate; revision by revision the keys in turn get growing numbers.
async fn write(endpoint: &str, from: u64, count: u64) -> i64 {
    let client = plain_client(endpoint).await;
    let begun = Instant::now();
    let mut last = 0;
    // Puts in order, several under way: at each revision one key.
    let mut flying = tokio::task::JoinSet::new();
    for number in from..from + count {
        let due = begun + Duration::from_micros((number - from) * 1_000_000 / EVENTS_PER_SECOND);
        tokio::time::sleep_until(due.into()).await;
        let mut client = client.clone();
        flying.spawn(async move {
            let key = format!("crash/{:02}", number % KEYS);
            client.put(key, number.to_string(), None).await.expect("a put").header().unwrap().revision()
        });
        while flying.len() > 400 {
            last = last.max(flying.join_next().await.unwrap().unwrap());
        }
    }
    while let Some(done) = flying.join_next().await {
        last = last.max(done.unwrap());
    }
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_the_end_of_the_process() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    let endpoint = local.endpoints()[0].clone();
    let home = tempfile::tempdir().unwrap();
    let mut from = 0;
    let mut acknowledged = Vec::new();
    for _ in 0..3 {
        let mut recorder = Recorder::start(home.path(), &endpoint);
        recorder.until(1).await;
        let first = recorder.last;
        let writing = tokio::spawn({
            let endpoint = endpoint.clone();
            async move { write(&endpoint, from, 6_000).await }
        });
        from += 6_000;
        recorder.until(first + 2_000).await;
        let to = recorder.kill();
        assert!(to >= first + 2_000);
        acknowledged.push((first, to));
        writing.await.unwrap();
    }
    assert_all_there(home.path(), &endpoint, &acknowledged).await;
    local.shutdown().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_record_at_once_and_one_is_killed() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    let endpoint = local.endpoints()[0].clone();
    let home = tempfile::tempdir().unwrap();
    let mut one = Recorder::start(home.path(), &endpoint);
    let mut two = Recorder::start(home.path(), &endpoint);
    one.until(1).await;
    two.until(1).await;
    let (first, second) = (one.last, two.last);
    let writing = tokio::spawn({
        let endpoint = endpoint.clone();
        async move { write(&endpoint, 0, 12_000).await }
    });
    one.until(first + 4_000).await;
    let killed = one.kill();
    let last = writing.await.unwrap();
    two.until(last).await;
    let left = two.kill();
    assert_all_there(home.path(), &endpoint, &[(first, killed), (second, left)]).await;
    local.shutdown().unwrap();
}

/// Every revision that was acknowledged is recorded, as etcd still tells it.
async fn assert_all_there(home: &std::path::Path, endpoint: &str, acknowledged: &[(i64, i64)]) {
    let mut console = Console::open(home, &[endpoint.to_owned()]);
    console.recorded(1).await;
    let mut at: std::collections::HashMap<i64, (Key, Vec<u8>)> = std::collections::HashMap::new();
    let mut client = plain_client(endpoint).await;
    for number in 0..KEYS {
        let key: Key = format!("crash/{number:02}").into_bytes().into();
        let records = console.of_key(&key).await.unwrap();
        for (from, to) in acknowledged {
            assert!(
                records.spans.iter().any(|span| span.after <= *from && *to <= span.to),
                "{:?}",
                records.spans
            );
        }
        for record in &records.records {
            if let RecordedKind::Put { value: Some(value), .. } = &record.kind {
                at.insert(record.revision, (key.clone(), value.to_vec()));
            }
        }
    }
    let mut checked = 0;
    for (from, to) in acknowledged {
        for revision in from + 1..=*to {
            let (key, value) = at.get(&revision).unwrap_or_else(|| panic!("revision {revision} is lost"));
            if revision % 97 == 0 {
                let options = etcd_client::GetOptions::new().with_revision(revision);
                let answer = client.get(&**key, Some(options)).await.unwrap();
                assert_eq!((answer.kvs()[0].mod_revision(), answer.kvs()[0].value()), (revision, &value[..]));
                checked += 1;
            }
        }
    }
    assert!(checked > 20);
    console.close().await;
}
