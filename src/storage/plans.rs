//! Plans on disk: one database for all of them, so that 50,000 steps are kept one transaction at a
//! time, whole or not at all. It has the values before and after: the operator's data, for its owner
//! alone; what is removed is overwritten.
//!
//! Whoever runs a plan holds its lock for as long as it runs, also against other windows. The system
//! releases it when the process ends, however it ends: a plan that says it runs and is not locked was
//! left in the middle.

mod rows;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::database::{self, Layout, Opened};
use super::files::{self, file_fault};
use super::{Storage, no_folder};
use crate::model::fault::{Fault, FaultKind};
use crate::model::plan::{Plan, PlanId, PlanState, StepState};
use crate::model::status::now;

/// Where the database lies in the folder of plans.
const FILE: &str = "plans.db";
/// How the database is laid out and opened. What is removed is overwritten.
const LAYOUT: Layout = Layout {
    version: 1,
    tables: TABLES,
    busy: Duration::from_secs(5),
    settings: "",
    to_write: "PRAGMA secure_delete = ON;",
};
/// Plans that are over are removed after so long.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS plans (
        id TEXT PRIMARY KEY, cluster TEXT NOT NULL, profile TEXT NOT NULL, kind TEXT NOT NULL,
        title TEXT NOT NULL, moment INTEGER, made_at_revision INTEGER NOT NULL,
        made_at INTEGER NOT NULL, undoes TEXT, lost_lease TEXT NOT NULL, new_lease INTEGER NOT NULL,
        state TEXT NOT NULL, changed_at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS steps (
        plan TEXT NOT NULL, at INTEGER NOT NULL, key BLOB NOT NULL, value BLOB, lease INTEGER NOT NULL,
        before_meta TEXT, before_value BLOB, warnings TEXT NOT NULL, UNIQUE (plan, at));
    CREATE TABLE IF NOT EXISTS progress (
        plan TEXT NOT NULL, at INTEGER NOT NULL, is_on INTEGER NOT NULL, state TEXT NOT NULL,
        PRIMARY KEY (plan, at)) WITHOUT ROWID;
";

impl Storage {
    /// The plans of this cluster that have been run, the newest first. One that was left in the middle
    /// by a process that is gone is stopped.
    ///
    /// # Errors
    /// [`FaultKind::File`], [`FaultKind::DiskFull`].
    pub fn plans(&self, cluster_id: u64) -> Result<Vec<Plan>, Fault> {
        let Some(folder) = self.plans.as_deref().filter(|folder| folder.join(FILE).exists()) else {
            return Ok(Vec::new());
        };
        let mut database = Database::open(folder)?;
        database.forget_old()?;
        let mut plans = database.of_cluster(cluster_id)?;
        for plan in plans.iter_mut().filter(|plan| plan.state == PlanState::Running) {
            if RunLock::try_take(folder, &plan.id)?.is_some() {
                plan.state = PlanState::Stopped(None);
            }
        }
        Ok(plans)
    }

    /// Forgets a plan; one that is not there is fine.
    ///
    /// # Errors
    /// [`FaultKind::File`], also where it is running.
    pub fn drop_plan(&self, id: &str) -> Result<(), Fault> {
        let Some(folder) = self.plans.as_deref().filter(|folder| folder.join(FILE).exists()) else {
            return Ok(());
        };
        let Some(lock) = RunLock::try_take(folder, id)? else { return Err(runs_elsewhere(id)) };
        Database::open(folder)?.remove(id)?;
        lock.forget();
        Ok(())
    }

    /// Begins to run a plan, or goes on with it: nobody else runs it from now on. What another window
    /// has done of it meanwhile is taken over; what is switched on, and what becomes of lost leases, is
    /// as given.
    ///
    /// # Errors
    /// [`FaultKind::Conflict`] where another window runs it; [`FaultKind::Invalid`] where it was removed;
    /// [`FaultKind::File`], [`FaultKind::DiskFull`].
    pub fn begin_plan(&self, plan: Plan) -> Result<KeptPlan, Fault> {
        let folder = self.plans.as_deref().ok_or_else(no_folder)?;
        files::make_folder(folder)?;
        let Some(lock) = RunLock::try_take(folder, &plan.id)? else { return Err(runs_elsewhere(&plan.id)) };
        let mut database = Database::open(folder)?;
        let plan = database.begin(plan)?;
        Ok(KeptPlan { plan, keeper: StepKeeper { id: lock.id.clone(), database }, lock })
    }
}

fn runs_elsewhere(id: &str) -> Fault {
    Fault::new(FaultKind::Conflict, format!("plan {id} is run by another window"))
}

/// A plan that is run by this process alone.
pub struct KeptPlan {
    /// The plan, as it is on disk.
    pub plan: Plan,
    /// Keeps how its steps stand.
    pub keeper: StepKeeper,
    /// Held until this is dropped.
    lock: RunLock,
}

impl KeptPlan {
    /// The parts: the lock is to be held until everything is kept.
    #[must_use]
    pub fn into_parts(self) -> (Plan, StepKeeper, RunLock) {
        (self.plan, self.keeper, self.lock)
    }
}

/// Keeps how the steps of one plan stand.
pub struct StepKeeper {
    id: PlanId,
    database: Database,
}

impl StepKeeper {
    /// Keeps how these steps stand, by their place: when this returns, it survives a crash of the
    /// machine.
    ///
    /// # Errors
    /// [`FaultKind::File`], [`FaultKind::DiskFull`].
    pub fn keep(&mut self, steps: &[(usize, StepState)]) -> Result<(), Fault> {
        self.database.keep_steps(&self.id, steps)
    }

    /// Keeps how the plan stands as a whole.
    ///
    /// # Errors
    /// As [`Self::keep`].
    pub fn end(&mut self, state: &PlanState) -> Result<(), Fault> {
        self.database.keep_state(&self.id, state)
    }
}

/// Held by whoever runs a plan.
pub struct RunLock {
    id: PlanId,
    path: PathBuf,
    _file: File,
}

impl RunLock {
    /// The lock of this plan, unless somebody has it.
    fn try_take(folder: &Path, id: &str) -> Result<Option<Self>, Fault> {
        let safe: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
        let path = folder.join(format!(".{safe}.run"));
        loop {
            let mut options = File::options();
            options.write(true).create(true).truncate(false);
            let file =
                files::owner_only(&mut options).open(&path).map_err(|error| file_fault(&path, &error))?;
            match file.try_lock() {
                // Who removed the plan has removed it before it was locked.
                Ok(()) if !path.exists() => {}
                Ok(()) => return Ok(Some(Self { id: id.to_owned(), path, _file: file })),
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(file_fault(&path, &error)),
            }
        }
    }

    /// The plan is gone: so is its lock.
    fn forget(self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!("{}: {error}", self.path.display());
        }
    }
}

/// The database of plans.
struct Database {
    path: PathBuf,
    connection: Connection,
}

impl Database {
    fn open(folder: &Path) -> Result<Self, Fault> {
        let path = folder.join(FILE);
        let Opened { connection, .. } = LAYOUT.open(&path).map_err(|trouble| trouble.fault(&path))?;
        Ok(Self { path, connection })
    }

    fn fault(&self, error: &rusqlite::Error) -> Fault {
        database::fault(&self.path, error)
    }

    /// Does something as a whole.
    fn whole<T>(
        &mut self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Fault> {
        let path = &self.path;
        let fault = |error: rusqlite::Error| database::fault(path, &error);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        let done = work(&transaction).map_err(fault)?;
        transaction.commit().map_err(fault)?;
        Ok(done)
    }

    fn begin(&mut self, plan: Plan) -> Result<Plan, Fault> {
        let is_new = plan.state == PlanState::Draft;
        let kept = self.whole(|transaction| {
            let Some(kept) = rows::read(transaction, &plan.id)? else {
                if is_new {
                    rows::insert(transaction, &plan)?;
                }
                return Ok(None);
            };
            let merged = rows::merge(plan.clone(), kept);
            if let Some(merged) = &merged {
                rows::update(transaction, merged)?;
            }
            Ok(Some(merged))
        })?;
        let mut plan = match kept {
            None if is_new => plan,
            None => return Err(Fault::new(FaultKind::Invalid, "the plan has been removed")),
            Some(Some(merged)) => merged,
            Some(None) => return Err(Fault::new(FaultKind::Invalid, "the plan on disk is another one")),
        };
        plan.state = PlanState::Running;
        self.keep_state(&plan.id, &plan.state)?;
        Ok(plan)
    }

    fn keep_steps(&mut self, id: &str, steps: &[(usize, StepState)]) -> Result<(), Fault> {
        self.whole(|transaction| {
            let sql = "UPDATE progress SET state = ?3 WHERE plan = ?1 AND at = ?2";
            let mut update = transaction.prepare_cached(sql)?;
            for (at, state) in steps {
                update.execute(params![id, *at as i64, rows::state_text(state)])?;
            }
            Ok(())
        })
    }

    fn keep_state(&mut self, id: &str, state: &PlanState) -> Result<(), Fault> {
        self.whole(|transaction| {
            let sql = "UPDATE plans SET state = ?2, changed_at = ?3 WHERE id = ?1";
            transaction.execute(sql, params![id, rows::plan_state_text(state), now()]).map(|_| ())
        })
    }

    fn of_cluster(&mut self, cluster_id: u64) -> Result<Vec<Plan>, Fault> {
        self.whole(|transaction| {
            let sql = "SELECT id FROM plans WHERE cluster = ?1 ORDER BY made_at DESC";
            let mut ids = transaction.prepare(sql)?;
            let ids = ids.query_map([rows::cluster_text(cluster_id)], |row| row.get::<_, String>(0))?;
            let ids = ids.collect::<rusqlite::Result<Vec<_>>>()?;
            let plans =
                ids.iter().map(|id| rows::read(transaction, id)).collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(plans.into_iter().flatten().collect())
        })
    }

    fn remove(&mut self, id: &str) -> Result<(), Fault> {
        self.whole(|transaction| rows::remove(transaction, id))?;
        self.empty_the_log()
    }

    fn forget_old(&mut self) -> Result<(), Fault> {
        let finished = rows::plan_state_text(&PlanState::Finished);
        let before = now() - KEPT_MS;
        let old: Option<String> = self
            .connection
            .query_row(
                "SELECT id FROM plans WHERE state = ?1 AND changed_at < ?2 LIMIT 1",
                params![finished, before],
                |row| row.get(0),
            )
            .optional()
            .map_err(|error| self.fault(&error))?;
        if old.is_none() {
            return Ok(());
        }
        self.whole(|transaction| {
            let sql = "SELECT id FROM plans WHERE state = ?1 AND changed_at < ?2";
            let mut ids = transaction.prepare(sql)?;
            let ids = ids.query_map(params![finished, before], |row| row.get::<_, String>(0))?;
            for id in ids.collect::<rusqlite::Result<Vec<_>>>()? {
                rows::remove(transaction, &id)?;
            }
            Ok(())
        })?;
        self.empty_the_log()
    }

    /// What was removed is not to stay in the write-ahead log either. (While another window reads, it
    /// stays until that has ended.)
    fn empty_the_log(&self) -> Result<(), Fault> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|error| self.fault(&error))
    }
}

#[cfg(test)]
mod tests;
