//! `etcdscope restore`, `undelete` and `plans`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::connection::ConnectionArgs;
use super::desk::Recorded;
use super::text::{NOT_WHOLE, Output, connect, reading};
use super::{asked_to_end, at, complain, steps};
use crate::backend::audit::{AuditLog, AuditTrail};
use crate::backend::plans::{make_plan, problem_by, run_plan};
use crate::etcd::{Cluster, WriteGate};
use crate::model::bytes::Key;
use crate::model::fault::{Fault, FaultKind};
use crate::model::key_text::display_key;
use crate::model::keyspace::Keyspace;
use crate::model::message::ConnectRequest;
use crate::model::moment::Picture;
use crate::model::plan::{LostLease, Plan, PlanGoal, PlanState};
use crate::model::profile::Profile;
use crate::model::status::KeyInterval;
use crate::model::tree_item::TreeItem;
use crate::storage::Storage;

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Goal {
    /// What it was at a revision.
    Moment {
        /// The prefix, or the key.
        root: TreeItem,
        /// The revision.
        revision: i64,
        /// Also delete keys that did not exist then.
        delete_newer: bool,
    },
    /// Deleted keys.
    Undelete(TreeItem),
    /// Go on with this plan.
    Resume(String),
    /// Undo this plan.
    Undo(String),
}

/// How it is run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct How {
    /// The cluster.
    pub(super) connection: ConnectionArgs,
    /// Write nothing.
    pub(super) dry_run: bool,
    /// Do not ask.
    pub(super) yes: bool,
    /// What becomes of keys whose lease is gone.
    pub(super) lost_lease: Option<LostLease>,
    /// As JSON.
    pub(super) json: bool,
}

/// A restore asked for on the command line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RestoreCommand {
    /// What is wanted.
    pub(super) goal: Goal,
    /// How it is run.
    pub(super) how: How,
}

/// The list of plans asked for on the command line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlansCommand {
    /// The cluster.
    pub(super) connection: ConnectionArgs,
    /// As JSON.
    pub(super) json: bool,
}

/// Shows the plan, asks, and runs it.
pub(super) async fn run(command: RestoreCommand) -> ExitCode {
    let RestoreCommand { goal, how } = command;
    let prepared = tokio::select! {
        prepared = prepare(goal, &how) => prepared,
        code = asked_to_end() => return ExitCode::from(code),
    };
    let ended = match prepared {
        Ok(Prepared::Nothing(code)) => return code,
        Ok(Prepared::Ready(ready)) => ready.run(&how).await,
        Err(fault) => Err(fault),
    };
    ended.unwrap_or_else(|fault| {
        complain(&fault);
        ExitCode::FAILURE
    })
}

/// Lists what was run.
pub(super) async fn list(command: PlansCommand) -> ExitCode {
    reading(async {
        let (_, cluster) = connect(command.connection).await?;
        let plans = kept_plans(&cluster).await?;
        let mut output = Output::new();
        for plan in &plans {
            let line = if command.json { steps::json_of(plan).to_string() } else { steps::listed(plan) };
            output.line(&line)?;
        }
        output.finish()?;
        if plans.is_empty() {
            eprintln!("no restore of this cluster is kept on this machine");
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}

async fn kept_plans(cluster: &Cluster) -> Result<Vec<Plan>, Fault> {
    let cluster_id = cluster.cluster_id();
    let read = tokio::task::spawn_blocking(move || Storage::open(None).plans(cluster_id)).await;
    read.map_err(|error| Fault::new(FaultKind::Other, error.to_string()))?
}

/// A plan that may be run now.
struct Ready {
    cluster: Cluster,
    profile: Profile,
    plan: Plan,
    /// What was there is not known for certain.
    doubtful: bool,
}

/// What came of working a plan out.
enum Prepared {
    /// Nothing is to be written.
    Nothing(ExitCode),
    /// It may be run.
    Ready(Box<Ready>),
}

/// Works the plan out, shows it, and asks.
async fn prepare(goal: Goal, how: &How) -> Result<Prepared, Fault> {
    let (request, cluster) = connect(how.connection.clone()).await?;
    let (plan, doubts) = find(goal, how, &cluster, &request).await?;
    show(&plan, how)?;
    let doubtful = tell_doubts(&plan, &doubts);
    let nothing = plan.work().steps() == 0;
    if how.dry_run || nothing {
        let left_out = plan.counts().off > 0;
        let whole = !(doubtful || nothing && left_out);
        return Ok(Prepared::Nothing(if whole { ExitCode::SUCCESS } else { ExitCode::from(NOT_WHOLE) }));
    }
    WriteGate::of(&request.profile).pass()?;
    if how.yes || typed_yes(&plan, &request.profile).await? {
        return Ok(Prepared::Ready(Box::new(Ready { cluster, profile: request.profile, plan, doubtful })));
    }
    Err(Fault::new(FaultKind::Cancelled, "nothing was written"))
}

/// What is not certain of what a plan was made from.
#[derive(Default)]
struct Doubts {
    pictures: Vec<Picture>,
    gaps: BTreeMap<Key, (i64, i64)>,
}

/// Says what is not certain, and whether anything is.
fn tell_doubts(plan: &Plan, doubts: &Doubts) -> bool {
    for picture in &doubts.pictures {
        at::doubts(picture);
    }
    let uncertain = plan.steps.iter().filter(|step| step.is_uncertain() && !step.on);
    for step in uncertain.clone() {
        if let Some((after, to)) = doubts.gaps.get(&step.key) {
            let key = display_key(&step.key);
            eprintln!("etcdscope: not certain, left out: {key}: nobody watched between r{after} and r{to}");
        }
    }
    uncertain.count() > 0 || !doubts.pictures.is_empty()
}

async fn find(
    goal: Goal,
    how: &How,
    cluster: &Cluster,
    request: &ConnectRequest,
) -> Result<(Plan, Doubts), Fault> {
    let kept = async |id: String| {
        let plans = kept_plans(cluster).await?;
        plans.into_iter().find(|plan| plan.id == id).ok_or_else(|| {
            Fault::new(FaultKind::Invalid, format!("there is no plan {id} of this cluster on this machine; etcdscope plans lists those there are"))
        })
    };
    let goal = match goal {
        Goal::Resume(id) => {
            let mut plan = kept(id).await?;
            if let Some(choice) = how.lost_lease {
                plan.choose_lost_lease(choice);
            }
            return Ok((plan, Doubts::default()));
        }
        Goal::Undo(id) => PlanGoal::Undo(Arc::new(kept(id).await?)),
        Goal::Undelete(root) => PlanGoal::Undelete { roots: vec![root] },
        Goal::Moment { root, revision, delete_newer } => {
            PlanGoal::Moment { roots: vec![root], revision, delete_newer }
        }
    };
    let problem = problem_by(&request.profile, &schemas(cluster, &request.profile).await);
    let lost_lease = how.lost_lease.unwrap_or_default();
    let past = Recorded::new(request);
    let made = make_plan(cluster, &past, &request.profile, goal, lost_lease, problem).await;
    let doubts = Doubts { pictures: past.doubtful().await, gaps: past.gaps().await };
    past.close().await;
    Ok((made?, doubts))
}

/// The schemas that are in etcd, as far as the user may read them.
async fn schemas(cluster: &Cluster, profile: &Profile) -> Keyspace {
    let separator = profile.separator_byte();
    let mut keyspace = Keyspace::new(separator);
    let Some(folder) = profile.schemas.folder(separator) else { return keyspace };
    for folder in [folder.clone(), [&[separator], folder.as_slice()].concat()] {
        match cluster.moment(&KeyInterval::prefix(&folder), 0).await {
            Ok(records) => {
                for record in records {
                    keyspace.put(&record.key, record.meta, record.value);
                }
            }
            Err(fault) if fault.kind == FaultKind::PermissionDenied => {}
            Err(fault) => eprintln!("etcdscope: the schemas in etcd could not be read: {fault}"),
        }
    }
    keyspace
}

fn show(plan: &Plan, how: &How) -> Result<(), Fault> {
    if how.json {
        // What was done is told at the end.
        if how.dry_run || plan.work().steps() == 0 {
            let mut output = Output::new();
            output.line(&steps::json_of(plan).to_string())?;
            output.finish()?;
        }
        return Ok(());
    }
    let mut output = Output::new();
    for step in &plan.steps {
        output.line(&steps::line(step))?;
    }
    output.finish()?;
    eprintln!("{}: {}", steps::title(plan), steps::work(plan));
    if plan.has_lost_leases() && plan.lost_lease == LostLease::LeaveOut {
        eprintln!("keys whose lease is gone are left out; --lost-lease says what else to do with them");
    }
    Ok(())
}

/// Asks on the terminal; in production the profile's name is to be typed.
async fn typed_yes(plan: &Plan, profile: &Profile) -> Result<bool, Fault> {
    if !std::io::stdin().is_terminal() {
        return Err(Fault::new(
            FaultKind::Invalid,
            "nothing is written without --yes: this is no terminal to ask on. --dry-run shows what would be written",
        ));
    }
    let word = if profile.is_production() { profile.name.clone() } else { "yes".to_owned() };
    let count = super::text::counted(plan.work().steps(), "key", "keys");
    eprint!("Write {count} to {}? Type {word}: ", profile.name);
    let typed = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        std::io::stderr().flush().and_then(|()| std::io::stdin().lock().read_line(&mut line)).map(|_| line)
    });
    let typed = typed.await.map_err(|error| Fault::new(FaultKind::Other, error.to_string()))?;
    Ok(typed.is_ok_and(|line| line.trim() == word))
}

impl Ready {
    async fn run(self, how: &How) -> Result<ExitCode, Fault> {
        let Self { cluster, profile, plan, doubtful } = self;
        let storage = Storage::open(None);
        let on_trouble = |fault: Option<Fault>| {
            if let Some(fault) = fault {
                eprintln!("etcdscope: the audit log can not be written: {fault}");
            }
        };
        let log = AuditLog::start(&storage, Arc::new(on_trouble));
        let trail = AuditTrail::of(log.clone(), &profile, &cluster);
        let stop = Stop::default();
        let flag = stop.clone();
        let cancelled = move || flag.stopped.load(Ordering::Acquire);
        let listening = tokio::spawn(stop.clone().listen());
        let mut shown = std::io::stderr().is_terminal() && !how.json;
        let progress = move |over: u64, total: u64| {
            let told = shown.then(|| write!(std::io::stderr(), "\r{over} of {total}"));
            shown &= told.is_none_or(|told| told.is_ok());
        };
        let ended = run_plan(&cluster, &storage, &trail, plan, progress, &cancelled).await;
        listening.abort();
        log.flush().await;
        tell(&ended, how)?;
        Ok(verdict(&ended, doubtful, stop.code.load(Ordering::Acquire)))
    }
}

/// What ends a run between two transactions.
#[derive(Clone, Default)]
struct Stop {
    stopped: Arc<AtomicBool>,
    code: Arc<AtomicU8>,
}

impl Stop {
    async fn listen(self) {
        self.code.store(asked_to_end().await, Ordering::Release);
        self.stopped.store(true, Ordering::Release);
        eprintln!("\nstopping after this transaction");
    }
}

/// Says how each step ended that did not end well, and how many did.
fn tell(plan: &Plan, how: &How) -> Result<(), Fault> {
    let mut output = Output::new();
    if how.json {
        output.line(&steps::json_of(plan).to_string())?;
    } else {
        if std::io::stderr().is_terminal() {
            eprint!("\r\x1b[K");
        }
        use crate::model::plan::StepState::{Done, Waiting};
        let odd = plan.steps.iter().filter(|step| !matches!(step.state, Done { .. } | Waiting));
        for step in odd {
            output.line(&steps::line(step))?;
        }
        eprintln!("{}", steps::listed(plan));
    }
    output.finish()
}

fn verdict(plan: &Plan, doubtful: bool, ended_by: u8) -> ExitCode {
    let (counts, id) = (plan.counts(), &plan.id);
    match &plan.state {
        PlanState::Finished if counts.not_done() == 0 && !doubtful => {
            eprintln!("undo it with: etcdscope restore --undo {id}");
            ExitCode::SUCCESS
        }
        PlanState::Finished => {
            eprintln!("undo it with: etcdscope restore --undo {id}");
            ExitCode::from(NOT_WHOLE)
        }
        state => {
            if let PlanState::Stopped(Some(fault)) = state
                && fault.kind != FaultKind::Cancelled
            {
                complain(fault);
            }
            eprintln!("stopped; go on with: etcdscope restore --resume {id}");
            if ended_by == 0 { ExitCode::FAILURE } else { ExitCode::from(ended_by) }
        }
    }
}
