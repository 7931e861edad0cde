//! Tests.

use super::*;
use crate::model::bytes::{Key, Value};
use crate::model::format::ValueFormat;
use crate::model::keyspace::Keyspace;
use crate::model::record::KeyMeta;

fn keyspace(keys: &[(&str, &str)]) -> Keyspace {
    let mut keyspace = Keyspace::default();
    for (at, (key, value)) in (1..).zip(keys) {
        let meta = KeyMeta { create_revision: at, mod_revision: at, version: 1, lease: 0 };
        keyspace.put(key.as_bytes(), meta, Some(Value::from(value.as_bytes())));
    }
    keyspace
}

fn board(keys: &[(&str, &str)], settings: &LayerSettings) -> Board {
    let keyspace = keyspace(keys);
    let set = find(&keyspace, settings).into_iter().next().expect("layers");
    Board::build(&keyspace, &set, &ReadValues::new(), None)
}

fn shown(board: &Board, environment: &str) -> Vec<String> {
    let at = board.set.environment(environment).expect("an environment");
    let rows = board.effective(at, true);
    rows.iter()
        .map(|row| {
            let layer = &board.set.layers[row.winner].name;
            let marks = format!(
                "{}{}{}",
                "^".repeat(row.shadowed),
                if row.same { "=" } else { "" },
                if row.only_here { "!" } else { "" }
            );
            format!("{} {} {} {layer}{marks}", row.name, row.path_text, row.value.text)
        })
        .collect()
}

const FOLDERS: [(&str, &str); 10] = [
    ("/config/common/db", r#"{"host":"localhost","pool":8}"#),
    ("/config/common/limit", "100"),
    ("/config/common/only-common", "x"),
    ("/config/production/db", r#"{"host":"pg","pool":40}"#),
    ("/config/production/limit", "100"),
    ("/config/production/own", "p"),
    ("/config/staging/limit", "50"),
    ("/config/staging/gateway/route", "r"),
    ("/config/schema/db", "{}"),
    ("/config/status/node-1", "ok"),
];

#[test]
fn folders_are_layers_and_other_folders_beside_them_are_not() {
    let board = board(&FOLDERS, &LayerSettings::default());
    let names: Vec<&str> = board.set.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!((names, board.set.shared), (vec!["common", "staging", "production"], 1));
    assert_eq!(board.set.base, b"/config/");
    assert_eq!(
        shown(&board, "production"),
        [
            "db host pg production^",
            "db pool 40 production^",
            "limit  100 production^=",
            "only-common  x common",
            "own  p production!",
        ]
    );
    assert_eq!(
        shown(&board, "staging"),
        [
            "db host localhost common",
            "db pool 8 common",
            "gateway/route  r staging!",
            "limit  50 staging^",
            "only-common  x common",
        ]
    );
}

#[test]
fn a_profile_says_base_common_order_and_environments() {
    let keys = [
        ("/a/zero/k", "0"),
        ("/a/eu/k", "eu"),
        ("/a/eu/e", "eu"),
        ("/a/blue/k", "blue"),
        ("/a/green/x", "green"),
        ("/b/common/k", "1"),
        ("/b/prod/k", "2"),
    ];
    let settings = LayerSettings {
        base: "/a".into(),
        common: "zero".into(),
        order: vec!["eu".into()],
        environments: vec!["green".into(), "blue".into(), "gone".into()],
        deep: false,
    };
    let board = board(&keys, &settings);
    let names: Vec<&str> = board.set.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!((names, board.set.shared), (vec!["zero", "eu", "green", "blue"], 2));
    assert_eq!(shown(&board, "blue"), ["e  eu eu", "k  blue blue^^"]);
    assert_eq!(shown(&board, "green"), ["e  eu eu", "k  eu eu^", "x  green green!"]);
    let found = find(&keyspace(&keys), &LayerSettings::default());
    assert_eq!(found.iter().map(|set| set.base.clone()).collect::<Vec<_>>(), [b"/b/".to_vec()]);
}

const FILES: [(&str, &str); 5] = [
    ("/app/pay/application.yaml", "server:\n  port: 80\n  hosts: [a, b]\nlevel: INFO\nold: 1\n"),
    ("/app/pay/application-prod.yaml", "server:\n  hosts: [c]\nlevel: INFO\nold: null\nnew: true\n"),
    ("/app/pay/application-dev.yaml", "level: DEBUG\n"),
    ("/app/web/application.properties", "a.b=1\nc=2\n"),
    ("/app/web/application-prod.properties", "a.b = 3\n"),
];

#[test]
fn files_are_merged_by_path_lists_and_null_replace() {
    let board = board(&FILES, &LayerSettings::default());
    assert_eq!((board.set.style, board.set.base.as_slice()), (LayerStyle::Files, &b"/app/"[..]));
    assert_eq!(
        shown(&board, "prod"),
        [
            "pay/application.yaml server.port 80 ",
            r#"pay/application.yaml server.hosts ["c"] prod^"#,
            "pay/application.yaml level INFO prod^=",
            "pay/application.yaml old null prod^",
            "pay/application.yaml new true prod!",
            "web/application.properties a.b \"3\" prod^",
            "web/application.properties c \"2\" ",
        ]
    );
    assert_eq!(
        board.key_in(b"web/application.properties", 1).as_ref(),
        b"/app/web/application-dev.properties"
    );
}

#[test]
fn files_at_the_top_keep_their_names_with_and_without_a_separator() {
    for lead in ["", "/"] {
        let one = format!("{lead}application.yml");
        let two = format!("{lead}application-prod.yml");
        let board = board(&[(one.as_str(), "a: 1\nb: 2"), (two.as_str(), "a: 2")], &LayerSettings::default());
        assert_eq!(shown(&board, "prod").len(), 2);
        assert_eq!(*board.key_in(&board.items[0].name, 0), *one.as_bytes());
        assert_eq!(*board.key_in(&board.items[0].name, 1), *two.as_bytes());
    }
}

#[test]
fn what_is_no_file_of_a_layer_is_none() {
    let keys = [("application-x", "1"), ("application.yaml", "a: 1"), ("my-application-prod.yaml", "a: 2")];
    assert!(find(&keyspace(&keys), &LayerSettings::default()).is_empty());
    let keys = [("/common/a", "1"), ("/whatever/b", "2")];
    assert!(find(&keyspace(&keys), &LayerSettings::default()).is_empty(), "nothing in common");
}

#[test]
fn numbers_stay_as_they_are_written() {
    let text = r#"{"big": 12345678901234567890123, "small": 1.10, "e": 1e400}"#;
    let doc = parse(ValueFormat::Json, text).expect("JSON");
    let mut shown = Vec::new();
    doc.leaves(&mut |path, leaf| shown.push(format!("{} {}", path_text(path, false), leaf.one_line(99))));
    assert_eq!(shown, ["big 12345678901234567890123", "small 1.10", "e 1e400"]);
    let big = parse(ValueFormat::Yaml, "a: 12345678901234567890123\n");
    let lied = big.is_ok_and(|doc| {
        doc.get(&["a".to_owned()]).is_some_and(|value| value.one_line(99) != "12345678901234567890123")
    });
    assert!(!lied, "a number that does not fit is never shown as another one");
    assert!(parse(ValueFormat::Json, r#"{"a":1,"a":2}"#).is_err(), "which one counts is not known");
    assert!(parse(ValueFormat::Yaml, "a: &x 1\nb: *x\n").is_err());
    assert!(parse(ValueFormat::Yaml, "a: 1\n---\nb: 2\n").is_err());
}

fn set(format: ValueFormat, text: &str, path: &[&str], value: Doc) -> (String, bool) {
    let path = path.iter().map(|name| (*name).to_owned()).collect();
    let changed = change(format, text, &Change::Set(path, value)).expect("it can be said");
    (changed.text, changed.rewritten)
}

fn remove(format: ValueFormat, text: &str, path: &[&str]) -> (String, bool) {
    let path = path.iter().map(|name| (*name).to_owned()).collect();
    let changed = change(format, text, &Change::Remove(path)).expect("it can be said");
    (changed.text, changed.rewritten)
}

fn number(text: &str) -> Doc {
    Doc::Number(text.to_owned())
}

#[test]
fn one_value_of_json_changes_and_nothing_else() {
    let json = ValueFormat::Json;
    let text = "{\n  \"a\": 1.0,\n  \"b\": {\"c\": [1,2]}\n}\n";
    assert_eq!(set(json, text, &["a"], number("2")).0, text.replace("1.0", "2"));
    assert_eq!(set(json, text, &["b", "c"], number("3")).0, text.replace("[1,2]", "3"));
    assert_eq!(
        set(json, text, &["d", "e"], Doc::Null).0,
        "{\n  \"a\": 1.0,\n  \"b\": {\"c\": [1,2]},\n  \"d\": {\n    \"e\": null\n  }\n}\n"
    );
    assert_eq!(set(json, r#"{"a":1}"#, &["b"], Doc::Text("x".into())).0, r#"{"a":1,"b":"x"}"#);
    assert_eq!(remove(json, r#"{"a":1,"b":2}"#, &["a"]).0, r#"{"b":2}"#);
    assert_eq!(remove(json, r#"{"a":1,"b":2}"#, &["b"]).0, r#"{"a":1}"#);
    assert_eq!(remove(json, r#"{"a":{"b":2},"c":1}"#, &["a", "b"]).0, r#"{"c":1}"#);
}

#[test]
fn one_value_of_yaml_changes_and_comments_stay() {
    let yaml = ValueFormat::Yaml;
    let text =
        "# top\nserver:\n  port: 80  # the port\n  hosts:\n    - a\n    - b\n\n# next\nlevel: 'INFO' # x\n";
    let same = |path: &[&str], value: Doc, from: &str, to: &str| {
        assert_eq!(set(yaml, text, path, value), (text.replace(from, to), false), "{path:?}");
    };
    same(&["server", "port"], number("81"), "80", "81");
    same(&["level"], Doc::Text("WARN".into()), "'INFO'", "WARN");
    same(&["level"], Doc::Text("5".into()), "'INFO'", "'5'");
    same(&["server", "hosts"], Doc::List(vec![Doc::Text("c".into())]), "    - a\n    - b\n", "    - c\n");
    same(&["server", "tls"], Doc::Bool(true), "    - b\n", "    - b\n  tls: true\n");
    assert_eq!(set(yaml, text, &["new", "x"], number("1")), (format!("{text}new:\n  x: 1\n"), false));
    assert_eq!(
        remove(yaml, text, &["server", "port"]),
        (text.replace("  port: 80  # the port\n", ""), false)
    );
    assert_eq!(remove(yaml, "a:\n  b: 1\nc: 2\n", &["a", "b"]), ("c: 2\n".to_owned(), false));
    assert_eq!(set(yaml, "", &["a", "b"], number("1")), ("a:\n  b: 1\n".to_owned(), false));
    let flow = set(yaml, "{a: 1, b: 2}\n", &["a"], number("3"));
    assert_eq!(flow, ("a: 3\nb: 2\n".to_owned(), true), "written anew, and said");
}

#[test]
fn one_value_of_toml_and_properties_changes() {
    let toml = ValueFormat::Toml;
    let text = "# top\n[http]\nmax = 1_000 # bytes\n\n[retry]\nn = 3\n";
    assert_eq!(set(toml, text, &["http", "max"], number("2")), (text.replace("1_000", "2"), false));
    assert_eq!(set(toml, text, &["retry", "on"], Doc::Bool(true)), (format!("{text}on = true\n"), false));
    let refused = change(toml, text, &Change::Set(vec!["a".into()], Doc::Null));
    assert!(refused.is_err(), "TOML has no null");
    let properties = ValueFormat::Properties;
    let text = "# top\na.b = 1\nlong = x \\\n  y\nc:2\n";
    assert_eq!(set(properties, text, &["a.b"], number("7")).0, text.replace("= 1", "= 7"));
    assert_eq!(
        set(properties, text, &["long"], Doc::Text(" z".into())).0,
        "# top\na.b = 1\nlong = \\ z\nc:2\n"
    );
    assert_eq!(set(properties, text, &["new"], Doc::Bool(true)).0, format!("{text}new=true\n"));
    assert_eq!(remove(properties, text, &["long"]).0, "# top\na.b = 1\nc:2\n");
}

fn pick(name: &str, path: Option<&[&str]>) -> Pick {
    let path = path.map(|path| path.iter().map(|name| (*name).to_owned()).collect());
    Pick { name: Key::from(name.as_bytes()), path }
}

fn written(promotion: &Promotion) -> Vec<(String, Option<String>)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    promotion.values.iter().map(|(key, value)| (text(key), value.as_deref().map(text))).collect()
}

#[test]
fn a_value_of_folders_is_promoted_as_an_override_or_for_all() {
    let board = board(&FOLDERS, &LayerSettings::default());
    let (staging, production) = (1, 2);
    let picks = [pick("db", Some(&["pool"])), pick("own", None), pick("gone", None)];
    let promotion = board.promote(production, staging, &picks);
    assert_eq!(
        written(&promotion),
        [
            ("/config/staging/db".into(), Some(r#"{"host":"localhost","pool":40}"#.into())),
            ("/config/staging/own".into(), Some("p".into())),
        ],
        "a key replaces the whole one below: the rest of it is what staging had"
    );
    assert_eq!(promotion.refused, [("gone".to_owned(), Refusal::NotThere)]);
    let for_all = board.promote(production, 0, &[pick("limit", None), pick("own", None)]);
    assert_eq!(written(&for_all), [("/config/common/own".into(), Some("p".into()))]);
    assert_eq!(for_all.unchanged, 1);
}

#[test]
fn overrides_are_given_up() {
    let board = board(&FOLDERS, &LayerSettings::default());
    let whole = board.fall_back(2, &[pick("limit", None), pick("only-common", None)]);
    assert_eq!(written(&whole), [("/config/production/limit".into(), None)]);
    assert_eq!(whole.refused.len(), 1);
    let part = board.fall_back(2, &[pick("db", Some(&["pool"]))]);
    let kept = Some(r#"{"host":"pg","pool":8}"#.to_owned());
    assert_eq!(written(&part), [("/config/production/db".into(), kept)]);
    let both = board.fall_back(2, &[pick("db", Some(&["pool"])), pick("db", Some(&["host"]))]);
    assert_eq!(written(&both), [("/config/production/db".into(), None)], "nothing of its own is left");
}

#[test]
fn values_of_files_are_promoted_into_the_file_of_the_target() {
    let board = board(&FILES, &LayerSettings::default());
    let [dev, prod] = ["dev", "prod"].map(|name| board.set.environment(name).expect(name));
    let yaml = "pay/application.yaml";
    let picks = [pick(yaml, Some(&["server", "hosts"])), pick("web/application.properties", Some(&["a.b"]))];
    assert_eq!(
        written(&board.promote(prod, dev, &picks)),
        [
            (
                "/app/pay/application-dev.yaml".into(),
                Some("level: DEBUG\nserver:\n  hosts:\n    - c\n".into())
            ),
            ("/app/web/application-dev.properties".into(), Some("a.b=3\n".into())),
        ]
    );
    let back = board.fall_back(prod, &[pick(yaml, Some(&["level"]))]);
    let left = "server:\n  hosts: [c]\nold: null\nnew: true\n".to_owned();
    assert_eq!(written(&back), [("/app/pay/application-prod.yaml".into(), Some(left))]);
    let all = board.fall_back(dev, &[pick(yaml, Some(&["level"]))]);
    assert_eq!(written(&all), [("/app/pay/application-dev.yaml".into(), None)]);
    let whole = board.promote(prod, dev, &[pick(yaml, None)]);
    assert_eq!(whole.values.len(), 1);
}

#[test]
fn values_that_are_not_loaded_are_said_to_be_and_never_taken_for_equal() {
    let mut space = keyspace(&FOLDERS);
    let meta = KeyMeta { create_revision: 90, mod_revision: 90, version: 1, lease: 0 };
    space.put(b"/config/production/db", meta, None);
    let sets = find(&space, &LayerSettings::default());
    let cold = Board::build(&space, &sets[0], &ReadValues::new(), None);
    assert_eq!((cold.unread_count, &*cold.unread[0]), (1, &b"/config/production/db"[..]));
    let rows = cold.effective(2, true);
    assert_eq!(rows[0].value.kind, DocKind::Unknown);
    let pairs = cold.compare(1, 2, true);
    assert_eq!(pairs[0].difference, Difference::Unknown);
    let refused = cold.promote(2, 1, &[pick("db", None)]).refused;
    assert_eq!(refused, [("db".to_owned(), Refusal::NotLoaded)]);
    let old: Value = Value::from(&b"old"[..]);
    let read =
        |revision| ReadValues::from([(Key::from(&b"/config/production/db"[..]), (revision, old.clone()))]);
    assert_eq!(Board::build(&space, &sets[0], &read(89), None).unread_count, 1, "an old value is none");
    assert_eq!(Board::build(&space, &sets[0], &read(90), Some(&cold)).unread_count, 0);
}

#[test]
fn two_environments_are_compared_place_by_place() {
    let board = board(&FILES, &LayerSettings::default());
    let [dev, prod] = ["dev", "prod"].map(|name| board.set.environment(name).expect(name));
    let pairs = board.compare(dev, prod, true);
    let differs: Vec<_> = pairs
        .iter()
        .filter(|pair| pair.difference != Difference::Equal)
        .map(|pair| (pair.path_text.as_str(), pair.difference))
        .collect();
    assert_eq!(
        differs,
        [
            ("server.hosts", Difference::Differs),
            ("level", Difference::Differs),
            ("old", Difference::Differs),
            ("new", Difference::OnlyRight),
            ("a.b", Difference::Differs),
        ]
    );
}

#[test]
fn the_effective_configuration_is_one_document() {
    let board = board(&FOLDERS, &LayerSettings::default());
    let (json, left_out) = board.export(2, ValueFormat::Json).expect("JSON");
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((value["db"]["pool"].as_i64(), value["own"].as_str(), left_out), (Some(40), Some("p"), 0));
    let (yaml, _) = board.export(2, ValueFormat::Yaml).expect("YAML");
    assert!(yaml.starts_with("db:\n  host: pg\n  pool: 40\n"), "{yaml}");
    let (properties, _) = board.export(1, ValueFormat::Properties).expect("properties");
    assert!(
        properties.contains("db.host=localhost\n") && properties.contains("gateway/route=r\n"),
        "{properties}"
    );
}

#[test]
fn the_lines_are_filtered_and_counted() {
    let board = board(&FOLDERS, &LayerSettings::default());
    let query = |filter: &str, only_marked| Query {
        mode: Mode::Effective(2),
        by_path: true,
        filter: filter.into(),
        only_marked,
        group: None,
    };
    let all = board.table(&query("", false));
    assert_eq!((all.len(), all.counts.marked, all.counts.same, all.counts.only_left), (5, 3, 1, 1));
    assert_eq!(board.table(&query("PG", false)).len(), 1);
    assert_eq!(board.table(&query("", true)).len(), 3);
    let group =
        Query { mode: Mode::Effective(1), group: Some(Key::from(&b"gateway/"[..])), ..query("", false) };
    let of_group = board.table(&group);
    assert_eq!((of_group.len(), of_group.groups.len()), (1, 2));
}
