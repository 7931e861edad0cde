//! The log as a file: JSON Lines, from which the chain can be verified, or CSV for spreadsheets.
//!
//! Written aside and renamed, readable by its owner alone.

use std::io::{BufWriter, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;

use super::AuditReader;
use crate::model::audit::{AuditEntry, AuditQuery};
use crate::model::fault::Fault;
use crate::model::key_text::display_key;
use crate::storage::export::{begin_file, file_fault};

const COLUMNS: &str = "number,time,profile,user,cluster,operation,key,from,revision_before,outcome,\
                       revision_after,reason,plan,hash\r\n";

impl AuditReader {
    /// Writes what the query finds to a file, oldest first: CSV where the file's name ends so, else
    /// JSON Lines. With a query that asks for everything the JSON Lines hold both entries of each
    /// write, so that the chain can be verified from them. Returns the entries written.
    ///
    /// # Errors
    /// [`crate::model::fault::FaultKind::File`], [`crate::model::fault::FaultKind::DiskFull`]; what was there before is intact then.
    pub fn export(&self, query: &AuditQuery, path: &Path) -> Result<u64, Fault> {
        let what = format!("writing {}", path.display());
        let fault = |error: &std::io::Error| file_fault(&what, error);
        let (target, aside) = begin_file(path)?;
        let mut out = BufWriter::with_capacity(1 << 16, aside);
        let csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        let count = self.write_entries(query, csv, &mut out)?;
        let aside = out.into_inner().map_err(|error| fault(error.error()))?;
        aside.as_file().sync_all().map_err(|error| fault(&error))?;
        aside.persist(&target).map_err(|error| fault(&error.error))?;
        Ok(count)
    }

    /// Writes what the query finds to any sink; see [`AuditReader::export`].
    ///
    /// # Errors
    /// [`crate::model::fault::FaultKind::File`], [`crate::model::fault::FaultKind::DiskFull`].
    pub fn write_entries(&self, query: &AuditQuery, csv: bool, out: &mut dyn Write) -> Result<u64, Fault> {
        let fault = |error: &std::io::Error| file_fault("writing the audit log", error);
        if csv {
            out.write_all(COLUMNS.as_bytes()).map_err(|error| fault(&error))?;
        }
        let mut count = 0;
        let line = |entry: AuditEntry| {
            count += 1;
            let line = if csv { csv_line(&entry) } else { json_line(&entry) };
            out.write_all(line.as_bytes()).map_err(|error| fault(&error))
        };
        let whole = AuditQuery { below: None, limit: 0, ..query.clone() } == AuditQuery::default();
        if whole && !csv {
            self.every(line)?;
        } else {
            self.each(query, line)?;
        }
        out.flush().map_err(|error| fault(&error))?;
        Ok(count)
    }
}

/// An entry as a line of JSON, with everything that its hash is made of.
#[must_use]
pub fn json_line(entry: &AuditEntry) -> String {
    let write = &entry.write;
    let line = json!({
        "number": entry.number,
        "at": write.at,
        "time": time_text(write.at),
        "profile": write.profile,
        "cluster_id": format!("{:016x}", write.cluster_id),
        "user": write.user,
        "operation": write.operation.name(),
        "key": display_key(&write.key),
        "key_base64": BASE64.encode(&write.key),
        "from_base64": write.source.as_ref().map(|source| BASE64.encode(source)),
        "before": write.before,
        "outcome": write.outcome.name(),
        "revision": write.outcome.revision(),
        "detail": write.outcome.detail(),
        "plan": write.plan,
        "write": write.write_id,
        "hash": entry.hash,
    });
    format!("{line}\n")
}

fn csv_line(entry: &AuditEntry) -> String {
    let write = &entry.write;
    let revision = |revision: i64| if revision == 0 { String::new() } else { revision.to_string() };
    let fields = [
        entry.number.to_string(),
        time_text(write.at),
        cell(&write.profile),
        cell(write.user.as_deref().unwrap_or_default()),
        format!("{:x}", write.cluster_id),
        write.operation.name().to_owned(),
        cell(&display_key(&write.key)),
        cell(&write.source.as_ref().map(|source| display_key(source)).unwrap_or_default()),
        revision(write.before),
        write.outcome.name().to_owned(),
        revision(write.outcome.revision()),
        cell(write.outcome.detail()),
        cell(write.plan.as_deref().unwrap_or_default()),
        entry.hash.clone(),
    ];
    format!("{}\r\n", fields.join(","))
}

/// A cell of a spreadsheet that is text whatever it begins with: a key named `=cmd|…` must not be
/// calculated.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let guarded = if formula { format!("'{text}") } else { text.to_owned() };
    if guarded.contains(['"', ',', '\n', '\r', ';', '\t']) || guarded.starts_with('\'') {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

/// A time in UTC.
fn time_text(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| format!("{at:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            let cell = cell(formula);
            assert!(cell.starts_with("\"'"), "{cell}");
        }
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("/config/a"), "/config/a");
    }

    #[test]
    fn times_are_in_utc() {
        assert_eq!(time_text(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
    }
}
