use super::*;
use crate::model::bytes::Key;
use crate::model::record::KeyMeta;

fn instance(layout: Layout) -> Instance {
    Instance { layout, ..Instance::found(Key::from(b"/k".as_slice()), KeyMeta::default(), "k".into()) }
}

fn edited(layout: Layout, value: &str, weight: Option<f64>, label: Option<&str>) -> Result<String, WhyNot> {
    edit_instance(&instance(layout), value.as_bytes(), weight, label)
        .map(|value| String::from_utf8(value.to_vec()).expect("text"))
}

#[test]
fn a_weight_is_changed_where_it_stands() {
    let ok = |value: &str, weight: f64| edited(Layout::Plain, value, Some(weight), None).expect("possible");
    assert_eq!(ok(r#"{"weight":100}"#, 20.0), r#"{"weight":20}"#);
    assert_eq!(
        ok(r#"{ "z" : 1, "weight": 100 , "a":[1,2] }"#, 0.5),
        r#"{ "z" : 1, "weight": 0.5 , "a":[1,2] }"#
    );
    let text = r#"{"ip":"10.0.0.1","metadata":{"weight":"100","zone":"a"},"port":80}"#;
    assert_eq!(ok(text, 7.0), r#"{"ip":"10.0.0.1","metadata":{"weight":"7","zone":"a"},"port":80}"#);
    assert_eq!(ok(r#"{"ip":"a","port":80}"#, 7.0), r#"{"ip":"a","port":80,"weight":7}"#);
    assert_eq!(ok(r#"{"metadata":{"v":"1"}}"#, 7.0), r#"{"metadata":{"v":"1", "weight":7}}"#);
}

#[test]
fn unknown_fields_order_and_large_numbers_stay() {
    let text = "{\n  \"z\": 12345678901234567890123,\n  \"label\": \"stable\",\n  \"a\": 1.0\n}\n";
    let canary = edited(Layout::Plain, text, None, Some("canary")).expect("possible");
    assert_eq!(canary, text.replace("stable", "canary"));
    assert_eq!(
        edited(Layout::Plain, text, None, None).as_deref(),
        Ok(text),
        "nothing asked, nothing changed"
    );
    let gone = edited(Layout::Plain, text, None, Some("")).expect("possible");
    assert_eq!(gone, "{\n  \"z\": 12345678901234567890123,\n  \"a\": 1.0\n}\n");
}

#[test]
fn both_at_once_and_where_the_layout_wants_them() {
    let kratos = r#"{"id":"u-1","name":"user","metadata":{},"endpoints":["grpc://10.0.0.7:9000"]}"#;
    assert_eq!(
        edited(Layout::Kratos, kratos, Some(5.0), Some("canary")).as_deref(),
        Ok(
            r#"{"id":"u-1","name":"user","metadata":{"weight": "5", "label": "canary"},"endpoints":["grpc://10.0.0.7:9000"]}"#
        )
    );
    let grpc = r#"{"Op":0,"Addr":"10.0.0.7:9000","Metadata":null}"#;
    assert_eq!(
        edited(Layout::Grpc, grpc, Some(5.0), None).as_deref(),
        Ok(r#"{"Op":0,"Addr":"10.0.0.7:9000","Metadata":{"weight":5}}"#)
    );
    let opaque = r#"{"Op":0,"Addr":"10.0.0.7:9000","Metadata":"v1"}"#;
    assert_eq!(edited(Layout::Grpc, opaque, Some(5.0), None), Err(WhyNot::TextOnly));
    let micro =
        r#"{"name":"user","nodes":[{"id":"u","address":"10.0.0.7:1","metadata":{"protocol":"grpc"}}]}"#;
    let changed = edited(Layout::GoMicro, micro, Some(3.0), None).expect("possible");
    assert!(changed.contains(r#""protocol":"grpc", "weight":"3""#), "{changed}");
}

#[test]
fn apisix_nodes_are_changed_where_there_is_one() {
    let map = r#"{"type":"roundrobin","nodes":{"10.0.0.7:80":1}}"#;
    let expected = r#"{"type":"roundrobin","nodes":{"10.0.0.7:80":9}}"#;
    assert_eq!(edited(Layout::Apisix, map, Some(9.0), None).as_deref(), Ok(expected));
    let list = r#"{"upstream":{"nodes":[{"host":"a","port":80,"weight":1}]}}"#;
    let expected = r#"{"upstream":{"nodes":[{"host":"a","port":80,"weight":4}]}}"#;
    assert_eq!(edited(Layout::Apisix, list, Some(4.0), None).as_deref(), Ok(expected));
    assert_eq!(edited(Layout::Apisix, map, Some(0.5), None), Err(WhyNot::WholeNumber));
    assert_eq!(edited(Layout::Apisix, map, None, Some("x")), Err(WhyNot::NoSuchField));
    let two = r#"{"nodes":{"10.0.0.7:80":1,"10.0.0.8:80":1}}"#;
    assert_eq!(edited(Layout::Apisix, two, Some(1.0), None), Err(WhyNot::Several));
}

#[test]
fn where_it_is_not_possible_it_is_said_why() {
    let why = |layout, value: &str| edited(layout, value, Some(1.0), None).expect_err("impossible");
    assert_eq!(why(Layout::Plain, "10.0.0.7:80"), WhyNot::PlainAddress);
    assert_eq!(why(Layout::GoZero, "10.0.0.7:80"), WhyNot::PlainAddress);
    assert_eq!(why(Layout::Traefik, "http://10.0.0.7:80"), WhyNot::PlainAddress);
    assert_eq!(why(Layout::Dubbo, ""), WhyNot::InTheKey);
    assert_eq!(why(Layout::Patroni, "{}"), WhyNot::WrittenBySystem);
    assert_eq!(why(Layout::Plain, "[1]"), WhyNot::NotJson);
    assert_eq!(why(Layout::Plain, r#"{"weight":1,"weight":2}"#), WhyNot::TextOnly);
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(edited(Layout::Plain, r#"{"weight":1}"#, Some(bad), None), Err(WhyNot::BadWeight));
    }
    assert_eq!(edit_instance(&instance(Layout::Plain), b"\xff", Some(1.0), None), Err(WhyNot::NotJson));
}
