//! Tests of the trees.

use super::*;

fn json(text: &str) -> Arc<Node> {
    parse(ValueFormat::Json, text).expect("JSON")
}

fn yaml(text: &str) -> Arc<Node> {
    parse(ValueFormat::Yaml, text).expect("YAML")
}

fn toml(text: &str) -> Arc<Node> {
    parse(ValueFormat::Toml, text).expect("TOML")
}

#[test]
fn nothing_is_lost() {
    let text = r#"{"b": 1.0, "a": 12345678901234567890123, "a": [true, null, "é\u0041\n"], "c": {}}"#;
    let shown = r#"{"b": 1.0, "a": 12345678901234567890123, "a": [true, null, "éA\n"], "c": {}}"#;
    assert_eq!(json(text).text(1_000), shown);
    let written = "b: 1.0\na: 12345678901234567890123\na:\n- true\n- ~\n- \"éA\\n\"\nc: {}\n";
    assert_eq!(yaml(written).text(1_000), shown);
    assert_eq!(
        yaml("a: 0x10\nb: 1_0\nc: 1.50\nd: 99999999999999999999999999999999999999999999\n").text(1_000),
        r#"{"a": 0x10, "b": "1_0", "c": 1.50, "d": 99999999999999999999999999999999999999999999}"#
    );
    assert_eq!(
        toml("a = 1_000\nb = 1979-05-27T07:32:00Z\n[c.d]\ne = [1.50, \"x\"]\n").text(1_000),
        r#"{"a": 1_000, "b": 1979-05-27T07:32:00Z, "c": {"d": {"e": [1.50, "x"]}}}"#
    );
}

#[test]
fn the_order_of_entries_does_not_count_but_that_of_repeated_keys_does() {
    assert_eq!(json(r#"{"a": 1, "b": {"c": 2, "d": 3}}"#), json(r#"{"b": {"d": 3, "c": 2}, "a": 1}"#));
    assert_ne!(json(r#"{"a": 1, "a": 2}"#), json(r#"{"a": 2, "a": 1}"#));
    assert_ne!(json("[1, 2]"), json("[2, 1]"));
    assert_ne!(json("1"), json("1.0"));
    assert_ne!(json("\"1\""), json("1"));
    assert_eq!(yaml("a: &x {b: 1}\nc: *x\n"), json(r#"{"a": {"b": 1}, "c": {"b": 1}}"#));
    assert_eq!(toml("a.b = 1\n"), json(r#"{"a": {"b": 1}}"#));
}

#[test]
fn what_cannot_be_compared_by_structure_says_why() {
    let why = |format, text: &str| parse(format, text).err();
    assert_eq!(why(ValueFormat::Yaml, "a: 1\n---\nb: 2\n"), Some(NoTree::SeveralDocuments));
    assert_eq!(why(ValueFormat::Yaml, "a: !secret b\n"), Some(NoTree::Tags));
    assert_eq!(why(ValueFormat::Yaml, "? [a]\n: 1\n"), Some(NoTree::ComplexKeys));
    assert_eq!(why(ValueFormat::Plain, "a"), Some(NoTree::Format));
    assert!(matches!(why(ValueFormat::Json, "{\"a\": 1,}"), Some(NoTree::Invalid(_))));
    assert!(matches!(why(ValueFormat::Toml, "a = 1\na = 2\n"), Some(NoTree::Invalid(_))));
    assert!(matches!(why(ValueFormat::Yaml, "a: [\n"), Some(NoTree::Invalid(_))));
    for format in [ValueFormat::Json, ValueFormat::Yaml] {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(why(format, &deep).is_some());
    }
    let broken = json(r#"["\ud800", "\ud83d\ude00"]"#);
    assert_eq!(broken.text(100), r#"["\ud800", "😀"]"#);
    assert_ne!(json(r#""\ud800""#), json(r#""\\ud800""#));
}

#[test]
fn long_values_are_cut_for_the_screen() {
    let long = json(&format!("[{}1]", "\"é\",".repeat(10_000)));
    let text = long.text(100);
    assert!(text.len() <= 104 && text.ends_with('…'), "{text}");
}
