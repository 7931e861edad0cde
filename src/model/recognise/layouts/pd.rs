//! TiKV's placement driver: `/pd/<cluster>/leader`, and its services `/ms/<cluster>/<service>/…/primary` and
//! `/ms/<cluster>/<service>/registry/<address>`.

use prost::Message;

use crate::model::coordination::{ClaimKind, Confidence, Finding, Layout, Told};
use crate::model::recognise::fields;
use crate::model::recognise::registrations;
use crate::model::recognise::seen::{Claimed, Seen, registered};

/// `pdpb.Member` and `tsopb.Participant` begin alike.
#[derive(Clone, PartialEq, Message)]
struct Member {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint64, tag = "2")]
    id: u64,
    /// Peer URLs of a member; URLs that a participant listens on.
    #[prost(string, repeated, tag = "3")]
    urls: Vec<String>,
    #[prost(string, repeated, tag = "4")]
    client_urls: Vec<String>,
}

/// What a key of the placement driver is; `Some(None)`: nothing of ours. `None`: it is no key of its.
pub(in crate::model::recognise) fn find(seen: &Seen<'_>) -> Option<Option<Finding>> {
    let cluster = seen.path.get(1);
    let its_own = !cluster.is_empty() && cluster.iter().all(u8::is_ascii_digit);
    // Others of its keys are on leases, too: who is wanted as the next primary.
    its_own.then(|| leased(seen).filter(|_| seen.leased()))
}

fn leased(seen: &Seen<'_>) -> Option<Finding> {
    let path = &seen.path;
    let last = path.len() - 1;
    if path.is(0, "pd") {
        return (path.len() == 3 && path.last() == b"leader").then(|| leader(seen));
    }
    if last >= 3 && path.last() == b"primary" {
        return Some(leader(seen));
    }
    // What registers is called by its URL, whose slashes separate too.
    (path.len() >= 5 && path.get(3) == b"registry" && !path.last().is_empty()).then(|| instance(seen))
}

fn leader(seen: &Seen<'_>) -> Finding {
    let member = seen.value.filter(|value| value.len() <= fields::MAX_LOOKED_AT).and_then(|value| {
        Member::decode(value).ok().filter(|member| !member.name.is_empty() || !member.urls.is_empty())
    });
    let confidence = if member.is_some() { Confidence::Certain } else { Confidence::Likely };
    let claim = Claimed::single(seen.key, ClaimKind::Election, Layout::TikvPd, confidence);
    let Some(member) = member else { return claim.finding() };
    let mut details = vec![("id".to_owned(), member.id.to_string())];
    let urls = |name: &str, urls: &[String]| {
        (!urls.is_empty()).then(|| (name.to_owned(), fields::cut(&urls.join(", "))))
    };
    details.extend(urls("peer URLs", &member.urls).filter(|_| !member.client_urls.is_empty()));
    details.extend(urls("client URLs", &member.client_urls).or_else(|| urls("URLs", &member.urls)));
    let owner = if member.name.is_empty() { member.urls.first().cloned() } else { Some(member.name) };
    Claimed { owner, told: Some(Told { details, ..Told::default() }), ..claim }.finding()
}

fn instance(seen: &Seen<'_>) -> Finding {
    let mut instance = seen.instance(seen.path.text(4, seen.path.len()), Layout::TikvPd, Confidence::Likely);
    registrations::fill(seen, &mut instance);
    if let Some(json) = seen.json().and_then(|json| json.as_object()) {
        instance.confidence = Confidence::Certain;
        instance.address = fields::text(json, &["serviceaddr"]).or(instance.address);
        instance.metadata.retain(|(field, _)| field != "service-addr");
    }
    registered(seen.path.folder(4), seen.path.text(2, 3), instance)
}
