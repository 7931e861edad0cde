//! Tests of the files as a whole.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::model::profile::{ProfileColour, Secret};
use crate::model::record::{KeyMeta, KeyRecord};
use crate::model::settings::{Language, ThemeChoice};

fn home() -> (TempDir, Storage) {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = Storage::open(Some(folder.path().join("home")));
    (folder, storage)
}

fn path(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join("home").join(name)
}

fn profile(name: &str) -> Profile {
    Profile { name: name.to_owned(), endpoints: vec!["a:2379".to_owned()], ..Profile::default() }
}

fn draft(profile: &str, key: &[u8], value: &[u8], seen_at: i64) -> Draft {
    let meta = KeyMeta { create_revision: 2, mod_revision: 9, version: 3, lease: -1 };
    let base = KeyRecord { key: key.into(), meta, value: Some(b"base\0\xff".as_slice().into()) };
    Draft { profile: profile.to_owned(), key: key.into(), value: value.into(), base: Some(base), seen_at }
}

fn names(stored: &Stored) -> Vec<&str> {
    stored.profiles.iter().map(|profile| profile.name.as_str()).collect()
}

fn put(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, content).expect("written");
}

/// Every file below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

#[test]
fn nothing_kept_is_nothing_found_and_nothing_made() {
    let (folder, storage) = home();
    assert_eq!(storage.load(), Stored::default());
    assert!(!path(&folder, "").exists());
}

#[test]
fn everything_comes_back() {
    let (_folder, storage) = home();
    let mut production = profile("production 生产");
    production.colour = ProfileColour::Red;
    production.read_only = true;
    production.tls.ca_file = Some("/pki/ca.pem".into());
    production.separator = '.';
    production.user = Some("root".to_owned());
    storage.keep_profile(&production, None).expect("kept");
    storage.keep_profile(&profile("Local"), None).expect("kept");
    let settings = Settings {
        theme: ThemeChoice::Dark,
        language: Language::SimplifiedChinese,
        compact_rows: true,
        zoom: 1.25,
        reduced_motion: true,
    };
    storage.keep_settings(&settings).expect("kept");
    let stored = storage.load();
    assert_eq!(names(&stored), ["Local", "production 生产"]);
    assert_eq!(stored.profiles[1], production);
    assert_eq!((stored.settings, stored.fault), (settings, None));
}

#[test]
fn a_profile_is_changed_renamed_and_removed() {
    let (_folder, storage) = home();
    storage.keep_profile(&profile("a"), None).expect("kept");
    storage.keep_profile(&profile("b"), None).expect("kept");
    let changed = Profile { read_only: true, ..profile("a") };
    storage.keep_profile(&changed, None).expect("kept");
    assert!(storage.load().profiles[0].read_only);
    storage.keep_draft(&draft("a", b"/k", b"typed", 1)).expect("kept");

    let taken = storage.keep_profile(&profile("b"), Some("a"));
    assert_eq!(taken.map_err(|fault| fault.kind), Err(FaultKind::Invalid));
    assert_eq!(names(&storage.load()), ["a", "b"]);

    storage.keep_profile(&Profile { name: "c".to_owned(), ..changed }, Some("a")).expect("renamed");
    let stored = storage.load();
    assert_eq!(names(&stored), ["b", "c"]);
    assert!(stored.profiles[1].read_only);
    assert_eq!(stored.drafts, [draft("c", b"/k", b"typed", 1)]);

    storage.remove_profile("b").expect("removed");
    storage.remove_profile("never").expect("fine");
    assert_eq!(names(&storage.load()), ["c"]);
    let unnamed = storage.keep_profile(&profile(" "), None);
    assert_eq!(unnamed.map_err(|fault| fault.kind), Err(FaultKind::Invalid));
}

#[test]
fn drafts_come_back_byte_for_byte() {
    let (_folder, storage) = home();
    let odd = draft("p", b"\xff\0//\xe2\x80\xae", b"\0\x01\xfe", 5);
    let long = draft("p", &vec![b'k'; 65_536], &vec![0x80; 1_500_000], 7);
    let new = Draft { base: None, ..draft("p", b"", b"", 6) };
    for draft in [&odd, &long, &new] {
        storage.keep_draft(draft).expect("kept");
    }
    assert_eq!(storage.load().drafts, [long.clone(), new.clone(), odd.clone()]);

    let changed = Draft { value: b"later".as_slice().into(), seen_at: 9, ..odd };
    storage.keep_draft(&changed).expect("kept");
    storage.drop_draft("p", &long.key).expect("dropped");
    storage.drop_draft("p", b"never").expect("fine");
    assert_eq!(storage.load().drafts, [changed, new]);
}

#[test]
fn profile_and_key_of_a_draft_do_not_run_together() {
    let (_folder, storage) = home();
    storage.keep_draft(&draft("a", b"bc", b"1", 1)).expect("kept");
    storage.keep_draft(&draft("ab", b"c", b"2", 2)).expect("kept");
    assert_eq!(storage.load().drafts.len(), 2);
}

#[cfg(unix)]
#[test]
fn files_belong_to_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let (folder, storage) = home();
    // Also a file that was readable by all before.
    put(&path(&folder, "settings.json"), "{}");
    storage.keep_profile(&profile("a"), None).expect("kept");
    storage.keep_settings(&Settings::default()).expect("kept");
    storage.keep_draft(&draft("a", b"/k", b"v", 1)).expect("kept");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    let files = files_below(&path(&folder, ""));
    assert_eq!(files.len(), 5, "profiles, settings, draft and the locks: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(&path(&folder, "drafts")), 0o700);
}

#[cfg(unix)]
#[test]
fn a_new_home_belongs_to_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let (folder, storage) = home();
    storage.keep_settings(&Settings::default()).expect("kept");
    assert_eq!(fs::metadata(path(&folder, "")).expect("there").permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_broken_file_is_reported_and_never_overwritten() {
    let (folder, storage) = home();
    let file = path(&folder, "profiles.json");
    put(&file, "{\"profiles\": [");
    let stored = storage.load();
    let fault = stored.fault.expect("a fault");
    assert_eq!(fault.kind, FaultKind::File);
    assert!(fault.detail.contains("profiles.json"), "{}", fault.detail);
    // Only looking, or removing what is not there, leaves it.
    storage.remove_profile("a").expect("nothing to do");
    assert_eq!(fs::read_to_string(&file).expect("there"), "{\"profiles\": [");

    storage.keep_profile(&profile("a"), None).expect("kept");
    assert_eq!(fs::read_to_string(path(&folder, "profiles.json.broken")).expect("there"), "{\"profiles\": [");
    assert_eq!((names(&storage.load()), storage.load().fault), (vec!["a"], None));

    put(&file, "again");
    storage.keep_profile(&profile("b"), None).expect("kept");
    assert_eq!(fs::read_to_string(path(&folder, "profiles.json.broken-2")).expect("there"), "again");

    let settings = path(&folder, "settings.json");
    put(&settings, "{\"theme\": \"pink\"}");
    assert!(storage.load().fault.is_some());
    storage.keep_settings(&Settings::default()).expect("kept");
    assert!(path(&folder, "settings.json.broken").exists());
}

#[test]
fn one_broken_entry_spoils_neither_the_others_nor_itself() {
    let (folder, storage) = home();
    let file = path(&folder, "profiles.json");
    put(
        &file,
        r#"{"version": 1, "later": 1, "profiles": [{"name": "a", "future": [1]}, {"name": 7}, {"name": "a"}]}"#,
    );
    let stored = storage.load();
    assert_eq!(names(&stored), ["a"]);
    let detail = stored.fault.expect("a fault").detail;
    assert!(detail.contains("profile 2") && detail.contains("second profile"), "{detail}");
    storage.keep_profile(&Profile { read_only: true, ..profile("a") }, None).expect("kept");
    let text = fs::read_to_string(&file).expect("there");
    for kept in ["\"later\": 1", "\"future\"", "\"name\": 7", "\"read_only\": true"] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
}

#[test]
fn files_of_a_newer_console_are_not_touched() {
    let (folder, storage) = home();
    let file = path(&folder, "profiles.json");
    put(&file, r#"{"version": 99, "profiles": []}"#);
    assert!(storage.load().fault.is_some());
    assert!(storage.keep_profile(&profile("a"), None).is_err());
    assert!(fs::read_to_string(&file).expect("there").contains("99"));
}

#[test]
fn a_broken_draft_is_reported_and_left() {
    let (folder, storage) = home();
    storage.keep_draft(&draft("p", b"/k", b"v", 1)).expect("kept");
    put(&path(&folder, "drafts/00.json"), "{");
    put(&path(&folder, "drafts/readme.txt"), "not ours");
    let stored = storage.load();
    assert_eq!(stored.drafts.len(), 1);
    assert!(stored.fault.expect("a fault").detail.contains("00.json"));
    assert!(path(&folder, "drafts/00.json").exists());
}

#[test]
fn a_writer_killed_in_the_middle_leaves_the_old_content() {
    let (folder, storage) = home();
    storage.keep_draft(&draft("p", b"/k", b"old", 1)).expect("kept");
    storage.keep_settings(&Settings::default()).expect("kept");
    let half = path(&folder, "drafts/.etcdscope-abc.tmp");
    put(&half, "{\"version\": 1, \"prof");
    put(&path(&folder, ".etcdscope-def.tmp"), "{");
    let stored = storage.load();
    assert_eq!((&*stored.drafts[0].value, stored.fault), (b"old".as_slice(), None));
    // A young one may belong to a window that is writing now; an old one is swept away.
    assert!(half.exists());
    let file = fs::File::options().write(true).open(&half).expect("there");
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_hours(2)).expect("set");
    drop(storage.load());
    assert!(!half.exists());
}

/// Names the storage that a child process writes into until it is killed.
#[cfg(unix)]
const CHILD: &str = "ETCDSCOPE_TEST_STORAGE";

/// Not a test by itself: what the child process of the next test runs.
#[cfg(unix)]
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(home) = std::env::var_os(CHILD) else { return };
    let storage = Storage::open(Some(home.into()));
    for round in 0_u8.. {
        let value = vec![round; 20_000];
        storage.keep_draft(&draft("p", b"/k", &value, 1)).expect("kept");
        let name = format!("profile {}", round % 8);
        storage.keep_profile(&Profile { read_only: round >= 8, ..profile(&name) }, None).expect("kept");
    }
}

#[cfg(unix)]
#[test]
fn a_killed_process_loses_nothing_that_was_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = Storage::open(Some(folder.path().to_owned()));
    let mut found = 0;
    for round in 0..8 {
        storage.drop_draft("p", b"/k").expect("dropped");
        let mut child = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "storage::tests::child_that_writes_until_it_is_killed"])
            .env(CHILD, folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("started");
        std::thread::sleep(std::time::Duration::from_millis(40 + round * 7));
        child.kill().expect("killed");
        child.wait().expect("ended");
        let stored = storage.load();
        assert_eq!(stored.fault, None);
        for draft in &stored.drafts {
            assert!(draft.value.len() == 20_000 && draft.value.iter().all(|byte| *byte == draft.value[0]));
            found += 1;
        }
        // The lock died with its holder.
        storage.keep_settings(&Settings::default()).expect("kept");
    }
    assert!(!storage.load().profiles.is_empty() && found > 0, "the child wrote something");
}

/// Not a test by itself: a window that keeps a draft and lives until it is killed.
#[test]
fn child_that_has_a_draft() {
    let Some(home) = std::env::var_os(WINDOW) else { return };
    let storage = Storage::open(Some(PathBuf::from(&home)));
    storage.keep_draft(&draft("p", b"/k", b"typed in the other window", 5)).expect("kept");
    storage.drop_draft("p", b"/other").expect("not this window's");
    fs::write(Path::new(&home).join("ready"), "").expect("written");
    std::thread::sleep(std::time::Duration::from_secs(60));
}

const WINDOW: &str = "ETCDSCOPE_TEST_WINDOW";

#[test]
fn two_windows_with_one_profile_lose_nothing_that_was_typed() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = Storage::open(Some(folder.path().to_owned()));
    storage.keep_draft(&draft("p", b"/k", b"typed here", 4)).expect("kept");
    storage.keep_draft(&draft("p", b"/other", b"typed here too", 4)).expect("kept");
    let mut child = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "storage::tests::child_that_has_a_draft"])
        .env(WINDOW, folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("started");
    let begun = std::time::Instant::now();
    while !folder.path().join("ready").exists() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "the other window does nothing");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let values = |stored: &Stored| -> Vec<Vec<u8>> {
        stored.drafts.iter().map(|draft| draft.value.to_vec()).collect()
    };
    // While it lives its draft is its own: neither taken, nor overwritten, nor removed.
    let stored = storage.load();
    assert_eq!(values(&stored), [&b"typed here"[..], b"typed here too"]);
    storage.keep_draft(&draft("p", b"/k", b"typed on here", 6)).expect("kept");
    storage.drop_draft("p", b"/other").expect("dropped");
    child.kill().expect("killed");
    child.wait().expect("ended");

    // Once it is gone, the newer one of the two counts, and the other is still a file.
    let stored = storage.load();
    assert_eq!(values(&stored), [b"typed on here"]);
    let told = stored.fault.expect("it is said");
    assert!(told.detail.contains(".older") && told.detail.contains("/k"), "{told}");
    let older =
        files_below(folder.path()).into_iter().find(|path| path.extension().is_some_and(|it| it == "older"));
    let older = fs::read_to_string(older.expect("a file")).expect("read");
    use base64::Engine as _;
    assert!(older.contains(&base64::engine::general_purpose::STANDARD.encode("typed in the other window")));
    assert_eq!(values(&storage.load()), [b"typed on here"]);
    assert_eq!(storage.load().fault, None, "it is said once");
}

#[test]
fn drafts_of_windows_that_are_gone_are_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = Storage::open(Some(folder.path().to_owned()));
    storage.keep_draft(&draft("p", b"/a", b"1", 1)).expect("kept");
    storage.keep_draft(&draft("p", b"/b", b"2", 2)).expect("kept");
    // One by a window that left nothing else, one by a console that knew no owners.
    for (number, path) in files_below(&folder.path().join("drafts")).into_iter().enumerate() {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let Some((hash, _)) = name.split_once('.').filter(|_| name.ends_with(".json")) else { continue };
        let other = if number % 2 == 0 { format!("{hash}.gone.json") } else { format!("{hash}.json") };
        fs::rename(&path, path.with_file_name(other)).expect("renamed");
    }
    for _ in 0..2 {
        let stored = storage.load();
        assert_eq!((stored.drafts.len(), stored.fault), (2, None));
    }
    storage.drop_draft("p", b"/a").expect("dropped");
    storage.drop_draft("p", b"/b").expect("dropped");
    assert!(storage.load().drafts.is_empty(), "they were this window's");
}

#[test]
fn a_folder_that_cannot_be_written_is_a_readable_fault() {
    let (folder, storage) = home();
    put(&path(&folder, "drafts"), "a file in the way");
    let fault = storage.keep_draft(&draft("p", b"/k", b"v", 1)).expect_err("no folder");
    assert_eq!(fault.kind, FaultKind::File);
    assert!(fault.detail.contains("drafts"), "{}", fault.detail);
    assert!(storage.load().fault.is_some());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_apart() {
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    assert_eq!(files::file_fault(Path::new("/x"), &full).kind, FaultKind::DiskFull);
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_stays_one() {
    let (folder, storage) = home();
    let real = folder.path().join("dotfiles/profiles.json");
    put(&real, "{\"version\": 1, \"profiles\": []}");
    fs::create_dir_all(path(&folder, "")).expect("a folder");
    std::os::unix::fs::symlink(&real, path(&folder, "profiles.json")).expect("a link");
    storage.keep_profile(&profile("a"), None).expect("kept");
    assert!(fs::symlink_metadata(path(&folder, "profiles.json")).expect("there").is_symlink());
    assert!(fs::read_to_string(&real).expect("there").contains("\"a\""));
}

#[test]
fn several_windows_lose_nothing_of_each_other() {
    let (_folder, storage) = home();
    std::thread::scope(|scope| {
        for window in 0..4 {
            let storage = storage.clone();
            scope.spawn(move || {
                for number in 0..8 {
                    storage.keep_profile(&profile(&format!("{window}-{number}")), None).expect("kept");
                    storage.keep_settings(&Settings::default()).expect("kept");
                    let key = format!("/{number}");
                    storage.keep_draft(&draft("p", key.as_bytes(), b"v", window)).expect("kept");
                }
            });
        }
    });
    let stored = storage.load();
    assert_eq!((stored.profiles.len(), stored.drafts.len(), stored.fault), (32, 8, None));
}

#[test]
fn readers_never_see_half_a_file() {
    let (_folder, storage) = home();
    let values = [vec![b'a'; 200_000], vec![b'b'; 10]];
    storage.keep_draft(&draft("p", b"/k", &values[0], 1)).expect("kept");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..30 {
                storage.keep_draft(&draft("p", b"/k", &values[round % 2], 1)).expect("kept");
            }
        });
        while !writer.is_finished() {
            let stored = storage.load();
            assert_eq!(stored.fault, None);
            assert!(values.iter().any(|value| *value.as_slice() == *stored.drafts[0].value));
        }
    });
}

#[test]
fn no_secret_is_in_any_file() {
    let (folder, storage) = home();
    let secret = Secret("correct-horse-battery".to_owned());
    storage.keep_profile(&Profile { user: Some("root".to_owned()), ..profile("a") }, None).expect("kept");
    let in_url = Profile { endpoints: vec![format!("https://root:{}@a:2379", secret.0)], ..profile("b") };
    let fault = storage.keep_profile(&in_url, None).expect_err("refused");
    assert_eq!(fault.kind, FaultKind::Invalid);
    assert!(!fault.detail.contains(&secret.0), "{}", fault.detail);
    // Without a keyring the password is not kept at all.
    assert!(secrets::Secrets::off().keep("a", &secret).is_err());
    for file in files_below(folder.path()) {
        let content = fs::read(&file).expect("there");
        assert!(memchr::memmem::find(&content, secret.0.as_bytes()).is_none(), "{}", file.display());
    }
}

#[test]
fn unusable_settings_are_made_usable() {
    let (folder, storage) = home();
    put(&path(&folder, "settings.json"), "{\"zoom\": 1000.0, \"later\": true}");
    assert!(storage.load().settings.zoom <= 4.0);
    storage.keep_settings(&Settings { zoom: f32::NAN, ..Settings::default() }).expect("kept");
    let stored = storage.load();
    assert_eq!((stored.settings, stored.fault), (Settings::default(), None));
    assert!(fs::read_to_string(path(&folder, "settings.json")).expect("there").contains("later"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_file_is_read_or_reported(content in proptest::collection::vec(any::<u8>(), 0..80), json in r#"[{}\[\]":,a1 ]{0,40}"#) {
        for content in [content.as_slice(), json.as_bytes()] {
            let (folder, storage) = home();
            for name in ["profiles.json", "settings.json", "drafts/x.json"] {
                let file = path(&folder, name);
                fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
                fs::write(&file, content).expect("written");
            }
            prop_assert!(storage.load().fault.is_some());
            storage.keep_profile(&profile("a"), None).expect("kept");
            storage.keep_settings(&Settings::default()).expect("kept");
            let stored = storage.load();
            prop_assert_eq!(names(&stored), ["a"]);
            // What was there is still there, in its place or beside it.
            let kept = files_below(folder.path()).iter().filter(|file| fs::read(file).expect("there") == content).count();
            prop_assert!(kept >= 2, "{} copies", kept);
        }
    }

    #[test]
    fn any_draft_comes_back(profile in any::<String>(), key in proptest::collection::vec(any::<u8>(), 0..40), value in proptest::collection::vec(any::<u8>(), 0..80), seen_at in any::<i64>()) {
        let (_folder, storage) = home();
        let draft = draft(&profile, &key, &value, seen_at);
        storage.keep_draft(&draft).expect("kept");
        prop_assert_eq!(storage.load().drafts, [draft]);
    }
}
