//! Keys: the tree, the search, what an action touches, versions.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use etcdscope::model::bytes::Value;
use etcdscope::model::history::{History, HistoryEnd, KeyVersion};
use etcdscope::model::key_text::{display_key, parse_key};
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::record::KeyMeta;
use etcdscope::model::rows::{RowKind, Rows};
use etcdscope::model::search::{SearchMode, SearchQuery, search};
use etcdscope::model::session::Session;
use etcdscope::model::tree_item::TreeItem;
use etcdscope::model::write::BatchStep;
use proptest::prelude::*;

/// Keys in which separators, ends and depths are odd, and now and then a hostile one.
fn keys() -> impl Strategy<Value = BTreeSet<Vec<u8>>> {
    let hostile: Vec<Vec<u8>> = crate::nasty::keys().into_iter().map(|(_, key)| key).collect();
    let key = prop_oneof![
        8 => prop::collection::vec(prop::sample::select(b"///ab\x00\xff".to_vec()), 1..10),
        2 => prop::collection::vec(any::<u8>(), 1..20),
        1 => (1_usize..140, 0_usize..3).prop_map(|(depth, more)| [b"a/".repeat(depth), vec![b'/'; more]].concat()),
        1 => prop::sample::select(hostile),
    ];
    prop::collection::btree_set(key, 0..40)
}

fn session(keys: &BTreeSet<Vec<u8>>) -> Session {
    let mut session = Session::default();
    for (at, key) in (2_i64..).zip(keys) {
        let meta = KeyMeta { create_revision: at, mod_revision: at, version: 1, lease: at % 3 };
        session.keyspace.put(key, meta, None);
    }
    session
}

fn all_folders(keyspace: &Keyspace, keys: &BTreeSet<Vec<u8>>) -> BTreeSet<Vec<u8>> {
    keys.iter().flat_map(|key| keyspace.ancestors(key).into_iter().map(<[u8]>::to_vec)).collect()
}

/// What lies in a row, from nothing but the keys.
fn below(item: &TreeItem, keys: &BTreeSet<Vec<u8>>) -> BTreeSet<Vec<u8>> {
    let inside = |key: &&Vec<u8>| {
        if item.is_folder() { key.starts_with(&item.path) } else { ***key == *item.path }
    };
    keys.iter().filter(inside).cloned().collect()
}

proptest! {
    #![proptest_config(crate::cases(120))]

    #[test]
    fn a_tree_with_every_folder_open_shows_each_key_once_in_byte_order(keys in keys()) {
        let keyspace = session(&keys).keyspace;
        let folders = all_folders(&keyspace, &keys);
        let rows = Rows::build(&keyspace, b"", &folders, &Keyspace::default());
        let all = rows.slice(0, usize::MAX);
        let leaves: Vec<&[u8]> = all.iter().filter(|row| !row.item().is_folder()).map(|row| &*row.path).collect();
        prop_assert_eq!(leaves, keys.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let shown: Vec<&[u8]> = all.iter().filter(|row| row.item().is_folder()).map(|row| &*row.path).collect();
        prop_assert_eq!(shown.iter().copied().collect::<BTreeSet<_>>(), folders.iter().map(Vec::as_slice).collect());
        prop_assert_eq!(shown.len(), folders.len());
        for (place, row) in all.iter().enumerate() {
            prop_assert_eq!(rows.position(&row.item()), Some(place));
            prop_assert_eq!(parse_key(&display_key(&row.path)), Ok(row.path.to_vec()));
            if let RowKind::Folder { keys: count, .. } = row.kind {
                prop_assert_eq!(count as usize, below(&row.item(), &keys).len());
            }
        }
    }

    #[test]
    fn an_action_touches_what_lies_in_its_rows_and_nothing_else(
        keys in keys(),
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..8),
    ) {
        let session = session(&keys);
        let mut paths: Vec<Vec<u8>> = all_folders(&session.keyspace, &keys).into_iter().chain(keys.iter().cloned()).collect();
        paths.extend([b"nowhere".to_vec(), b"nowhere/".to_vec(), Vec::new()]);
        let items: Vec<TreeItem> = picks.iter().map(|(at, folder)| {
            let path = at.get(&paths).as_slice();
            if *folder { TreeItem::folder(path) } else { TreeItem::key(path) }
        }).collect();
        let exists = |item: &&TreeItem| !item.is_folder() || session.keyspace.folder(&item.path).is_some();
        let expected: BTreeSet<Vec<u8>> = items.iter().filter(exists).flat_map(|item| below(item, &keys)).collect();
        let touched = session.touched(&items);
        let found: Vec<Vec<u8>> = touched.keys.iter().map(|(key, _)| key.to_vec()).collect();
        prop_assert_eq!(&found, &expected.iter().cloned().collect::<Vec<_>>(), "each once, in order");
        let radius = session.blast_radius(&touched);
        prop_assert_eq!(radius.keys as usize, expected.len());
        prop_assert_eq!(radius.leased as usize, touched.keys.iter().filter(|(_, meta)| meta.lease != 0).count());
        prop_assert!(radius.sample.iter().all(|key| expected.contains(&**key)));
        for (step, (key, meta)) in touched.delete_steps().iter().zip(&touched.keys) {
            let guarded = matches!(step, BatchStep::Delete { key: of, revision } if of == key && *revision == meta.mod_revision);
            prop_assert!(guarded);
        }
        if let Some(item) = items.first() {
            let moved = session.touched(std::slice::from_ref(item)).move_steps(&item.path, b"new\xff/", true, true);
            prop_assert_eq!(moved.len(), if exists(&item) { below(item, &keys).len() } else { 0 });
            for step in moved {
                let BatchStep::Copy { from, to, .. } = step else { panic!("a rename copies") };
                prop_assert_eq!([&item.path, to.strip_prefix(b"new\xff/").unwrap()].concat(), from.to_vec());
            }
        }
    }

    #[test]
    fn searching_finds_what_looking_at_every_key_finds(keys in keys(), pick in any::<prop::sample::Index>(), cut in any::<(prop::sample::Index, prop::sample::Index)>()) {
        prop_assume!(!keys.is_empty());
        let keyspace = session(&keys).keyspace;
        let key = pick.get(&keys.iter().collect::<Vec<_>>()).to_vec();
        // A part of some key, as text where it is text, its other bytes as escapes.
        let (a, b) = (cut.0.index(key.len()), cut.1.index(key.len()));
        let part = &key[a.min(b)..=a.max(b)];
        prop_assume!(part.len() < 2_000 && !part.contains(&b'\\'));
        let text: String = part.utf8_chunks().flat_map(|chunk| {
            let escapes: String = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect();
            [chunk.valid().to_owned(), escapes]
        }).collect();
        let query = SearchQuery { text: text.clone(), mode: SearchMode::Substring };
        let result = search(&keyspace, &query, &|| false).unwrap();
        let exact: BTreeSet<&Vec<u8>> = keys.iter().filter(|key| memchr::memmem::find(key, part).is_some()).collect();
        let found: BTreeSet<Vec<u8>> = result.hits.iter().map(|hit| hit.key.to_vec()).collect();
        prop_assert!(exact.iter().all(|key| found.contains(*key)), "{:?}", text);
        if text.chars().any(char::is_uppercase) {
            prop_assert_eq!(found.len(), exact.len(), "with a capital letter nothing is folded");
        }
        for hit in &result.hits {
            prop_assert!(!hit.ranges.is_empty());
            prop_assert!(hit.ranges.is_sorted_by(|one, two| one.1 <= two.0));
            prop_assert!(hit.ranges.iter().all(|(start, end)| start < end && *end as usize <= hit.key.len()));
        }
        for mode in [SearchMode::Fuzzy, SearchMode::Values] {
            let result = search(&keyspace, &SearchQuery { text: text.clone(), mode }, &|| false).unwrap();
            prop_assert!(result.hits.iter().all(|hit| keys.contains(&*hit.key)));
        }
    }

    #[test]
    fn versions_of_a_generation_never_have_a_hole(
        writes in prop::collection::vec((0_u8..10, any::<bool>()), 1..60),
        page in 1_usize..6,
    ) {
        // What happened to the key, and which of it was told.
        let mut all: Vec<KeyVersion> = Vec::new();
        let mut history = History::default();
        let mut meta = KeyMeta::default();
        let mut told = 0;
        for (revision, (what, tells)) in (2_i64..).zip(&writes) {
            if *what == 0 {
                meta = KeyMeta::default();
                continue;
            }
            let create_revision = if meta.version == 0 { revision } else { meta.create_revision };
            meta = KeyMeta { create_revision, mod_revision: revision, version: meta.version + 1, lease: 0 };
            let version = KeyVersion { meta, value: Value::from(revision.to_be_bytes().as_slice()) };
            all.push(version.clone());
            if *tells {
                history.prepend(version);
                told = all.len();
            }
        }
        let truth: Vec<KeyVersion> = all[..told].iter().rev().cloned().collect();
        let check = |history: &History| {
            let mut rest = truth.iter();
            let known = history.versions.iter().all(|version| rest.any(|other| other == version));
            let close = history.versions.windows(2).all(|pair| match (pair[0].meta, pair[1].meta) {
                (newer, older) if newer.create_revision == older.create_revision => {
                    newer.version == older.version + 1
                }
                (newer, _) => newer.version == 1,
            });
            known && close && history.versions.first() == truth.first()
        };
        prop_assert!(check(&history), "{:?} of {:?}", history, truth);
        // Pages behind it go on where it ends, also where they bring again what is here.
        while history.end == HistoryEnd::More && !history.versions.is_empty() {
            let oldest = history.versions.last().unwrap().meta;
            let generation = |version: &&KeyVersion| version.meta.create_revision == oldest.create_revision;
            let older = truth.iter().filter(generation).filter(|it| it.meta.mod_revision <= oldest.mod_revision);
            let versions: Vec<KeyVersion> = older.take(page + 1).cloned().collect();
            let first = versions.last().is_some_and(|version| version.meta.version == 1);
            let end = if first { HistoryEnd::FirstVersion } else { HistoryEnd::More };
            history.append(History { versions, end });
            prop_assert!(check(&history), "{:?} of {:?}", history, truth);
        }
    }
}

/// Every hostile key by itself: found, shown, typed back, and found by the text that is shown.
#[test]
fn every_hostile_key_is_found_by_what_is_shown_of_it() {
    let keys: BTreeSet<Vec<u8>> = crate::nasty::keys().into_iter().map(|(_, key)| key).collect();
    let keyspace = session(&keys).keyspace;
    let mut walked = Vec::new();
    let _completed = keyspace.for_each(&mut |key, _| {
        walked.push(key.to_vec());
        ControlFlow::Continue(())
    });
    assert_eq!(walked, keys.iter().cloned().collect::<Vec<_>>());
    for (name, key) in crate::nasty::keys() {
        let shown = display_key(&key);
        assert_eq!(parse_key(&shown).as_deref(), Ok(key.as_slice()), "{name}");
        let query = SearchQuery { text: shown.into_owned(), mode: SearchMode::Substring };
        let result = search(&keyspace, &query, &|| false).expect("nobody cancels it");
        assert!(result.hits.iter().any(|hit| *hit.key == *key), "{name}: {:?}", query.text.get(..80));
    }
}
