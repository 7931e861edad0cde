use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::keyspace::tests::{folders_of, key_strategy};

fn keyspace(keys: &[&[u8]]) -> Keyspace {
    let mut keyspace = Keyspace::default();
    for key in keys {
        keyspace.put(key, KeyMeta::default(), None);
    }
    keyspace
}

/// A row in short: depth, path, and a sign: `+` open, `-` closed, nothing for a key, `x` gone.
fn short(rows: &[Row]) -> Vec<String> {
    let line = |row: &Row| {
        let sign = match &row.kind {
            RowKind::Folder { expanded: true, keys } => format!("+{keys}"),
            RowKind::Folder { expanded: false, keys } => format!("-{keys}"),
            RowKind::Leaf { .. } => String::new(),
            RowKind::Ghost => "x".to_owned(),
        };
        let parent = row.path[..row.name_start].escape_ascii();
        format!("{}{parent}|{} {sign}", " ".repeat(row.depth), row.name().escape_ascii())
            .trim_end()
            .to_owned()
    };
    rows.iter().map(line).collect()
}

fn shown(keyspace: &Keyspace, root: &str, expanded: &[&str], ghosts: &[&str]) -> Vec<String> {
    let expanded = expanded.iter().map(|path| path.as_bytes().to_vec()).collect();
    let ghosts = ghosts.iter().map(|key| Key::from(key.as_bytes())).collect();
    let rows = Rows::build(keyspace, root.as_bytes(), &expanded, &ghosts);
    short(&rows.slice(0, usize::MAX))
}

#[test]
fn open_folders_show_what_is_in_them() {
    let keyspace = keyspace(&[b"a", b"a/b", b"a/c/d", b"a/c/e", b"b/x"]);
    assert_eq!(shown(&keyspace, "", &[], &[]), ["|a", "|a/ -3", "|b/ -1"]);
    assert_eq!(
        shown(&keyspace, "", &["a/", "a/c/"], &[]),
        ["|a", "|a/ +3", " a/|b", " a/|c/ +2", "  a/c/|d", "  a/c/|e", "|b/ -1"]
    );
}

#[test]
fn a_closed_folder_hides_an_open_one_in_it() {
    let keyspace = keyspace(&[b"a/c/d", b"b"]);
    assert_eq!(shown(&keyspace, "", &["a/c/"], &[]), ["|a/ -1", "|b"]);
    let rows = Rows::build(&keyspace, b"", &BTreeSet::from([b"a/c/".to_vec()]), &BTreeSet::new());
    assert_eq!(rows.position(&TreeItem::folder(b"a/c/".as_slice())), None);
    assert_eq!(rows.position(&TreeItem::key(b"b".as_slice())), Some(1));
}

#[test]
fn a_folder_can_be_the_root() {
    let keyspace = keyspace(&[b"/a/b/c", b"/a/b/d/e", b"/a/x"]);
    assert_eq!(
        shown(&keyspace, "/a/b/", &["/a/b/d/"], &["/a/b/cc"]),
        ["/a/b/|c", "/a/b/|cc x", "/a/b/|d/ +1", " /a/b/d/|e"]
    );
    assert_eq!(shown(&keyspace, "/nowhere/", &[], &[]), Vec::<String>::new());
}

#[test]
fn a_deleted_key_stays_in_its_place() {
    let keyspace = keyspace(&[b"a", b"c/d", b"e"]);
    assert_eq!(shown(&keyspace, "", &[], &["b", "c/x", "f"]), ["|a", "|b x", "|c/ -1", "|e", "|f x"]);
    assert_eq!(shown(&keyspace, "", &["c/"], &["c/x"]), ["|a", "|c/ +1", " c/|d", " c/|x x", "|e"]);
    assert_eq!(shown(&keyspace, "", &[], &["a"]), ["|a", "|c/ -1", "|e"], "it exists again");
}

#[test]
fn a_deleted_key_outlives_its_folder() {
    let keyspace = keyspace(&[b"a/b/c", b"z"]);
    assert_eq!(
        shown(&keyspace, "", &["a/"], &["a/gone/1", "a/gone/2", "gone/1"]),
        ["|a/ +1", " a/|b/ -1", " a/|gone/1 x", " a/|gone/2 x", "|gone/1 x", "|z"]
    );
}

#[test]
fn a_slice_of_a_large_folder_is_what_was_asked_for() {
    let mut keyspace = Keyspace::default();
    for number in 0..3_000 {
        keyspace.put(format!("k/{number:05}").as_bytes(), KeyMeta::default(), None);
    }
    let rows = Rows::build(&keyspace, b"", &BTreeSet::from([b"k/".to_vec()]), &BTreeSet::new());
    assert_eq!(rows.len(), 3_001);
    let slice = rows.slice(1_500, 2);
    assert_eq!(slice.iter().map(Row::name).collect::<Vec<_>>(), [b"01499", b"01500"]);
    assert_eq!(rows.position(&TreeItem::key(b"k/01499".as_slice())), Some(1_500));
    assert_eq!(rows.slice(3_001, 10), []);
    assert_eq!(rows.slice(3_000, 10).len(), 1);
    assert_eq!(rows.slice(0, 0), []);
}

/// The rows as they must be, from nothing but the keys: each item with its depth.
fn naive(
    keys: &BTreeSet<Vec<u8>>,
    path: &[u8],
    level: usize,
    depth: usize,
    expanded: &BTreeSet<Vec<u8>>,
    ghosts: &BTreeSet<Key>,
) -> Vec<String> {
    let in_folder =
        |key: &[u8]| level == 0 || folders_of(key, b'/').get(level - 1).is_some_and(|at| *at == path);
    let exists = |folder: &[u8]| keys.iter().any(|key| folders_of(key, b'/').contains(&folder));
    let mut items: BTreeMap<Vec<u8>, char> = BTreeMap::new();
    for key in keys.iter().filter(|key| in_folder(key)) {
        match folders_of(key, b'/').get(level) {
            Some(folder) => items.insert(folder.to_vec(), '/'),
            None => items.insert(key.clone(), ' '),
        };
    }
    for ghost in ghosts.iter().filter(|key| in_folder(key) && !keys.contains(&***key)) {
        if folders_of(ghost, b'/').get(level).is_none_or(|folder| !exists(folder)) {
            items.insert(ghost.to_vec(), 'x');
        }
    }
    let mut rows = Vec::new();
    for (item, kind) in items {
        let open = kind == '/' && expanded.contains(&item);
        let sign = match kind {
            '/' => {
                let count =
                    keys.iter().filter(|key| folders_of(key, b'/').contains(&item.as_slice())).count();
                format!("{}{count}", if open { '+' } else { '-' })
            }
            'x' => "x".to_owned(),
            _ => String::new(),
        };
        let name = item[path.len()..].escape_ascii();
        let line = format!("{}{}|{name} {sign}", " ".repeat(depth), path.escape_ascii());
        rows.push(line.trim_end().to_owned());
        if open {
            rows.extend(naive(keys, &item, level + 1, depth + 1, expanded, ghosts));
        }
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rows_are_what_flattening_everything_gives(
        keys in prop::collection::btree_set(key_strategy(), 0..40),
        gone in prop::collection::btree_set(key_strategy(), 0..12),
        opened in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..30),
        root in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let mut keyspace = Keyspace::default();
        let mut folders: BTreeSet<Vec<u8>> = BTreeSet::from([Vec::new(), b"nowhere/".to_vec()]);
        for key in &keys {
            keyspace.put(key, KeyMeta::default(), None);
            folders.extend(folders_of(key, b'/').iter().map(|path| path.to_vec()));
        }
        let folders: Vec<Vec<u8>> = folders.into_iter().collect();
        let expanded: BTreeSet<Vec<u8>> = opened.iter().map(|(at, _)| at.get(&folders).clone()).collect();
        let ghosts: BTreeSet<Key> = gone.iter().map(|key| Key::from(key.as_slice())).collect();
        let root = if whole { Vec::new() } else { root.get(&folders).clone() };
        let rows = Rows::build(&keyspace, &root, &expanded, &ghosts);
        let level = keyspace.ancestors(&root).len();
        let all = rows.slice(0, usize::MAX);
        if keyspace.folder(&root).is_some() {
            prop_assert_eq!(short(&all), naive(&keys, &root, level, 0, &expanded, &ghosts));
        }
        prop_assert_eq!(rows.len(), all.len());
        for (place, row) in all.iter().enumerate() {
            prop_assert_eq!(rows.position(&row.item()), Some(place), "each row is found, and no other");
            let other = match row.item() {
                item if item.is_folder() => TreeItem::key(item.path),
                item => TreeItem::folder(item.path),
            };
            let place_of_other = all.iter().position(|row| row.item() == other);
            prop_assert_eq!(rows.position(&other), place_of_other);
            prop_assert_eq!(&rows.slice(place, 1)[0], row);
            let end = (place + 5).min(all.len());
            prop_assert_eq!(&rows.slice(place, 5)[..], &all[place..end]);
        }
    }
}
