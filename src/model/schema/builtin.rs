//! Kinds of values that are known by themselves: what they must be, how they are recognised, and what
//! they say in short.

use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use super::compile::{Documents, Schema};
use super::problem::{Problem, cut};

/// A built-in kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `{"level": "INFO"}`, or the level alone.
    LogLevel,
    /// `{"resource": …, "limit": 200, "strategy": "token-bucket"}`.
    RateLimit,
    /// `{"rate": 100, "capacity": 200, …}`.
    TokenBucket,
    /// `{"route_id": …, "path": …, "target": …, "middleware": […]}`.
    Route,
    /// `["auth", "rate-limit"]`.
    MiddlewareChain,
    /// `{"failureRatio": 0.5, …}`.
    CircuitBreaker,
    /// `{"serviceName": …, "instanceId": …, "ip": …, "port": …}`.
    ServiceInstance,
    /// `{"weight": 100}`.
    Weight,
    /// `{"instanceId": …, "status": "UP", "metrics": {…}}`.
    HealthReport,
    /// `{"node": …, "version": …, "md5": …}`.
    NodeReport,
}

/// How sure the console is of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Some of its fields are there, and the key's name says so.
    Likely,
    /// All fields that only this kind has are there.
    Certain,
}

/// What a value says in short, as data; the screen finds the words.
#[derive(Clone, Debug, PartialEq)]
pub enum Summary {
    /// The level.
    LogLevel(String),
    /// So many requests, by this strategy.
    RateLimit {
        /// The limit.
        limit: String,
        /// The strategy.
        strategy: String,
    },
    /// Tokens a second, at most, left.
    TokenBucket {
        /// A second.
        rate: String,
        /// At most.
        capacity: String,
        /// Left, where told.
        tokens: Option<String>,
    },
    /// From a path to a target through some middleware.
    Route {
        /// The path.
        path: String,
        /// The target.
        target: String,
        /// The middleware, in order.
        middleware: Vec<String>,
    },
    /// Names in order.
    MiddlewareChain(Vec<String>),
    /// From when on it opens, and for how many seconds.
    CircuitBreaker {
        /// The ratio of failures in percent, or their number.
        threshold: String,
        /// Whether the threshold is a ratio.
        is_ratio: bool,
        /// Seconds that it stays open.
        open_seconds: Option<String>,
    },
    /// A service at an address.
    ServiceInstance {
        /// The service.
        service: String,
        /// Its address.
        address: String,
        /// `UP` and so on.
        status: Option<String>,
        /// Its version.
        version: Option<String>,
    },
    /// The weight.
    Weight(String),
    /// How an instance is.
    HealthReport {
        /// `UP` and so on.
        status: String,
        /// Of the processor, in percent.
        cpu: Option<String>,
        /// Of the memory, in percent.
        memory: Option<String>,
        /// In milliseconds.
        latency: Option<String>,
        /// State of its circuit breaker.
        breaker: Option<String>,
    },
    /// What a node runs.
    NodeReport {
        /// The node.
        node: String,
        /// The version.
        version: String,
    },
}

impl Kind {
    /// Every kind, in the order of the chooser.
    pub const ALL: [Self; 10] = [
        Self::LogLevel,
        Self::RateLimit,
        Self::TokenBucket,
        Self::Route,
        Self::MiddlewareChain,
        Self::CircuitBreaker,
        Self::ServiceInstance,
        Self::Weight,
        Self::HealthReport,
        Self::NodeReport,
    ];

    /// The name in profiles and catalogues.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LogLevel => "log_level",
            Self::RateLimit => "rate_limit",
            Self::TokenBucket => "token_bucket",
            Self::Route => "route",
            Self::MiddlewareChain => "middleware_chain",
            Self::CircuitBreaker => "circuit_breaker",
            Self::ServiceInstance => "service_instance",
            Self::Weight => "weight",
            Self::HealthReport => "health_report",
            Self::NodeReport => "node_report",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its JSON Schema document.
    #[must_use]
    pub fn document(self) -> &'static str {
        match self {
            Self::LogLevel => include_str!("../../../assets/schemas/log_level.json"),
            Self::RateLimit => include_str!("../../../assets/schemas/rate_limit.json"),
            Self::TokenBucket => include_str!("../../../assets/schemas/token_bucket.json"),
            Self::Route => include_str!("../../../assets/schemas/route.json"),
            Self::MiddlewareChain => include_str!("../../../assets/schemas/middleware_chain.json"),
            Self::CircuitBreaker => include_str!("../../../assets/schemas/circuit_breaker.json"),
            Self::ServiceInstance => include_str!("../../../assets/schemas/service_instance.json"),
            Self::Weight => include_str!("../../../assets/schemas/weight.json"),
            Self::HealthReport => include_str!("../../../assets/schemas/health_report.json"),
            Self::NodeReport => include_str!("../../../assets/schemas/node_report.json"),
        }
    }

    /// Its schema, ready to check with.
    pub(super) fn schema(self) -> Arc<Result<Schema, Problem>> {
        static READY: [OnceLock<Arc<Result<Schema, Problem>>>; 10] = [const { OnceLock::new() }; 10];
        let make = || Arc::new(Schema::new(self.document(), None, &Arc::new(Documents::default())));
        let at = Self::ALL.iter().position(|kind| *kind == self);
        match at.and_then(|at| READY.get(at)) {
            Some(cell) => cell.get_or_init(make).clone(),
            None => make(),
        }
    }

    /// Whether a value looks like one of this kind. `name`: the last segments of its key, in lower case.
    fn confidence(self, name: &str, value: &Value) -> Option<Confidence> {
        use Confidence::{Certain, Likely};
        let fields = |wanted: &[&str]| {
            value
                .as_object()
                .map_or(0, |object| wanted.iter().filter(|field| object.contains_key(**field)).count())
        };
        let said = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let all = |wanted: &[&str]| (fields(wanted) == wanted.len()).then_some(Certain);
        let most = |wanted: &[&str], words: &[&str]| {
            all(wanted).or_else(|| (fields(wanted) + 1 >= wanted.len() && said(words)).then_some(Likely))
        };
        match self {
            Self::LogLevel => match value {
                Value::Object(object) if object.get("level").is_some_and(Value::is_string) => {
                    if said(&["logging", "loglevel", "log-level", "log_level", "logger"]) {
                        Some(Certain)
                    } else {
                        (object.len() == 1).then_some(Likely)
                    }
                }
                Value::Object(_) => None,
                Value::String(_) => said(&["loglevel", "log-level", "log_level"]).then_some(Likely),
                _ => None,
            },
            Self::RateLimit => {
                most(&["resource", "limit", "strategy"], &["ratelimit", "rate-limit", "rate_limit"])
            }
            Self::TokenBucket => {
                let state = fields(&["rate", "capacity"]) == 2;
                (state && fields(&["tokens", "last_refill", "updatedAt"]) > 0)
                    .then_some(Certain)
                    .or_else(|| (state && said(&["bucket", "limit"])).then_some(Likely))
            }
            Self::Route => most(&["route_id", "path", "target"], &["route"]),
            Self::MiddlewareChain => (value.is_array() && said(&["middleware"])).then_some(Likely),
            Self::CircuitBreaker => {
                let known = [
                    "failureRatio",
                    "failureThreshold",
                    "threshold",
                    "slowCallMs",
                    "openSeconds",
                    "halfOpenCalls",
                ];
                let some = fields(&known);
                if some > 0 && said(&["breaker"]) { Some(Certain) } else { (some >= 3).then_some(Likely) }
            }
            Self::ServiceInstance => all(&["serviceName", "instanceId", "ip", "port"])
                .or_else(|| (fields(&["serviceName", "instanceId", "ip", "port"]) == 3).then_some(Likely)),
            Self::Weight => {
                let alone = value
                    .as_object()
                    .is_some_and(|object| object.len() == 1 && object.contains_key("weight"));
                alone.then_some(if said(&["service", "instance", "weight"]) { Certain } else { Likely })
            }
            Self::HealthReport => most(&["instanceId", "status", "timestamp", "metrics"], &["health"]),
            Self::NodeReport => most(&["node", "version", "md5", "reportedAt"], &["status", "report"]),
        }
    }

    /// What a value of this kind says in short; `None` where it does not say it.
    #[must_use]
    pub fn summary(self, value: &Value) -> Option<Summary> {
        let object = value.as_object();
        let text = |field: &str| object.and_then(|object| plain(object, field));
        Some(match self {
            Self::LogLevel => match value {
                Value::String(level) => Summary::LogLevel(cut(level)),
                _ => Summary::LogLevel(text("level")?),
            },
            Self::RateLimit => Summary::RateLimit { limit: text("limit")?, strategy: text("strategy")? },
            Self::TokenBucket => Summary::TokenBucket {
                rate: text("rate")?,
                capacity: text("capacity")?,
                tokens: text("tokens"),
            },
            Self::Route => Summary::Route {
                path: text("path")?,
                target: text("target")?,
                middleware: names(object?.get("middleware")),
            },
            Self::MiddlewareChain => Summary::MiddlewareChain(names(Some(value))),
            Self::CircuitBreaker => {
                let ratio = object?.get("failureRatio").and_then(Value::as_f64);
                let threshold = match ratio {
                    Some(ratio) => percent(ratio),
                    None => text("failureThreshold").or_else(|| text("threshold"))?,
                };
                Summary::CircuitBreaker {
                    threshold,
                    is_ratio: ratio.is_some(),
                    open_seconds: text("openSeconds"),
                }
            }
            Self::ServiceInstance => Summary::ServiceInstance {
                service: text("serviceName")?,
                address: format!("{}:{}", text("ip")?, text("port")?),
                status: text("status"),
                version: object?
                    .get("metadata")
                    .and_then(Value::as_object)
                    .and_then(|more| plain(more, "version")),
            },
            Self::Weight => Summary::Weight(text("weight")?),
            Self::HealthReport => {
                let metrics = object?.get("metrics").and_then(Value::as_object);
                let share = |field: &str| metrics?.get(field)?.as_f64().map(percent);
                Summary::HealthReport {
                    status: text("status")?,
                    cpu: share("cpuUsage"),
                    memory: share("memoryUsage"),
                    latency: metrics.and_then(|metrics| plain(metrics, "requestLatencyMs")),
                    breaker: text("circuitBreaker"),
                }
            }
            Self::NodeReport => Summary::NodeReport { node: text("node")?, version: text("version")? },
        })
    }
}

/// The kind that a value most likely is of.
#[must_use]
pub fn recognise(key: &[u8], value: &Value) -> Option<(Kind, Confidence)> {
    let start = key.len().saturating_sub(120);
    let name = String::from_utf8_lossy(&key[start..]).to_lowercase();
    let found = Kind::ALL.into_iter().filter_map(|kind| Some((kind, kind.confidence(&name, value)?)));
    // Of equals the first one.
    found.fold(None, |best: Option<(Kind, Confidence)>, next| match best {
        Some(best) if best.1 >= next.1 => Some(best),
        _ => Some(next),
    })
}

fn plain(object: &Map<String, Value>, field: &str) -> Option<String> {
    match object.get(field)? {
        Value::String(text) => Some(cut(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(on) => Some(on.to_string()),
        _ => None,
    }
}

fn names(value: Option<&Value>) -> Vec<String> {
    let entries = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    entries
        .iter()
        .take(12)
        .map(|entry| cut(&entry.as_str().map_or_else(|| entry.to_string(), str::to_owned)))
        .collect()
}

fn percent(share: f64) -> String {
    format!("{}", (share * 1_000.0).round() / 10.0)
}
