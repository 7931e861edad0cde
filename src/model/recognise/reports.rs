//! Health reports: status, metrics, circuit breaker, in a key of their own or within the registration.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::fields::{self, is_field, named, number, text};
use super::name;
use super::registrations;
use super::seen::Seen;
use crate::model::bytes::Key;
use crate::model::coordination::{Breaker, Confidence, Finding, InstanceStatus, Layout, Report, Role};

const CPU: &[&str] = &["cpuusage", "cpu", "cpuload", "cpupercent"];
const MEMORY: &[&str] = &["memoryusage", "memory", "mem", "memusage", "memorypercent"];
const LATENCY: &[&str] = &[
    "requestlatencyms",
    "latencyms",
    "responsetimems",
    "avglatencyms",
    "requestlatency",
    "latency",
    "responsetime",
    "rt",
];
const CONNECTIONS: &[&str] =
    &["connections", "activeconnections", "activerequests", "inflight", "concurrency", "requestsinflight"];
const BREAKER: &[&str] = &["circuitbreaker", "breaker", "circuitstate"];
const STATUS: &[&str] = &["status", "health", "state"];
const TIME: &[&str] = &["timestamp", "reportedat", "updatedat", "lastheartbeat", "heartbeatat", "time", "ts"];
/// What a registration calls the time that it writes anew again and again. Names of times that also stand for a
/// change of the registration (`updatedAt`, `timestamp`) are none of these.
const HEARTBEAT: &[&str] = &[
    "lastheartbeat",
    "lastheartbeatat",
    "lastheartbeattime",
    "heartbeatat",
    "heartbeattime",
    "heartbeat",
    "lastbeat",
];

/// A report of the instance that the last segment of `<service>/<instance>` names; the service begins at a
/// segment, and the instance is a segment.
pub(super) fn find(seen: &Seen<'_>, service: usize, instance: usize) -> Option<Finding> {
    let (report, confidence) = match seen.value {
        None => (Report::default(), Confidence::Likely),
        Some(_) => match seen.json().and_then(Json::as_object) {
            Some(json) => {
                let report = whole(json)?;
                let sure = report.status.is_some() && (report.told_at.is_some() || metrics(json).is_some());
                (report, if sure { Confidence::Certain } else { Confidence::Likely })
            }
            None => {
                let status = plain_status(seen.text()?)?;
                (Report { status: Some(status), ..Report::default() }, Confidence::Likely)
            }
        },
    };
    // `/health/services/<service>/<instance>` says the same.
    let from = if name::is_registry(seen.path.get(service)) && service + 1 < instance {
        service + 1
    } else {
        service
    };
    let named = || registrations::service_of(seen.json()?.as_object()?);
    let service = if from < instance { seen.path.text(from, instance) } else { named()? };
    let instance = seen.path.text(instance, instance + 1);
    if instance.is_empty() || service.is_empty() {
        return None;
    }
    Some(finding(seen.key, service, instance, report, confidence))
}

/// A report as it is put.
pub(super) fn finding(
    key: &[u8],
    service: String,
    instance: String,
    report: Report,
    confidence: Confidence,
) -> Finding {
    let report = Arc::new(Report { key: Some(Key::from(key)), ..report });
    Finding { role: Role::Report { service, instance, report }, layout: Layout::Plain, confidence }
}

/// A report that is the whole value: with a status, or with metrics.
pub(super) fn whole(json: &Map<String, Json>) -> Option<Report> {
    let status = named(json, STATUS).and_then(|(_, status)| match status {
        Json::Bool(true) => Some(InstanceStatus::Up),
        Json::Bool(false) => Some(InstanceStatus::Down),
        other => Some(self::status(&text_of(other)?)),
    });
    let report = metrics(json);
    if report.is_none() && status.is_none() {
        return None;
    }
    Some(Report { status, told_at: told_at(json), ..report.unwrap_or_default() })
}

fn text_of(value: &Json) -> Option<String> {
    fields::scalar(value).filter(|text| !text.is_empty())
}

fn told_at(json: &Map<String, Json>) -> Option<String> {
    text(json, TIME)
}

/// The metrics and the circuit breaker among the fields, where there are any: beside the others, or within
/// `metrics`.
pub(super) fn metrics(json: &Map<String, Json>) -> Option<Report> {
    let inner = named(json, &["metrics"]).and_then(|(_, inner)| inner.as_object());
    let find = |names: &[&str]| inner.and_then(|inner| named(inner, names)).or_else(|| named(json, names));
    let report = Report {
        cpu: find(CPU).and_then(|(field, value)| share(field, value)),
        memory: find(MEMORY).and_then(|(field, value)| share(field, value)),
        latency_ms: find(LATENCY).and_then(|(_, value)| number(value)).and_then(measure),
        connections: find(CONNECTIONS).and_then(|(_, value)| number(value)).and_then(measure),
        breaker: find(BREAKER).and_then(|(_, value)| breaker(value)),
        ..Report::default()
    };
    let told = report.cpu.is_some()
        || report.memory.is_some()
        || report.latency_ms.is_some()
        || report.connections.is_some()
        || report.breaker.is_some();
    told.then(|| Report { told_at: told_at(json), ..report })
}

/// The heartbeat that a registration writes into itself, where it reports nothing else.
pub(super) fn heartbeat(json: &Map<String, Json>) -> Option<Report> {
    let (_, time) = named(json, HEARTBEAT)?;
    let told = match time {
        Json::String(_) | Json::Number(_) => text_of(time),
        _ => None,
    };
    told.map(|told| Report { told_at: Some(told), ..Report::default() })
}

/// Whether a field belongs to a report, and is none of the registration.
pub(super) fn is_of_report(field: &str) -> bool {
    let names = [CPU, MEMORY, LATENCY, CONNECTIONS, BREAKER, TIME, &["metrics"]];
    names.iter().any(|names| names.iter().any(|name| is_field(field, name)))
}

/// A measure: not negative.
fn measure(number: f64) -> Option<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "shown with three digits")]
    let small = number as f32;
    (small.is_finite() && small >= 0.0).then_some(small)
}

/// A share of 1. Above 1 it can only be meant in percent; above 100 nobody knows what is meant.
fn share(field: &str, value: &Json) -> Option<f32> {
    let (number, percent) = match value {
        Json::String(text) => match text.trim().strip_suffix('%') {
            Some(number) => (number.trim().parse().ok()?, true),
            None => (fields::number(value)?, false),
        },
        value => (fields::number(value)?, false),
    };
    let percent = percent || number > 1.0 || field.to_ascii_lowercase().ends_with("percent");
    let share = if percent { number / 100.0 } else { number };
    measure(share).filter(|share| *share <= 1.0)
}

fn breaker(value: &Json) -> Option<Breaker> {
    let text = match value {
        Json::String(text) => text,
        Json::Object(inner) => named(inner, &["state", "status"])?.1.as_str()?,
        _ => return None,
    };
    let is = |name: &str| is_field(text, name);
    if is("closed") {
        Some(Breaker::Closed)
    } else if is("open") {
        Some(Breaker::Open)
    } else {
        is("halfopen").then_some(Breaker::HalfOpen)
    }
}

/// A status in the words that programs use.
pub(super) fn status(text: &str) -> InstanceStatus {
    known_status(text).unwrap_or_else(|| InstanceStatus::Other(fields::cut(text)))
}

/// A value that is a status and nothing else.
pub(super) fn plain_status(text: &str) -> Option<InstanceStatus> {
    known_status(text)
}

fn known_status(text: &str) -> Option<InstanceStatus> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["up", "ok", "healthy", "passing", "running", "serving", "online", "alive", "active"]) {
        Some(InstanceStatus::Up)
    } else if is(&["starting", "initializing", "pending", "warming"]) {
        Some(InstanceStatus::Starting)
    } else {
        let down =
            ["down", "unhealthy", "critical", "stopped", "offline", "dead", "failed", "out_of_service"];
        is(&down).then_some(InstanceStatus::Down)
    }
}
