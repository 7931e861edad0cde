//! The documents of the demonstration's configuration tree, in the formats that operators meet.

/// An environment with the numbers that differ.
pub(super) struct Environment {
    pub(super) name: &'static str,
    pub(super) database: &'static str,
    pub(super) pool: u32,
    pub(super) log_level: &'static str,
    pub(super) replicas: u32,
}

/// The environments over `/config/common`.
pub(super) const ENVIRONMENTS: [Environment; 3] = [
    Environment { name: "development", database: "localhost:5432", pool: 4, log_level: "DEBUG", replicas: 1 },
    Environment {
        name: "staging",
        database: "pg-staging.internal:5432",
        pool: 10,
        log_level: "DEBUG",
        replicas: 2,
    },
    Environment {
        name: "production",
        database: "pg-primary.internal:5432",
        pool: 40,
        log_level: "INFO",
        replicas: 3,
    },
];

/// `application.yaml` of a service in an environment.
pub(super) fn application_yaml(service: &str, port: u16, environment: &Environment) -> String {
    let Environment { name, database, pool, replicas, .. } = environment;
    let schema = service.trim_end_matches("-service");
    format!(
        "# {service}, {name}\n\
         server:\n  port: {port}\n  shutdown: graceful\n\
         spring:\n  datasource:\n    url: jdbc:postgresql://{database}/{schema}\n    pool:\n      \
         minimum-idle: 2\n      maximum-size: {pool}\n\
         deployment:\n  replicas: {replicas}\n  regions:\n    - eu-west-1\n    - eu-central-1\n"
    )
}

/// `client.properties` of a service in an environment.
pub(super) fn client_properties(service: &str, environment: &Environment) -> String {
    format!(
        "# timeouts in milliseconds\nclient.name={service}\nclient.environment={}\nclient.connect.timeout=2000\n\
         client.read.timeout=5000\nclient.retries=3\nclient.greeting=Hello\\, {service}\n",
        environment.name
    )
}

/// `database.yaml`: what every environment begins with.
pub(super) const COMMON_DATABASE: &str =
    "host: localhost:5432\nuser: shop\npassword: change-me\npool:\n  minimum: 2\n  maximum: 8\nssl: false\n";

/// `database.yaml` of an environment.
pub(super) fn database_yaml(environment: &Environment) -> String {
    let Environment { name, database, pool, .. } = environment;
    let ssl = *name != "development";
    format!(
        "host: {database}\nuser: shop\npassword: pw-of-{name}\npool:\n  minimum: 2\n  maximum: {pool}\nssl: {ssl}\n"
    )
}

/// `limits.toml` of production: the common one with more room.
pub(super) fn production_toml() -> String {
    COMMON_TOML.replace("attempts = 3", "attempts = 5").replace("1_048_576", "4_194_304")
}

/// The billing service has a file for each environment: only what differs from the one for all.
pub(super) const BILLING: [(&str, &str); 4] = [
    ("application.yaml", BILLING_COMMON),
    ("application-development.yaml", "logging:\n  level: DEBUG\ninvoice:\n  due-days: 1\n"),
    ("application-staging.yaml", BILLING_STAGING),
    ("application-production.yaml", BILLING_PRODUCTION),
];

const BILLING_COMMON: &str = r"# billing, all environments
server:
  port: 8090
  shutdown: graceful
invoice:
  currency: EUR
  due-days: 14
  channels:
    - mail
provider:
  url: https://sandbox.pay.example.com
  timeout: 3s
  api-key: sandbox
logging:
  level: INFO
";

const BILLING_STAGING: &str = r"# as close to production as it gets
provider:
  timeout: 3s
invoice:
  channels:
    - mail
    - portal
feature:
  dunning: true
";

const BILLING_PRODUCTION: &str = r"provider:
  url: https://pay.example.com
  timeout: 5s  # what they promise
  api-key: live-5f2a
logging:
  level: WARN
";

pub(super) const COMMON_TOML: &str = r#"# limits that every service starts from
[http]
max_body_bytes = 1_048_576
idle_timeout = "90s"
allowed_origins = ["https://shop.example.com", "https://admin.example.com"]

[retry]
attempts = 3
backoff = { initial_ms = 50, factor = 2.0, max_ms = 2_000 }

[[circuit_breaker]]
name = "default"
failure_ratio = 0.5
open_for = "15s"
"#;

pub(super) const LOGBACK_XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<configuration scan="true" scanPeriod="30 seconds">
  <appender name="STDOUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder>
      <pattern>%d{ISO8601} %-5level [%thread] %logger{36} - %msg%n</pattern>
    </encoder>
  </appender>
  <root level="INFO">
    <appender-ref ref="STDOUT" />
  </root>
</configuration>
"#;

pub(super) const BOOTSTRAP_SH: &str = r#"#!/usr/bin/env bash
# Runs before the service starts.
set -euo pipefail

export JAVA_OPTS="${JAVA_OPTS:--Xms256m -Xmx1g -XX:+UseZGC}"
if [[ -z "${SERVICE_NAME:-}" ]]; then
  echo "SERVICE_NAME is not set" >&2
  exit 64
fi
exec java $JAVA_OPTS -jar "/opt/${SERVICE_NAME}/app.jar" "$@"
"#;

pub(super) const FEATURE_FLAGS: &str = r#"{
  "new-checkout": {"enabled": true, "percentage": 25},
  "dark-mode": {"enabled": true},
  "instant-refund": {"enabled": false}
}
"#;

pub(super) const MESSAGES_ZH: &str =
    "order.created=订单已创建\norder.cancelled=订单已取消\nstock.empty=库存不足\n";

pub(super) const MESSAGES_EN: &str =
    "order.created=Order created\norder.cancelled=Order cancelled\nstock.empty=Out of stock\n";

pub(super) const ROUTE_SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Route of the gateway",
  "x-etcdscope-keys": ["config/*/gateway/routes/*"],
  "type": "object",
  "required": ["route_id", "path", "target"],
  "properties": {
    "route_id": {"type": "string", "minLength": 1},
    "path": {"type": "string", "pattern": "^/"},
    "target": {"type": "string", "pattern": "^[^:]+:[0-9]+$"},
    "middleware": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}
  },
  "additionalProperties": false
}
"#;

pub(super) const RATE_LIMIT_SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Rate limit",
  "x-etcdscope-keys": ["config/*/gateway/ratelimit/*"],
  "type": "object",
  "required": ["resource", "limit", "strategy"],
  "properties": {
    "resource": {"type": "string"},
    "limit": {"type": "integer", "minimum": 1},
    "strategy": {"enum": ["token-bucket", "leaky-bucket"]}
  }
}
"#;

pub(super) const LOGGING_SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Log level",
  "x-etcdscope-keys": ["config/*/logging", "config/*/*/logging"],
  "type": "object",
  "required": ["level"],
  "properties": {"level": {"enum": ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]}}
}
"#;

pub(super) const HEALTH_SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Health report",
  "x-etcdscope-keys": ["health/**"],
  "type": "object",
  "required": ["serviceId", "instanceId", "status", "timestamp"],
  "properties": {
    "status": {"enum": ["UP", "DOWN", "STARTING"]},
    "metrics": {"type": "object", "additionalProperties": {"type": "number"}},
    "circuitBreaker": {"enum": ["closed", "open", "half-open"]}
  }
}
"#;
