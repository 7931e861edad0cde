use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

type Known = (KeyMeta, Option<Value>);
type Naive = BTreeMap<Vec<u8>, Known>;

/// The folders above a key, from nothing but the rule: each separator but one at the very start
/// ends a folder, down to the greatest depth.
pub(in crate::model) fn folders_of(key: &[u8], separator: u8) -> Vec<&[u8]> {
    let ends = (1..key.len()).filter(|at| key[*at] == separator);
    ends.take(MAX_DEPTH).map(|at| &key[..=at]).collect()
}

/// Short keys in which separators stand in odd places.
pub(in crate::model) fn key_strategy() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop::sample::select(b"///aabc!\x00\xff0".to_vec());
    prop_oneof![
        6 => prop::collection::vec(byte, 1..9),
        1 => (0_u8..4, 0_u8..4).prop_map(|(a, b)| format!("/config/{a}/{b}").into_bytes()),
    ]
}

fn meta(revision: i64) -> KeyMeta {
    KeyMeta { create_revision: revision, mod_revision: revision, version: 1, lease: 0 }
}

fn contents(keyspace: &Keyspace) -> Vec<(Vec<u8>, Known)> {
    let mut all = Vec::new();
    let _completed = keyspace.for_each(&mut |key, view| {
        all.push((key.to_vec(), (view.meta, view.value.cloned())));
        ControlFlow::Continue(())
    });
    all
}

/// Checks everything that a key space tells against a sorted map.
pub(in crate::model) fn check(keyspace: &Keyspace, naive: &Naive) {
    assert_eq!(contents(keyspace), naive.clone().into_iter().collect::<Vec<_>>(), "keys in byte order");
    assert_eq!(keyspace.len(), naive.len() as u64);
    assert_eq!(keyspace.is_empty(), naive.is_empty());
    let separator = keyspace.separator();
    let mut folders: BTreeMap<&[u8], u64> = BTreeMap::new();
    for (key, (meta, value)) in naive {
        let view = keyspace.get(key).expect("a key that is there");
        assert_eq!((view.meta, view.value), (*meta, value.as_ref()));
        assert_eq!(keyspace.ancestors(key), folders_of(key, separator));
        for folder in folders_of(key, separator) {
            *folders.entry(folder).or_default() += 1;
        }
    }
    for (path, keys) in &folders {
        assert_eq!(keyspace.folder(path).map(|folder| folder.keys()), Some(*keys), "{}", path.escape_ascii());
    }
    let mut seen = 0;
    check_folder(keyspace.root(), &mut seen);
    assert_eq!(seen, folders.len(), "no empty folder is left");
}

/// Checks walks between places.
fn check_between(keyspace: &Keyspace, naive: &Naive) {
    let keys: Vec<&Vec<u8>> = naive.keys().collect();
    for start in 0..=keys.len() {
        for end in [start, start + 1, start + 7, keys.len() + 1] {
            let mut visited = Vec::new();
            let _completed = keyspace.for_each_between(start as u64..end as u64, &mut |key, _| {
                visited.push(key.to_vec());
                ControlFlow::Continue(())
            });
            let end = end.min(keys.len());
            assert!(visited.iter().eq(keys[start.min(end)..end].iter().copied()), "{start}..{end}");
        }
    }
}

fn check_folder(folder: &Folder, seen: &mut usize) {
    let children: Vec<_> = folder.children_from(0).collect();
    assert_eq!(folder.children(), children.len());
    assert!(children.is_sorted_by(|a, b| a.0 < b.0));
    let mut keys = 0;
    for (place, (name, node)) in children.iter().enumerate() {
        assert_eq!(folder.position(name), Ok(place));
        assert_eq!(folder.child(place).map(|(name, _)| name), Some(*name));
        match node {
            NodeRef::Leaf { .. } => keys += 1,
            NodeRef::Folder(child) => {
                *seen += 1;
                assert!(child.keys() > 0);
                check_folder(child, seen);
                keys += child.keys();
            }
        }
    }
    assert_eq!(folder.child(children.len()).map(|(name, _)| name), None);
    assert_eq!(folder.keys(), keys);
}

#[derive(Clone, Debug)]
enum Step {
    Put(Vec<u8>, Option<u8>),
    PutPage(Vec<(Vec<u8>, Option<u8>)>, bool),
    Remove(Vec<u8>),
    RemoveAny(prop::sample::Index),
    SetValue(prop::sample::Index, bool),
    Keep,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (key_strategy(), any::<Option<u8>>()).prop_map(|(key, value)| Step::Put(key, value)),
        2 => (prop::collection::vec((key_strategy(), any::<Option<u8>>()), 0..40), any::<bool>())
            .prop_map(|(keys, sorted)| Step::PutPage(keys, sorted)),
        1 => key_strategy().prop_map(Step::Remove),
        3 => any::<prop::sample::Index>().prop_map(Step::RemoveAny),
        1 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(at, fits)| Step::SetValue(at, fits)),
        1 => Just(Step::Keep),
    ]
}

/// Puts a page, of whose values only those with even bytes are kept, and checks what it replaced.
fn put_page(keyspace: &mut Keyspace, naive: &mut Naive, keys: &[(Vec<u8>, Option<u8>)], meta: KeyMeta) {
    let mut page = KeyPage::default();
    let (mut expected, mut replaced) = (Vec::new(), Vec::new());
    for (key, byte) in keys {
        page.push(key, meta, byte.map(|byte| Value::from([byte].as_slice())));
        let kept = byte.filter(|byte| byte % 2 == 0).map(|byte| Value::from([byte].as_slice()));
        if let Some((meta, value)) = naive.insert(key.clone(), (meta, kept)) {
            expected.push((key.clone(), meta, value));
        }
    }
    keyspace.put_page(&page, &mut |_, value| value[0] % 2 == 0, &mut |key, meta, value| {
        replaced.push((key.to_vec(), meta, value));
    });
    assert_eq!(replaced, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_key_space_is_a_sorted_map(
        steps in prop::collection::vec(step(), 1..120),
        separator in prop::sample::select(vec![b'/', b'a', 0_u8]),
        prefixes in prop::collection::vec(key_strategy(), 6),
    ) {
        let mut keyspace = Keyspace::new(separator);
        let mut naive = Naive::new();
        let mut kept = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Put(key, value) => {
                    let meta = meta(number as i64 + 2);
                    let value = value.map(|byte| Value::from([byte].as_slice()));
                    let before = keyspace.put(&key, meta, value.clone());
                    prop_assert_eq!(before, naive.insert(key, (meta, value)));
                }
                Step::PutPage(mut keys, sorted) => {
                    if sorted {
                        keys.sort();
                    }
                    put_page(&mut keyspace, &mut naive, &keys, meta(number as i64 + 2));
                }
                Step::Remove(key) => prop_assert_eq!(keyspace.remove(&key), naive.remove(&key)),
                Step::RemoveAny(at) if !naive.is_empty() => {
                    let key = naive.keys().nth(at.index(naive.len())).unwrap().clone();
                    prop_assert_eq!(keyspace.remove(&key), naive.remove(&key));
                }
                Step::SetValue(at, fits) if !naive.is_empty() => {
                    let (key, (meta, value)) = naive.iter_mut().nth(at.index(keyspace.len() as usize)).unwrap();
                    let new = Value::from(b"new".as_slice());
                    let revision = meta.mod_revision + i64::from(!fits);
                    prop_assert_eq!(keyspace.set_value(key, revision, new.clone()), fits);
                    if fits {
                        *value = Some(new);
                    }
                }
                Step::RemoveAny(_) | Step::SetValue(..) => {}
                Step::Keep => kept.push((keyspace.clone(), naive.clone())),
            }
        }
        check(&keyspace, &naive);
        check_between(&keyspace, &naive);
        for (keyspace, naive) in &kept {
            check(keyspace, naive);
        }
        for prefix in prefixes.iter().flat_map(|key| (0..=key.len()).map(|end| &key[..end])) {
            let matching: Vec<&Vec<u8>> = naive.keys().filter(|key| key.starts_with(prefix)).collect();
            prop_assert_eq!(keyspace.count_prefix(prefix), matching.len() as u64);
            let mut visited = Vec::new();
            let _completed = keyspace.for_each_prefix(prefix, &mut |key, _| {
                visited.push(key.to_vec());
                ControlFlow::Continue(())
            });
            prop_assert_eq!(visited.iter().collect::<Vec<_>>(), matching);
        }
        for range in prefixes.windows(2) {
            for end in [None, Some(range[1].as_slice())] {
                let mut visited = Vec::new();
                let _completed = keyspace.for_each_range(&range[0], end, &mut |key, _| {
                    visited.push(key.to_vec());
                    ControlFlow::Continue(())
                });
                let inside = |key: &&Vec<u8>| {
                    key.as_slice() >= range[0].as_slice() && end.is_none_or(|end| key.as_slice() < end)
                };
                let expected: Vec<Vec<u8>> = naive.keys().filter(inside).cloned().collect();
                prop_assert_eq!(visited, expected);
            }
        }
    }
}

/// Numbers that look random and are the same in every run.
fn scattered(count: u64, seed: u64) -> impl Iterator<Item = u64> {
    (0..count).scan(seed, |state, _| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some(*state >> 33)
    })
}

#[test]
fn large_folders_split_and_join() {
    let mut keyspace = Keyspace::default();
    let mut naive = Naive::new();
    for number in scattered(6_000, 1) {
        let key = format!("/flat/{}", number % 5_000).into_bytes();
        keyspace.put(&key, meta(7), None);
        naive.insert(key, (meta(7), None));
    }
    check(&keyspace, &naive);
    let full = (keyspace.clone(), naive.clone());
    for number in scattered(30_000, 2) {
        let key = format!("/flat/{}", number % 5_000).into_bytes();
        assert_eq!(keyspace.remove(&key), naive.remove(&key));
        if naive.len() == 500 {
            check(&keyspace, &naive);
        }
    }
    check(&keyspace, &naive);
    check(&full.0, &full.1);
    for key in naive.keys() {
        keyspace.remove(key);
    }
    check(&keyspace, &Naive::new());
    assert_eq!(keyspace.root().children(), 0);
}

#[test]
fn pages_of_many_keys_make_the_same_tree() {
    let mut naive = Naive::new();
    for number in 0..3_000 {
        naive.insert(format!("/a/{:05}", number * 7 % 3_000).into_bytes(), (meta(3), None));
        naive.insert(format!("/a/{:02}/{}", number % 90, number).into_bytes(), (meta(3), None));
    }
    let keys: Vec<_> = naive.keys().map(|key| (key.clone(), None)).collect();
    let mut keyspace = Keyspace::default();
    let mut known = Naive::new();
    for page in keys.chunks(700).rev() {
        put_page(&mut keyspace, &mut known, page, meta(3));
    }
    check(&keyspace, &naive);
    let kept = keyspace.clone();
    put_page(&mut keyspace, &mut known, &keys, meta(4));
    check(&keyspace, &known);
    check(&kept, &naive);
}

#[test]
fn keys_in_order_and_in_two_stretches_give_the_same() {
    let mut naive = Naive::new();
    let mut keyspace = Keyspace::default();
    let key = |number: u32| format!("/a/{number:06}").into_bytes();
    for number in 0..2_000 {
        for number in [number, number + 2_000] {
            keyspace.put(&key(number), meta(3), None);
            naive.insert(key(number), (meta(3), None));
        }
    }
    check(&keyspace, &naive);
}

#[test]
fn the_depth_is_limited_and_no_byte_is_lost() {
    let deep = b"a/".repeat(MAX_DEPTH + 10);
    let separators = vec![b'/'; 64 * 1024];
    let mut keyspace = Keyspace::default();
    let mut naive = Naive::new();
    for key in [&deep[..], &deep[..MAX_DEPTH * 2], &deep[..MAX_DEPTH * 2 + 1], &separators, &separators[1..]]
    {
        keyspace.put(key, meta(2), None);
        naive.insert(key.to_vec(), (meta(2), None));
    }
    check(&keyspace, &naive);
    assert_eq!(keyspace.ancestors(&separators).len(), MAX_DEPTH);
    assert_eq!(keyspace.count_prefix(&deep[..MAX_DEPTH * 2]), 3);
    for key in naive.keys() {
        assert!(keyspace.remove(key).is_some());
    }
    assert!(keyspace.is_empty());
}

#[test]
fn removing_what_is_not_there_copies_nothing() {
    let mut keyspace = Keyspace::default();
    keyspace.put(b"/a/b", meta(2), None);
    let kept = keyspace.clone();
    assert_eq!(keyspace.remove(b"/a/"), None);
    assert_eq!(keyspace.remove(b"/a/b/c"), None);
    assert_eq!(keyspace.remove(b""), None);
    assert!(keyspace.is_same(&kept));
}

#[test]
fn paths_that_are_no_folders_are_none() {
    let mut keyspace = Keyspace::default();
    keyspace.put(b"/a/b", meta(2), None);
    assert!(keyspace.folder(b"/a").is_none());
    assert!(keyspace.folder(b"/").is_none());
    assert!(keyspace.folder(b"/a/b/").is_none());
    assert!(keyspace.folder(b"/a/").is_some());
    assert!(keyspace.folder(b"").is_some());
}
