//! The arguments of the commands of the past.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, value_parser};

use super::connection::ConnectionArgs;
use super::{RunKind, at, audit, conflict, either, history, restore};
use crate::model::plan::LostLease;
use crate::model::tree_item::TreeItem;

const AFTER_HISTORY_HELP: &str = "\
Newest first: what etcd still has, and what the journal of this machine recorded of it.
Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 ended by Ctrl-C.";

const AFTER_AT_HELP: &str = "\
From etcd where it still has the revision, else from the journal of this machine. Keys of
which it is not certain what they were are named on the error output.
Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 not everything is certain.";

const AFTER_RESTORE_HELP: &str = "\
What would be written is shown first. Nothing is written without --yes, or a yes typed on a
terminal. Keys of locks and elections, values that break their schema, and keys of which it
is not certain what they were are left out; the window can include them. A key that someone changes meanwhile is left alone and told. A restore that was
ended goes on with --resume, and is undone with --undo; etcdscope plans lists them.
Exit codes: 0 done, 1 failed or stopped, 2 wrong arguments, 3 done, but keys were left alone,
or not everything is certain, or all was left out, 130 stopped by Ctrl-C.";

const AFTER_AUDIT_HELP: &str = "\
Without --export the newest entries are shown, oldest first.
Exit codes: 0 done, 1 failed, or the log is not as it was written, 2 wrong arguments.";

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum PastCommands {
    /// Show every version of a key that is in reach
    History(HistoryFlags),
    /// Show what a prefix was at a revision
    At(AtFlags),
    /// Bring a prefix back to what it was at a revision
    Restore(RestoreFlags),
    /// Bring deleted keys back as they last were
    Undelete(UndeleteFlags),
    /// List restores: run, stopped, undone
    Plans(PlansFlags),
    /// Show, verify or export what this machine's console wrote
    Audit(AuditFlags),
}

impl PastCommands {
    /// # Errors
    /// clap's, where the connection is given twice, or not needed.
    pub(super) fn kind(self, before: &ConnectionArgs) -> Result<RunKind, clap::Error> {
        let connection = |behind: ConnectionArgs| either(before.clone(), behind, "connection flags");
        Ok(match self {
            Self::History(flags) => RunKind::History(history::HistoryCommand {
                connection: connection(flags.connection)?,
                key: flags.key.into_encoded_bytes(),
                deep: flags.deep,
                limit: flags.limit,
                json: flags.json,
            }),
            Self::At(flags) => RunKind::At(at::AtCommand {
                connection: connection(flags.connection)?,
                revision: flags.revision,
                prefix: flags.prefix.into_encoded_bytes(),
                json: flags.json,
            }),
            Self::Restore(flags) => {
                let how = flags.how.how(connection(flags.connection)?);
                let root = flags.prefix.map(|prefix| root(prefix, flags.only_key));
                let goal = match (root, flags.revision, flags.resume, flags.undo) {
                    (_, _, Some(id), _) => restore::Goal::Resume(id),
                    (_, _, _, Some(id)) => restore::Goal::Undo(id),
                    (Some(root), Some(revision), ..) => {
                        restore::Goal::Moment { root, revision, delete_newer: flags.delete_newer }
                    }
                    _ => return Err(conflict("restore takes a prefix and --revision, --resume or --undo")),
                };
                RunKind::Restore(restore::RestoreCommand { goal, how })
            }
            Self::Undelete(flags) => {
                let how = flags.how.how(connection(flags.connection)?);
                let goal = restore::Goal::Undelete(root(flags.prefix, flags.only_key));
                RunKind::Restore(restore::RestoreCommand { goal, how })
            }
            Self::Plans(flags) => RunKind::Plans(restore::PlansCommand {
                connection: connection(flags.connection)?,
                json: flags.json,
            }),
            Self::Audit(flags) => {
                if *before != ConnectionArgs::default() {
                    return Err(conflict("audit reads this machine's log: it takes no connection flags"));
                }
                RunKind::Audit(audit::AuditCommand {
                    verify: flags.verify,
                    export: flags.export,
                    text: flags.filter.unwrap_or_default(),
                    failed: flags.failed,
                    limit: flags.limit,
                    json: flags.json,
                })
            }
        })
    }
}

/// A prefix, or the one key that it is.
fn root(prefix: OsString, only_key: bool) -> TreeItem {
    // On Unix these are the bytes as they were typed: a key need not be text.
    let bytes = prefix.into_encoded_bytes();
    if only_key { TreeItem::key(bytes) } else { TreeItem::folder(bytes) }
}

#[derive(Debug, Args)]
#[command(after_help = AFTER_HISTORY_HELP)]
pub(super) struct HistoryFlags {
    /// The key
    #[arg(id = "of_key", value_name = "KEY")]
    key: OsString,
    /// Replay etcd's own history: deletions and earlier lives of the key too. A member reads every
    /// revision that it still has
    #[arg(long)]
    deep: bool,
    /// At most so many versions
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = value_parser!(u32).range(1..))]
    limit: u32,
    /// One JSON object a line, with values
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Args)]
#[command(after_help = AFTER_AT_HELP)]
pub(super) struct AtFlags {
    /// The revision
    #[arg(value_name = "REVISION", value_parser = value_parser!(i64).range(1..))]
    revision: i64,
    /// All keys that start with this; "" for everything
    #[arg(value_name = "PREFIX")]
    prefix: OsString,
    /// One JSON object, with values
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// How a plan is run.
#[derive(Debug, Args)]
pub(super) struct HowFlags {
    /// Show what would be written, and write nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Write without asking
    #[arg(long)]
    yes: bool,
    /// What becomes of keys whose lease is gone: leave-out, permanent, or ttl=SECONDS for one new
    /// lease that nobody keeps alive
    #[arg(long, value_name = "CHOICE", value_parser = lost_lease)]
    lost_lease: Option<LostLease>,
    /// Tell it as JSON
    #[arg(long)]
    json: bool,
}

impl HowFlags {
    fn how(self, connection: ConnectionArgs) -> restore::How {
        let Self { dry_run, yes, lost_lease, json } = self;
        restore::How { connection, dry_run, yes, lost_lease, json }
    }
}

#[derive(Debug, Args)]
#[command(after_help = AFTER_RESTORE_HELP)]
pub(super) struct RestoreFlags {
    /// All keys that start with this; "" for everything
    #[arg(value_name = "PREFIX", required_unless_present_any = ["resume", "undo"], requires = "revision")]
    prefix: Option<OsString>,
    /// The revision to go back to
    #[arg(long, value_name = "REVISION", value_parser = value_parser!(i64).range(1..))]
    revision: Option<i64>,
    /// Only the key that the prefix itself is
    #[arg(long)]
    only_key: bool,
    /// Also delete keys that did not exist then
    #[arg(long)]
    delete_newer: bool,
    /// Go on with a restore that was ended
    #[arg(long, value_name = "ID", conflicts_with_all = ["prefix", "revision", "undo", "delete_newer"])]
    resume: Option<String>,
    /// Undo what a restore has done
    #[arg(long, value_name = "ID", conflicts_with_all = ["prefix", "revision", "delete_newer"])]
    undo: Option<String>,
    #[command(flatten)]
    how: HowFlags,
    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Args)]
#[command(after_help = AFTER_RESTORE_HELP)]
pub(super) struct UndeleteFlags {
    /// All keys that start with this; "" for everything
    #[arg(value_name = "PREFIX")]
    prefix: OsString,
    /// Only the key that the prefix itself is
    #[arg(long)]
    only_key: bool,
    #[command(flatten)]
    how: HowFlags,
    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(super) struct PlansFlags {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Args)]
#[command(after_help = AFTER_AUDIT_HELP)]
pub(super) struct AuditFlags {
    /// Verify the chain of hashes: has the log been changed since it was written?
    #[arg(long, conflicts_with_all = ["export", "filter", "failed"])]
    verify: bool,
    /// Write the entries to this file: CSV where its name ends so, else JSON Lines
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Only entries whose key, profile, user or plan contains this
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Only what was not done
    #[arg(long)]
    failed: bool,
    /// Show at most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = value_parser!(u32).range(1..))]
    limit: u32,
    /// Tell it as JSON
    #[arg(long)]
    json: bool,
}

fn lost_lease(text: &str) -> Result<LostLease, String> {
    match text.split_once('=') {
        None if text == "leave-out" => Ok(LostLease::LeaveOut),
        None if text == "permanent" => Ok(LostLease::Permanent),
        Some(("ttl", seconds)) => match seconds.parse() {
            Ok(ttl_secs @ 1..=9_000_000_000) => Ok(LostLease::NewLease { ttl_secs }),
            _ => Err("ttl= wants a number of seconds".to_owned()),
        },
        _ => Err("leave-out, permanent or ttl=SECONDS".to_owned()),
    }
}
