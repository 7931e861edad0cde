//! The commands of the past: history, at, restore, undelete, plans, audit.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use etcd_client::Client;
use etcdscope::demo::{LocalCluster, LocalClusterOptions};
use etcdscope::model::record::KeyRecord;
use serde_json::Value;

use super::{etcdscope, range_at};

/// A cluster, a home for the console's files, and what was there.
struct Past {
    cluster: LocalCluster,
    client: Client,
    home: tempfile::TempDir,
}

impl Past {
    async fn start() -> Self {
        let cluster = LocalCluster::start(LocalClusterOptions::members(1)).await.expect("a cluster");
        let client = cluster.client().await.expect("a client");
        Self { cluster, client, home: tempfile::tempdir().expect("a folder") }
    }

    async fn put(&mut self, key: &[u8], value: &[u8]) -> i64 {
        let answer = self.client.put(key, value, None).await.expect("a put");
        answer.header().expect("a header").revision()
    }

    async fn delete(&mut self, key: &[u8]) -> i64 {
        let answer = self.client.delete(key, None).await.expect("a delete");
        answer.header().expect("a header").revision()
    }

    async fn revision(&mut self) -> i64 {
        let answer = self.client.get("-", None).await.expect("a read");
        answer.header().expect("a header").revision()
    }

    async fn now(&mut self, prefix: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let revision = self.revision().await;
        self.at(prefix, revision).await
    }

    /// Keys and values as etcd has them.
    async fn at(&mut self, prefix: &str, revision: i64) -> Vec<(Vec<u8>, Vec<u8>)> {
        let records = range_at(&self.cluster, prefix.as_bytes(), revision).await;
        let bytes = |record: KeyRecord| (record.key.to_vec(), record.value.unwrap_or_default().to_vec());
        records.into_iter().map(bytes).collect()
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let endpoints = self.cluster.endpoints().join(",");
        let mut command = etcdscope(&[]);
        if arguments.first() != Some(&"audit") {
            command.args(["--endpoints", &endpoints]);
        }
        command.args(arguments).env("ETCDSCOPE_HOME", self.home.path());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        tokio::task::spawn_blocking(move || command.output().expect("the program starts"))
            .await
            .expect("a run")
    }

    /// The lines of JSON that a command that succeeds prints.
    async fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.run(&[arguments, &["--json"]].concat()).await;
        assert!(output.status.success(), "{arguments:?}: {}", told(&output));
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64.decode(value.as_str().expect("base64")).expect("base64")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_tells_the_versions_and_deeply_the_lives_before() {
    let mut past = Past::start().await;
    for value in ["one", "two"] {
        past.put(b"/a", value.as_bytes()).await;
    }
    let gone = past.delete(b"/a").await;
    for value in [b"three".as_slice(), b"\x00\xff"] {
        past.put(b"/a", value).await;
    }
    let told_of = |lines: &[Value]| -> Vec<(i64, String)> {
        lines
            .iter()
            .map(|line| (line["revision"].as_i64().expect("a number"), line["kind"].to_string()))
            .collect()
    };
    let walked = past.json(&["history", "/a"]).await;
    let put = |revision| (revision, "\"put\"".to_owned());
    assert_eq!(told_of(&walked), [put(gone + 2), put(gone + 1)]);
    assert_eq!(bytes(&walked[0]["value_base64"]), b"\x00\xff");
    assert_eq!(walked[1]["value"], "three");
    let deep = past.json(&["history", "/a", "--deep"]).await;
    let deleted = (gone, "\"deleted\"".to_owned());
    assert_eq!(told_of(&deep), [put(gone + 2), put(gone + 1), deleted, put(gone - 1), put(gone - 2)]);
    assert_eq!(past.json(&["history", "/a", "--limit", "1"]).await.len(), 1);
    let text = past.run(&["history", "/a", "--deep"]).await;
    let words = told(&text);
    assert!(words.contains(&format!("r{gone}  deleted  etcd")), "{words}");
    assert!(words.contains("version 1  5 B  etcd"), "{words}");
    let nothing = past.run(&["history", "/none"]).await;
    assert!(nothing.status.success() && told(&nothing).contains("no version in reach"), "{}", told(&nothing));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_shows_a_prefix_as_it_was() {
    let mut past = Past::start().await;
    past.put(b"/a/1", b"one").await;
    past.put(b"/a/\xff", b"\x00").await;
    let then = past.put(b"/b", b"beside").await;
    past.put(b"/a/1", b"changed").await;
    past.delete(b"/a/\xff").await;
    let shown = past.json(&["at", &then.to_string(), "/a/"]).await;
    let keys = shown[0]["keys"].as_array().expect("keys");
    let found: Vec<_> =
        keys.iter().map(|key| (bytes(&key["key_base64"]), bytes(&key["value_base64"]))).collect();
    assert_eq!(found, past.at("/a/", then).await);
    assert_eq!((&shown[0]["certainty"], shown[0]["revision"].as_i64()), (&"exact".into(), Some(then)));
    let text = past.run(&["at", &then.to_string(), "/a/"]).await;
    assert!(told(&text).contains("/a/1  r2  3 B  etcd  one") && told(&text).contains("2 keys at revision"));
    let newest = past.revision().await;
    for future in [&["at", "999999", "/a/"][..], &["restore", "/a/", "--revision", "999999"]] {
        let future = past.run(future).await;
        let words = format!("etcdscope: revision 999999 has not happened yet; the newest is {newest}");
        assert!(future.status.code() == Some(1) && told(&future).contains(&words), "{}", told(&future));
    }
    past.client.compact(newest, None).await.expect("compacted");
    let gone = told(&past.run(&["at", "2", "/a/"]).await);
    assert!(gone.contains(&format!("etcd has something from revision {newest} on")), "{gone}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_writes_what_was_asked_for_and_nothing_before() {
    let mut past = Past::start().await;
    for number in 0..250 {
        past.put(format!("/c/{number:03}").as_bytes(), format!("first {number}").as_bytes()).await;
    }
    past.put(b"/other", b"stays").await;
    let then = past.revision().await;
    for number in 0..50 {
        past.put(format!("/c/{number:03}").as_bytes(), b"spoilt").await;
    }
    for number in 50..100 {
        past.delete(format!("/c/{number:03}").as_bytes()).await;
    }
    past.put(b"/c/new", b"came later").await;
    past.put(b"/other", b"changed").await;
    let (spoilt, revision) = (past.now("/").await, past.revision().await);
    let restore = ["restore", "/c/", "--revision", &then.to_string()].map(str::to_owned);
    let restore: Vec<&str> = restore.iter().map(String::as_str).collect();
    let with = |more: &[&'static str]| [restore.as_slice(), more].concat();

    let shown = past.run(&with(&["--dry-run"])).await;
    assert!(shown.status.success(), "{}", told(&shown));
    assert!(told(&shown).contains("50 keys created, 50 keys written over"), "{}", told(&shown));
    assert!(told(&shown).contains("create  /c/050") && told(&shown).contains("put     /c/000"));
    let unasked = past.run(&restore).await;
    assert_eq!(unasked.status.code(), Some(1), "{}", told(&unasked));
    assert!(told(&unasked).contains("nothing is written without --yes"), "{}", told(&unasked));
    let refused = past.run(&[&["--read-only"], with(&["--yes"]).as_slice()].concat()).await;
    assert!(refused.status.code() == Some(1) && told(&refused).contains("read only"), "{}", told(&refused));
    assert_eq!(
        (past.now("/").await, past.revision().await),
        (spoilt.clone(), revision),
        "nothing was written"
    );
    assert!(past.json(&["plans"]).await.is_empty());
    assert!(past.json(&["audit"]).await.is_empty());

    let done = past.run(&with(&["--yes", "--delete-newer"])).await;
    assert!(done.status.success(), "{}", told(&done));
    assert_eq!(past.now("/c/").await, past.at("/c/", then).await);
    assert_eq!(past.now("/other").await, [(b"/other".to_vec(), b"changed".to_vec())]);
    let plans = past.json(&["plans"]).await;
    assert_eq!((plans.len(), &plans[0]["state"]), (1, &"finished".into()));
    let id = plans[0]["id"].as_str().expect("an id").to_owned();

    // Every key is in the audit log, with the plan.
    let written = past.json(&["audit", "--limit", "1000"]).await;
    assert_eq!(written.len(), 101);
    assert!(written.iter().all(|entry| entry["plan"] == id.as_str() && entry["outcome"] == "done"));
    assert_eq!(written.iter().filter(|entry| entry["operation"] == "delete").count(), 1);
    let verified = past.run(&["audit", "--verify"]).await;
    assert!(
        verified.status.success() && told(&verified).starts_with("intact: 202 entries"),
        "{}",
        told(&verified)
    );

    let undone = past.run(&["restore", "--undo", &id, "--yes"]).await;
    assert!(undone.status.success(), "{}", told(&undone));
    assert_eq!(past.now("/").await, spoilt, "as it was before the restore");
    let again = past.run(&["restore", "--resume", "nothing", "--yes"]).await;
    assert!(again.status.code() == Some(1) && told(&again).contains("no plan nothing"), "{}", told(&again));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_keys_come_back() {
    let mut past = Past::start().await;
    for key in ["/d/1", "/d/2", "/d/3", "/e/1"] {
        past.put(key.as_bytes(), key.as_bytes()).await;
    }
    let then = past.revision().await;
    for key in ["/d/1", "/d/2", "/e/1"] {
        past.delete(key.as_bytes()).await;
    }
    past.put(b"/d/2", b"somebody made it again").await;
    let undeleted = past.run(&["undelete", "/d/", "--yes"]).await;
    assert!(undeleted.status.success(), "{}", told(&undeleted));
    let mut expected = past.at("/d/", then).await;
    expected[1].1 = b"somebody made it again".to_vec();
    assert_eq!(past.now("/d/").await, expected);
    assert!(past.now("/e/").await.is_empty());
}

/// A schema in etcd holds back a value that breaks it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_breaks_its_schema_is_left_out() {
    let mut past = Past::start().await;
    past.put(b"/config/prod/shop/limit", b"\"many\"").await;
    let then = past.put(b"/config/prod/shop/name", b"\"shop\"").await;
    past.put(b"/config/schema/shop/limit", br#"{"type": "integer"}"#).await;
    past.put(b"/config/prod/shop/limit", b"3").await;
    past.put(b"/config/prod/shop/name", b"\"store\"").await;
    let restored = past.run(&["restore", "/config/prod/", "--revision", &then.to_string(), "--yes"]).await;
    assert!(told(&restored).contains("breaks its schema"), "{}", told(&restored));
    let now: Vec<_> = past.now("/config/prod/").await.into_iter().map(|(_, value)| value).collect();
    assert_eq!(now, [b"3".to_vec(), b"\"shop\"".to_vec()]);
}

/// A machine that watched can go back to what etcd has compacted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_compacted_is_told_by_the_journal() {
    use etcdscope::app::{App, WindowOptions};
    use etcdscope::model::status::MirrorState;
    let mut past = Past::start().await;
    past.put(b"/j/1", b"one").await;
    past.put(b"/j/2", b"two").await;
    // A window watches.
    let options = etcdscope::backend::BackendOptions {
        storage: etcdscope::storage::Storage::open(Some(past.home.path().to_path_buf())),
        secrets: etcdscope::storage::secrets::Secrets::off(),
        demo: Default::default(),
    };
    let profile = etcdscope::model::profile::Profile {
        name: "journal".to_owned(),
        endpoints: past.cluster.endpoints(),
        ..Default::default()
    };
    let connect = etcdscope::model::message::ConnectRequest { profile, password: None };
    let mut app =
        App::start(options, std::sync::Arc::new(|_| {}), &WindowOptions::default()).expect("an app");
    app.act(etcdscope::action::Action::Connect(Box::new(connect)));
    let wait = |app: &mut App, done: &dyn Fn(&etcdscope::model::session::Session) -> bool| {
        let began = Instant::now();
        loop {
            app.step();
            if app.world().active_session().is_some_and(done) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "waited in vain");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    wait(&mut app, &|session| session.state == MirrorState::Live);
    let then = past.put(b"/j/1", b"changed").await;
    past.put(b"/j/1", b"spoilt").await;
    past.put(b"/k/3", b"recorded").await;
    let last = past.delete(b"/j/2").await;
    wait(&mut app, &|session| session.journal.recorded_to >= last);
    app.shutdown();
    let expected = past.at("/j/", then).await;
    past.client.compact(last, None).await.expect("compacted");

    let shown = past.json(&["at", &then.to_string(), "/j/"]).await;
    let keys = shown[0]["keys"].as_array().expect("keys");
    let found: Vec<_> =
        keys.iter().map(|key| (bytes(&key["key_base64"]), bytes(&key["value_base64"]))).collect();
    assert_eq!((found, &shown[0]["certainty"]), (expected.clone(), &"exact".into()));
    let history = past.json(&["history", "/j/1"]).await;
    let revisions: Vec<_> = history.iter().map(|line| line["revision"].as_i64()).collect();
    assert!(revisions.contains(&Some(then)) && revisions.contains(&Some(then + 1)), "{history:?}");
    assert!(history.iter().any(|line| line["source"] == "journal" && line["seen_at"].is_number()));
    let restored = past.run(&["restore", "/j/", "--revision", &then.to_string(), "--yes"]).await;
    assert!(restored.status.success(), "{}", told(&restored));
    assert_eq!(past.now("/j/").await, expected);
    let too_old = past.run(&["at", "1", "/other/"]).await;
    assert_eq!(too_old.status.code(), Some(3), "nothing certain is known: {}", told(&too_old));
    let restored = past.run(&["restore", "/other/", "--revision", "1", "--yes"]).await;
    assert_eq!(restored.status.code(), Some(3), "{}", told(&restored));
    assert!(told(&restored).contains("lies before everything"), "{}", told(&restored));
    let unknown = past.run(&["restore", "/k/", "--revision", "1", "--delete-newer", "--yes"]).await;
    assert_eq!(unknown.status.code(), Some(3), "{}", told(&unknown));
    assert_eq!(past.now("/k/").await.len(), 1, "not deleted: {}", told(&unknown));

    // Put again and deleted while nobody watched: etcd knows it while it has that history …
    let undelete = ["undelete", "/k/3", "--only-key", "--yes"];
    past.put(b"/k/3", b"newer").await;
    past.delete(b"/k/3").await;
    let certain = past.run(&undelete).await;
    assert!(certain.status.success(), "{}", told(&certain));
    assert_eq!(past.now("/k/").await, [(b"/k/3".to_vec(), b"newer".to_vec())]);
    // … and then nobody does: an older value is not brought back as if it were the last.
    past.put(b"/k/3", b"newest").await;
    past.delete(b"/k/3").await;
    let to = past.put(b"/beside", b"").await;
    past.client.compact(to, None).await.expect("compacted");
    let uncertain = past.run(&undelete).await;
    let words = told(&uncertain);
    assert_eq!(uncertain.status.code(), Some(3), "{words}");
    assert!(words.contains("not certain, left out: /k/3: nobody watched between r"), "{words}");
    assert!(past.now("/k/").await.is_empty(), "{words}");
}

/// Ended in the middle, however: it goes on and comes to exactly what was planned.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_goes_on() {
    let mut past = Past::start().await;
    const KEYS: usize = 3_000;
    for chunk in 0..KEYS / 100 {
        let puts = (0..100).map(|number| {
            let key = format!("/k/{:05}", chunk * 100 + number);
            etcd_client::TxnOp::put(key, format!("first {number}"), None)
        });
        let txn = etcd_client::Txn::new().and_then(puts.collect::<Vec<_>>());
        past.client.txn(txn).await.expect("a transaction");
    }
    let then = past.revision().await;
    // It may be done before it is killed: then once more.
    let mut half = KEYS;
    for _ in 0..20 {
        half = half_restored(&mut past, then).await;
        if half < KEYS {
            break;
        }
    }
    assert!(half > 0 && half < KEYS, "{half}");
    let done_before = past.json(&["plans"]).await.iter().filter(|plan| plan["state"] == "finished").count();
    let plans = past.json(&["plans"]).await;
    assert_eq!(plans[0]["state"], "stopped");
    let id = plans[0]["id"].as_str().expect("an id");
    let resumed = past.run(&["restore", "--resume", id, "--yes"]).await;
    assert!(resumed.status.success(), "{}", told(&resumed));
    assert_eq!(past.now("/k/").await, past.at("/k/", then).await);
    // Each key once, done: also those that were asked for by the process that was killed.
    let log = past.home.path().join("log.jsonl");
    let exported = past.run(&["audit", "--export", log.to_str().expect("text")]).await;
    assert!(exported.status.success(), "{}", told(&exported));
    let lines = std::fs::read_to_string(&log).expect("the export");
    let entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let done = entries.iter().filter(|entry| entry["outcome"] == "done");
    let writes: std::collections::BTreeSet<_> = done.map(|entry| entry["write"].to_string()).collect();
    assert_eq!(writes.len(), KEYS * (1 + done_before));
    let failed = past.json(&["audit", "--failed"]).await;
    assert!(failed.is_empty(), "{failed:?}");
    verify_with_python(&log);
}

/// Deletes the keys, begins to restore them and kills it once it has written something. Returns how
/// many keys are there.
async fn half_restored(past: &mut Past, then: i64) -> usize {
    let range = etcd_client::DeleteOptions::new().with_prefix();
    past.client.delete("/k/", Some(range)).await.expect("a delete");
    let gone = past.revision().await;
    let mut command = past.command(&["restore", "/k/", "--revision", &then.to_string(), "--yes"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let began = Instant::now();
    while past.revision().await < gone + 3 {
        assert!(began.elapsed() < Duration::from_secs(30), "nothing is written");
    }
    child.kill().expect("kill -9");
    child.wait().expect("it ends");
    past.now("/k/").await.len()
}

/// The chain, verified by other means than ours from what is documented, where there is Python.
fn verify_with_python(log: &Path) {
    const PROGRAM: &str = r#"
import base64, hashlib, json, sys
before = "0" * 64
for line in open(sys.argv[1], encoding="utf-8"):
    e = json.loads(line)
    text = lambda value: b"" if value is None else b"=" + value.encode()
    fields = [b"etcdscope audit 1", before.encode(), b"%d" % e["number"], b"%d" % e["at"],
              e["profile"].encode(), e["cluster_id"].encode(), text(e["user"]), e["operation"].encode(),
              base64.b64decode(e["key_base64"]),
              b"" if e["from_base64"] is None else b"=" + base64.b64decode(e["from_base64"]),
              b"%d" % e["before"], e["outcome"].encode(), b"%d" % e["revision"], e["detail"].encode(),
              text(e["plan"]), e["write"].encode()]
    before = hashlib.sha256(b"".join(b"%d:%s," % (len(f), f) for f in fields)).hexdigest()
    assert before == e["hash"], e
print("verified", before)
"#;
    let Ok(output) = std::process::Command::new("python3").args(["-c", PROGRAM]).arg(log).output() else {
        eprintln!("skipped: there is no python3");
        return;
    };
    assert!(output.status.success() && told(&output).starts_with("verified "), "{}", told(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_whose_lease_is_gone_come_back_as_asked() {
    let mut past = Past::start().await;
    let lease = past.client.lease_grant(3_600, None).await.expect("a lease").id();
    let leased = etcd_client::PutOptions::new().with_lease(lease);
    past.client.put("/s/1", "leased", Some(leased)).await.expect("a put");
    let then = past.put(b"/s/2", b"plain").await;
    past.client.lease_revoke(lease).await.expect("revoked");
    past.delete(b"/s/2").await;
    let then = then.to_string();
    let restore = ["restore", "/s/", "--revision", &then, "--yes"];
    let done = past.run(&restore).await;
    assert!(done.status.success() && told(&done).contains("is gone"), "{}", told(&done));
    let keys = |found: Vec<(Vec<u8>, Vec<u8>)>| found.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(keys(past.now("/s/").await), [b"/s/2".to_vec()], "left out where nothing was chosen");
    let done = past.run(&[&restore[..], &["--lost-lease", "ttl=600"]].concat()).await;
    assert!(done.status.success(), "{}", told(&done));
    let got = past.client.get("/s/1", None).await.expect("a read");
    let lease = got.kvs()[0].lease();
    let left = past.client.lease_time_to_live(lease, None).await.expect("a lease");
    assert!(lease != 0 && left.granted_ttl() == 600, "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_tampered_with_is_told() {
    let mut past = Past::start().await;
    past.put(b"/a", b"one").await;
    past.put(b"/a", b"two").await;
    let done = past.run(&["restore", "/a", "--only-key", "--revision", "2", "--yes"]).await;
    assert!(done.status.success(), "{}", told(&done));
    let text = told(&past.run(&["audit"]).await);
    assert!(text.contains("restore  r3 → r4  done      /a"), "{text}");
    let database = rusqlite::Connection::open(past.home.path().join("audit/audit.db")).expect("the log");
    database.execute("UPDATE entries SET profile = 'somebody' WHERE number = 1", []).expect("changed");
    let verified = past.run(&["audit", "--verify"]).await;
    assert_eq!(verified.status.code(), Some(1));
    assert!(told(&verified).starts_with("changed at entry 1"), "{}", told(&verified));
    let json = past.run(&["audit", "--verify", "--json"]).await;
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!((&json["state"], json["changed_at"].as_u64()), (&"changed".into(), Some(1)));
}

/// On a terminal a yes can be typed; anything else writes nothing.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_typed_yes_is_asked_for_on_a_terminal() {
    use std::io::Write as _;
    let mut past = Past::start().await;
    past.put(b"/a", b"one").await;
    past.put(b"/a", b"two").await;
    for (typed, expected) in [("no\n", b"two"), ("\n", b"two"), ("yes\n", b"one")] {
        let inner = past.command(&["restore", "/a", "--revision", "2"]);
        let words: Vec<_> = std::iter::once(inner.get_program())
            .chain(inner.get_args())
            .map(|word| word.to_string_lossy())
            .collect();
        let mut command = std::process::Command::new("script");
        command.args(["-qec", &words.join(" "), "/dev/null"]);
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let Ok(mut child) = spawned else {
            eprintln!("skipped: there is no script(1)");
            return;
        };
        child.stdin.take().expect("a pipe").write_all(typed.as_bytes()).expect("typed");
        let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await;
        let output = output.expect("a run").expect("it ends");
        assert_eq!(past.now("/a").await[0].1, expected, "{typed:?}: {}", told(&output));
        assert_eq!(output.status.success(), expected == b"one", "{typed:?}: {}", told(&output));
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    for arguments in [
        &["restore"][..],
        &["restore", "/a"],
        &["restore", "--revision", "3"],
        &["restore", "/a", "--revision", "0"],
        &["restore", "/a", "--revision", "3", "--resume", "x"],
        &["restore", "/a", "--revision", "3", "--yes", "--dry-run"],
        &["restore", "/a", "--revision", "3", "--lost-lease", "ttl=0"],
        &["restore", "/a", "--revision", "3", "--lost-lease", "never"],
        &["at", "/a"],
        &["history"],
        &["undelete"],
        &["--endpoints", "a:1", "audit"],
        &["--theme", "dark", "plans"],
        &["audit", "--verify", "--failed"],
    ] {
        let output = etcdscope(arguments).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", told(&output));
    }
}
