//! What a rule of the profile makes of a key, whatever it looks like.

use super::name;
use super::path::Path;
use super::registrations;
use super::reports;
use super::rules::Ruled;
use super::seen::{Claimed, Seen, registered};
use super::shape::{Shape, shape};
use crate::model::coordination::rules::RuleKind;
use crate::model::coordination::{ClaimForm, ClaimKind, ClaimMode, Confidence, Finding, Layout, Report};
use crate::model::record::KeyMeta;

/// What it is.
pub(super) fn find(
    key: &[u8],
    meta: &KeyMeta,
    value: Option<&[u8]>,
    rule: &Ruled,
    separator: u8,
) -> Option<Finding> {
    match rule.kind {
        RuleKind::Nothing => None,
        RuleKind::Lock => claim(key, meta, value, rule, separator, ClaimKind::Lock),
        RuleKind::Election => claim(key, meta, value, rule, separator, ClaimKind::Election),
        RuleKind::Service | RuleKind::Report => {
            let below = Below::of(key, &rule.prefix, separator)?;
            let seen = Seen::new(key, meta, value, Path::new(key, separator)?);
            Some(if rule.kind == RuleKind::Service { instance(&seen, &below) } else { report(&seen, &below) })
        }
    }
}

fn claim(
    key: &[u8],
    meta: &KeyMeta,
    value: Option<&[u8]>,
    rule: &Ruled,
    separator: u8,
    kind: ClaimKind,
) -> Option<Finding> {
    let layout = Layout::Plain;
    let claim = match shape(key, meta, separator) {
        Shape::OwnLease { prefix, .. } => Claimed::queued(prefix, kind, layout),
        Shape::ReadWrite { prefix } => {
            let read = key.get(prefix.len() + 1..)?.starts_with(b"read");
            let mode = if read { ClaimMode::Read } else { ClaimMode::Write };
            Claimed { form: ClaimForm::ReadWrite, mode, ..Claimed::queued(prefix, kind, layout) }
        }
        Shape::Single => match name::split(key, separator) {
            // Numbered in their order, as ZooKeeper's recipes do it.
            Some((prefix, last)) if !prefix.is_empty() && is_sequence(last) => {
                Claimed::queued(prefix, kind, layout)
            }
            _ => Claimed::single(key, kind, layout, Confidence::Ruled),
        },
    };
    let owner = rule.owner(key, value);
    Some(Claimed { owner, confidence: Confidence::Ruled, ..claim }.finding())
}

/// Ten digits, filled up with zeros.
fn is_sequence(segment: &[u8]) -> bool {
    segment.len() == 10 && segment.first() == Some(&b'0') && segment.iter().all(u8::is_ascii_digit)
}

/// `<service>/<instance>` below the rule's prefix.
struct Below<'k> {
    /// The key up to the instance.
    folder: &'k [u8],
    service: &'k [u8],
    instance: &'k [u8],
}

impl<'k> Below<'k> {
    fn of(key: &'k [u8], prefix: &[u8], separator: u8) -> Option<Self> {
        let separates = |byte: u8| byte == b'/' || byte == separator;
        let mut rest = key.get(prefix.len()..)?;
        while let Some((first, more)) = rest.split_first().filter(|(first, _)| separates(**first)) {
            debug_assert!(separates(*first));
            rest = more;
        }
        let (service, instance) = match name::split(rest, separator) {
            Some((service, instance)) => (service, instance),
            // The prefix itself is the folder of one service.
            None => {
                let ends = |byte: &u8| !separates(*byte);
                let named =
                    prefix.iter().rposition(ends).and_then(|at| prefix.get(..=at)).unwrap_or_default();
                let service = name::split(named, separator).map_or(named, |(_, last)| last);
                // Copied from the key, which begins with the prefix.
                let end = named.len();
                (key.get(end - service.len()..end)?, rest)
            }
        };
        let folder = key.get(..key.len() - instance.len())?;
        (!instance.is_empty() && !service.is_empty()).then_some(Self { folder, service, instance })
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn instance(seen: &Seen<'_>, below: &Below<'_>) -> Finding {
    let mut instance = seen.instance(lossy(below.instance), Layout::Plain, Confidence::Ruled);
    registrations::fill(seen, &mut instance);
    registered(below.folder, lossy(below.service), instance)
}

fn report(seen: &Seen<'_>, below: &Below<'_>) -> Finding {
    let told = seen.json().and_then(|json| reports::whole(json.as_object()?));
    let plain = || Report { status: seen.text().and_then(reports::plain_status), ..Report::default() };
    let report = told.unwrap_or_else(plain);
    reports::finding(seen.key, lossy(below.service), lossy(below.instance), report, Confidence::Ruled)
}
