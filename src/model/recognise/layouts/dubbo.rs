//! dubbo: `/dubbo/<interface>/providers/<URL, percent-encoded>`. Everything stands in the key.

use crate::model::coordination::{Confidence, Finding, Layout};
use crate::model::recognise::fields::cut;
use crate::model::recognise::seen::{Seen, registered};

/// At most so many parameters are kept.
const MOST_PARAMETERS: usize = 64;

/// What a key below dubbo's folder is; consumers, routers and configurators are nothing of ours.
pub(in crate::model::recognise) fn find(seen: &Seen<'_>, root: usize) -> Option<Finding> {
    let path = &seen.path;
    if path.len() != root + 4 || !path.is(root + 2, "providers") || path.get(root + 1).is_empty() {
        return None;
    }
    let url = decoded(path.last());
    let (scheme, rest) = url.split_once("://")?;
    // `empty://` says that there is none.
    if scheme == "empty" {
        return None;
    }
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let address = place.split('/').next().unwrap_or_default();
    let address = address.rsplit_once('@').map_or(address, |(_, host)| host);
    if address.is_empty() {
        return None;
    }
    let mut instance = seen.instance(cut(address), Layout::Dubbo, Confidence::Certain);
    instance.address = Some(cut(address));
    instance.metadata.push(("protocol".to_owned(), cut(scheme)));
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')).take(MOST_PARAMETERS) {
        match name {
            "weight" if value.parse().is_ok_and(f64::is_finite) => instance.weight = value.parse().ok(),
            "version" => instance.version = Some(cut(value)),
            "label" | "dubbo.tag" => instance.label = Some(cut(value)),
            _ => instance.metadata.push((cut(name), cut(value))),
        }
    }
    Some(registered(path.folder(root + 3), path.text(root + 1, root + 2), instance))
}

/// Percent-encoding undone; what is no text is shown as `�`.
fn decoded(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, more)) = rest.split_first() {
        let code = (*first == b'%').then(|| more.get(..2)).flatten().and_then(hex);
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = more.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u8::from_str_radix(digits, 16).ok()
}
