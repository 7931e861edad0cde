//! Tests of the comparison by structure.

use proptest::prelude::*;

use super::super::tree::parse;
use super::*;
use crate::model::format::ValueFormat;

fn json(text: &str) -> Arc<Node> {
    parse(ValueFormat::Json, text).expect("JSON")
}

/// Kind and path of each difference.
fn told(old: &str, new: &str) -> Vec<(ChangeKind, String)> {
    compare(&json(old), &json(new))
        .into_iter()
        .map(|change| {
            let path = if change.new.is_some() { &change.new_path } else { &change.old_path };
            (change.kind, path_text(path))
        })
        .collect()
}

fn is(kind: ChangeKind, path: &str) -> (ChangeKind, String) {
    (kind, path.to_owned())
}

#[test]
fn differences_are_told_by_path() {
    let old = r#"{"a": 1, "gone": [], "b": {"c": "x", "n": 1.0}, "t": "1"}"#;
    let new = r#"{"b": {"n": 1, "c": "y"}, "a": 1, "more key": {}, "t": 1}"#;
    assert_eq!(
        told(old, new),
        [
            is(ChangeKind::Removed, "gone"),
            is(ChangeKind::Rewritten, "b.n"),
            is(ChangeKind::Changed, "b.c"),
            is(ChangeKind::Added, "[\"more key\"]"),
            is(ChangeKind::TypeChanged, "t"),
        ]
    );
    assert!(told(r#"{"a": 1, "b": [2]}"#, "{ \"b\":[2],\n\"a\":1 }").is_empty());
    assert_eq!(told("1", "[1]"), [is(ChangeKind::TypeChanged, "")]);
}

#[test]
fn an_element_put_into_a_list_is_one_difference() {
    assert_eq!(told("[1, 2, 3]", "[1, 9, 2, 3]"), [is(ChangeKind::Added, "[1]")]);
    assert_eq!(told("[1, 2, 3]", "[1, 3]"), [is(ChangeKind::Removed, "[1]")]);
    assert_eq!(told("[1, 2, 3, 4]", "[4, 1, 2, 3]"), [is(ChangeKind::Moved, "[0]")]);
}

#[test]
fn an_element_that_was_changed_is_found_by_its_name() {
    let old = r#"[{"name": "a", "p": 1}, {"name": "b", "p": 2}, {"name": "c", "p": 3}]"#;
    let new =
        r#"[{"name": "new", "p": 2}, {"name": "a", "p": 9}, {"name": "b", "p": 2}, {"name": "c", "p": 4}]"#;
    assert_eq!(
        told(old, new),
        [is(ChangeKind::Added, "[0]"), is(ChangeKind::Changed, "[1].p"), is(ChangeKind::Changed, "[3].p")]
    );
}

#[test]
fn repeated_keys_and_large_numbers_are_differences() {
    assert_eq!(told(r#"{"a": 1, "a": 2}"#, r#"{"a": 1, "a": 3}"#), [is(ChangeKind::Changed, "a#2")]);
    assert_eq!(told("9007199254740993", "9007199254740992"), [is(ChangeKind::Changed, "")]);
    assert_eq!(told("12345678901234567890123", "12345678901234567890123.0"), [is(ChangeKind::Rewritten, "")]);
}

#[test]
fn large_hostile_documents_stay_bounded() {
    let list = |seed: u64| -> String {
        let numbers: Vec<String> =
            (0..100_000_u64).map(|at| (at.wrapping_mul(seed) % 50_000).to_string()).collect();
        format!("[{}]", numbers.join(","))
    };
    let started = Instant::now();
    assert!(!told(&list(7_919), &list(104_729)).is_empty());
    let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(told(&deep("1"), &deep("2")).len(), 1);
    assert!(started.elapsed() < Duration::from_secs(20), "took {:?}", started.elapsed());
}

/// Applies differences to the old document.
fn applied(old: &Arc<Node>, changes: &[&Change], depth: usize) -> Arc<Node> {
    let here = |change: &&&Change| change.old_path.len() == depth && change.new_path.len() == depth;
    if let Some(change) = changes.iter().find(here) {
        return change.new.clone().expect("what replaces it");
    }
    let below = |step: &Step| -> Vec<&Change> {
        changes
            .iter()
            .copied()
            .filter(|change| {
                // What was added to this very map or list is not below its entries.
                change.old_path.get(depth) == Some(step) && change.kind != ChangeKind::Moved
                    || change.old_path.len() > depth + 1 && change.old_path.get(depth) == Some(step)
            })
            .collect()
    };
    let is_own = |change: &Change, kind: ChangeKind| {
        change.kind == kind
            && match kind {
                ChangeKind::Added => change.old_path.len() == depth,
                _ => change.old_path.len() == depth + 1,
            }
    };
    let taken_out = |step: &Step| {
        changes.iter().any(|change| {
            (is_own(change, ChangeKind::Removed) || is_own(change, ChangeKind::Moved))
                && change.old_path.get(depth) == Some(step)
        })
    };
    match &old.kind {
        NodeKind::Scalar(_) => old.clone(),
        NodeKind::Map(entries) => {
            let steps: Vec<(Scalar, usize)> =
                super::steps(entries).into_iter().map(|(key, nth)| (key.clone(), nth)).collect();
            let mut now: Vec<(Scalar, Arc<Node>)> = Vec::new();
            for ((key, value), (_, nth)) in entries.iter().zip(steps) {
                let step = Step::Key { key: key.clone(), nth };
                if !taken_out(&step) {
                    now.push((key.clone(), applied(value, &below(&step), depth + 1)));
                }
            }
            for change in changes.iter().filter(|change| is_own(change, ChangeKind::Added)) {
                let Some(Step::Key { key, .. }) = change.new_path.get(depth) else { continue };
                now.push((key.clone(), change.new.clone().expect("what was added")));
            }
            Arc::new(Node::new(NodeKind::Map(now)))
        }
        NodeKind::List(elements) => {
            let mut now: Vec<Arc<Node>> = (0..elements.len())
                .filter(|at| !taken_out(&Step::Index(*at)))
                .map(|at| applied(&elements[at], &below(&Step::Index(at)), depth + 1))
                .collect();
            let mut put: Vec<(usize, Arc<Node>)> = changes
                .iter()
                .filter(|change| is_own(change, ChangeKind::Added) || is_own(change, ChangeKind::Moved))
                .filter_map(|change| match change.new_path.get(depth) {
                    Some(Step::Index(at)) => Some((*at, change.new.clone()?)),
                    _ => None,
                })
                .collect();
            put.sort_by_key(|(at, _)| *at);
            for (at, element) in put {
                now.insert(at, element);
            }
            Arc::new(Node::new(NodeKind::List(now)))
        }
    }
}

fn any_node() -> impl Strategy<Value = Arc<Node>> {
    let scalar = prop_oneof![
        Just(r#""x""#),
        Just(r#""y""#),
        Just("1"),
        Just("1.0"),
        Just("2"),
        Just("true"),
        Just("null"),
        Just("[]"),
    ]
    .prop_map(str::to_owned);
    scalar
        .prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6)
                    .prop_map(|elements| format!("[{}]", elements.join(","))),
                // With repeated keys.
                proptest::collection::vec(("[abc]|name", inner), 0..6).prop_map(|entries| {
                    let entries: Vec<String> =
                        entries.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                    format!("{{{}}}", entries.join(","))
                }),
            ]
        })
        .prop_map(|text| json(&text))
}

/// The same document with its entries in another order; those with the same key stay in theirs.
fn turned(node: &Arc<Node>) -> Arc<Node> {
    Arc::new(Node::new(match &node.kind {
        NodeKind::Scalar(scalar) => NodeKind::Scalar(scalar.clone()),
        NodeKind::List(elements) => NodeKind::List(elements.iter().map(turned).collect()),
        NodeKind::Map(entries) => {
            let mut entries: Vec<_> =
                entries.iter().map(|(key, value)| (key.clone(), turned(value))).collect();
            entries.sort_by(|(a, _), (b, _)| b.text.cmp(&a.text));
            NodeKind::Map(entries)
        }
    }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn applying_the_differences_gives_the_new_document(old in any_node(), new in any_node()) {
        let changes = compare(&old, &new);
        let all: Vec<&Change> = changes.iter().collect();
        let made = applied(&old, &all, 0);
        prop_assert!(made == new, "{} by {changes:?} became {}", old.text(500), made.text(500));
    }

    #[test]
    fn no_difference_means_equal_up_to_the_order_of_entries(old in any_node(), new in any_node()) {
        prop_assert_eq!(compare(&old, &new).is_empty(), old == new);
        prop_assert!(compare(&old, &turned(&old)).is_empty());
        prop_assert!(compare(&old, &old).is_empty());
    }

    #[test]
    fn one_edit_of_a_list_is_one_difference(
        numbers in proptest::collection::btree_set(0_u32..1_000, 1..40), at in any::<prop::sample::Index>(),
    ) {
        let list = |numbers: &[u32]| json(&format!("{numbers:?}"));
        let old: Vec<u32> = numbers.into_iter().collect();
        let mut new = old.clone();
        new.insert(at.index(old.len()), 5_000);
        prop_assert_eq!(compare(&list(&old), &list(&new)).len(), 1);
        prop_assert_eq!(compare(&list(&new), &list(&old)).len(), 1);
    }
}
