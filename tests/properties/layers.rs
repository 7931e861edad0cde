//! Layers: what an environment has is what merging gives; promoted is promoted; comparing has no sides.

use std::collections::BTreeMap;

use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::format::ValueFormat;
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::layers::{
    Board, Change, Difference, Doc, LayerSettings, Pair, Pick, ReadValues, Refusal, change, document, find,
    parse,
};
use etcdscope::model::record::KeyMeta;
use proptest::prelude::*;

use crate::cases;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[ab]", 1 => Just("x.y".to_owned()), 1 => Just("键 1".to_owned()), 1 => Just("on".to_owned())]
}

fn scalar(format: ValueFormat) -> BoxedStrategy<Doc> {
    let text = prop_oneof![3 => "[a-z]{1,4}", 1 => "[ -~]{0,8}", 1 => Just("a\nb".to_owned()), 1 => Just("5".to_owned())];
    let text = text.prop_map(Doc::Text);
    match format {
        ValueFormat::Properties => text.boxed(),
        ValueFormat::Toml => prop_oneof![
            text,
            any::<bool>().prop_map(Doc::Bool),
            any::<i32>().prop_map(|number| Doc::Number(number.to_string()))
        ]
        .boxed(),
        _ => prop_oneof![
            text,
            Just(Doc::Null),
            any::<bool>().prop_map(Doc::Bool),
            any::<i32>().prop_map(|number| Doc::Number(number.to_string()))
        ]
        .boxed(),
    }
}

fn unique(members: Vec<(String, Doc)>) -> Doc {
    let mut map = Doc::empty();
    for (name, value) in members {
        map.set(&[name], value);
    }
    map
}

fn map(format: ValueFormat) -> BoxedStrategy<Doc> {
    if format == ValueFormat::Properties {
        return prop::collection::vec((name(), scalar(format)), 0..5).prop_map(unique).boxed();
    }
    let leaf = prop_oneof![4 => scalar(format), 1 => prop::collection::vec(scalar(format), 0..3).prop_map(Doc::List)];
    let inner =
        leaf.prop_recursive(3, 16, 4, |inner| prop::collection::vec((name(), inner), 1..4).prop_map(unique));
    prop::collection::vec((name(), inner), 0..4).prop_map(unique).boxed()
}

fn format() -> impl Strategy<Value = ValueFormat> {
    prop_oneof![
        Just(ValueFormat::Json),
        Just(ValueFormat::Yaml),
        Just(ValueFormat::Toml),
        Just(ValueFormat::Properties)
    ]
}

fn extension(format: ValueFormat) -> &'static str {
    match format {
        ValueFormat::Json => "json",
        ValueFormat::Yaml => "yaml",
        ValueFormat::Toml => "toml",
        _ => "properties",
    }
}

/// A document in its syntax, and documents of three layers.
fn layers() -> impl Strategy<Value = (ValueFormat, Vec<Doc>)> {
    format().prop_flat_map(|format| (Just(format), prop::collection::vec(map(format), 3)))
}

/// What is left of a document when it is looked at value by value.
fn flat(doc: &Doc) -> BTreeMap<Vec<String>, Doc> {
    let mut flat = BTreeMap::new();
    doc.leaves(&mut |path, leaf| {
        if !path.is_empty() {
            flat.insert(path.to_vec(), leaf.clone());
        }
    });
    flat
}

/// Merging, said in another way: everything of the upper one, and what it leaves of the lower one.
fn merged(low: &Doc, high: &Doc) -> Doc {
    match (low, high) {
        (Doc::Map(low), Doc::Map(high)) => {
            let mut map: BTreeMap<String, Doc> = low.iter().cloned().collect();
            for (name, above) in high {
                let below = map.remove(name);
                map.insert(name.clone(), below.map_or(above.clone(), |below| merged(&below, above)));
            }
            Doc::Map(map.into_iter().collect())
        }
        (_, high) => high.clone(),
    }
}

fn keyspace(keys: &[(String, Vec<u8>)]) -> Keyspace {
    let mut keyspace = Keyspace::default();
    for (at, (key, value)) in (1..).zip(keys) {
        let meta = KeyMeta { create_revision: at, mod_revision: at, version: 1, lease: 0 };
        keyspace.put(key.as_bytes(), meta, Some(Value::from(value.as_slice())));
    }
    keyspace
}

fn board(keyspace: &Keyspace, deep: bool) -> Board {
    let sets = find(keyspace, &LayerSettings { deep, ..LayerSettings::default() });
    Board::build(keyspace, &sets[0], &ReadValues::new(), None)
}

/// Keys of layers as files, or as folders of which the values are merged or not.
fn keys(format: ValueFormat, docs: &[Doc], files: bool) -> Option<Vec<(String, Vec<u8>)>> {
    let extension = extension(format);
    let names = ["common", "dev", "prod"];
    let mut keys = Vec::new();
    for (doc, name) in docs.iter().zip(names) {
        let text = document(doc, format).ok()?;
        // What a syntax can not say is no test of layers.
        if parse(format, &text).as_ref() != Ok(doc) {
            return None;
        }
        let key = match (files, name) {
            (true, "common") => format!("/s/application.{extension}"),
            (true, name) => format!("/s/application-{name}.{extension}"),
            (false, name) => format!("/c/{name}/value.{extension}"),
        };
        keys.push((key, text.into_bytes()));
    }
    Some(keys)
}

fn swapped(pair: &Pair) -> (Vec<String>, Difference) {
    let difference = match pair.difference {
        Difference::OnlyLeft => Difference::OnlyRight,
        Difference::OnlyRight => Difference::OnlyLeft,
        other => other,
    };
    (pair.path.clone().unwrap_or_default(), difference)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn what_an_environment_has_is_what_merging_gives((format, docs) in layers(), files in any::<bool>()) {
        let Some(keys) = keys(format, &docs, files) else { return Ok(()) };
        let keyspace = keyspace(&keys);
        let board = board(&keyspace, true);
        for (environment, own) in [("dev", &docs[1]), ("prod", &docs[2])] {
            let at = board.set.environment(environment).unwrap();
            let wanted = flat(&merged(&docs[0], own));
            let rows: BTreeMap<Vec<String>, String> = board
                .effective(at, true)
                .into_iter()
                .filter_map(|row| Some((row.path?, row.value.text)))
                .collect();
            let shown: BTreeMap<Vec<String>, String> =
                wanted.iter().map(|(path, leaf)| (path.clone(), leaf.one_line(160))).collect();
            prop_assert_eq!(rows, shown);
        }
    }

    #[test]
    fn what_is_promoted_is_there_then(
        (format, docs) in layers(), files in any::<bool>(), deep in any::<bool>(), up in any::<bool>(),
    ) {
        let Some(keys) = keys(format, &docs, files) else { return Ok(()) };
        let before = keyspace(&keys);
        let board_before = board(&before, deep);
        let [dev, prod] = ["dev", "prod"].map(|name| board_before.set.environment(name).unwrap());
        let target = if up { prod } else { 0 };
        for row in board_before.effective(dev, true) {
            let name = board_before.items[row.item].name.clone();
            let promotion = board_before.promote(dev, target, &[Pick { name, path: row.path.clone() }]);
            let refused = promotion.refused.iter().all(|(_, why)| matches!(why, Refusal::NotSaid(_)));
            prop_assert!(refused, "{:?}", promotion.refused);
            if !promotion.refused.is_empty() {
                continue;
            }
            let mut after = before.clone();
            for (at, (key, value)) in (100..).zip(promotion.values) {
                let meta = KeyMeta { create_revision: at, mod_revision: at, version: 1, lease: 0 };
                after.put(&key, meta, value);
            }
            let board_after = board(&after, deep);
            let item = &board_after.items[row.item];
            let stack = board_after.set.stack(target);
            let effective = item.effective(&stack, board_after.set.deep).unwrap();
            let path = row.path.clone().unwrap_or_default();
            let given = board_before.items[row.item].effective(&board_before.set.stack(dev), board_before.set.deep);
            let wanted = given.as_ref().and_then(|given| given.doc.as_deref()?.get(&path));
            let found = effective.doc.as_deref().and_then(|doc| doc.get(&path));
            prop_assert_eq!(found, wanted, "{:?}", path);
        }
    }

    #[test]
    fn an_override_given_up_shows_what_is_below((format, docs) in layers(), deep in any::<bool>()) {
        let Some(keys) = keys(format, &docs, false) else { return Ok(()) };
        let before = keyspace(&keys);
        let board_before = board(&before, deep);
        let prod = board_before.set.environment("prod").unwrap();
        for row in board_before.effective(prod, true).into_iter().filter(|row| row.winner == prod) {
            let name = board_before.items[row.item].name.clone();
            let path = row.path.clone();
            let given_up = board_before.fall_back(prod, &[Pick { name, path: path.clone() }]);
            if !given_up.refused.is_empty() {
                continue;
            }
            let mut after = before.clone();
            for (at, (key, value)) in (100..).zip(given_up.values) {
                match value {
                    Some(value) => {
                        let meta = KeyMeta { create_revision: at, mod_revision: at, version: 1, lease: 0 };
                        drop(after.put(&key, meta, Some(value)));
                    }
                    None => drop(after.remove(&key)),
                }
            }
            let Some(path) = path else { continue };
            let board_after = board(&after, deep);
            let Some(prod) = board_after.set.environment("prod") else { continue };
            let effective = board_after.items[row.item].effective(&board_after.set.stack(prod), deep).unwrap();
            let found = effective.doc.as_deref().and_then(|doc| doc.get(&path));
            prop_assert_eq!(found, docs[0].get(&path), "{:?}", path);
        }
    }

    #[test]
    fn comparing_has_no_sides((format, docs) in layers(), deep in any::<bool>(), by_path in any::<bool>()) {
        let Some(keys) = keys(format, &docs, false) else { return Ok(()) };
        let board = board(&keyspace(&keys), deep);
        let [dev, prod] = ["dev", "prod"].map(|name| board.set.environment(name).unwrap());
        let mut there: Vec<_> =
            board.compare(dev, prod, by_path).iter().map(|pair| (pair.path.clone().unwrap_or_default(), pair.difference)).collect();
        let mut back: Vec<_> = board.compare(prod, dev, by_path).iter().map(swapped).collect();
        let key = |one: &(Vec<String>, Difference)| (one.0.clone(), format!("{:?}", one.1));
        there.sort_by_key(key);
        back.sort_by_key(key);
        prop_assert_eq!(&there, &back);
        let own = |at: usize| if deep { merged(&docs[0], &docs[at]) } else { docs[at].clone() };
        let equal = own(1) == own(2);
        prop_assert_eq!(there.iter().all(|(_, difference)| *difference == Difference::Equal), equal);
    }

    #[test]
    fn a_change_in_a_text_is_that_change_and_no_other(
        (format, docs) in layers(), path in prop::collection::vec(name(), 1..4), removes in any::<bool>(),
    ) {
        let Ok(text) = document(&docs[0], format) else { return Ok(()) };
        if parse(format, &text).as_ref() != Ok(&docs[0]) {
            return Ok(());
        }
        let path = if format == ValueFormat::Properties { path[..1].to_vec() } else { path };
        let value = flat(&docs[1]).into_values().next().unwrap_or(Doc::Text("v".into()));
        let step = if removes { Change::Remove(path.clone()) } else { Change::Set(path.clone(), value.clone()) };
        let mut wanted = docs[0].clone();
        if removes { wanted.remove(&path) } else { wanted.set(&path, value) }
        if let Ok(changed) = change(format, &text, &step) {
            prop_assert_eq!(parse(format, &changed.text), Ok(wanted));
        }
    }

    #[test]
    fn any_bytes_can_be_looked_at(value in prop::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
        for value in [value, text.into_bytes()] {
            let keys: Vec<_> = ["json", "yaml", "toml", "properties", "x"]
                .into_iter()
                .flat_map(|end| {
                    let value = value.clone();
                    ["common", "dev"].map(move |layer| (format!("/c/{layer}/v.{end}"), value.clone()))
                })
                .collect();
            let board = board(&keyspace(&keys), true);
            let dev = board.set.environment("dev").unwrap();
            // Both layers have the same bytes: nothing is said otherwise.
            let pairs = board.compare(dev, 0, true);
            prop_assert!(pairs.iter().all(|pair| pair.difference == Difference::Equal));
            prop_assert!(!board.effective(dev, true).is_empty());
            let picks: Vec<_> =
                board.items.iter().map(|item| Pick { name: Key::clone(&item.name), path: None }).collect();
            prop_assert!(board.promote(dev, 0, &picks).values.is_empty(), "it is there already");
        }
    }
}
