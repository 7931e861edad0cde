//! The keys that are there before anyone lives: the configuration tree.

use serde_json::{Value, json};

use super::documents::{
    BILLING, BOOTSTRAP_SH, COMMON_DATABASE, COMMON_TOML, ENVIRONMENTS, Environment, FEATURE_FLAGS,
    HEALTH_SCHEMA, LOGBACK_XML, LOGGING_SCHEMA, MESSAGES_EN, MESSAGES_ZH, RATE_LIMIT_SCHEMA, ROUTE_SCHEMA,
    application_yaml, client_properties, database_yaml, production_toml,
};
use super::services::SERVICES;

/// The version that every `current` pointer names at the beginning.
pub(super) const FIRST_VERSION: &str = "v20240401";

/// A key with its value.
pub(super) type Entry = (Vec<u8>, Vec<u8>);

/// The configuration tree, each key once.
pub(super) fn initial_keys() -> Vec<Entry> {
    let mut keys = Vec::new();
    common(&mut keys);
    for environment in &ENVIRONMENTS {
        of_environment(environment, &mut keys);
    }
    overrides(&mut keys);
    releases(&mut keys);
    elsewhere(&mut keys);
    keys
}

fn add(keys: &mut Vec<Entry>, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
    keys.push((key.into(), value.into()));
}

fn add_json(keys: &mut Vec<Entry>, key: impl Into<Vec<u8>>, value: &Value) {
    add(keys, key, value.to_string());
}

fn common(keys: &mut Vec<Entry>) {
    add_json(keys, "/config/common/logging", &json!({"level": "INFO"}));
    add(keys, "/config/common/limits.toml", COMMON_TOML);
    add(keys, "/config/common/logback.xml", LOGBACK_XML);
    add(keys, "/config/common/bootstrap.sh", BOOTSTRAP_SH);
    add(keys, "/config/common/feature-flags.json", FEATURE_FLAGS);
    add(keys, "/config/common/messages/en.properties", MESSAGES_EN);
    add(keys, "/config/common/messages/zh-CN.properties", MESSAGES_ZH);
    // Sixteen bytes that are no text.
    let ticket: Vec<u8> = (0..16_u8).map(|index| index.wrapping_mul(37) ^ 0xa5).collect();
    add(keys, "/config/common/tls/session-ticket.key", ticket);
    add(keys, "/config/schema/route.json", ROUTE_SCHEMA);
    add(keys, "/config/schema/ratelimit.json", RATE_LIMIT_SCHEMA);
    add(keys, "/config/schema/logging.json", LOGGING_SCHEMA);
    add(keys, "/config/schema/health.json", HEALTH_SCHEMA);
}

fn of_environment(environment: &Environment, keys: &mut Vec<Entry>) {
    let root = format!("/config/{}", environment.name);
    gateway(&root, keys);
    for service in SERVICES.iter().filter(|service| service.name != "api-gateway") {
        let folder = format!("{root}/{}", service.name);
        add_json(keys, format!("{folder}/logging"), &json!({"level": environment.log_level}));
        add(
            keys,
            format!("{folder}/application.yaml"),
            application_yaml(service.name, service.port, environment),
        );
        add(keys, format!("{folder}/client.properties"), client_properties(service.name, environment));
        add_json(
            keys,
            format!("{folder}/circuit-breaker"),
            &json!({"failureRatio": 0.5, "slowCallMs": 800, "openSeconds": 15, "halfOpenCalls": 5}),
        );
        // What a release consists of, and the pointer to the one that runs.
        add(keys, format!("{folder}/current"), FIRST_VERSION);
        for (version, pool) in [("v20240318", environment.pool / 2), (FIRST_VERSION, environment.pool)] {
            let release = Environment { pool, ..Environment { name: environment.name, ..*environment } };
            let yaml = application_yaml(service.name, service.port, &release);
            add(keys, format!("{folder}/versions/{version}/application.yaml"), yaml);
        }
    }
}

fn gateway(root: &str, keys: &mut Vec<Entry>) {
    let routes = [
        ("user-service-v2", "/api/user/*", "10.0.1.20:8080", &["auth", "rate-limit"][..]),
        ("order-service-v1", "/api/order/*", "10.0.1.21:8080", &["auth", "rate-limit", "trace"][..]),
        ("inventory-service-v1", "/api/stock/*", "10.0.1.22:8080", &["auth"][..]),
        ("payment-service-v3", "/api/pay/*", "10.0.1.23:8080", &["auth", "rate-limit", "audit"][..]),
        ("static-site", "/*", "10.0.1.30:80", &["cache", "compress"][..]),
    ];
    for (id, path, target, middleware) in routes {
        add_json(
            keys,
            format!("{root}/gateway/routes/{id}"),
            &json!({"route_id": id, "path": path, "target": target, "middleware": middleware}),
        );
    }
    let limits = [
        ("order-create", 200, "token-bucket"),
        ("user-login", 50, "leaky-bucket"),
        ("stock-query", 1000, "token-bucket"),
        ("payment-submit", 80, "leaky-bucket"),
    ];
    for (resource, limit, strategy) in limits {
        add_json(
            keys,
            format!("{root}/gateway/ratelimit/{resource}"),
            &json!({"resource": resource, "limit": limit, "strategy": strategy}),
        );
    }
    add_json(
        keys,
        format!("{root}/gateway/middleware-chain"),
        &json!(["trace", "auth", "rate-limit", "route"]),
    );
    add(keys, format!("{root}/gateway/current"), FIRST_VERSION);
}

/// What environments say over `/config/common`, some of it needlessly the same, and the files of a
/// service that keeps one for each environment.
fn overrides(keys: &mut Vec<Entry>) {
    let cache =
        |ttl: u32, most: u32, evict: &str| json!({"ttlSeconds": ttl, "maxEntries": most, "evict": evict});
    add(keys, "/config/common/database.yaml", COMMON_DATABASE);
    add_json(keys, "/config/common/cache", &cache(300, 10_000, "lru"));
    add(keys, "/config/common/support.mail", "support@example.com");
    for environment in &ENVIRONMENTS {
        add(keys, format!("/config/{}/database.yaml", environment.name), database_yaml(environment));
    }
    add_json(keys, "/config/development/logging", &json!({"level": "DEBUG"}));
    add_json(keys, "/config/staging/logging", &json!({"level": "INFO"}));
    add_json(keys, "/config/production/logging", &json!({"level": "WARN"}));
    add_json(keys, "/config/staging/cache", &cache(60, 10_000, "lru"));
    add_json(keys, "/config/production/cache", &cache(900, 200_000, "lfu"));
    add(keys, "/config/production/limits.toml", production_toml());
    add(keys, "/config/staging/support.mail", "qa@example.com");
    for (name, yaml) in BILLING {
        add(keys, format!("/apps/billing/{name}"), yaml);
    }
}

/// A gray release under way.
fn releases(keys: &mut Vec<Entry>) {
    let stages = [("v1.0", 100, "stable"), ("v1.1", 20, "canary")];
    for (version, traffic, label) in stages {
        add_json(
            keys,
            format!("/config/production/user-service/releases/{version}"),
            &json!({"version": version, "traffic": traffic, "label": label}),
        );
    }
}

/// Keys of other habits: no leading slash, a leaf that is a folder too, empty, not text.
fn elsewhere(keys: &mut Vec<Entry>) {
    add_json(keys, "service_config", &json!({"service": "legacy-billing", "timeoutMs": 3000, "workers": 8}));
    add(keys, "application.yaml", application_yaml("legacy-billing", 9000, &ENVIRONMENTS[0]));
    add(keys, "application-production.yaml", "spring:\n  datasource:\n    pool:\n      maximum-size: 60\n");
    add(keys, "config/flags", "on");
    add(keys, "config/flags/beta", "off");
    add(keys, "config/empty", "");
    add(keys, "/archive/报表/2024-04", "归档: 完成\n");
    add(keys, b"/archive/\xde\xad\xbe\xef".as_slice(), b"\x00\x01\x02\xff".as_slice());
    add(keys, "/archive//double-slash/", "a key with an empty segment and a trailing slash");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_is_there_once() {
        let keys = initial_keys();
        let unique: BTreeSet<_> = keys.iter().map(|(key, _)| key).collect();
        assert_eq!(unique.len(), keys.len());
        assert!((100..400).contains(&keys.len()), "{} keys", keys.len());
    }

    #[test]
    fn documents_are_valid_in_their_syntax() {
        for (key, value) in initial_keys() {
            let Ok(name) = String::from_utf8(key) else { continue };
            let text = || std::str::from_utf8(&value).expect("text");
            if name.ends_with(".yaml") {
                serde_yaml_ng::from_slice::<serde_yaml_ng::Value>(&value).expect(&name);
            } else if name.ends_with(".toml") {
                text().parse::<toml_edit::DocumentMut>().expect(&name);
            } else if name.ends_with(".json") || value.first() == Some(&b'{') {
                serde_json::from_slice::<Value>(&value).expect(&name);
            } else if name.ends_with(".xml") {
                let mut reader = quick_xml::Reader::from_str(text());
                while reader.read_event().expect(&name) != quick_xml::events::Event::Eof {}
            }
        }
    }

    #[test]
    fn every_value_fits_its_schema() {
        use crate::model::keyspace::Keyspace;
        use crate::model::record::KeyMeta;
        use crate::model::schema::{SchemaSet, SchemaSettings};
        let mut keyspace = Keyspace::new(b'/');
        for (key, value) in initial_keys() {
            keyspace.put(&key, KeyMeta::default(), Some(value.into()));
        }
        let set = SchemaSet::new(&SchemaSettings::default(), &keyspace);
        let mut held = 0;
        for (key, value) in initial_keys() {
            let checked = set.check(&key, &value, None);
            held += usize::from(checked.blocks() || checked.applied.is_some_and(|applied| applied.blocks()));
            assert_eq!(checked.problems, [], "{}", String::from_utf8_lossy(&key));
        }
        assert!(held > 20, "only {held} values have a schema");
    }
}
