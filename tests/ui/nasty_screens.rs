//! Every screen with keys and values that nobody wrote by hand: nothing panics, nothing is changed
//! by being shown, and no name on screen carries what would mislead a reader or a terminal.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::{Action, UserCommand};
use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::coordination::{Claim, ClaimForm, ClaimKind, ClaimQueue, Confidence};
use etcdscope::model::dialog::{BlastRadius, Dialog};
use etcdscope::model::document::{Document, DocumentPage, SaveState};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::history::{History, HistoryEnd, KeyVersion};
use etcdscope::model::key_text::{display_short, is_deceptive, neutral};
use etcdscope::model::message::RequestId;
use etcdscope::model::record::{ChangeKind, KeyChange, KeyMeta, KeyRecord};
use etcdscope::model::search::{SearchMode, SearchQuery, search};
use etcdscope::model::session::{Job, JobKind, JobState, Screen};
use etcdscope::model::status::{KeyInterval, Notice};
use etcdscope::model::tree_item::TreeItem;
use etcdscope::model::world::{Toast, ToastKind, ToastText, World};

use crate::nasty;
use crate::support::{NOW, Scene, Setting, live_world};

const LEASE: i64 = 0x694d_8b0c_3e4a_1f02;

fn meta(revision: i64) -> KeyMeta {
    KeyMeta { create_revision: 120, mod_revision: revision, version: 17, lease: LEASE }
}

fn record(key: &Key, value: &Value, revision: i64) -> KeyRecord {
    KeyRecord { key: key.clone(), meta: meta(revision), value: Some(value.clone()) }
}

/// Every key, each with one of the values.
fn pairs() -> Vec<(&'static str, Key, Value)> {
    let (keys, values) = (nasty::keys(), nasty::values());
    let count = keys.len().max(values.len());
    (0..count)
        .map(|at| {
            let (name, key) = &keys[at % keys.len()];
            (*name, Key::from(key.as_slice()), Value::from(values[at % values.len()].1.as_slice()))
        })
        .collect()
}

/// All of it in one key space, every folder open.
fn nasty_world() -> World {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.keyspace = etcdscope::model::keyspace::Keyspace::default();
    for (at, (_, key, value)) in pairs().into_iter().enumerate() {
        let revision = 182_300 + at as i64;
        session.keyspace.put(&key, meta(revision), Some(value.clone()));
        let kind = ChangeKind::Put { meta: meta(revision), value };
        let change = KeyChange { key: key.clone(), kind, prev: None };
        let keyspace = session.keyspace.clone();
        session.activity.note(&change, revision, NOW - 1_000, &keyspace.ancestors(&key));
        session.expanded.extend(keyspace.ancestors(&key).iter().map(|path| path.to_vec()));
    }
    for (at, (_, key, value)) in pairs().into_iter().enumerate() {
        let claim = |lease| Arc::new(Claim::found(key.clone(), meta(lease), Some(value.clone())));
        let kind = if at % 2 == 0 { ClaimKind::Lock } else { ClaimKind::Election };
        let queue = ClaimQueue::new(key.clone(), kind, ClaimForm::Queue, Confidence::Likely);
        session.coordination.add_queue(ClaimQueue { claims: vec![claim(7), claim(8)], ..queue });
    }
    world
}

/// What is shown may not change anything.
fn changes(action: &Action) -> bool {
    matches!(
        action,
        Action::EditDraft { .. }
            | Action::ReplaceDraft { .. }
            | Action::DiscardDraft(_)
            | Action::Save(_)
            | Action::Resolve { .. }
            | Action::Delete(_)
            | Action::Move { .. }
            | Action::Create { .. }
            | Action::Undelete(_)
            | Action::Export(_)
    )
}

/// What was seen on screen that would mislead a reader or a terminal.
#[derive(Default)]
struct Seen(BTreeSet<String>);

impl Seen {
    /// Looks at what is on screen now.
    #[track_caller]
    fn look(&mut self, scene: &mut Scene, what: &str) {
        let wrong = scene.actions().into_iter().find(changes);
        assert_eq!(wrong, None, "{what}: shown, not changed");
        for node in scene.harness.root().children_recursive() {
            let node = node.accesskit_node();
            // What is edited is shown as it is: there it is the text itself.
            let is_field = matches!(node.role(), Role::TextInput | Role::MultilineTextInput | Role::TextRun);
            if is_field {
                continue;
            }
            for words in [node.label(), node.value()].into_iter().flatten() {
                if words.chars().any(|sign| is_deceptive(sign) && !matches!(sign, '\n' | '\t')) {
                    let words: String = words.escape_debug().take(100).collect();
                    self.0.insert(format!("{what}: {:?} {words}", node.role()));
                }
            }
        }
    }

    #[track_caller]
    fn nothing_misleading(&self) {
        assert!(
            self.0.is_empty(),
            "{} on screen:\n{:#?}",
            self.0.len(),
            self.0.iter().take(60).collect::<Vec<_>>()
        );
    }
}

fn document(key: &Key, value: &Value) -> Document {
    let mut document = Document::new(key.clone());
    document.base.answer(Ok(Some(record(key, value, 182_300))));
    document.draft_generation = 1;
    document
}

/// The document of a key as each page and state of the editor shows it.
fn documents(key: &Key, value: &Value, other: &Value) -> Vec<(&'static str, Document)> {
    let plain = || document(key, value);
    let drafted = || {
        let mut document = plain();
        document.draft = Some(other.clone());
        document
    };
    let with = |save: SaveState| Document { save, ..drafted() };
    let fault = || Fault::new(FaultKind::Other, String::from_utf8_lossy(&other[..other.len().min(500)]));
    let theirs = Some(record(key, &Value::from([value, &b"\n\x1b[31m"[..]].concat()), 182_333));
    let version = |version: i64, value: &Value| {
        let meta = KeyMeta { version, mod_revision: 182_290 + version, ..meta(0) };
        KeyVersion { meta, value: value.clone() }
    };
    let mut history = plain();
    history.page = DocumentPage::History;
    let versions = vec![version(3, value), version(2, other), version(1, value)];
    history.history.answer(Ok(History { versions, end: HistoryEnd::FirstVersion }));
    let conflict = |theirs: Option<KeyRecord>| Document {
        live: Some(theirs.clone()),
        live_seen_at: NOW,
        ..with(SaveState::Conflict { theirs })
    };
    vec![
        ("value", plain()),
        ("draft", drafted()),
        ("diff", Document { page: DocumentPage::Diff, ..drafted() }),
        ("review", with(SaveState::Reviewing)),
        ("conflict", conflict(theirs)),
        ("conflict with a deletion", conflict(None)),
        ("not saved", with(SaveState::Failed(fault()))),
        ("perhaps saved", with(SaveState::Unknown(fault()))),
        ("recovered", Document { recovered: true, ..drafted() }),
        ("history", history),
    ]
}

fn open(world: &mut World, document: Document) {
    let session = &mut world.sessions[0];
    session.screen = Screen::Keys;
    session.active_document = Some(document.key.clone());
    session.cursor = Some(TreeItem::key(document.key.clone()));
    session.selected = std::iter::once(TreeItem::key(document.key.clone())).collect();
    let key = document.key.clone();
    session.documents = vec![document];
    session.documents[0].past.wanted = true;
    session.merge_past(&key);
}

fn dialogs(key: &Key) -> Vec<Dialog> {
    let items = [TreeItem::key(key.clone()), TreeItem::folder(key.clone())];
    let radius =
        BlastRadius { keys: 3, leased: 1, held: vec![key.clone()], sample: vec![key.clone(), key.clone()] };
    let mut dialogs = vec![
        Dialog::CreateKey { prefix: key.clone() },
        Dialog::Undelete { key: key.clone() },
        Dialog::CloseDirty { key: key.clone() },
        Dialog::Delete {
            roots: items.to_vec(),
            radius: radius.clone(),
            steps: Vec::new(),
            type_to_confirm: Some(display_short(key, 60).into_owned()),
        },
    ];
    for item in items {
        dialogs.push(Dialog::Export { what: item.clone(), keys: 3 });
        for copy in [false, true] {
            dialogs.push(Dialog::Move { from: item.clone(), copy, radius: radius.clone() });
        }
    }
    dialogs
}

fn every_page(setting: Setting) {
    let mut seen = Seen::default();
    let values: Vec<Value> = nasty::values().iter().map(|(_, value)| Value::from(value.as_slice())).collect();
    let keys: Vec<Key> = nasty::keys().iter().map(|(_, key)| Key::from(key.as_slice())).collect();
    let mut scene = setting.play(nasty_world());
    for (at, (name, bytes)) in nasty::values().iter().enumerate() {
        let other = values[(at + 1) % values.len()].clone();
        let value = Value::from(bytes.as_slice());
        for (page, document) in documents(&keys[at % keys.len()], &value, &other) {
            scene.change(|world| open(world, document));
            seen.look(&mut scene, &format!("{name}: {page}"));
        }
        scene.harness.state_mut().state.requests.push(UserCommand::Format);
        scene.harness.step();
        scene.actions();
    }
    seen.nothing_misleading();
}

fn every_screen(setting: Setting) {
    let mut seen = Seen::default();
    let mut scene = setting.play(nasty_world());
    for (name, key, value) in pairs() {
        scene.change(|world| open(world, document(&key, &value)));
        seen.look(&mut scene, &format!("{name}: tree and details"));
        for screen in [Screen::Locks, Screen::Elections, Screen::Cluster] {
            scene.change(|world| {
                let session = &mut world.sessions[0];
                session.screen = screen;
                let interval = KeyInterval { start: key.to_vec(), end: Some(key.to_vec()) };
                session.cluster.notices = vec![Notice::RestrictedTo(vec![interval])];
                // A server may say anything of itself; this is how it is taken in.
                let words = String::from_utf8_lossy(&key[..key.len().min(300)]);
                let words = neutral(&words).into_owned();
                session.cluster.members[0].fault = Some(Fault::new(FaultKind::Other, words.clone()));
                session.cluster.members[1].name.clone_from(&words);
                session.cluster.members[2].version.clone_from(&words);
                session.cluster.alarms = vec![(words, 7)];
            });
            seen.look(&mut scene, &format!("{name}: {screen:?}"));
        }
        for dialog in dialogs(&key) {
            let what = format!("{name}: {:?}", std::mem::discriminant(&dialog));
            scene.change(|world| world.dialog = Some(dialog));
            seen.look(&mut scene, &what);
        }
        scene.change(|world| world.dialog = None);
    }
    seen.nothing_misleading();
}

fn every_list(setting: Setting) {
    let mut seen = Seen::default();
    let mut scene = setting.play(nasty_world());
    for (name, key, value) in pairs() {
        let shown = display_short(&key, 40).trim_end_matches('…').to_owned();
        for (mode, text) in [
            (SearchMode::Substring, shown.clone()),
            (SearchMode::Fuzzy, shown.chars().filter(|sign| sign.is_alphanumeric()).take(9).collect()),
            (SearchMode::Values, String::from_utf8_lossy(&value).chars().take(5).collect()),
        ] {
            scene.change(|world| {
                let session = &mut world.sessions[0];
                session.screen = Screen::Keys;
                let query = SearchQuery { text, mode };
                let result = search(&session.keyspace, &query, &|| false).expect("nobody cancels it");
                session.search.query = query;
                session.search.result.answer(Ok(Arc::new(result)));
            });
            seen.look(&mut scene, &format!("{name}: {mode:?}"));
        }
        scene.change(|world| {
            world.sessions[0].search = Default::default();
            world.palette_open = true;
        });
        scene.harness.event(egui::Event::Text(shown));
        scene.settle();
        seen.look(&mut scene, &format!("{name}: palette"));
        scene.change(|world| world.palette_open = false);

        let words = neutral(&String::from_utf8_lossy(&key[..key.len().min(500)])).into_owned();
        scene.change(|world| {
            let toast = |id, kind, text| Toast { id, kind, text, seen_at: NOW };
            let saved = ToastText::Saved { key: display_short(&key, 80).into_owned(), revision: 7 };
            let exported = ToastText::Exported { keys: 7, path: words.clone() };
            let fault = ToastText::Fault(Fault::new(FaultKind::Other, words.clone()));
            world.toasts = vec![
                toast(1, ToastKind::Success, saved),
                toast(2, ToastKind::Success, exported),
                toast(3, ToastKind::Failure, fault),
            ];
            let job =
                |number, kind, state| Job { request: RequestId(number), kind, done: 1, total: None, state };
            let failed = JobState::Failed(Fault::new(FaultKind::Other, words.clone()));
            world.sessions[0].jobs = vec![
                job(1, JobKind::Export(words.clone()), JobState::Running),
                job(2, JobKind::Delete, failed),
            ];
            world.sessions[0].profile.name.clone_from(&words);
        });
        seen.look(&mut scene, &format!("{name}: messages"));
        scene.change(|world| {
            world.toasts.clear();
            world.sessions[0].jobs.clear();
        });
    }
    seen.nothing_misleading();
}

#[test]
fn every_value_on_every_page() {
    every_page(Setting::default());
}

#[test]
fn every_key_on_every_screen_and_in_every_question() {
    every_screen(Setting::default());
}

#[test]
fn every_key_found_and_in_every_message() {
    every_list(Setting::default());
}

#[test]
fn every_page_screen_and_list_in_chinese() {
    every_page(Setting::default().chinese());
    every_screen(Setting::default().chinese());
    every_list(Setting::default().chinese());
}

#[test]
fn every_key_has_a_row_of_its_own() {
    let mut world = nasty_world();
    let session = &mut world.sessions[0];
    let keys: BTreeSet<Vec<u8>> = nasty::keys().into_iter().map(|(_, key)| key).collect();
    let rows =
        etcdscope::model::rows::Rows::build(&session.keyspace, b"", &session.expanded, &Default::default());
    let all = rows.slice(0, usize::MAX);
    let leaves: Vec<Vec<u8>> =
        all.iter().filter(|row| !row.item().is_folder()).map(|row| row.path.to_vec()).collect();
    assert_eq!(leaves, keys.into_iter().collect::<Vec<_>>(), "in the order of their bytes");
    // From the first row to the last, each comes into sight.
    let count = all.len();
    session.cursor = None;
    let mut scene = Setting::default().play(world);
    let mut seen = BTreeSet::new();
    for at in (0..count).step_by(8).chain([count - 1]) {
        let item = all[at].item();
        scene.change(|world| {
            world.sessions[0].selected = std::iter::once(item.clone()).collect();
            world.sessions[0].cursor = Some(item);
        });
        seen.extend(
            scene.harness.query_all_by_role(Role::TreeItem).filter_map(|row| row.accesskit_node().label()),
        );
    }
    for (name, key) in nasty::keys() {
        assert!(seen.contains(&*display_short(&key, 512)), "{name}");
    }
}
