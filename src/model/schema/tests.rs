//! Rules and checks.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::keyspace::Keyspace;
use crate::model::record::KeyMeta;

fn keyspace(entries: &[(&str, &str)]) -> Keyspace {
    let mut keyspace = Keyspace::new(b'/');
    for (at, (key, value)) in entries.iter().enumerate() {
        let meta = KeyMeta { create_revision: 1, mod_revision: at as i64 + 1, version: 1, lease: 0 };
        keyspace.put(key.as_bytes(), meta, Some(value.as_bytes().into()));
    }
    keyspace
}

fn set(entries: &[(&str, &str)]) -> SchemaSet {
    SchemaSet::new(&SchemaSettings::default(), &keyspace(entries))
}

const LIMIT: &str = r#"{"type": "object", "required": ["limit"], "properties": {
    "limit": {"type": "integer", "minimum": 1}, "tags": {"type": "array", "items": {"type": "string"}}},
    "additionalProperties": false}"#;

fn first(checked: &Checked) -> (usize, usize, &What) {
    let problem = checked.problems.first().expect("a problem");
    (problem.line, problem.column, &problem.what)
}

#[test]
fn a_document_is_for_the_same_path_in_every_environment_and_below() {
    let set = set(&[("/config/schema/order/limits", LIMIT), ("/config/schema/order", "{}")]);
    let pattern = |key: &str| set.applies(key.as_bytes()).map(|applied| applied.pattern);
    assert_eq!(pattern("/config/production/order/limits").as_deref(), Some("config/*/order/limits"));
    assert_eq!(pattern("config/staging/order/limits/a/b").as_deref(), Some("config/*/order/limits/**"));
    assert_eq!(pattern("/config/staging/order/other").as_deref(), Some("config/*/order/**"));
    assert_eq!(pattern("/config/staging/else"), None);
    assert_eq!(pattern("/config/a/b/order/limits"), None);
    let own = set.applies(b"/config/schema/order").expect("a schema is checked too");
    assert_eq!(own.source, Source::Itself);
}

#[test]
fn a_document_may_name_its_keys_itself() {
    let named = r#"{"x-etcdscope-keys": ["svc/**", "/config/*/a/logging"], "type": "string"}"#;
    let set = set(&[("config/schema/named", named)]);
    let source = |key: &str| set.applies(key.as_bytes()).map(|applied| applied.source);
    assert_eq!(source("/svc/x/y"), Some(Source::Named));
    assert_eq!(source("config/prod/a/logging"), Some(Source::Named));
    assert_eq!(source("config/prod/named"), None, "its place is no rule any more");
}

#[test]
fn the_most_specific_rule_wins_and_the_profile_among_equals() {
    let settings = SchemaSettings {
        rules: vec![
            SchemaRule { pattern: "config/**".into(), schema: RuleSchema::Kind("weight".into()) },
            SchemaRule { pattern: "config/*/a/b".into(), schema: RuleSchema::Kind("route".into()) },
        ],
        ..SchemaSettings::default()
    };
    let set =
        SchemaSet::new(&settings, &keyspace(&[("config/schema/a/b", "{}"), ("config/schema/a/c", "{}")]));
    let source = |key: &str| set.applies(key.as_bytes()).map(|applied| applied.source);
    assert_eq!(source("config/prod/a/b"), Some(Source::Profile(1)));
    assert_eq!(source("config/prod/a/c"), Some(Source::Place));
    assert_eq!(source("config/prod/z"), Some(Source::Profile(0)));
}

#[test]
fn problems_are_at_their_lines() {
    let set = set(&[("config/schema/limits", LIMIT)]);
    let json = "{\n  \"tags\": [\"a\",\n    7],\n  \"limit\": 0\n}";
    let checked = set.check(b"config/prod/limits", json.as_bytes(), None);
    assert!(checked.blocks());
    let lines: Vec<_> = checked.problems.iter().map(|one| (one.line, one.column, one.end_column)).collect();
    assert_eq!(lines, [(3, 5, Some(6)), (4, 12, Some(13))], "{:?}", checked.problems);

    let yaml = "tags:\n  - a\n  - 7\nlimit: 0\nmore: 1\n";
    let checked = set.check(b"config/prod/limits/x.yaml", yaml.as_bytes(), None);
    let lines: Vec<_> = checked.problems.iter().map(|one| (one.line, one.column)).collect();
    assert_eq!(lines, [(3, 5), (4, 8), (5, 1)], "{:?}", checked.problems);

    let toml = "tags = [\"a\",\n  7]\n# a comment\nlimit = 0\nmore = 1\n";
    let checked = set.check(b"config/prod/limits/x.toml", toml.as_bytes(), None);
    let lines: Vec<_> = checked.problems.iter().map(|one| (one.line, one.column)).collect();
    assert_eq!(lines, [(2, 3), (4, 9), (5, 1)], "{:?}", checked.problems);
}

#[test]
fn what_can_not_be_read_does_not_pass() {
    let set =
        set(&[("config/schema/a", LIMIT), ("config/schema/b", "{\"type\": 7}"), ("config/schema/c", "{")]);
    let what = |key: &str, value: &[u8]| set.check(key.as_bytes(), value, None).problems[0].what.clone();
    assert!(matches!(what("config/x/a", b"{\"limit\": "), What::Syntax(_)));
    assert!(matches!(what("config/x/a", b"\xff\x00"), What::Binary));
    assert!(matches!(what("config/x/a", b""), What::Type { .. }));
    assert!(matches!(what("config/x/a", b"<a/>"), What::Format(_)));
    assert!(matches!(what("config/x/b", b"{}"), What::Broken(_)));
    assert!(matches!(what("config/x/c", b"{}"), What::Broken(_)));
    assert!(matches!(what("config/schema/c", b"{"), What::Broken(_)));
    let broken = set.check(b"config/schema/c", b"{\n\"type\": \"object\",\n\"minLength\": -1}", None);
    assert_eq!(first(&broken).0, 3, "{broken:?}");
    assert!(broken.blocks());
}

#[test]
fn references_stay_below_the_schemas_folder() {
    let common = r#"{"$defs": {"port": {"type": "integer", "maximum": 65535}}}"#;
    let uses = r#"{"properties": {"port": {"$ref": "common.json#/$defs/port"}}}"#;
    let outside = r#"{"$ref": "https://example.com/x.json"}"#;
    let file = r#"{"$ref": "file:///etc/passwd"}"#;
    let set = set(&[
        ("/config/schema/common.json", common),
        ("/config/schema/uses", uses),
        ("/config/schema/outside", outside),
        ("/config/schema/file", file),
    ]);
    assert!(set.check(b"/config/x/uses", b"{\"port\": 80}", None).problems.is_empty());
    let wrong = set.check(b"/config/x/uses", b"{\"port\": 80000}", None);
    assert_eq!(first(&wrong), (1, 10, &What::Maximum("65535".into())));
    for key in ["/config/x/outside", "/config/x/file"] {
        let refused = set.check(key.as_bytes(), b"{}", None);
        assert!(
            matches!(&refused.problems[0].what, What::Broken(why) if why.contains("nothing else is fetched")),
            "{refused:?}"
        );
    }
}

#[test]
fn older_drafts_are_read_by_their_own_rules() {
    for (draft, keyword) in [
        ("http://json-schema.org/draft-04/schema#", r#""minimum": 1, "exclusiveMinimum": true"#),
        ("http://json-schema.org/draft-06/schema#", r#""exclusiveMinimum": 1"#),
        ("http://json-schema.org/draft-07/schema#", r#""exclusiveMinimum": 1"#),
        ("https://json-schema.org/draft/2019-09/schema", r#""exclusiveMinimum": 1"#),
        ("https://json-schema.org/draft/2020-12/schema", r#""exclusiveMinimum": 1"#),
    ] {
        let schema = format!(r#"{{"$schema": "{draft}", "type": "number", {keyword}}}"#);
        let set = set(&[("config/schema/n", &schema)]);
        assert_eq!(set.check(b"config/x/n", b"1", None).problems[0].what, What::Above("1".into()), "{draft}");
        assert!(set.check(b"config/x/n", b"2", None).problems.is_empty(), "{draft}");
    }
    let unknown = set(&[("config/schema/n", r#"{"$schema": "https://example.com/mine"}"#)]);
    assert!(matches!(unknown.check(b"config/x/n", b"2", None).problems[0].what, What::Broken(_)));
}

#[test]
fn a_catastrophic_pattern_is_given_up() {
    let set = set(&[("config/schema/p", r#"{"type": "string", "pattern": "^(a|a)*\\1b$"}"#)]);
    let started = std::time::Instant::now();
    let checked = set.check(b"config/x/p", &[b"\"".as_slice(), &b"a".repeat(200), b"!\""].concat(), None);
    assert_eq!(checked.problems[0].what, What::TooLong, "{checked:?}");
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn aliases_do_not_multiply_without_bound() {
    let mut yaml = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let one = format!("*a{}", level - 1);
        yaml.push_str(&format!("a{level}: &a{level} [{}]\n", vec![one; 10].join(", ")));
    }
    let set = set(&[("config/schema/y", "{}")]);
    let checked = set.check(b"config/x/y/a.yaml", yaml.as_bytes(), None);
    assert!(matches!(checked.problems[0].what, What::Syntax(_)), "{checked:?}");
    let fine = "base: &b {limit: 0}\nuse:\n  <<: *b\n  more: 1\n";
    let limits = r#"{"properties": {"use": {"properties": {"limit": {"minimum": 1}}}}}"#;
    let set = self::set(&[("config/schema/y", limits)]);
    assert_eq!(set.check(b"config/x/y/a.yaml", fine.as_bytes(), None).problems.len(), 1);
}

#[test]
fn the_kinds_of_the_examples_are_recognised_and_only_warn() {
    let set = set(&[]);
    for (key, value, kind) in [
        ("/services/api-gateway/192.168.1.10:8080", json!({"weight": 100}), Kind::Weight),
        (
            "/services/user-service/user-service:8081",
            json!({"serviceName": "user-service", "instanceId": "user-service:8081", "ip": "192.168.1.10", "port": 8081, "status": "UP", "metadata": {"version": "1.2.0"}}),
            Kind::ServiceInstance,
        ),
        (
            "/health/user-service/192.168.1.10:8080",
            json!({"serviceId": "user-service-v1", "instanceId": "192.168.1.10:8080", "status": "UP", "metrics": {"cpuUsage": 0.65, "memoryUsage": 0.72, "requestLatencyMs": 45}, "circuitBreaker": "closed", "timestamp": "2023-10-01T12:00:00Z"}),
            Kind::HealthReport,
        ),
        (
            "/config/production/gateway/routes/user-service-v2",
            json!({"route_id": "user-service-v2", "path": "/api/user/*", "target": "10.0.1.20:8080", "middleware": ["auth", "rate-limit"]}),
            Kind::Route,
        ),
        (
            "/config/production/gateway/ratelimit/order-create",
            json!({"resource": "order-create", "limit": 200, "strategy": "token-bucket"}),
            Kind::RateLimit,
        ),
        ("/config/production/order-service/logging", json!({"level": "INFO"}), Kind::LogLevel),
        (
            "/config/status/order-service/192.168.1.10",
            json!({"node": "192.168.1.10", "version": "v20240401", "md5": "d41d8cd98f00b204e9800998ecf8427e", "reportedAt": "2024-04-01T10:00:00Z", "label": "canary"}),
            Kind::NodeReport,
        ),
        (
            "/ratelimit/state/order-create",
            json!({"rate": 100, "capacity": 200, "tokens": 3}),
            Kind::TokenBucket,
        ),
        ("/config/production/gateway/middleware-chain", json!(["trace", "auth"]), Kind::MiddlewareChain),
        (
            "/config/production/order-service/circuit-breaker",
            json!({"failureRatio": 0.5, "slowCallMs": 800, "openSeconds": 15, "halfOpenCalls": 5}),
            Kind::CircuitBreaker,
        ),
    ] {
        let checked = set.check(key.as_bytes(), value.to_string().as_bytes(), None);
        let applied = checked.applied.clone().expect(key);
        assert_eq!(applied.schema, SchemaId::Kind(kind), "{key}");
        assert_eq!(checked.problems, [], "{key}");
        assert!(checked.summary.is_some(), "{key}");
    }
    let wrong = json!({"resource": "order-create", "limit": "many", "strategy": "hope"}).to_string();
    let checked = set.check(b"/config/production/gateway/ratelimit/order-create", wrong.as_bytes(), None);
    assert_eq!((checked.problems.len(), checked.blocks()), (2, false));
    let settings = SchemaSettings {
        rules: vec![SchemaRule {
            pattern: "config/**".into(),
            schema: RuleSchema::Kind("rate_limit".into()),
        }],
        ..SchemaSettings::default()
    };
    let set = SchemaSet::new(&settings, &keyspace(&[]));
    assert_eq!(problems(&set, b"/config/a", wrong.as_bytes()).len(), 2, "a rule of the profile blocks");
}

#[test]
fn a_set_knows_when_its_documents_have_changed() {
    let mut keyspace = keyspace(&[("config/schema/a", "{}"), ("other", "x")]);
    let settings = SchemaSettings::default();
    let set = SchemaSet::new(&settings, &keyspace);
    let meta = KeyMeta { create_revision: 1, mod_revision: 9, version: 2, lease: 0 };
    assert!(set.is_of(&settings, &keyspace));
    keyspace.put(b"other", meta, None);
    assert!(set.is_of(&settings, &keyspace), "other keys make no difference");
    keyspace.put(b"config/schema/a", meta, Some(b"[]".as_slice().into()));
    assert!(!set.is_of(&settings, &keyspace));
    assert!(
        !SchemaSet::new(&settings, &keyspace)
            .is_of(&SchemaSettings { recognise: false, ..settings }, &keyspace)
    );
}

#[test]
fn every_kind_has_a_schema_that_works() {
    for kind in Kind::ALL {
        assert!(kind.schema().as_ref().is_ok(), "{kind:?}");
        assert_eq!(Kind::of_name(kind.name()), Some(kind));
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|on| json!(on)),
        (-5_i64..50).prop_map(|number| json!(number)),
        (-5.0..5.0_f64).prop_map(|number| json!(number)),
        "[a-c\"\\\\\n键]{0,4}".prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|entries| json!(entries)),
            prop::collection::btree_map("[a-c~/0]{1,2}", inner, 0..4).prop_map(|fields| json!(fields)),
        ]
    })
}

fn any_schema() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!({})),
        Just(json!(false)),
        prop_oneof!["string", "integer", "object", "array", "null"].prop_map(|name| json!({ "type": name })),
        (0..4_u8).prop_map(|limit| json!({"minimum": limit, "maxLength": limit, "minItems": limit})),
        Just(json!({"enum": [1, "a", null]})),
        Just(json!({"pattern": "^[ab]*$"})),
        any_json(),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|items| json!({ "items": items })),
            prop::collection::btree_map("[a-c~/0]{1,2}", inner.clone(), 0..3).prop_map(
                |fields| json!({"properties": fields, "additionalProperties": false, "required": ["a"]})
            ),
            prop::collection::vec(inner, 1..3).prop_map(|several| json!({ "anyOf": several })),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_check_agrees_with_the_library_and_points_at_what_is_wrong(schema in any_schema(), value in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let text = text.expect("JSON");
        let set = set(&[("config/schema/s", &schema.to_string())]);
        let checked = set.check(b"config/x/s", text.as_bytes(), Some(crate::model::format::ValueFormat::Json));
        match jsonschema::validator_for(&schema) {
            Err(_) => prop_assert!(matches!(checked.problems[0].what, What::Broken(_))),
            Ok(validator) => {
                prop_assert_eq!(validator.is_valid(&value), checked.problems.is_empty(), "{:?}", checked.problems);
                prop_assert_eq!(validator.iter_errors(&value).take(100).count(), checked.problems.len());
                for problem in &checked.problems {
                    // What stands at the place is what the path leads to.
                    let line = text.lines().nth(problem.line - 1).expect("a line");
                    let at: String = line.chars().skip(problem.column - 1).collect();
                    match super::place::at(&value, &problem.path) {
                        Some(found) if !matches!(problem.what, What::Additional(_)) => {
                            let written = serde_json::to_string(found).expect("JSON");
                            let same = at.starts_with(&written) || found.is_array() || found.is_object();
                            prop_assert!(same, "{} at {}:{} in {}", written, problem.line, problem.column, text);
                        }
                        Some(_) => {
                            let name = serde_json::to_string(problem.path.last().expect("a name")).expect("JSON");
                            prop_assert!(at.starts_with(&name), "{} at {}", name, at);
                        }
                        None => prop_assert!(false, "{:?} leads nowhere", problem.path),
                    }
                }
            }
        }
    }

    #[test]
    fn anything_is_checked_without_breaking_off(schema in any_schema(), text in "\\PC{0,60}", name in "[a.](json|yaml|toml|xml|sh|x)?") {
        let set = set(&[("config/schema/s", &schema.to_string()), ("config/schema/t", &text)]);
        drop(set.check(format!("config/x/s/{name}").as_bytes(), text.as_bytes(), None));
        drop(set.check(b"config/x/t", b"{}", None));
        drop(set.check(b"config/schema/t", text.as_bytes(), None));
    }

    #[test]
    fn yaml_says_the_same_as_json(schema in any_schema(), value in any_json()) {
        let set = set(&[("config/schema/s", &schema.to_string())]);
        let yaml = serde_yaml_ng::to_string(&value).expect("YAML");
        let by_json = set.check(b"config/x/s/a.json", value.to_string().as_bytes(), None);
        let by_yaml = set.check(b"config/x/s/a.yaml", yaml.as_bytes(), None);
        let said = |checked: &Checked| {
            let mut said: Vec<_> = checked.problems.iter().map(|one| (one.path.clone(), one.what.clone())).collect();
            said.sort_by_key(|one| format!("{one:?}"));
            said
        };
        prop_assert_eq!(said(&by_json), said(&by_yaml));
        prop_assert!(by_yaml.problems.iter().all(|one| one.line > 0 || one.what.is_unchecked()));
    }
}
