//! The words of schemas, kinds and problems.

use rust_i18n::t;

use crate::model::key_text::display_short;
use crate::model::schema::{Applied, Kind, Problem, SchemaId, Source, Summary, What};

/// Longer keys are cut.
const KEY_CHARS: usize = 120;

/// The name of a kind.
#[must_use]
pub fn kind_name(kind: Kind) -> String {
    let name = format!("schema.kind.{}", kind.name());
    t!(&name).into_owned()
}

/// The name of a schema: its key, or its kind.
#[must_use]
pub fn schema_name(applied: &Applied) -> String {
    match &applied.schema {
        SchemaId::Key(key) => display_short(key, KEY_CHARS).into_owned(),
        SchemaId::Rule(_) => t!("schema.of_profile", pattern = applied.pattern).into_owned(),
        SchemaId::Kind(kind) => kind_name(*kind),
        SchemaId::UnknownKind(name) => name.clone(),
        SchemaId::Schema => t!("schema.itself").into_owned(),
    }
}

/// Why it applies.
#[must_use]
pub fn why(applied: &Applied) -> String {
    let pattern = &applied.pattern;
    match &applied.source {
        Source::Profile(_) => t!("schema.why.profile", pattern = pattern),
        Source::Place => t!("schema.why.place", pattern = pattern),
        Source::Named => t!("schema.why.named", pattern = pattern),
        Source::Recognised(crate::model::schema::Confidence::Certain) => t!("schema.why.certain"),
        Source::Recognised(crate::model::schema::Confidence::Likely) => t!("schema.why.likely"),
        Source::Itself => t!("schema.why.itself"),
    }
    .into_owned()
}

/// What is wrong, with its line and its place in the value.
#[must_use]
pub fn problem(problem: &Problem) -> String {
    let what = what(&problem.what);
    let path = problem.path_text();
    let said = if path.is_empty() { what } else { format!("{path}: {what}") };
    if problem.line > 0 { t!("schema.at_line", line = problem.line, said = said).into_owned() } else { said }
}

fn type_word(name: &str) -> String {
    match name {
        "string" | "number" | "integer" | "boolean" | "object" | "array" | "null" => {
            let name = format!("schema.type.{name}");
            t!(&name).into_owned()
        }
        other => other.to_owned(),
    }
}

/// What is wrong.
#[must_use]
pub fn what(what: &What) -> String {
    match what {
        What::Syntax(message) => t!("schema.what.syntax", message = message),
        What::Binary => t!("schema.what.binary"),
        What::Format(name) => t!("schema.what.format", name = name),
        What::Broken(why) => t!("schema.what.broken", why = why),
        What::TooLong => t!("schema.what.too_long"),
        What::Type { expected, found } => {
            let expected: Vec<String> = expected.iter().map(|name| type_word(name)).collect();
            t!("schema.what.type", expected = expected.join(&t!("schema.or")), found = type_word(found))
        }
        What::Required(name) => t!("schema.what.required", name = name),
        What::Additional(names) => t!("schema.what.additional", names = names.join(", ")),
        What::Enum(options) => t!("schema.what.enum", options = options.join(", ")),
        What::Const(value) => t!("schema.what.const", value = value),
        What::Minimum(limit) => t!("schema.what.minimum", limit = limit),
        What::Maximum(limit) => t!("schema.what.maximum", limit = limit),
        What::Above(limit) => t!("schema.what.above", limit = limit),
        What::Below(limit) => t!("schema.what.below", limit = limit),
        What::MultipleOf(of) => t!("schema.what.multiple_of", of = of),
        What::MinLength(limit) => t!("schema.what.min_length", limit = limit),
        What::MaxLength(limit) => t!("schema.what.max_length", limit = limit),
        What::MinItems(limit) => t!("schema.what.min_items", limit = limit),
        What::MaxItems(limit) => t!("schema.what.max_items", limit = limit),
        What::MinProperties(limit) => t!("schema.what.min_properties", limit = limit),
        What::MaxProperties(limit) => t!("schema.what.max_properties", limit = limit),
        What::Unique => t!("schema.what.unique"),
        What::Pattern(pattern) => t!("schema.what.pattern", pattern = pattern),
        What::NoFormat(format) => t!("schema.what.no_format", format = format),
        What::Forbidden => t!("schema.what.forbidden"),
        What::NoneFits => t!("schema.what.none_fits"),
        What::SeveralFit => t!("schema.what.several_fit"),
        What::RuledOut => t!("schema.what.ruled_out"),
        What::Contains => t!("schema.what.contains"),
        What::Other(words) => return words.clone(),
    }
    .into_owned()
}

/// What a value says in short.
#[must_use]
pub fn summary(summary: &Summary) -> String {
    match summary {
        Summary::LogLevel(level) => t!("schema.summary.log_level", level = level).into_owned(),
        Summary::RateLimit { limit, strategy } => {
            t!("schema.summary.rate_limit", limit = limit, strategy = strategy_word(strategy)).into_owned()
        }
        Summary::TokenBucket { rate, capacity, tokens } => {
            let words = t!("schema.summary.token_bucket", rate = rate, capacity = capacity).into_owned();
            joined(
                words,
                [tokens.as_ref().map(|left| t!("schema.summary.tokens_left", left = left).into_owned())],
            )
        }
        Summary::Route { path, target, middleware } if middleware.is_empty() => format!("{path} → {target}"),
        Summary::Route { path, target, middleware } => {
            let through = t!("schema.summary.through", names = middleware.join(" → "));
            format!("{path} → {target}, {through}")
        }
        Summary::MiddlewareChain(names) => names.join(" → "),
        Summary::CircuitBreaker { threshold, is_ratio, open_seconds } => {
            let words = if *is_ratio {
                t!("schema.summary.breaker_ratio", threshold = threshold)
            } else {
                t!("schema.summary.breaker_count", threshold = threshold)
            };
            let open = open_seconds
                .as_ref()
                .map(|open| t!("schema.summary.breaker_open", seconds = open).into_owned());
            joined(words.into_owned(), [open])
        }
        Summary::ServiceInstance { service, address, status, version } => {
            let words = t!("schema.summary.instance", service = service, address = address).into_owned();
            let version = version.as_ref().map(|of| t!("schema.summary.version", version = of).into_owned());
            joined(words, [status.clone(), version])
        }
        Summary::Weight(weight) => t!("schema.summary.weight", weight = weight).into_owned(),
        Summary::HealthReport { status, cpu, memory, latency, breaker } => joined(
            status.clone(),
            [
                cpu.as_ref().map(|share| t!("schema.summary.cpu", share = share).into_owned()),
                memory.as_ref().map(|share| t!("schema.summary.memory", share = share).into_owned()),
                latency.as_ref().map(|latency| format!("{latency} ms")),
                breaker.as_ref().map(|state| t!("schema.summary.breaker_state", state = state).into_owned()),
            ],
        ),
        Summary::NodeReport { node, version } => {
            t!("schema.summary.node", node = node, version = version).into_owned()
        }
    }
}

fn joined<const N: usize>(first: String, more: [Option<String>; N]) -> String {
    std::iter::once(first).chain(more.into_iter().flatten()).collect::<Vec<_>>().join(&t!("schema.comma"))
}

fn strategy_word(strategy: &str) -> String {
    match strategy {
        "token-bucket" => t!("schema.summary.by_token_bucket").into_owned(),
        "leaky-bucket" => t!("schema.summary.by_leaky_bucket").into_owned(),
        "fixed-window" => t!("schema.summary.by_fixed_window").into_owned(),
        "sliding-window" => t!("schema.summary.by_sliding_window").into_owned(),
        other => other.to_owned(),
    }
}
