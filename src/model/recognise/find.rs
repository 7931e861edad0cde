//! What one key alone says: claim, instance, report or nothing.

use super::path::{self, Path, Root};
use super::rules::Rules;
use super::seen::Seen;
use super::{claims, layouts, registrations, reports, ruled};
use crate::model::coordination::Finding;
use crate::model::record::KeyMeta;

/// What a key is by itself; `None`: none of these. `value` is `None` while it is not loaded: what is then said
/// from the key alone may be taken back when the value comes. Rules go before everything that is recognised by
/// shape. `separator` is the one of the profile; `/` always separates too.
///
/// The kind of a claim in a queue is what this claim speaks for: the queue is an election where one of its
/// claims says so.
///
/// It is asked of every key: one that is nothing costs a look at its segments, and values are read only where
/// a name or a lease gives a reason.
#[must_use]
pub fn find(
    key: &[u8],
    meta: &KeyMeta,
    value: Option<&[u8]>,
    rules: &Rules,
    separator: u8,
) -> Option<Finding> {
    if let Some(rule) = rules.of(key) {
        return ruled::find(key, meta, value, rule, separator);
    }
    let Some(path) = Path::new(key, separator) else {
        return (meta.lease != 0).then(|| claims::by_last_segment(key, meta, value, separator))?;
    };
    let seen = Seen::new(key, meta, value, path);
    // The layouts of known systems are written with `/`, whatever the profile's separator is.
    if separator == b'/' {
        known(&seen).unwrap_or_else(|| by_shape(&seen, separator))
    } else {
        let slashes = Path::new(key, b'/').and_then(|path| known(&Seen::new(key, meta, value, path)));
        slashes.unwrap_or_else(|| by_shape(&seen, separator))
    }
}

/// What the layout of a known system makes of a key; `Some(None)`: it is one of its keys, and nothing of ours.
fn known(seen: &Seen<'_>) -> Option<Option<Finding>> {
    if let Some(decided) = layouts::kubernetes::find(seen) {
        return Some(decided);
    }
    let found = match path::root(&seen.path) {
        Some((at, Root::Registry)) => layouts::patroni::find(seen, at)
            .or_else(|| layouts::micro::kratos(seen, at))
            .or_else(|| layouts::micro::go_micro(seen, at)),
        Some((at, Root::Apisix)) => return Some(layouts::apisix::find(seen, at)),
        Some((at, Root::CoreDns)) => return Some(layouts::coredns::find(seen, at)),
        Some((at, Root::Traefik)) => return Some(layouts::traefik::find(seen, at)),
        Some((at, Root::Dubbo)) => return Some(layouts::dubbo::find(seen, at)),
        Some((_, Root::Pd)) => match layouts::pd::find(seen) {
            Some(decided) => return Some(decided),
            None => None,
        },
        _ => None,
    };
    found.or_else(|| layouts::grpc::find(seen)).or_else(|| layouts::vitess::find(seen)).map(Some)
}

/// What the shape of a key makes of it.
fn by_shape(seen: &Seen<'_>, separator: u8) -> Option<Finding> {
    let root = path::root(&seen.path);
    if let Some((at, Root::Health)) = root {
        return reports::find(seen, at + 1, seen.path.len() - 1);
    }
    if seen.leased()
        && let Some(decided) = claims::find(seen, root, separator)
    {
        return decided;
    }
    registrations::find(seen, root)
}

#[cfg(test)]
mod tests;
