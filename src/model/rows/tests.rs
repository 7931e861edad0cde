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
            RowKind::GhostFolder { expanded: true, keys } => format!("x+{keys}"),
            RowKind::GhostFolder { expanded: false, keys } => format!("x-{keys}"),
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
    let ghosts = self::keyspace(&ghosts.iter().map(|key| key.as_bytes()).collect::<Vec<_>>());
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
    let rows = Rows::build(&keyspace, b"", &BTreeSet::from([b"a/c/".to_vec()]), &Keyspace::default());
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
fn a_folder_of_which_only_deleted_keys_are_left_is_shown_as_gone() {
    let keyspace = keyspace(&[b"a/b/c", b"z"]);
    let ghosts = ["a/gone/1", "a/gone/2", "gone/1", "gone/x/2"];
    assert_eq!(
        shown(&keyspace, "", &["a/"], &ghosts),
        ["|a/ +1", " a/|b/ -1", " a/|gone/ x-2", "|gone/ x-2", "|z"]
    );
    assert_eq!(
        shown(&keyspace, "", &["gone/", "gone/x/"], &ghosts),
        ["|a/ -1", "|gone/ x+2", " gone/|1 x", " gone/|x/ x+1", "  gone/x/|2 x", "|z"]
    );
    assert_eq!(shown(&keyspace, "gone/", &[], &ghosts), ["gone/|1 x", "gone/|x/ x-1"]);
}

#[test]
fn a_slice_of_a_large_folder_is_what_was_asked_for() {
    let mut keyspace = Keyspace::default();
    for number in 0..3_000 {
        keyspace.put(format!("k/{number:05}").as_bytes(), KeyMeta::default(), None);
    }
    let rows = Rows::build(&keyspace, b"", &BTreeSet::from([b"k/".to_vec()]), &Keyspace::default());
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
    // Each child with its sign, and whether it is gone.
    let mut items: BTreeMap<Vec<u8>, (char, bool)> = BTreeMap::new();
    let gone = ghosts.iter().filter(|key| !keys.contains(&***key)).map(|key| (key.to_vec(), true));
    for (key, gone) in keys.iter().map(|key| (key.clone(), false)).chain(gone) {
        if !in_folder(&key) {
            continue;
        }
        let (item, sign) = match folders_of(&key, b'/').get(level) {
            Some(folder) => (folder.to_vec(), '/'),
            None => (key.clone(), ' '),
        };
        let gone = gone && !(sign == '/' && exists(&item));
        items.entry(item).and_modify(|item| item.1 &= gone).or_insert((sign, gone));
    }
    let mut rows = Vec::new();
    for (item, (kind, gone)) in items {
        let open = kind == '/' && expanded.contains(&item);
        let below = |key: &[u8]| folders_of(key, b'/').contains(&item.as_slice());
        let sign = match (kind, gone) {
            ('/', _) => {
                let all: Vec<&[u8]> = if gone {
                    ghosts.iter().map(|key| &**key).filter(|key| below(key)).collect()
                } else {
                    keys.iter().map(Vec::as_slice).filter(|key| below(key)).collect()
                };
                let mark = if gone { "x" } else { "" };
                format!("{mark}{}{}", if open { '+' } else { '-' }, all.len())
            }
            (_, true) => "x".to_owned(),
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
        let mut lost = Keyspace::default();
        for key in &gone {
            lost.put(key, KeyMeta::default(), None);
            folders.extend(folders_of(key, b'/').iter().map(|path| path.to_vec()));
        }
        let folders: Vec<Vec<u8>> = folders.into_iter().collect();
        let expanded: BTreeSet<Vec<u8>> = opened.iter().map(|(at, _)| at.get(&folders).clone()).collect();
        let ghosts: BTreeSet<Key> = gone.iter().map(|key| Key::from(key.as_slice())).collect();
        let root = if whole { Vec::new() } else { root.get(&folders).clone() };
        let rows = Rows::build(&keyspace, &root, &expanded, &lost);
        let level = keyspace.ancestors(&root).len();
        let all = rows.slice(0, usize::MAX);
        if keyspace.folder(&root).is_some() || lost.folder(&root).is_some() {
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
