//! Words, shapes and colours of what services and instances are.

use std::borrow::Cow;

use egui::Color32;
use rust_i18n::t;

use super::summary::{Summary, Trouble};
use crate::model::coordination::{
    Breaker, EndCause, Health, Instance, InstanceCounts, InstanceStatus, MOST_EVENTS, Service, Turn,
};
use crate::model::overview::ServiceFilter;
use crate::ui::coordination as shared;
use crate::ui::theme::Tokens;
use crate::ui::widgets::{Tone, count_text};

/// How an instance is, in a word.
pub(super) fn health(health: Health) -> Cow<'static, str> {
    match health {
        Health::Up => t!("services.health.up"),
        Health::Unknown => t!("services.health.unknown"),
        Health::Starting => t!("services.health.starting"),
        Health::Late => t!("services.health.late"),
        Health::Down => t!("services.health.down"),
    }
}

/// What that means.
pub(super) fn health_hint(health: Health) -> Cow<'static, str> {
    match health {
        Health::Up => t!("services.health_hint.up"),
        Health::Unknown => t!("services.health_unknown_hint"),
        Health::Starting => t!("services.health_hint.starting"),
        Health::Late => t!("services.health_hint.late"),
        Health::Down => t!("services.health_hint.down"),
    }
}

/// Its shape and colour.
pub(super) fn tone(health: Health) -> Tone {
    match health {
        Health::Up => Tone::Live,
        Health::Unknown => Tone::Plain,
        Health::Starting => Tone::Waiting,
        Health::Late => Tone::Changed,
        Health::Down => Tone::Danger,
    }
}

/// How an instance is, in the word that it uses itself where it is none of ours.
pub(super) fn status(instance: &Instance, is: Health) -> Cow<'static, str> {
    match (is, told(instance)) {
        (Health::Up | Health::Unknown, Some(InstanceStatus::Other(word))) => Cow::Owned(word.clone()),
        _ => health(is),
    }
}

/// The shape and colour of an instance: what its own word means is not known.
pub(super) fn instance_tone(instance: &Instance, is: Health) -> Tone {
    match (is, told(instance)) {
        (Health::Up, Some(InstanceStatus::Other(_))) => Tone::Plain,
        _ => tone(is),
    }
}

/// What an instance says of itself: in its report, else in its registration.
fn told(instance: &Instance) -> Option<&InstanceStatus> {
    instance.report.as_ref().and_then(|report| report.status.as_ref()).or(instance.status.as_ref())
}

/// A status that was told, as it was told.
pub(super) fn told_status(status: &InstanceStatus) -> Cow<'static, str> {
    match status {
        InstanceStatus::Up => t!("services.health.up"),
        InstanceStatus::Starting => t!("services.health.starting"),
        InstanceStatus::Down => t!("services.health.down"),
        InstanceStatus::Other(word) => Cow::Owned(word.clone()),
    }
}

/// A circuit breaker.
pub(super) fn breaker(breaker: Breaker) -> (Cow<'static, str>, Tone) {
    match breaker {
        Breaker::Closed => (t!("services.breaker.closed"), Tone::Live),
        Breaker::HalfOpen => (t!("services.breaker.half_open"), Tone::Changed),
        Breaker::Open => (t!("services.breaker.open"), Tone::Danger),
    }
}

/// As they are told, the best first.
pub(super) const HEALTHS: [Health; 5] =
    [Health::Up, Health::Unknown, Health::Starting, Health::Late, Health::Down];

/// The counts that are not 0, with what they count.
pub(super) fn parts(counts: InstanceCounts) -> impl Iterator<Item = (Health, usize)> {
    HEALTHS.into_iter().map(move |health| (health, counts.of(health))).filter(|(_, count)| *count > 0)
}

/// The same with their colours, for a bar.
pub(super) fn shares(counts: InstanceCounts, tokens: &Tokens) -> Vec<(u32, Color32)> {
    let part = |(health, count): (Health, usize)| {
        (u32::try_from(count).unwrap_or(u32::MAX), tone(health).colour(tokens))
    };
    parts(counts).map(part).collect()
}

/// `22 up, 2 late, 1 down`; `no instances`.
pub(super) fn counts(counts: InstanceCounts) -> String {
    let words: Vec<String> =
        parts(counts).map(|(is, count)| format!("{} {}", count_text(count as u64), health(is))).collect();
    if words.is_empty() {
        t!("services.no_instances").into_owned()
    } else {
        words.join(&t!("services.comma"))
    }
}

/// The shape of a service.
pub(super) fn trouble_tone(trouble: Trouble) -> Tone {
    match trouble {
        Trouble::Lost | Trouble::Down => Tone::Danger,
        Trouble::SomeDown | Trouble::SomeLate | Trouble::Flapping | Trouble::Breaker => Tone::Changed,
        Trouble::Starting => Tone::Waiting,
        Trouble::None => Tone::Live,
        Trouble::Unknown | Trouble::Gone => Tone::Plain,
    }
}

/// What is wrong with a service, where something is.
pub(super) fn trouble(summary: &Summary) -> Option<Cow<'static, str>> {
    Some(match summary.trouble {
        Trouble::Lost => t!("services.trouble.lost"),
        Trouble::Down => t!("services.trouble.down"),
        Trouble::SomeDown | Trouble::SomeLate => t!(
            "services.trouble.degraded",
            up = count_text(summary.counts.up as u64),
            all = count_text(summary.counts.all() as u64)
        ),
        Trouble::Starting => t!("services.trouble.starting"),
        Trouble::Unknown => t!("services.trouble.unknown"),
        Trouble::Flapping => t!("services.trouble.flapping"),
        Trouble::Breaker => t!("services.trouble.breaker"),
        Trouble::Gone => t!("services.trouble.gone"),
        Trouble::None => return None,
    })
}

/// The version that most run, and that there are others.
pub(super) fn version(summary: &Summary) -> Option<String> {
    let (version, others) = summary.version.as_ref()?;
    Some(match others {
        0 => version.clone(),
        _ => t!("services.versions", version = version, count = others).into_owned(),
    })
}

/// What a filter of services is called, and what it lets pass.
pub(super) fn filter(filter: ServiceFilter) -> (Cow<'static, str>, Cow<'static, str>, Tone) {
    match filter {
        ServiceFilter::All => (t!("services.only.all"), t!("services.only.all_hint"), Tone::Plain),
        ServiceFilter::Problems => {
            (t!("services.only.problems"), t!("services.only.problems_hint"), Tone::Changed)
        }
        ServiceFilter::Down => (t!("services.only.down"), t!("services.only.down_hint"), Tone::Danger),
        ServiceFilter::Degraded => {
            (t!("services.only.degraded"), t!("services.only.degraded_hint"), Tone::Changed)
        }
        ServiceFilter::Flapping => {
            (t!("services.only.flapping"), t!("services.flapping_hint"), Tone::Changed)
        }
        ServiceFilter::Breakers => {
            (t!("services.only.breakers"), t!("services.only.breakers_hint"), Tone::Changed)
        }
        ServiceFilter::Unknown => {
            (t!("services.only.unknown"), t!("services.health_unknown_hint"), Tone::Plain)
        }
    }
}

/// How much came and went lately: no more is kept than this.
pub(super) fn events(count: u32) -> String {
    let words = count_text(u64::from(count));
    if usize::try_from(count).is_ok_and(|count| count >= MOST_EVENTS) { format!("{words}+") } else { words }
}

/// Why an instance went: one that deleted its own key has deregistered.
pub(super) fn cause(cause: EndCause) -> Cow<'static, str> {
    match cause {
        EndCause::Released => t!("services.cause.deregistered"),
        EndCause::Unknown => t!("services.cause.unknown"),
        _ => shared::cause_words(cause),
    }
}

/// What that means.
pub(super) fn cause_hint(cause: EndCause) -> Cow<'static, str> {
    match cause {
        EndCause::Released => t!("services.cause.deregistered_hint"),
        _ => shared::cause_look(cause).2,
    }
}

/// The shape of a coming or going: one that left by itself is nothing to worry about.
pub(super) fn turn_tone(turn: Turn, cause: Option<EndCause>) -> Tone {
    match (turn, cause) {
        (Turn::Up, _) => Tone::Live,
        (Turn::Down, Some(EndCause::Asking)) => Tone::Waiting,
        (Turn::Down, Some(cause)) if cause.is_wanted() => Tone::Plain,
        (Turn::Down, _) => Tone::Danger,
    }
}

/// `registered`, `gone, expired`.
pub(super) fn turn(turn: Turn, why: Option<EndCause>) -> Cow<'static, str> {
    match turn {
        Turn::Up => t!("services.turn.up"),
        Turn::Down => {
            t!("services.turn.down", cause = cause(why.unwrap_or(EndCause::Unknown)))
        }
    }
}

/// A share as text: `34 %`.
pub(super) fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A time of a request as text: `23 ms`, `1.2 s`.
pub(super) fn latency(ms: f32) -> String {
    match ms {
        ..10.0 => format!("{ms:.1} ms"),
        10.0..1_000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1_000.0),
    }
}

/// A weight as text: no more digits than it has.
pub(super) fn weight(weight: f64) -> String {
    format!("{weight}")
}

/// An age as text: tenths while it is young.
pub(super) fn age(ms: i64) -> String {
    match ms.max(0) {
        ms @ ..10_000 => {
            t!("services.age_tenths", s = format!("{}.{}", ms / 1_000, ms % 1_000 / 100)).into_owned()
        }
        ms => crate::ui::widgets::duration_text(ms / 1_000),
    }
}

/// The same in the room of a column: from a minute on in the largest unit alone.
pub(super) fn age_in_brief(ms: i64) -> String {
    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    match ms {
        ..MINUTE => age(ms),
        MINUTE..HOUR => t!("services.age_minutes", n = ms / MINUTE).into_owned(),
        HOUR..DAY => t!("services.age_hours", n = ms / HOUR).into_owned(),
        _ => t!("services.age_days", n = ms / DAY).into_owned(),
    }
}

/// Why the instances of a service went that is gone: how many for each cause, of those that went since the last
/// one came. What came before that was healed.
pub(super) fn last_causes(service: &Service) -> Vec<(EndCause, usize)> {
    let mut causes = std::collections::BTreeMap::new();
    for event in service.past.iter().rev().take_while(|event| event.turn == Turn::Down) {
        *causes.entry(event.cause.unwrap_or(EndCause::Unknown)).or_insert(0) += 1;
    }
    causes.into_iter().collect()
}
