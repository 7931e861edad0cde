//! Changes of texts.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn path(written: &str) -> Vec<String> {
    written.split('.').map(str::to_owned).collect()
}

fn set(syntax: Syntax, text: &str, at: &str, value: Value) -> Option<String> {
    edit(text, syntax, &path(at), &Edit::Set(value)).ok()
}

fn remove(syntax: Syntax, text: &str, at: &str) -> Option<String> {
    edit(text, syntax, &path(at), &Edit::Remove).ok()
}

#[test]
fn json_changes_nothing_else() {
    let text = "{\n    \"b\" : 1.0,\n    \"a\": [\"x\",\n      \"y\"], \"c\": {}\n}\n";
    let set = |at: &str, value: Value| set(Syntax::Json, text, at, value);
    assert_eq!(set("b", json!(2)), Some(text.replace("1.0", "2")));
    assert_eq!(set("a.0", json!("z")), Some(text.replace("\"x\"", "\"z\"")));
    assert_eq!(set("a.2", json!("z")), Some(text.replace("\"y\"]", "\"y\",\n      \"z\"]")));
    assert_eq!(set("d", json!(true)), Some(text.replace("{}", "{}, \"d\": true")));
    assert_eq!(set("e.f", json!(1)), Some(text.replace("{}", "{}, \"e\": {\"f\":1}")));
    assert_eq!(set("b.x", json!(1)), None);
    let one = "{\n  \"a\": 1\n}";
    assert_eq!(
        self::set(Syntax::Json, one, "b", json!("x")).as_deref(),
        Some("{\n  \"a\": 1,\n  \"b\": \"x\"\n}")
    );
    assert_eq!(self::set(Syntax::Json, "{}", "b", json!("x")).as_deref(), Some("{\"b\": \"x\"}"));
    assert_eq!(remove(Syntax::Json, text, "a.0"), Some(text.replace("\"x\",\n      ", "")));
    assert_eq!(remove(Syntax::Json, text, "a.1"), Some(text.replace(",\n      \"y\"", "")));
    assert_eq!(remove(Syntax::Json, text, "b"), Some(text.replace("\"b\" : 1.0,\n    ", "")));
    assert_eq!(remove(Syntax::Json, "{\"a\": 1}", "a").as_deref(), Some("{}"));
    assert_eq!(
        self::set(Syntax::Json, "{\"a\": 1, \"a\": 2}", "a", json!(3)),
        None,
        "which one is not certain"
    );
}

#[test]
fn toml_keeps_comments_and_order() {
    let text = "# top\nb = 1.0 # one\na = [\n  1,\n  2, # two\n]\n\n[t]\nx = 'q'\nwhen = 2024-01-01\n";
    let set = |at: &str, value: Value| set(Syntax::Toml, text, at, value);
    assert_eq!(set("b", json!(2)), Some(text.replace("1.0", "2.0")));
    assert_eq!(set("t.x", json!("z")), Some(text.replace("'q'", "\"z\"")));
    assert_eq!(set("a.0", json!(7)), Some(text.replace("1,", "7,")));
    assert_eq!(set("t.y", json!(true)), Some(format!("{text}y = true\n")));
    assert_eq!(set("c", json!(5)), Some(text.replace("]\n\n", "]\nc = 5\n\n")));
    assert_eq!(set("t.when", json!("x")), None, "a time is no text");
    assert_eq!(set("b", Value::Null), None);
    assert_eq!(remove(Syntax::Toml, text, "t.x"), Some(text.replace("x = 'q'\n", "")));
    assert!(
        set("a.2", json!(3)).is_some_and(|changed| changed.contains("# two") && changed.contains("# one"))
    );
}

#[test]
fn yaml_is_changed_within_a_line_or_not_at_all() {
    let text = "# top\nb: 1.0 # one\na:\n  - x\n  - 'y y'\nc: {d: 1, e: [1, 2]}\nf:\n  g: \"q\"\n  h: |\n    long\nlast: no\n";
    let set = |at: &str, value: Value| set(Syntax::Yaml, text, at, value);
    assert_eq!(set("b", json!(2)), Some(text.replace("1.0", "2")));
    assert_eq!(set("a.1", json!("it's")), Some(text.replace("'y y'", "'it''s'")));
    assert_eq!(set("a.2", json!("z")), Some(text.replace("'y y'\n", "'y y'\n  - z\n")));
    assert_eq!(set("c.d", json!(5)), Some(text.replace("d: 1", "d: 5")));
    assert_eq!(set("c.e.2", json!(3)), Some(text.replace("[1, 2]", "[1, 2, 3]")));
    assert_eq!(set("f.g", json!("a: b")), Some(text.replace("\"q\"", "\"a: b\"")));
    assert_eq!(set("f.i", json!(true)), Some(text.replace("    long\n", "    long\n  i: true\n")));
    assert_eq!(set("new", json!("true")), Some(format!("{text}new: \"true\"\n")));
    assert_eq!(set("f.h", json!("short")), None, "a text of several lines is left alone");
    assert_eq!(remove(Syntax::Yaml, text, "a.0"), Some(text.replace("  - x\n", "")));
    assert_eq!(remove(Syntax::Yaml, text, "b"), Some(text.replace("b: 1.0 # one\n", "")));
    assert_eq!(remove(Syntax::Yaml, text, "c.e.0"), Some(text.replace("[1, 2]", "[2]")));
    assert_eq!(remove(Syntax::Yaml, text, "f"), None);
    assert_eq!(self::set(Syntax::Yaml, "a: &x 1\nb: *x\n", "b", json!(2)), None);
    assert_eq!(self::set(Syntax::Yaml, "", "a", json!(1)).as_deref(), Some("a: 1\n"));
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|on| json!(on)),
        any::<i32>().prop_map(|number| json!(number)),
        (-5.0..5.0_f64).prop_map(|number| json!(number)),
        "[a-c'\": #\\-键]{0,5}".prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|entries| json!(entries)),
            prop::collection::btree_map("[a-d]", inner, 0..4).prop_map(|fields| json!(fields)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_comes_out_is_the_wanted_value(
        fields in prop::collection::btree_map("[a-d]", any_value(), 0..4),
        at in prop::collection::vec("[a-d0-2]", 1..4),
        new in any_value(),
        gone in any::<bool>(),
        pretty in any::<bool>(),
    ) {
        let value = json!(fields);
        let change = if gone { Edit::Remove } else { Edit::Set(new) };
        let json = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let json = json.expect("JSON");
        let wanted = changed(value.clone(), &at, &change);
        let by_json = edit(&json, Syntax::Json, &at, &change);
        prop_assert_eq!(by_json.is_ok(), wanted.is_some(), "JSON can always be changed: {}", json);
        if let (Ok(written), Some(wanted)) = (by_json, &wanted) {
            let after: Value = serde_json::from_str(&written).expect("JSON");
            prop_assert!(same(&after, wanted), "{}", written);
        }
        let yaml = serde_yaml_ng::to_string(&value).expect("YAML");
        if let Ok(written) = edit(&yaml, Syntax::Yaml, &at, &change) {
            let after = one_document(&written, ValueFormat::Yaml).expect("YAML");
            prop_assert!(same(&after, &wanted.expect("it could be changed")), "{}", written);
        }
    }

    #[test]
    fn any_text_can_be_tried(text in "\\PC{0,40}", at in prop::collection::vec("[a0]", 0..3)) {
        for syntax in [Syntax::Json, Syntax::Yaml, Syntax::Toml] {
            drop(edit(&text, syntax, &at, &Edit::Set(json!(1))));
            drop(edit(&text, syntax, &at, &Edit::Remove));
        }
    }
}
