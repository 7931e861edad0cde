//! `etcdscope at`.

use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;

use super::connection::ConnectionArgs;
use super::desk::Recorded;
use super::text::{NOT_WHOLE, Output, connect, counted, reading, size};
use crate::backend::plans::Past as _;
use crate::model::fault::Fault;
use crate::model::key_text::{display_key, preview_value};
use crate::model::moment::{Certainty, PastKey, PastSource, Picture};

/// Characters of a value that a line shows.
const PREVIEW: usize = 60;
/// So many keys that are not certain are named.
const NAMED: usize = 20;

/// A prefix whose past is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AtCommand {
    /// The cluster.
    pub(super) connection: ConnectionArgs,
    /// The revision.
    pub(super) revision: i64,
    /// The prefix.
    pub(super) prefix: Vec<u8>,
    /// As JSON.
    pub(super) json: bool,
}

pub(super) async fn run(command: AtCommand) -> ExitCode {
    reading(answer(command)).await
}

async fn answer(command: AtCommand) -> Result<ExitCode, Fault> {
    let (request, cluster) = connect(command.connection.clone()).await?;
    let past = Recorded::new(&request);
    let picture = past.picture(&cluster, &command.prefix, command.revision).await;
    past.close().await;
    let picture = picture?;
    let mut output = Output::new();
    if command.json {
        output.line(&json_of(&picture))?;
    } else {
        for (key, past) in &picture.keys {
            output.line(&line(key, past))?;
        }
    }
    output.finish()?;
    eprintln!("{} at revision {}", counted(picture.keys.len() as u64, "key", "keys"), picture.revision);
    Ok(doubts(&picture))
}

/// Says what is not certain.
pub(super) fn doubts(picture: &Picture) -> ExitCode {
    let words = match picture.certainty {
        Certainty::Exact => None,
        Certainty::InGap(gap) => Some(format!(
            "nobody watched between revisions {} and {}: keys that changed there may be missing",
            gap.after, gap.to
        )),
        Certainty::BeforeRecords => Some("the revision lies before everything that was recorded".to_owned()),
        Certainty::Withheld => Some("a part may not be read, or is kept out of the journal".to_owned()),
    };
    if let Some(words) = &words {
        eprintln!("etcdscope: {words}");
    }
    for key in picture.uncertain.iter().take(NAMED) {
        eprintln!("etcdscope: not certain: {}", display_key(key));
    }
    if let Some(more) = picture.uncertain.len().checked_sub(NAMED).filter(|more| *more > 0) {
        eprintln!("etcdscope: not certain: {more} more");
    }
    if words.is_none() && picture.uncertain.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_WHOLE)
    }
}

fn source(past: &PastKey) -> &'static str {
    match past.source {
        PastSource::Etcd => "etcd",
        PastSource::Journal => "journal",
        PastSource::Live => "live",
    }
}

fn line(key: &[u8], past: &PastKey) -> String {
    let (bytes, text) = match &past.value {
        Some(value) => (size(value.len()), preview_value(value, PREVIEW)),
        None => ("?".to_owned(), "(value not known)".to_owned()),
    };
    let written = match past.meta.mod_revision {
        0 => "r?".to_owned(),
        revision => format!("r{revision}"),
    };
    format!("{}  {written}  {bytes}  {}  {text}", display_key(key), source(past))
}

fn json_of(picture: &Picture) -> String {
    let key_json = |key: &[u8]| json!({ "key": display_key(key), "key_base64": BASE64.encode(key) });
    let keys: Vec<_> = picture
        .keys
        .iter()
        .map(|(key, past)| {
            let mut json = key_json(key);
            json["value"] = json!(past.value.as_ref().and_then(|value| std::str::from_utf8(value).ok()));
            json["value_base64"] = json!(past.value.as_ref().map(|value| BASE64.encode(value)));
            json["create_revision"] = json!(past.meta.create_revision);
            // Where it is only known that it existed, nothing else is said of it.
            let known = |number: i64| (past.meta.mod_revision != 0).then_some(number);
            json["mod_revision"] = json!(known(past.meta.mod_revision));
            json["version"] = json!(known(past.meta.version));
            json["lease"] = json!(known(past.meta.lease));
            json["source"] = json!(source(past));
            json
        })
        .collect();
    let certainty = match picture.certainty {
        Certainty::Exact => "exact",
        Certainty::InGap(_) => "in_gap",
        Certainty::BeforeRecords => "before_records",
        Certainty::Withheld => "withheld",
    };
    let uncertain: Vec<_> = picture.uncertain.iter().map(|key| key_json(key)).collect();
    json!({
        "prefix_base64": BASE64.encode(&picture.prefix),
        "revision": picture.revision,
        "certainty": certainty,
        "keys": keys,
        "uncertain": uncertain,
    })
    .to_string()
}
