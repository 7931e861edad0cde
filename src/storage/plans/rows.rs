//! Plans as rows.

use rusqlite::types::Type;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::model::bytes::Key;
use crate::model::fault::{Fault, FaultKind};
use crate::model::plan::{Plan, PlanState, PlanStep, StepAction, StepState};
use crate::model::record::{KeyMeta, KeyRecord};

/// Create revision, mod revision, version, lease.
type MetaRow = (i64, i64, i64, i64);

/// A fault as it is kept: the name of its kind, and its detail.
type FaultRow = (String, String);

#[derive(Serialize, Deserialize)]
enum StateRow {
    Waiting,
    Sent,
    Done(i64),
    Skipped(Option<MetaRow>),
    Refused(FaultRow),
    Unknown(FaultRow),
}

#[derive(Serialize, Deserialize)]
enum PlanStateRow {
    Draft,
    Running,
    Stopped(Option<FaultRow>),
    Finished,
}

fn meta_row(meta: &KeyMeta) -> MetaRow {
    (meta.create_revision, meta.mod_revision, meta.version, meta.lease)
}

fn meta_of((create_revision, mod_revision, version, lease): MetaRow) -> KeyMeta {
    KeyMeta { create_revision, mod_revision, version, lease }
}

fn fault_row(fault: &Fault) -> FaultRow {
    (fault.kind.name().to_owned(), fault.detail.clone())
}

fn fault_of((name, detail): FaultRow) -> Fault {
    let kind = FaultKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(FaultKind::Other);
    Fault::new(kind, detail)
}

/// Text of what can always be written.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn parsed<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

pub(super) fn cluster_text(cluster_id: u64) -> String {
    format!("{cluster_id:016x}")
}

pub(super) fn state_text(state: &StepState) -> String {
    text(&match state {
        StepState::Waiting => StateRow::Waiting,
        StepState::Sent => StateRow::Sent,
        StepState::Done { revision } => StateRow::Done(*revision),
        StepState::Skipped { found } => StateRow::Skipped(found.as_ref().map(meta_row)),
        StepState::Refused(fault) => StateRow::Refused(fault_row(fault)),
        StepState::Unknown(fault) => StateRow::Unknown(fault_row(fault)),
    })
}

fn state_of(row: StateRow) -> StepState {
    match row {
        StateRow::Waiting => StepState::Waiting,
        StateRow::Sent => StepState::Sent,
        StateRow::Done(revision) => StepState::Done { revision },
        StateRow::Skipped(found) => StepState::Skipped { found: found.map(meta_of) },
        StateRow::Refused(fault) => StepState::Refused(fault_of(fault)),
        StateRow::Unknown(fault) => StepState::Unknown(fault_of(fault)),
    }
}

pub(super) fn plan_state_text(state: &PlanState) -> String {
    text(&match state {
        PlanState::Draft => PlanStateRow::Draft,
        PlanState::Running => PlanStateRow::Running,
        PlanState::Stopped(fault) => PlanStateRow::Stopped(fault.as_ref().map(fault_row)),
        PlanState::Finished => PlanStateRow::Finished,
    })
}

fn plan_state_of(row: PlanStateRow) -> PlanState {
    match row {
        PlanStateRow::Draft => PlanState::Draft,
        PlanStateRow::Running => PlanState::Running,
        PlanStateRow::Stopped(fault) => PlanState::Stopped(fault.map(fault_of)),
        PlanStateRow::Finished => PlanState::Finished,
    }
}

/// The value (`None`: it is deleted) and the lease of a step.
fn put_of(action: &StepAction) -> (Option<&[u8]>, i64) {
    match action {
        StepAction::Put { value, lease } => (Some(value), *lease),
        StepAction::Delete => (None, 0),
    }
}

pub(super) fn insert(transaction: &Transaction<'_>, plan: &Plan) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO plans (id, cluster, profile, kind, title, moment, made_at_revision, made_at, undoes,
            lost_lease, new_lease, state, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            plan.id,
            cluster_text(plan.cluster_id),
            plan.profile,
            text(&plan.kind),
            plan.title,
            plan.moment,
            plan.made_at_revision,
            plan.made_at,
            plan.undoes,
            text(&plan.lost_lease),
            plan.new_lease,
            plan_state_text(&plan.state),
            crate::model::status::now(),
        ],
    )?;
    let mut step_row = transaction.prepare(
        "INSERT INTO steps (plan, at, key, value, lease, before_meta, before_value, warnings)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let mut progress_row =
        transaction.prepare("INSERT INTO progress (plan, at, is_on, state) VALUES (?1, ?2, ?3, ?4)")?;
    for (at, step) in plan.steps.iter().enumerate() {
        let (value, lease) = put_of(&step.action);
        let before = step.before.as_ref();
        step_row.execute(params![
            plan.id,
            at as i64,
            &*step.key,
            value,
            lease,
            before.map(|before| text(&meta_row(&before.meta))),
            before.and_then(|before| before.value.as_deref()),
            text(&step.warnings),
        ])?;
        progress_row.execute(params![plan.id, at as i64, step.on, state_text(&step.state)])?;
    }
    Ok(())
}

/// Keeps what can still be decided of a plan: which steps are on, and what becomes of lost leases.
pub(super) fn update(transaction: &Transaction<'_>, plan: &Plan) -> rusqlite::Result<()> {
    transaction.execute(
        "UPDATE plans SET lost_lease = ?2, new_lease = ?3 WHERE id = ?1",
        params![plan.id, text(&plan.lost_lease), plan.new_lease],
    )?;
    let mut lease = transaction.prepare("UPDATE steps SET lease = ?3 WHERE plan = ?1 AND at = ?2")?;
    let mut is_on = transaction.prepare("UPDATE progress SET is_on = ?3 WHERE plan = ?1 AND at = ?2")?;
    for (at, step) in plan.steps.iter().enumerate() {
        if step.lost_lease().is_some() {
            lease.execute(params![plan.id, at as i64, put_of(&step.action).1])?;
        }
        is_on.execute(params![plan.id, at as i64, step.on])?;
    }
    Ok(())
}

/// What is on disk with what was decided in a window since. `None`: they are not the same plan.
pub(super) fn merge(mut ours: Plan, kept: Plan) -> Option<Plan> {
    if ours.steps.len() != kept.steps.len() {
        return None;
    }
    for (ours, kept) in ours.steps.iter_mut().zip(kept.steps) {
        if ours.key != kept.key {
            return None;
        }
        // What was sent was sent with the lease that is kept.
        if kept.state != StepState::Waiting {
            *ours = PlanStep { on: kept.on || ours.on, ..kept };
        }
    }
    Some(ours)
}

pub(super) fn remove(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM progress WHERE plan = ?1",
        "DELETE FROM steps WHERE plan = ?1",
        "DELETE FROM plans WHERE id = ?1",
    ] {
        transaction.execute(sql, [id])?;
    }
    Ok(())
}

pub(super) fn read(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<Option<Plan>> {
    let sql = "SELECT id, cluster, profile, kind, title, moment, made_at_revision, made_at, undoes,
        lost_lease, new_lease, state FROM plans WHERE id = ?1";
    let Some(mut plan) = transaction.query_row(sql, [id], plan_of).optional()? else { return Ok(None) };
    let sql = "SELECT key, value, lease, before_meta, before_value, warnings, is_on, state
        FROM steps JOIN progress USING (plan, at) WHERE plan = ?1 ORDER BY at";
    let mut steps = transaction.prepare_cached(sql)?;
    plan.steps = steps.query_map([id], step_of)?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(Some(plan))
}

fn plan_of(row: &Row<'_>) -> rusqlite::Result<Plan> {
    let cluster: String = row.get(1)?;
    Ok(Plan {
        id: row.get(0)?,
        cluster_id: u64::from_str_radix(&cluster, 16).unwrap_or(0),
        profile: row.get(2)?,
        kind: parsed(row, 3)?,
        title: row.get(4)?,
        moment: row.get(5)?,
        made_at_revision: row.get(6)?,
        made_at: row.get(7)?,
        undoes: row.get(8)?,
        lost_lease: parsed(row, 9)?,
        new_lease: row.get(10)?,
        state: plan_state_of(parsed(row, 11)?),
        steps: Vec::new(),
    })
}

fn step_of(row: &Row<'_>) -> rusqlite::Result<PlanStep> {
    let key: Key = row.get::<_, Vec<u8>>(0)?.into();
    let value: Option<Vec<u8>> = row.get(1)?;
    let action = match value {
        Some(value) => StepAction::Put { value: value.into(), lease: row.get(2)? },
        None => StepAction::Delete,
    };
    let before = match row.get_ref(3)? {
        rusqlite::types::ValueRef::Null => None,
        _ => {
            let value: Option<Vec<u8>> = row.get(4)?;
            let meta = meta_of(parsed(row, 3)?);
            Some(KeyRecord { key: key.clone(), meta, value: value.map(Into::into) })
        }
    };
    let (warnings, on, state) = (parsed(row, 5)?, row.get(6)?, state_of(parsed(row, 7)?));
    Ok(PlanStep { key, action, before, on, warnings, state })
}
