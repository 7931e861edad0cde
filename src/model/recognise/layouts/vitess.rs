//! Vitess: `<root>/<path>/locks/<lease in decimal>`, who locks and why as JSON; elections below
//! `<root>/elections/<name>/locks/`.

use crate::model::coordination::{ClaimKind, Finding, Layout, Told};
use crate::model::recognise::fields::text;
use crate::model::recognise::name;
use crate::model::recognise::seen::{Claimed, Seen};

/// What a key that ends like one of Vitess is.
pub(in crate::model::recognise) fn find(seen: &Seen<'_>) -> Option<Finding> {
    let path = &seen.path;
    let last = path.len() - 1;
    let decimal = seen.leased()
        && last >= 2
        && path.get(last - 1) == b"locks"
        && name::written_lease(path.last(), seen.meta.lease) == Some(true);
    if !decimal {
        return None;
    }
    // The name of the lock is the folder of the claims, without its separator.
    let folder = path.folder(last);
    let queue = folder.get(..folder.len().saturating_sub(1))?;
    if last >= 4 && path.get(last - 3) == b"elections" {
        return Some(Claimed::queued(queue, ClaimKind::Election, Layout::Vitess).finding());
    }
    let told = seen.json().and_then(|json| json.as_object()).map(|json| {
        let of = |name: &str, names: &[&str]| text(json, names).map(|text| (name.to_owned(), text));
        let details = [
            of("HostName", &["hostname"]),
            of("UserName", &["username"]),
            of("Action", &["action"]),
            of("Time", &["time"]),
            of("Status", &["status"]),
        ];
        Told { details: details.into_iter().flatten().collect(), ..Told::default() }
    });
    // One host may run several actions: the claim's own lease says better than a name who waits for whom.
    Some(Claimed { told, ..Claimed::queued(queue, ClaimKind::Lock, Layout::Vitess) }.finding())
}
